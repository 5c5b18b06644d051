"""Widgets for notebooks: move through the noise and watch the image change."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from .checks import check_seed
from .generator import interpolate_noise, sample_noise
from .plots import show_images
from .training import as_generator_function

_POSITIONS = 41  # stops of the slider
_STRIP = 9  # images in the static picture
_SCALE = 8  # screen pixels for each pixel of an image


class LatentExplorer:
    """A panel to walk from one noise vector to another while the generator draws each stop.

    A slider moves along the way between two seeds (see `interpolate_noise`), two number fields
    choose the seeds, and a button picks a new pair. Where widgets cannot run, on a static page, a
    strip of images along the same way is shown in its place.

    Args:
        generator: a `DCGAN`, or a Keras model from noise `(n, noise_dim)` to images
            `(n, height, width, channels)` in [-1, 1].
        seeds: the two seeds to begin with.

    Attributes:
        position: the slider, from 0 (first seed) to 1 (second seed).
        start_seed: the field of the first seed.
        end_seed: the field of the second seed.
        new_pair: the button.
        picture: the image shown, as PNG.
        panel: the whole `ipywidgets` panel.

    Raises:
        TypeError: the generator has no noise to take, or a seed is not an integer.
        ValueError: `seeds` are not two, or one is negative.

    Example:
        >>> from dcgan_helpers import DCGAN
        >>> explorer = LatentExplorer(DCGAN(seed=0), seeds=(3, 4))
        >>> explorer.position.value = 0.5
    """

    def __init__(self, generator: Any, *, seeds: tuple[int, int] = (0, 1)) -> None:
        import ipywidgets as widgets

        self._generate, self._noise_dim = as_generator_function(generator)
        try:
            start, end = seeds
        except (TypeError, ValueError):
            raise ValueError(f"seeds must be two integers, got {seeds!r}") from None
        start, end = check_seed("seeds[0]", start), check_seed("seeds[1]", end)

        def seed_field(seed: int, name: str) -> widgets.BoundedIntText:
            return widgets.BoundedIntText(seed, min=0, max=2**31 - 1, description=name)

        self.start_seed = seed_field(start, "from seed")
        self.end_seed = seed_field(end, "to seed")
        self.position = widgets.FloatSlider(
            0.0,
            min=0.0,
            max=1.0,
            step=1 / (_POSITIONS - 1),
            description="way",
            readout_format=".2f",
        )
        self.new_pair = widgets.Button(description="new pair", icon="random")
        self.picture = widgets.Image(format="png")
        controls = widgets.VBox([self.start_seed, self.end_seed, self.position, self.new_pair])
        self.panel = widgets.HBox([self.picture, controls])

        self.start_seed.observe(self._change_way, "value")
        self.end_seed.observe(self._change_way, "value")
        self.position.observe(self._draw, "value")
        self.new_pair.on_click(self._pick_pair)
        self._change_way()

    def strip(self) -> Any:
        """The way as a static picture: a matplotlib `Figure` of nine stops from end to end."""
        stops = np.linspace(0, _POSITIONS - 1, _STRIP).round().astype(int)
        titles = [f"{stop / (_POSITIONS - 1):.2f}" for stop in stops]
        return show_images(self._generate(self._way[stops]), columns=_STRIP, titles=titles)

    def _change_way(self, change: Any = None) -> None:
        ends = [
            sample_noise(1, field.value, self._noise_dim)[0]
            for field in (self.start_seed, self.end_seed)
        ]
        self._way = interpolate_noise(ends[0], ends[1], _POSITIONS)
        self._draw()

    def _draw(self, change: Any = None) -> None:
        from PIL import Image

        stop = round(self.position.value * (_POSITIONS - 1))
        image = self._generate(self._way[stop : stop + 1])[0]
        pixels = np.rint((image + 1) * 127.5).astype(np.uint8)
        picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        size = (picture.width * _SCALE, picture.height * _SCALE)
        file = io.BytesIO()
        picture.resize(size, Image.Resampling.NEAREST).save(file, "png")
        self.picture.value = file.getvalue()

    def _pick_pair(self, button: Any) -> None:
        # The next pair, not a random one: a reader who clicks finds the same digits again.
        start = self.end_seed.value
        with self.start_seed.hold_trait_notifications(), self.end_seed.hold_trait_notifications():
            self.start_seed.value, self.end_seed.value = start, start + 1

    def __repr__(self) -> str:
        """One line for people."""
        return f"LatentExplorer(seeds=({self.start_seed.value}, {self.end_seed.value}))"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        from IPython.core.pylabtools import print_figure

        return {
            "text/plain": repr(self),
            "image/png": print_figure(self.strip(), base64=True),
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.panel.model_id,
            },
        }
