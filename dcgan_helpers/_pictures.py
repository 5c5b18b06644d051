"""Picture files, listed in order, then read as pixels of one size."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._checks import LARGEST_SIDE, check_folder, check_integer

if TYPE_CHECKING:
    from PIL import Image

_SUFFIXES = {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
# Pillow goes by what is in a file, not by its name, and would run Ghostscript for PostScript.
_FORMATS = ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"]


class Size(NamedTuple):
    """The size of every picture of a set."""

    height: int
    width: int
    channels: int


def check_size(image_size: Any, channels: Any) -> Size:
    """Return `image_size` and `channels` as a `Size`, or raise."""
    try:
        height, width = image_size
    except (TypeError, ValueError):
        raise TypeError(f"image_size must be (height, width), got {image_size!r}") from None
    height = check_integer("image_size[0]", height, minimum=1, maximum=LARGEST_SIDE)
    width = check_integer("image_size[1]", width, minimum=1, maximum=LARGEST_SIDE)
    if check_integer("channels", channels, minimum=1) not in (1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), got {channels!r}")
    return Size(height, width, int(channels))


def list_pictures(path: str | os.PathLike[str]) -> tuple[Path, list[str], str]:
    """The folder at `path`, its pictures in order, and what to say of the files passed over.

    Pictures are named by their paths within the folder, as text: 200,000 `Path` objects would take
    more memory than a batch of images.
    """
    folder = check_folder("path", path, must_exist=True)
    pictures: list[str] = []
    others: Counter[str] = Counter()
    for name in _visible_files(folder, "", set()):
        suffix = Path(name).suffix.lower()
        if suffix in _SUFFIXES:
            pictures.append(name)
        else:
            others[suffix or "without an ending"] += 1
    passed_over = _counted(others)
    if not pictures:
        raise FileNotFoundError(f"path must hold pictures, found none in {folder}{passed_over}")
    return folder, pictures, passed_over


def read_picture(file: Path, size: Size) -> tuple[np.ndarray, tuple[int, int]]:
    """What `fit_picture` returns for a picture file.

    Raises:
        Exception: whatever one of Pillow's many decoders raises.
    """
    from PIL import Image

    with Image.open(file, formats=_FORMATS) as picture:
        return fit_picture(picture, size)


def fit_picture(picture: Image.Image, size: Size) -> tuple[np.ndarray, tuple[int, int]]:
    """A picture upright, on white, cropped around its centre and resized: `uint8`, of `size`.

    With it comes the width and the height that it had.
    """
    from PIL import Image, ImageOps

    # 16 bits, for which older versions of Pillow have mode I in PNG; in 32 bits white is found.
    white = 65535 if picture.format == "PNG" or picture.mode not in ("I", "F") else None
    upright = _in_8_bits_on_white(ImageOps.exif_transpose(picture), white)
    converted = upright.convert("L" if size.channels == 1 else "RGB")
    fitted = ImageOps.fit(converted, (size.width, size.height), Image.Resampling.LANCZOS)
    return np.asarray(fitted).reshape(size), upright.size


def _visible_files(folder: Path, prefix: str, seen: set[str]) -> Iterator[str]:
    """The files of a folder in order, less what is hidden; a link may lead to what was `seen`."""
    place = os.path.realpath(folder)
    if place in seen:
        return
    seen.add(place)
    for name in sorted(os.listdir(folder)):
        if name.startswith(".") or name == "__MACOSX":  # Macs put it into archives
            continue
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            yield from _visible_files(Path(path), f"{prefix}{name}/", seen)
        elif os.path.isfile(path) or not os.path.exists(path):  # a link to nothing fails when read
            yield prefix + name


def _counted(endings: Counter[str]) -> str:
    """What to say of files that are passed over."""
    counts = [f"{n} {ending}" for ending, n in endings.most_common(5)]
    counts += ["..."] * (len(endings) > 5)
    return f"; passed over {endings.total()} files: {', '.join(counts)}" if endings else ""


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
