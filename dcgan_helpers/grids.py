"""Grids of images."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ._checks import check_images, check_integer
from .data import as_pixels

GAP = 2  # pixels between two images


def image_grid(images: ArrayLike, columns: int | None = None) -> np.ndarray:
    """Put a batch of images side by side into one picture.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)` with 1 or 3
            channels.
        columns: images in a row; None makes the grid as square as can be.

    Returns:
        `uint8` array `(rows, columns)` of pixels, with a last axis of 3 for colour; places that
        have no image are white.
    """
    images = as_pixels(check_images("images", images))
    n, height, width, channels = images.shape
    if channels not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels, got shape {images.shape}")
    if columns is None:
        columns = math.ceil(math.sqrt(n))
    columns = min(check_integer("columns", columns, minimum=1), n)
    rows = math.ceil(n / columns)
    grid = np.full(
        (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), 255, np.uint8
    )
    for i, image in enumerate(images):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        grid[top : top + height, left : left + width] = image
    return grid[..., 0] if channels == 1 else grid
