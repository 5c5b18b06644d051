"""An explorer of the losses of one fake."""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._checks import check_number
from ..plots import BLUE, GREY, ORANGE
from ._panel import WIDE, ChartExplorer

_LARGEST_LOGIT = 8.0
_IN_STILL = (-4.0, 0.0, 4.0)  # a fake that is recognised, one that could be either, one that passes


def _softplus(x: Any) -> Any:
    return np.logaddexp(0, x)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# Of a fake's logit: name, colour, line, loss, slope.
_LOSSES = (
    ("generator, non-saturating", BLUE, "-", lambda x: _softplus(-x), lambda x: -_sigmoid(-x)),
    ("generator, saturating", GREY, "--", lambda x: -_softplus(x), lambda x: -_sigmoid(x)),
    ("discriminator", ORANGE, "-.", _softplus, _sigmoid),
)


class LossExplorer(ChartExplorer):
    """A panel that shows what a fake's logit does to the losses, and how hard they pull.

    A slider sets the logit that the discriminator gives to one generated image. The picture marks
    it on three losses, each with its tangent: the generator's, as it is used (non-saturating) and
    as the game has it (saturating), and the discriminator's on this fake. The slope of a tangent is
    the gradient that the network gets. Where widgets cannot run, on a static page, the same picture
    is shown for three logits.

    Args:
        logit: the logit to begin with, in [-8, 8].

    Attributes:
        logit: the slider.
        picture: the losses at that logit, as PNG.
        label: the probability that belongs to the logit, and the slopes, as text.
        panel: the whole `ipywidgets` panel.

    Example:
        >>> explorer = LossExplorer(logit=-4)
        >>> explorer.logit.value = 0
        >>> explorer.label.value
        'probability of real 0.500; slopes: non-saturating −0.500, saturating −0.500'
    """

    def __init__(self, *, logit: float = -4.0) -> None:
        self.logit = ipywidgets.FloatSlider(
            check_number("logit", logit, f"[{-_LARGEST_LOGIT:g}, {_LARGEST_LOGIT:g}]"),
            min=-_LARGEST_LOGIT,
            max=_LARGEST_LOGIT,
            step=0.25,
            description="logit of the fake",
            readout_format="+.2f",
            **WIDE,
        )
        figure = Figure(figsize=(6.4, 3.8), dpi=100, layout="constrained")
        super().__init__(self.logit, figure, LossChart(figure.subplots()))

    def still(self) -> Figure:
        """The losses as a still picture: a matplotlib `Figure` for the logits −4, 0 and 4."""
        figure = Figure(figsize=(8, 4), layout="constrained")
        for axes, logit in zip(figure.subplots(1, 3, sharey=True), _IN_STILL, strict=True):
            chart = LossChart(axes, names=False)
            chart.show(logit)
            axes.label_outer()
        figure.legend(handles=chart.curves, loc="outside lower center", ncols=3, frameon=False)
        return figure

    def __repr__(self) -> str:
        return f"LossExplorer(logit={self.logit.value:g})"


class LossChart:
    """The three losses in one pair of axes, and what moves over them with the logit.

    Attributes:
        curves: the lines of the losses.
        moving: what `show` changes.
    """

    def __init__(self, axes: Axes, *, names: bool = True) -> None:
        self._axes, self._names = axes, names
        self._line = axes.axvline(0, color=GREY, lw=0.8, alpha=0.6)
        logits = np.linspace(-_LARGEST_LOGIT, _LARGEST_LOGIT, 161)
        self.curves, self._tangents, self._points = [], [], []
        for name, color, line, loss, _ in _LOSSES:
            self.curves += axes.plot(logits, loss(logits), color=color, ls=line, lw=1.8, label=name)
            self._tangents += axes.plot([], [], color=color, lw=5, alpha=0.4)
            self._points += axes.plot([], [], color=color, marker="o", ms=7)
        axes.set(xlabel="logit of a fake", ylabel="loss", ylim=(-11.5, 8.5))
        axes.set(xticks=range(-8, 9, 4), yticks=range(-8, 9, 4))
        axes.spines[["top", "right"]].set_visible(False)
        legend = axes.legend(loc="lower left", fontsize=9)
        self._texts = legend.get_texts()
        self.moving: list[Artist] = [self._line, *self._tangents, *self._points, legend, axes.title]
        self.show(0)  # so that the layout has room for the title

    def show(self, logit: float) -> None:
        """Mark the losses at one logit, with their slopes."""
        self._line.set_xdata([logit, logit])
        self._axes.set_title(
            f"logit {_signed(logit, 2)}\nprobability of real {_sigmoid(logit):.3f}", fontsize=10
        )
        for (name, _, _, loss, slope_of), tangent, point, text in zip(
            _LOSSES, self._tangents, self._points, self._texts, strict=True
        ):
            value, slope = loss(logit), slope_of(logit)
            ends = np.array([-2, 2]) / np.hypot(1, slope)  # all tangents are equally long
            tangent.set_data(logit + ends, value + slope * ends)
            point.set_data([logit], [value])
            text.set_text((f"{name}: " if self._names else "") + f"slope {_signed(slope)}")

    def describe(self, logit: float) -> str:
        """The probability that belongs to a logit, and the generator's slopes there."""
        used, saturating = (_signed(slope(logit)) for *_, slope in _LOSSES[:2])
        slopes = f"slopes: non-saturating {used}, saturating {saturating}"
        return f"probability of real {_sigmoid(logit):.3f}; {slopes}"


def _signed(value: float, digits: int = 3) -> str:
    """A number with its sign, and a minus that is as wide as a plus."""
    return f"{value:+.{digits}f}".replace("-", "−")
