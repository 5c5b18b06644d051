"""The animation of a training run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont, ImageOps

from ._checks import check_images, check_integer, check_new_file, check_number, check_one_each
from ._files import write_whole
from .grids import image_grid

_LABEL_HEIGHT = 20
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
    into the file; the file appears only when it is complete.

    Args:
        frames: batches of images, all of one shape `(n, height, width, channels)`, `uint8` or
            floats in [-1, 1]; for example `history.frames`.
        path: the file to write, ending in `.gif`; an existing file is replaced.
        labels: a text for each frame, such as `history.frame_labels`; None writes "epoch 0",
            "epoch 1", and so on.
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
    batches = [check_images(f"frames[{i}]", frame) for i, frame in enumerate(frames)]
    shapes = {batch.shape for batch in batches}
    if len(shapes) != 1:
        got = " and ".join(map(str, sorted(shapes))) or "no frame"
        raise ValueError(f"frames must be arrays of one shape, got {got}")
    if labels is None:
        labels = [f"epoch {i}" for i in range(len(batches))]
    labels = check_one_each("labels", labels, len(batches), "frames")
    # A GIF counts hundredths of a second, in 16 bits.
    frame_seconds = check_number("frame_seconds", frame_seconds, "[0.01, 655]")
    hold_seconds = check_number("hold_seconds", hold_seconds, "[0.01, 655]")
    scale = check_integer("scale", scale, minimum=1)

    pictures = [
        _draw_frame(image_grid(batch, columns), str(label), scale)
        for batch, label in zip(batches, labels, strict=True)
    ]
    durations = [1000 * frame_seconds] * (len(pictures) - 1) + [1000 * hold_seconds]
    with write_whole(path) as file:
        iio.imwrite(file, pictures, extension=".gif", plugin="pillow", duration=durations, loop=0)
    return path


def _draw_frame(grid: np.ndarray, label: str, scale: int) -> np.ndarray:
    """Enlarge a grid and write a label above it."""
    enlarged = ImageOps.scale(Image.fromarray(grid), scale, Image.Resampling.NEAREST)
    picture = ImageOps.expand(enlarged, (0, _LABEL_HEIGHT, 0, 0), "white")
    font = ImageFont.load_default(size=_LABEL_HEIGHT - 5)
    ImageDraw.Draw(picture).text((4, 1), label, fill="black", font=font)
    if picture.mode == "L":  # fewer greys: a smaller file, and no visible difference
        step = 256 // _COLORS
        picture = picture.point([min(255, (v + step // 2) // step * step) for v in range(256)])
    return np.asarray(picture)
