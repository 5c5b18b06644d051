"""Pictures for notebooks: image grids, loss curves, and the drawings of the book."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._checks import check_choice, check_images, check_instance, check_number, check_one_each
from ._shipped import FILES
from .gif import image_grid
from .history import History

if TYPE_CHECKING:
    from IPython.display import SVG
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DRAWINGS = FILES / "drawings"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#666666"  # Okabe and Ito: safe for the colour-blind


def show_images(
    images: Any,
    *,
    titles: Sequence[Any] | None = None,
    columns: int | None = None,
    size: float = 0.9,
) -> Figure:
    """Draw a batch of images as a grid.

    In a notebook, make it the last expression of a cell; elsewhere, call `.savefig(path)` on it.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)`, 1 or 3
            channels.
        titles: something to write above each image; None writes nothing.
        columns: images in a row; None makes the grid as square as can be.
        size: width of an image, in inches.

    Returns:
        A matplotlib `Figure`.

    Raises:
        TypeError: the images are neither `uint8` nor floats, or another argument is of the wrong
            type.
        ValueError: the images are empty or not of rank 4, floats leave [-1, 1], there are not as
            many titles as images, or `size` is not positive.
    """
    images = check_images("images", images)
    n, height, width, _ = images.shape
    size = check_number("size", size, "(0, inf)")
    if titles is not None:
        titles = check_one_each("titles", titles, n, "images")  # with room above each image
        room = [(0, 0), (max(6, height // 4), 0), (0, 0), (0, 0)]
        images = np.pad(images, room, constant_values=255 if images.dtype == np.uint8 else 1)
    grid = image_grid(images, columns)
    inches = size / width
    figure, axes = _new_figure(grid.shape[1] * inches, grid.shape[0] * inches)
    axes.set_position((0, 0, 1, 1))
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()
    row_width = round((grid.shape[1] + 2) / (width + 2))
    for i, title in enumerate(titles if titles is not None else ()):
        left = i % row_width * (width + 2)
        top = i // row_width * (images.shape[1] + 2)
        axes.text(left + width / 2, top + 0.5, str(title), ha="center", va="top", fontsize=9)
    return figure


def plot_history(history: History) -> Figure:
    """Draw the two losses of a run, step by step, with their means over each epoch.

    Dashed lines mark the balance point, where the discriminator calls every image real with
    probability 1/2: log(2) for the generator's loss, 2 log(2) for the discriminator's.

    Args:
        history: what `train` returned.

    Returns:
        A matplotlib `Figure`.

    Raises:
        TypeError: `history` is not a `History`.
        ValueError: `history` has no step.

    References:
        I. Goodfellow et al.: Generative adversarial nets. NeurIPS 2014, arXiv:1406.2661,
        theorem 1.
    """
    check_instance("history", history, History)
    if not history.steps:
        raise ValueError("history must have at least one step, got none")
    figure, axes = _new_figure(7, 3.4)
    # Few steps are shown one by one; of many, the noise is lightened and the means stand out.
    alpha = 1.0 if len(history.epochs) < 2 else 0.3
    middles = [(epoch - 0.5) * history.steps_per_epoch for epoch in history.epochs]
    for name, color, balance in (
        ("generator", BLUE, np.log(2)),
        ("discriminator", ORANGE, 2 * np.log(2)),
    ):
        means = history.epoch_losses[f"{name}_loss"]
        label = f"{name}'s loss"
        axes.plot(
            history.steps, history.step_losses[f"{name}_loss"], color=color, alpha=alpha, lw=1.2,
            label=label if alpha == 1 else None,
        )  # fmt: skip
        if alpha < 1:
            axes.plot(middles, means, color=color, lw=2, label=f"{label}, mean of an epoch")
        axes.axhline(balance, color=color, ls="--", lw=1)
    axes.set(xlabel="step", ylabel="loss", ylim=(0, None))
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def show_drawing(name: str, *, highlight: str | None = None) -> SVG:
    """Show one of the book's drawings, such as "gan" with the part that a chapter is about.

    Args:
        name: the drawing's name, a file in the package's folder `drawings` without its ending.
        highlight: for "gan", the part to bring out: "data", "generator", "discriminator",
            "losses", "training", "checkpoints" or "gif"; the others are dimmed.

    Returns:
        An `IPython.display.SVG`, which a notebook shows.

    Raises:
        ValueError: there is no such drawing, or no such part in it.
    """
    from IPython.display import SVG

    check_choice("name", name, sorted(file.stem for file in _DRAWINGS.glob("*.svg")))
    svg = (_DRAWINGS / f"{name}.svg").read_text(encoding="utf-8")
    if highlight is not None:
        parts = re.findall(rf'id="{name}-part-([a-z]+)"', svg)
        check_choice("highlight", highlight, parts)
        style = f".{name}-part{{opacity:.3}}#{name}-part-{highlight}{{opacity:1}}"
        svg = svg.replace("</desc>", f"</desc><style>{style}</style>", 1)
    return SVG(svg)


def _new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure that pyplot forgets: a notebook then shows it once, not twice."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(width, height))
    plt.close(figure)
    return figure, axes
