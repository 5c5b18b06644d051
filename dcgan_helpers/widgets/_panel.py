"""What the explorers share."""

from __future__ import annotations

import abc
import io
from typing import Any, Protocol

import ipywidgets
import numpy as np
from IPython.core.pylabtools import print_figure
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

WIDE = {"style": {"description_width": "initial"}, "layout": {"width": "28em"}}  # for a slider


class Explorer(abc.ABC):
    """A panel of controls, a picture and a label, with a still picture where nothing can run.

    A subclass makes the controls first, and the `panel` of them, picture and label last.
    """

    panel: ipywidgets.Box

    def __init__(self, *controls: ipywidgets.Widget) -> None:
        self.picture = ipywidgets.Image(format="png")
        self.label = ipywidgets.HTML()
        for control in controls:
            control.observe(self._update, "value")
        self._update()

    @abc.abstractmethod
    def still(self) -> Figure:
        """The still picture."""

    @abc.abstractmethod
    def _look(self) -> tuple[np.ndarray, str]:
        """The picture's pixels and the label's text for where the controls stand."""

    def _update(self, change: Any = None) -> None:
        pixels, text = self._look()
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "png")
        self.picture.value, self.label.value = file.getvalue(), text

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.panel.model_id}
        return {
            "text/plain": repr(self),
            "image/png": print_figure(self.still(), base64=True),
            "application/vnd.jupyter.widget-view+json": view,
        }


class Chart(Protocol):
    """A drawing, part of which moves with a value.

    Attributes:
        moving: what `show` changes.
    """

    moving: list[Artist]

    def show(self, value: float) -> None:
        """Draw what belongs to this value."""

    def describe(self, value: float) -> str:
        """The label's text for this value."""


class ChartExplorer(Explorer):
    """An explorer of one slider, whose picture is a chart.

    The chart is drawn once; of a new picture, only what moves is drawn again.
    """

    def __init__(self, slider: ipywidgets.Widget, figure: Figure, chart: Chart) -> None:
        self._slider, self._chart = slider, chart
        for artist in chart.moving:
            artist.set_animated(True)  # left out when the figure is drawn
        self._canvas = FigureCanvasAgg(figure)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(figure.bbox)
        super().__init__(slider)
        self.panel = ipywidgets.VBox([slider, self.picture, self.label])

    def _look(self) -> tuple[np.ndarray, str]:
        self._chart.show(self._slider.value)
        self._canvas.restore_region(self._background)
        for artist in self._chart.moving:
            artist.draw(self._canvas.get_renderer())
        rgb = np.asarray(self._canvas.buffer_rgba())[..., :3]
        return rgb, self._chart.describe(self._slider.value)
