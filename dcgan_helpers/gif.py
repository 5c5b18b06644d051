"""Grids of images, and the animation of a training run."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._checks import check_images, check_integer, check_new_file, check_number, check_one_each
from .data import denormalize

_GAP = 2  # pixels between two images of a grid
_LABEL_HEIGHT = 20
_COLORS = 32  # enough for grey digits; half the file of 256


def image_grid(images: Any, columns: int | None = None) -> np.ndarray:
    """Put a batch of images side by side into one picture.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)` with 1 or 3
            channels.
        columns: images in a row; None makes the grid as square as can be.

    Returns:
        `uint8` array `(rows, columns)` of pixels, with a last axis of 3 for colour; places that
        have no image are white.

    Raises:
        TypeError: the images are neither `uint8` nor floats.
        ValueError: the images are empty or not of rank 4, floats leave [-1, 1], there are neither 1
            nor 3 channels, or `columns` is below 1.
    """
    images = check_images("images", images)
    n, height, width, channels = images.shape
    if channels not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels, got shape {images.shape}")
    if columns is None:
        columns = math.ceil(math.sqrt(n))
    columns = min(check_integer("columns", columns, minimum=1), n)
    if images.dtype != np.uint8:
        images = denormalize(images)
    rows = math.ceil(n / columns)
    grid = np.full(
        (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, channels), 255, np.uint8
    )
    for i, image in enumerate(images):
        top, left = i // columns * (height + _GAP), i % columns * (width + _GAP)
        grid[top : top + height, left : left + width] = image
    return grid[..., 0] if channels == 1 else grid


def make_gif(
    frames: Sequence[Any] | np.ndarray,
    path: str | os.PathLike[str],
    *,
    labels: Sequence[str] | None = None,
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
        TypeError: an argument is of the wrong type.
        ValueError: there is no frame, the frames differ in shape or are not images, there are more
            or fewer labels than frames, a number is out of range, or `path` does not end in
            `.gif`.
        IsADirectoryError: `path` is a folder.
        FileNotFoundError: the folder of `path` does not exist.
    """
    import imageio.v3 as iio

    path = check_new_file("path", path, ".gif")
    if isinstance(frames, (str, bytes)) or not isinstance(frames, (Sequence, np.ndarray)):
        raise TypeError(f"frames must be a sequence of arrays, got {type(frames).__name__}")
    if len(frames) == 0:
        raise ValueError("frames must not be empty")
    batches = [check_images(f"frames[{i}]", frame) for i, frame in enumerate(frames)]
    for i, batch in enumerate(batches):
        if batch.shape != batches[0].shape:
            raise ValueError(
                f"frames must all have one shape, got {batches[0].shape} and, for frames[{i}], "
                f"{batch.shape}"
            )
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
    unfinished = tempfile.NamedTemporaryFile(  # noqa: SIM115 (closed at once: only its name is used)
        dir=path.parent, prefix=".", suffix=".gif", delete=False
    )
    unfinished.close()
    try:
        iio.imwrite(unfinished.name, pictures, duration=durations, loop=0, plugin="pillow")
        os.chmod(unfinished.name, 0o644)  # a temporary file is readable by its owner alone
        os.replace(unfinished.name, path)
    finally:
        Path(unfinished.name).unlink(missing_ok=True)
    return path


def _draw_frame(grid: np.ndarray, label: str, scale: int) -> np.ndarray:
    """Scale a grid and write a label above it."""
    from PIL import Image, ImageDraw, ImageFont

    enlarged = Image.fromarray(grid).resize(
        (grid.shape[1] * scale, grid.shape[0] * scale), Image.Resampling.NEAREST
    )
    picture = Image.new(enlarged.mode, (enlarged.width, enlarged.height + _LABEL_HEIGHT), "white")
    picture.paste(enlarged, (0, _LABEL_HEIGHT))
    font = ImageFont.load_default(size=_LABEL_HEIGHT - 5)
    ImageDraw.Draw(picture).text((4, 1), label, fill="black", font=font)
    if picture.mode == "L":  # fewer greys: a smaller file, and no visible difference
        step = 256 // _COLORS
        picture = picture.point([min(255, (v + step // 2) // step * step) for v in range(256)])
    return np.asarray(picture)
