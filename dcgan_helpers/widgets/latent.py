"""An explorer of what a generator draws between two noise vectors."""

from __future__ import annotations

from typing import Any

import ipywidgets
import keras
import numpy as np
from matplotlib.figure import Figure

from .._checks import check_integer, check_one_each
from ..gan import DCGAN
from ..generator import interpolate_noise, sample_noise
from ..grids import image_grid
from ..plots import show_images
from ..sampling import as_generator_function
from ._panel import Explorer

_LAST = 40  # the number of the slider's last stop; the first is 0
_IN_STILL = 9  # images in the still picture
_MAX_SEED = 2**31 - 1  # of a number field: it is a JavaScript integer of 32 bits
_SCALE = 8  # screen pixels for each pixel of an image


class LatentExplorer(Explorer):
    """A panel to walk from one noise vector to another while the generator draws each stop.

    A slider moves along the path between two seeds (see `interpolate_noise`), two number fields
    choose the seeds, and a button picks a new pair. A line of text says where on the path the image
    lies. Where widgets cannot run, on a static page, images along the same path are shown side by
    side in its place.

    Args:
        generator: a `DCGAN`, or a Keras model from noise `(n, noise_dim)` to images
            `(n, height, width, channels)` in [-1, 1], with 1 or 3 channels.
        seeds: the two seeds to begin with, in [0, 2**31).

    Attributes:
        position: the slider, from 0 (first seed) to 1 (second seed).
        start_seed: the field of the first seed.
        end_seed: the field of the second seed.
        new_pair: the button.
        picture: the image shown, as PNG.
        label: where it lies, such as "0.25 of the way from seed 3 to seed 4".
        panel: the whole `ipywidgets` panel.

    Example:
        >>> from dcgan_helpers import DCGAN
        >>> explorer = LatentExplorer(DCGAN(seed=0), seeds=(3, 4))
        >>> explorer.position.value = 0.5
        >>> explorer.label.value
        '0.5 of the way from seed 3 to seed 4'
    """

    def __init__(self, generator: DCGAN | keras.Model, *, seeds: tuple[int, int] = (0, 1)) -> None:
        self._generate, self._noise_dim = as_generator_function(generator)
        start, end = (
            check_integer(f"seeds[{i}]", seed, minimum=0, maximum=_MAX_SEED)
            for i, seed in enumerate(check_one_each("seeds", seeds, 2, "ends of the path"))
        )
        limits = {"min": 0, "max": _MAX_SEED}
        self.start_seed = ipywidgets.BoundedIntText(start, description="from seed", **limits)
        self.end_seed = ipywidgets.BoundedIntText(end, description="to seed", **limits)
        self.position = ipywidgets.FloatSlider(
            min=0.0, max=1.0, step=1 / _LAST, description="way", readout_format=".3f"
        )
        self.new_pair = ipywidgets.Button(description="new pair", icon="random")
        self.new_pair.on_click(self._pick_pair)
        super().__init__(self.start_seed, self.end_seed, self.position)
        controls = [self.start_seed, self.end_seed, self.position, self.label, self.new_pair]
        self.panel = ipywidgets.HBox([self.picture, ipywidgets.VBox(controls)])

    def still(self) -> Figure:
        """The path as a still picture: a matplotlib `Figure` of nine stops from end to end."""
        stops = np.linspace(0, _LAST, _IN_STILL).round().astype(int)
        titles = [f"{stop / _LAST:.2f}" for stop in stops]
        return show_images(self._images(stops), columns=_IN_STILL, titles=titles)

    def _look(self) -> tuple[np.ndarray, str]:
        stop = round(self.position.value * _LAST)
        pixels = image_grid(self._images([stop])).repeat(_SCALE, axis=0).repeat(_SCALE, axis=1)
        start, end = self.start_seed.value, self.end_seed.value
        return pixels, f"{stop / _LAST:g} of the way from seed {start} to seed {end}"

    def _images(self, stops: Any) -> np.ndarray:
        """What the generator draws at these stops of the path."""
        start, end = (
            sample_noise(1, field.value, self._noise_dim)[0]
            for field in (self.start_seed, self.end_seed)
        )
        return self._generate(interpolate_noise(start, end, _LAST + 1)[stops])

    def _pick_pair(self, button: Any) -> None:
        # The next pair, not a random one: a reader who clicks finds the same digits again.
        start = self.end_seed.value % _MAX_SEED
        with self.start_seed.hold_trait_notifications(), self.end_seed.hold_trait_notifications():
            self.start_seed.value, self.end_seed.value = start, start + 1

    def __repr__(self) -> str:
        return f"LatentExplorer(seeds=({self.start_seed.value}, {self.end_seed.value}))"
