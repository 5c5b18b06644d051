"""Figures for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import ArrayLike

from ._checks import check_images, check_instance, check_number, check_one_each
from .data import as_pixels
from .grids import GAP, image_grid
from .history import History

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#666666"  # Okabe and Ito: safe for the colour-blind
_POINTS = 9  # of a title


def show_images(
    images: ArrayLike,
    *,
    titles: Iterable[object] | None = None,
    columns: int | None = None,
    size: float = 0.9,
) -> Figure:
    """Draw a batch of images as a grid.

    In a notebook, make it the last expression of a cell; elsewhere, call `.savefig(path)` on it.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)`, 1 or 3
            channels.
        titles: something to write above each image, smaller if need be; None writes nothing.
        columns: images in a row; None makes the grid as square as can be.
        size: width of an image, in inches.

    Returns:
        A matplotlib `Figure`.
    """
    images = as_pixels(check_images("images", images))
    n, height, width, _ = images.shape
    size = check_number("size", size, "(0, inf)")
    if titles is not None:
        titles = check_one_each("titles", titles, n, "images")  # with room above each image
        room = [(0, 0), (max(6, height // 4), 0), (0, 0), (0, 0)]
        images = np.pad(images, room, constant_values=255)
    grid = image_grid(images, columns)
    inches = size / width
    figure, axes = _new_figure(grid.shape[1] * inches, grid.shape[0] * inches)
    axes.set_position((0, 0, 1, 1))
    draw_grid(axes, grid)
    row_width = (grid.shape[1] + GAP) // (width + GAP)
    texts = []
    for i, title in enumerate(titles or ()):
        left = i % row_width * (width + GAP)
        top = i // row_width * (images.shape[1] + GAP)
        place = (left + width / 2, top + 0.5)
        text = axes.text(
            *place, str(title), ha="center", va="top", fontsize=_POINTS, parse_math=False
        )
        texts.append(text)
    _fit(texts, width * inches * figure.dpi, (images.shape[1] - height) * inches * figure.dpi)
    return figure


def _fit(texts: Sequence[Text], width: float, height: float) -> None:
    """Write all texts so small that the widest has room, and the tallest."""
    boxes = [text.get_window_extent() for text in texts]
    room = [min(width / max(box.width, 1), height / max(box.height, 1)) for box in boxes]
    for text in texts:
        text.set_fontsize(_POINTS * min([1.0, *room]))


def plot_history(history: History) -> Figure:
    """Draw the two losses of a run, step by step, with their means over each epoch.

    Dashed lines mark the balance point, where the discriminator calls every image real with
    probability 1/2: log(2) for the generator's loss, 2 log(2) for the discriminator's.

    Args:
        history: what `train` returned, with at least one step.

    Returns:
        A matplotlib `Figure`.

    References:
        I. Goodfellow et al.: Generative adversarial nets. NeurIPS 2014, arXiv:1406.2661,
        theorem 1.
    """
    check_instance("history", history, History)
    if not history.steps:
        raise ValueError("history must have at least one step, got none")
    figure, axes = _new_figure(7, 3.4)
    losses = history.steps, history.step_losses
    if len(history.epochs) < 2:  # few steps are shown one by one
        draw_losses(axes, losses, label="{}'s loss", lw=1.2)
    else:  # of many, the noise is lightened and the means stand out
        middles = [(epoch - 0.5) * history.steps_per_epoch for epoch in history.epochs]
        means, label = (middles, history.epoch_losses), "{}'s loss, mean of an epoch"
        draw_losses(axes, losses, means, label=label, lw=1.2, alpha=0.3)
    axes.set(ylim=(0, None))
    axes.legend(frameon=False, fontsize=9)
    figure.tight_layout()
    return figure


_Curves = tuple[Sequence[float] | np.ndarray, Mapping[str, Sequence[float] | np.ndarray]]


def draw_losses(
    axes: Axes, losses: _Curves, means: _Curves | None = None, *, label: str, **style: Any
) -> dict[str, list[Line2D]]:
    """Draw the losses of both networks, means of them, and dashed lines at the balance point.

    Args:
        axes: where to draw.
        losses: the steps, and for "generator_loss" and "discriminator_loss" the values there.
        means: the same of the means, which are drawn as strong lines.
        label: the legend's text for the last line of each network; `{}` stands for its name.
        style: how the losses are drawn, in matplotlib's words.

    Returns:
        The lines of each loss.
    """
    lines = {}
    for name, color, balance in (
        ("generator", BLUE, np.log(2)),
        ("discriminator", ORANGE, 2 * np.log(2)),
    ):
        loss = f"{name}_loss"
        lines[loss] = axes.plot(losses[0], losses[1][loss], color=color, **style)
        if means is not None:
            lines[loss] += axes.plot(means[0], means[1][loss], color=color, lw=2)
        lines[loss][-1].set_label(label.format(name))
        axes.axhline(balance, color=color, ls="--", lw=1)
    axes.set(xlabel="step", ylabel="loss")
    axes.spines[["top", "right"]].set_visible(False)
    return lines


def draw_grid(axes: Axes, grid: np.ndarray) -> AxesImage:
    """Draw what `image_grid` made, pixel by pixel and without a frame."""
    axes.set_axis_off()
    return axes.imshow(  # all of it, whatever the reader's own matplotlib settings are
        grid, "gray", vmin=0, vmax=255, interpolation="nearest", origin="upper", aspect="equal"
    )


def _new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure that pyplot forgets: a notebook then shows it once, not twice."""
    figure, axes = plt.subplots(figsize=(width, height))
    plt.close(figure)
    return figure, axes
