"""The training images nearest to given images, which shows whether a generator copies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ._checks import check_images
from ._rows import batches, squared_distances
from .data import as_floats, load_mnist

_IMAGES, _TRAINING_IMAGES = 500, 5_000  # compared at a time: bounds the memory


class NearestImages(NamedTuple):
    """For each image the training image most like it.

    Attributes:
        indices: `int64` array `(n,)`, positions among the training images.
        distances: `float64` array `(n,)`: the root of the mean squared difference of their pixels
            in [-1, 1], so from 0 (a copy) to 2 (black against white).
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest_training_images(
    images: ArrayLike, training_images: ArrayLike | None = None
) -> NearestImages:
    """Find for each image the training image most like it, pixel by pixel: is it copying?

    With x and t the p pixels of an image and of a training image, in [-1, 1], it is the t with the
    least root mean square difference `√(|x - t|² / p)`; of several, the first (of floats that are
    no whole pixels, one of them).

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)`.
        training_images: `uint8` pixels or floats in [-1, 1], of the same size; None takes MNIST's
            60,000.

    Returns:
        `NearestImages(indices, distances)`. Compare with real digits that were not trained on:
        a generator copies if its distances are clearly smaller than theirs.

    Example:
        >>> train_images = load_mnist().train_images
        >>> nearest_training_images(train_images[41:42]).indices.tolist()
        [41]
    """
    if training_images is None:
        training_images = load_mnist().train_images
    training_images = check_images("training_images", training_images)
    images = check_images("images", images, shape=training_images.shape[1:])
    parts = [_nearest(rows, training_images) for rows in batches(images, _IMAGES)]
    indices, distances = (np.concatenate(part) for part in zip(*parts, strict=True))
    return NearestImages(indices, distances)


def _nearest(images: np.ndarray, training_images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each image the index of the nearest training image, and its distance."""
    # As pixels in float64, products and sums of uint8 are exact: a copy is found for certain.
    pixels = _flat_pixels(images)
    indices, squares = [], []  # of the nearest in each piece
    for start in range(0, len(training_images), _TRAINING_IMAGES):
        piece = training_images[start : start + _TRAINING_IMAGES]
        distances = squared_distances(pixels, _flat_pixels(piece))
        indices.append(distances.argmin(axis=1) + start)
        squares.append(distances.min(axis=1))
    nearest = np.array(indices)[np.argmin(squares, axis=0), np.arange(len(images))]
    difference = as_floats(images).astype(np.float64) - as_floats(training_images[nearest])
    return nearest, np.sqrt(np.mean(difference**2, axis=(1, 2, 3)))


def _flat_pixels(images: np.ndarray) -> np.ndarray:
    """Images as `float64` rows in [0, 255], whole numbers where they were `uint8`."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    return flat if images.dtype == np.uint8 else flat * 127.5 + 127.5
