"""Folders of pictures, as the data of a GAN."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._checks import check_folder, check_integer

if TYPE_CHECKING:
    from PIL import Image

_IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


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
        ValueError: a picture cannot be read.

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
