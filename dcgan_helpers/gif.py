"""The animation of a training run."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont, ImageOps

from ._checks import (
    LARGEST_SIDE,
    check_images,
    check_integer,
    check_new_file,
    check_number,
    check_one_each,
)
from ._files import write_whole
from .grids import image_grid

_LABEL_HEIGHT = 20
_FONT = ImageFont.load_default(size=_LABEL_HEIGHT - 5)
_CORNER = (4, 1)  # where a label begins
_COLORS = 32  # enough for grey digits; half the file of 256


def make_gif(
    frames: Iterable[ArrayLike],
    path: str | os.PathLike[str],
    *,
    labels: Iterable[str] | None = None,
    columns: int | None = None,
    frame_seconds: float = 0.15,
    hold_seconds: float = 2.0,
    scale: int = 2,
) -> Path:
    """Write the animation of a training run: a grid of images a frame, with a label above it.

    It plays forever, and the last frame is held for a while. The frames go straight from arrays
    into the file; the file appears only when it is complete. The pictures are centred under labels
    that are wider.

    Args:
        frames: batches of images, all of one shape `(n, height, width, channels)`, `uint8` or
            floats in [-1, 1]; for example `history.frames`.
        path: the file to write, ending in `.gif`; an existing file is replaced.
        labels: a text for each frame, such as `history.frame_labels`; None writes "frame 0",
            "frame 1", and so on.
        columns: images in a row; None makes the grid as square as can be (16 images: 4 × 4).
        frame_seconds: how long a frame is shown, in [0.01, 655].
        hold_seconds: how long the last frame is shown, in [0.01, 655].
        scale: pixels of the picture for each pixel of an image.

    Returns:
        The path of the file.

    Raises:
        IsADirectoryError: `path` is a folder.
        FileNotFoundError: the folder of `path` does not exist.
    """
    path = check_new_file("path", path, ".gif")
    if not isinstance(frames, Iterable):
        got = f"got {type(frames).__name__}"
        raise TypeError(f"frames must be a list of arrays, as history.frames is, {got}")
    batches = [check_images(f"frames[{i}]", frame) for i, frame in enumerate(frames)]
    shapes = {batch.shape for batch in batches}
    if len(shapes) != 1:
        got = " and ".join(map(str, sorted(shapes))) or "no frame"
        raise ValueError(f"frames must be arrays of one shape, got {got}")
    if labels is None:
        labels = [f"frame {i}" for i in range(len(batches))]
    labels = [str(label) for label in check_one_each("labels", labels, len(batches), "frames")]
    # A GIF counts hundredths of a second, in 16 bits.
    frame_seconds = check_number("frame_seconds", frame_seconds, "[0.01, 655]")
    hold_seconds = check_number("hold_seconds", hold_seconds, "[0.01, 655]")
    scale = check_integer("scale", scale, minimum=1)

    grids = [image_grid(batch, columns) for batch in batches]
    height, width = (scale * side for side in grids[0].shape[:2])
    label_width, label_height = _size_of_labels(labels)
    size = max(width, label_width), height + label_height
    if max(size) > LARGEST_SIDE:
        raise ValueError(
            f"scale and labels must make a picture of at most {LARGEST_SIDE} pixels a side, got "
            f"{size[0]} × {size[1]} pixels"
        )

    pictures = [
        _draw_frame(grid, label, scale, size) for grid, label in zip(grids, labels, strict=True)
    ]
    for before, picture in pairwise(pictures):
        if np.array_equal(before, picture):  # Pillow would make one frame of two: nobody sees this
            picture[0, 0] ^= 1
    durations = [10 * round(100 * frame_seconds)] * len(pictures)  # in milliseconds
    durations[-1] = 10 * round(100 * hold_seconds)
    with write_whole(path) as file:
        iio.imwrite(
            file,
            pictures,
            extension=".gif",
            plugin="pillow",
            duration=durations if len(pictures) > 1 else durations[0],
            loop=0,
        )
    return path


def _size_of_labels(labels: Iterable[str]) -> tuple[int, int]:
    """Width and height that have room for each of the labels."""
    draw = ImageDraw.Draw(Image.new("L", (1, 1)))
    boxes = [draw.textbbox(_CORNER, label, font=_FONT) for label in labels]
    width, height = (max(box[side] + _CORNER[side - 2] for box in boxes) for side in (2, 3))
    return math.ceil(width), max(math.ceil(height), _LABEL_HEIGHT)


def _draw_frame(grid: np.ndarray, label: str, scale: int, size: tuple[int, int]) -> np.ndarray:
    """Enlarge a grid and write a label above it, in a picture of that size."""
    enlarged = ImageOps.scale(Image.fromarray(grid), scale, Image.Resampling.NEAREST)
    picture = Image.new(enlarged.mode, size, "white")
    picture.paste(enlarged, ((size[0] - enlarged.width) // 2, size[1] - enlarged.height))
    ImageDraw.Draw(picture).text(_CORNER, label, fill="black", font=_FONT)
    if picture.mode == "L":  # fewer greys: a smaller file, and no visible difference
        step = 256 // _COLORS
        picture = picture.point([min(255, (v + step // 2) // step * step) for v in range(256)])
    else:  # one colour less than a GIF has, to tell equal frames apart by
        picture = picture.quantize(255).convert("RGB")
    return np.array(picture)
