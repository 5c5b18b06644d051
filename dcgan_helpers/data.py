"""The data: MNIST as the package ships it, the range [-1, 1], and shuffled batches."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from .checks import (
    check_float_images,
    check_folder,
    check_images,
    check_integer,
    check_seed,
    check_uint8_images,
)

if TYPE_CHECKING:
    from PIL import Image

_MNIST_FILE = Path(__file__).with_name("mnist.npz")
_MNIST_SHA256 = "39b9b1ffaa0ba4d8995a616551f0966941fe02a3fe79ba4a9db7373db16d53ad"
_IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


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
    arrays = read_shipped_arrays(_MNIST_FILE, _MNIST_SHA256)
    return MNIST(
        train_images=arrays["train_images"][..., np.newaxis],
        train_labels=arrays["train_labels"],
        test_images=arrays["test_images"][..., np.newaxis],
        test_labels=arrays["test_labels"],
    )


def read_shipped_arrays(file: Path, sha256: str) -> dict[str, np.ndarray]:
    """Return the arrays of a file that the package ships, or raise if it is not as shipped."""
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise ValueError(
            f"{file} is damaged: its SHA-256 is {digest}, expected {sha256}; "
            "reinstall dcgan-helpers"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def normalize(images: Any) -> np.ndarray:
    """Map pixels from [0, 255] to [-1, 1], the range of the generator's tanh: `x / 127.5 - 1`.

    Args:
        images: `uint8` array `(n, height, width, channels)`.

    Returns:
        `float32` array of the same shape in [-1, 1]. `denormalize` gives back the very pixels.

    Raises:
        TypeError: the images are not `uint8`.
        ValueError: the images are empty or not of rank 4.

    Example:
        >>> normalize(np.array([0, 255], np.uint8).reshape(2, 1, 1, 1)).ravel().tolist()
        [-1.0, 1.0]
    """
    images = check_uint8_images("images", images)
    # In place: an epoch of MNIST is 188 MB in float32, and each temporary array as much again.
    floats = images.astype(np.float32)
    floats -= 127.5
    floats /= 127.5
    return floats


def denormalize(images: Any) -> np.ndarray:
    """Map images from [-1, 1] back to pixels in [0, 255], rounding to the nearest.

    Args:
        images: array or tensor of floats in [-1, 1], `(n, height, width, channels)`.

    Returns:
        `uint8` array of the same shape. `denormalize(normalize(x))` equals `x` exactly.

    Raises:
        TypeError: the images are not floats.
        ValueError: the images are empty, not of rank 4, hold NaN, or leave [-1, 1].

    Example:
        >>> digits = load_mnist().test_images[:100]
        >>> bool((denormalize(normalize(digits)) == digits).all())
        True
    """
    images = check_float_images("images", images)
    return np.rint(images * np.float32(127.5) + np.float32(127.5)).astype(np.uint8)


def make_dataset(
    images: Any, batch_size: int = 256, *, seed: int, epoch: int = 0
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

    Raises:
        TypeError: an argument is of the wrong type or dtype.
        ValueError: images are empty, not of rank 4, hold NaN or leave [-1, 1]; `batch_size` is
            below 1 or above `n`; `seed` or `epoch` is negative.

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

    steps = len(images) // batch_size
    order = np.random.default_rng([seed, epoch]).permutation(len(images))
    indices = order[: steps * batch_size].reshape(steps, batch_size)
    with tf.device("CPU"):  # a whole data set is not to be copied to a GPU
        source = tf.constant(images)

    def make_batch(batch_indices: tf.Tensor) -> tf.Tensor:
        batch = tf.gather(source, batch_indices)
        if source.dtype == tf.uint8:
            batch = (tf.cast(batch, tf.float32) - 127.5) / 127.5
        return batch

    # Nothing is left to tune, and the tuner's thread delays an iterator's end: it sleeps for up to
    # a minute at a time and is not always woken.
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = tf.data.Dataset.from_tensor_slices(indices)
    return batches.map(make_batch, num_parallel_calls=1).prefetch(2).with_options(options)


def check_batch_size(batch_size: Any, n: int) -> int:
    """Return `batch_size` if it is a count of at most `n` images, or raise."""
    batch_size = check_integer("batch_size", batch_size, minimum=1)
    if batch_size > n:
        raise ValueError(f"batch_size must be at most the number of images, {n}, got {batch_size}")
    return batch_size


def load_image_folder(
    path: str | os.PathLike[str], *, image_size: tuple[int, int] = (28, 28), channels: int = 1
) -> np.ndarray:
    """Load every picture of a folder (and of the folders in it), for a GAN on data of your own.

    Each picture is turned upright (a photograph may say how it was taken), put on white where it is
    transparent, cropped to the aspect of `image_size` around its centre, then resized.

    Args:
        path: the folder. Files are taken in the order of their paths; files that are not pictures
            by their name (.png, .jpg, .jpeg, .bmp, .gif, .tif, .tiff, .webp), or hidden, are passed
            over.
        image_size: `(height, width)` of the result.
        channels: 1 for grey, 3 for colour.

    Returns:
        `uint8` array `(n, height, width, channels)`, ready for `train`.

    Raises:
        FileNotFoundError: there is no such folder, or no picture in it.
        NotADirectoryError: `path` is a file.
        TypeError: an argument is of the wrong type.
        ValueError: `channels` is neither 1 nor 3, a size is below 1, or a picture cannot be read.

    Example:
        >>> from PIL import Image
        >>> Image.new("RGB", (60, 40), "white").save("white.png")
        >>> load_image_folder(".", image_size=(32, 32), channels=3).shape
        (1, 32, 32, 3)
    """
    from PIL import Image, ImageOps

    folder = check_folder("path", path, must_exist=True)
    try:
        height, width = image_size
    except (TypeError, ValueError):
        raise TypeError(f"image_size must be (height, width), got {image_size!r}") from None
    height = check_integer("image_size[0]", height, minimum=1)
    width = check_integer("image_size[1]", width, minimum=1)
    if check_integer("channels", channels, minimum=1) not in (1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), got {channels!r}")
    files = sorted(f for f in folder.rglob("*") if _is_picture(f))
    if not files:
        raise FileNotFoundError(f"path must hold pictures, found none in {folder}")

    images = np.empty((len(files), height, width, channels), np.uint8)
    for image, file in zip(images, files, strict=True):
        try:
            with Image.open(file) as picture:
                upright = _in_8_bits_on_white(ImageOps.exif_transpose(picture))
                converted = upright.convert("L" if channels == 1 else "RGB")
                fitted = ImageOps.fit(converted, (width, height), Image.Resampling.LANCZOS)
        except Exception as error:  # Pillow lets through what its many decoders raise
            raise ValueError(f"path holds a picture that cannot be read: {file}") from error
        image[:] = np.asarray(fitted).reshape(height, width, channels)
    return images


def _is_picture(file: Path) -> bool:
    hidden = file.name.startswith(".")
    return file.suffix.lower() in _IMAGE_SUFFIXES and not hidden and file.is_file()


def _in_8_bits_on_white(picture: Image.Image) -> Image.Image:
    """What Pillow's own conversion to 8 bits would clip, or paint black, is scaled or white."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits
        scaled = np.asarray(picture).astype(np.float32) / 257
        return Image.fromarray(np.rint(scaled.clip(0, 255)).astype(np.uint8))
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA"))
    return picture
