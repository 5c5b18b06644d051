"""An explorer of the balance between two networks at several learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._checks import check_number
from .._shipped import load_shipped
from ..grids import image_grid
from ..plots import draw_grid, draw_losses
from ._panel import WIDE, ChartExplorer

_IN_STILL = (1e-5, 1e-4, 1e-3, 1e-2)
_SMOOTHED = 15  # steps in the mean that is drawn; odd, so that it has a middle
_LAST = 100  # steps in the means that the label states


class BalanceExplorer(ChartExplorer):
    """A panel that shows seven short runs, which differ in nothing but the learning rate.

    A slider chooses the run. The picture shows its two losses, step by step (pale) and smoothed,
    with the dashed lines of the balance point, log(2) and 2 log(2), and the sixteen images that the
    generator makes at the end. Losses above 4 lie outside of the picture; the text below it has
    their means. Where widgets cannot run, on a static page, four of the runs stand side by side.

    The runs were trained beforehand, by `reference/learning_rates.py` in the book's repository: 300
    steps of 32 images, both Adam optimizers with the same learning rate and `beta_1=0.5`.

    Args:
        learning_rate: the run to begin with: 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3 or 1e-2.

    Attributes:
        learning_rate: the slider.
        picture: the losses and the images of that run, as PNG.
        label: the mean losses of its last 100 steps, as text.
        panel: the whole `ipywidgets` panel.

    Example:
        >>> explorer = BalanceExplorer(learning_rate=1e-5)
        >>> explorer.learning_rate.value = 1e-3
        >>> explorer.label.value
        'mean of the last 100 steps: generator 0.98, discriminator 1.25'
    """

    def __init__(self, *, learning_rate: float = 3e-4) -> None:
        learning_rate = check_number("learning_rate", learning_rate, "(0, inf)")
        self._runs = load_runs()
        options = [(_power(rate), rate) for rate in self._runs]
        if learning_rate not in self._runs:
            known = ", ".join(name for name, _ in options)
            raise ValueError(f"learning_rate must be one of {known}, got {learning_rate}")
        self.learning_rate = ipywidgets.SelectionSlider(
            options=options, value=learning_rate, description="learning rate", **WIDE
        )
        figure = Figure(figsize=(7.2, 3.2), dpi=100, layout="constrained")
        losses, images = figure.subplots(1, 2, width_ratios=(3, 2))
        chart = BalanceChart(losses, images, self._runs, learning_rate)
        super().__init__(self.learning_rate, figure, chart)

    def still(self) -> Figure:
        """Four of the runs as a still picture: a matplotlib `Figure`, losses above images."""
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        columns = figure.subplots(2, len(_IN_STILL), height_ratios=(1, 1.1)).T
        for (losses, images), rate in zip(columns, _IN_STILL, strict=True):
            BalanceChart(losses, images, self._runs, rate)
        for losses, _ in columns[1:]:
            losses.set(ylabel="", yticklabels=[])
            losses.get_legend().remove()
        return figure

    def __repr__(self) -> str:
        return f"BalanceExplorer(learning_rate={_power(self.learning_rate.value)})"


class Run(NamedTuple):
    """A saved run: its losses by name, step by step and smoothed, and its images as a grid."""

    losses: dict[str, np.ndarray]
    smoothed: dict[str, np.ndarray]
    grid: np.ndarray


def load_runs() -> dict[float, Run]:
    """The saved runs, by learning rate."""
    arrays = load_shipped("learning_rates.npz")
    window = np.full(_SMOOTHED, 1 / _SMOOTHED)
    runs = {}
    for i, rate in enumerate(arrays["learning_rates"].tolist()):
        losses = {name: arrays[name][i] for name in ("generator_loss", "discriminator_loss")}
        smoothed = {name: np.convolve(loss, window, "valid") for name, loss in losses.items()}
        runs[rate] = Run(losses, smoothed, image_grid(arrays["images"][i]))
    return runs


class BalanceChart:
    """The losses of a run in one pair of axes, its images in another.

    Attributes:
        moving: what `show` changes.
    """

    def __init__(self, losses: Axes, images: Axes, runs: Mapping[float, Run], rate: float) -> None:
        self._axes, self._runs = losses, runs
        run = runs[rate]
        steps = np.arange(1, len(run.losses["generator_loss"]) + 1)
        middles = steps[_SMOOTHED // 2 : -(_SMOOTHED // 2)]
        self._lines = draw_losses(
            losses, (steps, run.losses), (middles, run.smoothed), label="{}", alpha=0.25, lw=0.8
        )
        losses.set(ylim=(0, 4), yticks=range(5))
        losses.legend(loc="upper right", fontsize=8)
        self._picture = draw_grid(images, run.grid)
        lines = [line for pair in self._lines.values() for line in pair]
        self.moving: list[Artist] = [*lines, self._picture, losses.title]
        self.show(rate)

    def show(self, rate: float) -> None:
        """Draw the run of this learning rate."""
        run = self._runs[rate]
        for name, (pale, bold) in self._lines.items():
            pale.set_ydata(run.losses[name])
            bold.set_ydata(run.smoothed[name])
        self._picture.set_data(run.grid)
        self._axes.set_title(f"learning rate {_power(rate)}", fontsize=10)

    def describe(self, rate: float) -> str:
        """The mean losses of the last steps."""
        means = (
            f"{name.removesuffix('_loss')} {loss[-_LAST:].mean():.2f}"
            for name, loss in self._runs[rate].losses.items()
        )
        return f"mean of the last {_LAST} steps: {', '.join(means)}"


def _power(rate: float) -> str:
    """A learning rate as people write it: 3e-4."""
    return f"{rate:.0e}".replace("e-0", "e-")
