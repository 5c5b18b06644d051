"""The data, from MNIST's pixels to shuffled batches in [-1, 1]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from ._checks import check_images, check_integer, check_seed
from ._shipped import load_shipped


class MNIST(NamedTuple):
    """The 70,000 handwritten digits of MNIST.

    Attributes:
        train_images: `uint8` array `(60000, 28, 28, 1)`, 0 is black and 255 is white.
        train_labels: `uint8` array `(60000,)` of the digits 0 to 9.
        test_images: `uint8` array `(10000, 28, 28, 1)`.
        test_labels: `uint8` array `(10000,)`.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_mnist() -> MNIST:
    """Load MNIST from the file that the package ships. No network is used.

    Returns:
        An `MNIST` tuple `(train_images, train_labels, test_images, test_labels)` of `uint8`
        arrays; the images have shape `(n, 28, 28, 1)` and values in [0, 255].

    Raises:
        FileNotFoundError: the package was installed without its data.
        ValueError: the file is damaged (its SHA-256 is not the one expected).

    Example:
        >>> load_mnist().train_images.shape
        (60000, 28, 28, 1)

    References:
        Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document
        recognition. Proceedings of the IEEE, 1998. Data under CC BY-SA 3.0, see
        `MNIST-LICENSE.md` beside the file.
    """
    arrays = load_shipped("mnist.npz")
    return MNIST(
        train_images=arrays["train_images"][..., np.newaxis],
        train_labels=arrays["train_labels"],
        test_images=arrays["test_images"][..., np.newaxis],
        test_labels=arrays["test_labels"],
    )


def normalize(images: ArrayLike) -> np.ndarray:
    """Map pixels from [0, 255] to [-1, 1], the range of the generator's tanh: `x / 127.5 - 1`.

    Args:
        images: `uint8` array `(n, height, width, channels)`.

    Returns:
        `float32` array of the same shape in [-1, 1]. `denormalize` gives back the very pixels.

    Example:
        >>> normalize(np.array([0, 255], np.uint8).reshape(2, 1, 1, 1)).ravel().tolist()
        [-1.0, 1.0]
    """
    images = check_images("images", images, floats=False)
    # In place: an epoch of MNIST is 188 MB in float32, and each temporary array as much again.
    floats = images.astype(np.float32)
    floats -= 127.5
    floats /= 127.5
    return floats


def denormalize(images: ArrayLike) -> np.ndarray:
    """Map images from [-1, 1] back to pixels in [0, 255], rounding to the nearest.

    Args:
        images: array or tensor of floats in [-1, 1], `(n, height, width, channels)`.

    Returns:
        `uint8` array of the same shape. `denormalize(normalize(x))` equals `x` exactly.

    Example:
        >>> digits = load_mnist().test_images[:100]
        >>> bool((denormalize(normalize(digits)) == digits).all())
        True
    """
    images = check_images("images", images, pixels=False)
    return np.rint(images * np.float32(127.5) + np.float32(127.5)).astype(np.uint8)


def as_floats(images: np.ndarray) -> np.ndarray:
    """Images that were checked, pixels or floats, as `float32` in [-1, 1]."""
    return normalize(images) if images.dtype == np.uint8 else images


def as_pixels(images: np.ndarray) -> np.ndarray:
    """Images that were checked, pixels or floats, as `uint8` pixels."""
    return images if images.dtype == np.uint8 else denormalize(images)


def make_dataset(
    images: ArrayLike, batch_size: int = 256, *, seed: int, epoch: int = 0
) -> tf.data.Dataset:
    """One shuffled pass over the images, in full batches.

    What is shuffled is the indices, not the images, so the shuffle is perfect (every order equally
    likely) and costs no buffer. The order depends on `(seed, epoch)` alone. The images that do not
    fill a last batch are left out of this pass; another epoch leaves out others.

    Args:
        images: `uint8` pixels (normalised batch by batch) or floats in [-1, 1], of shape
            `(n, height, width, channels)`.
        batch_size: images in a batch, at most `n`.
        seed: the run's seed, in [0, 2**63).
        epoch: which pass it is, from 0.

    Returns:
        A `tf.data.Dataset` of `n // batch_size` batches: `float32` tensors in [-1, 1] of the static
        shape `(batch_size, height, width, channels)`.

    Example:
        >>> batches = make_dataset(load_mnist().test_images, 64, seed=0)
        >>> len(batches)
        156
        >>> next(iter(batches)).shape
        TensorShape([64, 28, 28, 1])
    """
    images = check_images("images", images)
    batch_size = check_batch_size(batch_size, len(images))
    seed = check_seed("seed", seed)
    epoch = check_integer("epoch", epoch, minimum=0)

    with tf.device("CPU"):  # a whole data set is not to be copied to a GPU
        source = tf.constant(images)

    def make_batch(indices: tf.Tensor) -> tf.Tensor:
        batch = tf.gather(source, indices)
        if source.dtype == tf.uint8:
            batch = (tf.cast(batch, tf.float32) - 127.5) / 127.5
        return batch

    # Nothing is left to tune, and the tuner's thread delays an iterator's end: it sleeps for up to
    # a minute at a time and is not always woken.
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = tf.data.Dataset.from_tensor_slices(_order(len(images), batch_size, seed, epoch))
    return batches.map(make_batch, num_parallel_calls=1).prefetch(2).with_options(options)


def endless_batches(
    images: np.ndarray, batch_size: int, *, seed: int, step: int
) -> Iterator[tf.Tensor]:
    """The batches of `make_dataset`, from step number `step` of a run on; nothing is checked.

    Without tf.data, which would hold a copy of all images, for as long as it likes: a batch is cut
    out of them when it is asked for, in less than a thousandth of a step's time.
    """
    steps_per_epoch = len(images) // batch_size
    while True:
        epoch, position = divmod(step, steps_per_epoch)
        for indices in _order(len(images), batch_size, seed, epoch)[position:]:
            batch = images[indices]
            yield tf.constant(as_floats(batch))
            step += 1


def _order(n: int, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """Indices of the images of each batch of an epoch, `(n // batch_size, batch_size)`."""
    steps = n // batch_size
    order = np.random.default_rng([seed, epoch]).permutation(n)
    return order[: steps * batch_size].reshape(steps, batch_size)


def check_batch_size(batch_size: Any, n: int) -> int:
    """Return `batch_size` if it is a count of at most `n` images, or raise."""
    batch_size = check_integer("batch_size", batch_size, minimum=1)
    if batch_size > n:
        raise ValueError(f"batch_size must be at most the number of images, {n}, got {batch_size}")
    return batch_size
