"""Folders of pictures, as the data of a GAN."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._checks import LARGEST_SIDE, check_folder, check_integer

if TYPE_CHECKING:
    from PIL import Image

_SUFFIXES = {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
# Pillow goes by what is in a file, not by its name, and would run Ghostscript for PostScript.
_FORMATS = ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"]


def load_image_folder(
    path: str | os.PathLike[str], *, image_size: tuple[int, int] = (28, 28), channels: int = 1
) -> np.ndarray:
    """Load every picture of a folder (and of the folders in it), for a GAN on data of your own.

    Each picture is turned upright (a photograph may say how it was taken), put on white where it is
    transparent, cropped to the aspect of `image_size` around its centre, then resized. Of an
    animation the first picture is taken. Grey of 32 bits or in floats has its white at the first of
    1, 255 and 65535 that its largest value does not exceed.

    Args:
        path: the folder. Files are taken in the order of their paths; folders that are linked are
            read, too, each once. What is hidden (a name that begins with a dot, and `__MACOSX`) is
            passed over; a warning counts the files that are not pictures by their name (.png, .jpg,
            .jpeg, .jfif, .bmp, .gif, .tif, .tiff, .webp).
        image_size: `(height, width)` of the result.
        channels: 1 for grey, 3 for colour.

    Returns:
        `uint8` array `(n, height, width, channels)`, ready for `train`.

    Raises:
        FileNotFoundError: there is no such folder, or no picture in it.
        NotADirectoryError: `path` is a file.
        ValueError: a picture cannot be read, or it is not clear which of its values is white; the
            file and the reason are named.

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
    height = check_integer("image_size[0]", height, minimum=1, maximum=LARGEST_SIDE)
    width = check_integer("image_size[1]", width, minimum=1, maximum=LARGEST_SIDE)
    if check_integer("channels", channels, minimum=1) not in (1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), got {channels!r}")
    files: list[Path] = []
    others: list[Path] = []
    for file in _visible_files(folder, set()):
        (files if file.suffix.lower() in _SUFFIXES else others).append(file)
    passed_over = _count_endings(others)
    if not files:
        raise FileNotFoundError(f"path must hold pictures, found none in {folder}{passed_over}")
    if passed_over:
        warnings.warn(f"{folder}{passed_over}", stacklevel=2)

    images = np.empty((len(files), height, width, channels), np.uint8)
    for image, file in zip(images, files, strict=True):
        try:
            with Image.open(file, formats=_FORMATS) as picture:
                # Only a TIFF file has 32 bits; older versions of Pillow have mode I for 16 bits.
                white = None if picture.format == "TIFF" and picture.mode in ("I", "F") else 65535
                upright = _in_8_bits_on_white(ImageOps.exif_transpose(picture), white)
                converted = upright.convert("L" if channels == 1 else "RGB")
                fitted = ImageOps.fit(converted, (width, height), Image.Resampling.LANCZOS)
        except Exception as error:  # Pillow lets through what its many decoders raise
            reason = f"{file}: {str(error) or type(error).__name__}"
            raise ValueError(f"path holds a picture that cannot be read: {reason}") from error
        image[:] = np.asarray(fitted).reshape(height, width, channels)
    return images


def _visible_files(folder: Path, seen: set[str]) -> Iterator[Path]:
    """The files of a folder in order, less what is hidden; a link may lead to what was `seen`."""
    place = os.path.realpath(folder)
    if place in seen:
        return
    seen.add(place)
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__MACOSX":  # Macs put it into archives
            continue
        if path.is_dir():
            yield from _visible_files(path, seen)
        elif path.is_file() or not path.exists():  # a link to nothing fails when it is read
            yield path


def _count_endings(files: list[Path]) -> str:
    """What to say of files that are passed over."""
    endings = Counter(file.suffix.lower() or "without an ending" for file in files).most_common()
    counts = [f"{n} {ending}" for ending, n in endings[:5]] + ["..."] * (len(endings) > 5)
    return f"; passed over {len(files)} files: {', '.join(counts)}" if files else ""


def _in_8_bits_on_white(picture: Image.Image, white: int | None) -> Image.Image:
    """What Pillow's own conversion to 8 bits would clip, or paint black, is scaled or white.

    `white` is the value of white in a mode of more than 8 bits; None finds it.
    """
    from PIL import Image

    transparent = picture.info.get("transparency")
    if picture.mode[0] in "IF":
        values = np.asarray(picture)
        scaled = values.astype(np.float32) / (white or _white_of(values)) * 255
        if transparent is not None:
            scaled[values == transparent] = 255
        return Image.fromarray(np.rint(scaled).astype(np.uint8))
    if isinstance(transparent, tuple) and max(transparent) > 255:
        # Of colours in 16 bits Pillow keeps the upper 8, but not of the transparent one.
        picture.info["transparency"] = tuple(value >> 8 for value in transparent)
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(ground, picture.convert("RGBA"))
    return picture


def _white_of(values: np.ndarray) -> int:
    """Which of the usual values is white: the first that is large enough, unless in doubt."""
    low, high = values.min(), values.max()
    # Up to twice a white there is doubt: an overshoot, or all but black in the next range?
    white = next((white for white in (1, 255, 65535) if high <= 2 * white), 0)
    if not 0 <= low <= high <= white:  # NaN is neither
        raise ValueError(f"its values go from {low:g} to {high:g}; white must be 1, 255 or 65535")
    return white
