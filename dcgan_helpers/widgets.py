"""Widgets for notebooks: move a slider and watch what a network or a loss makes of it."""

from __future__ import annotations

import abc
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from ._checks import check_integer, check_number
from ._shipped import load_shipped
from .data import denormalize
from .generator import interpolate_noise, sample_noise
from .grids import image_grid
from .plots import BLUE, GREY, ORANGE, show_images
from .sampling import as_generator_function

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POSITIONS = 41  # stops of the slider
_STRIP = 9  # images in the static picture
_MAX_SEED = 2**31 - 1  # of a number field: it is a JavaScript integer of 32 bits
_SCALE = 8  # screen pixels for each pixel of an image
_LARGEST_LOGIT = 8.0
_STRIP_LOGITS = (-4.0, 0.0, 4.0)  # a fake seen through, one that is a toss-up, one that passes
_STRIP_RATES = (1e-5, 1e-4, 1e-3, 1e-2)
_SMOOTHED = 15  # steps in the mean that is drawn; odd, so that it has a middle
_LAST = 100  # steps in the means that the label states


class _Explorer(abc.ABC):
    """What the explorers share: a panel to operate, and a still picture where nothing can run."""

    panel: Any

    @abc.abstractmethod
    def strip(self) -> Figure:
        """The still picture."""

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


class LatentExplorer(_Explorer):
    """A panel to walk from one noise vector to another while the generator draws each stop.

    A slider moves along the way between two seeds (see `interpolate_noise`), two number fields
    choose the seeds, and a button picks a new pair. A line of text says where on the way the image
    lies. Where widgets cannot run, on a static page, a strip of images along the same way is shown
    in its place.

    Args:
        generator: a `DCGAN`, or a Keras model from noise `(n, noise_dim)` to images
            `(n, height, width, channels)` in [-1, 1].
        seeds: the two seeds to begin with, in [0, 2**31).

    Attributes:
        position: the slider, from 0 (first seed) to 1 (second seed).
        start_seed: the field of the first seed.
        end_seed: the field of the second seed.
        new_pair: the button.
        picture: the image shown, as PNG.
        label: where it lies, such as "0.25 of the way from seed 3 to seed 4".
        panel: the whole `ipywidgets` panel.

    Raises:
        TypeError: the generator has no noise to take, or a seed is not an integer.
        ValueError: `seeds` are not two, or one is not in [0, 2**31).

    Example:
        >>> from dcgan_helpers import DCGAN
        >>> explorer = LatentExplorer(DCGAN(seed=0), seeds=(3, 4))
        >>> explorer.position.value = 0.5
        >>> explorer.label.value
        '0.5 of the way from seed 3 to seed 4'
    """

    def __init__(self, generator: Any, *, seeds: tuple[int, int] = (0, 1)) -> None:
        import ipywidgets as widgets

        self._generate, self._noise_dim = as_generator_function(generator)
        try:
            start, end = seeds
        except (TypeError, ValueError):
            raise ValueError(f"seeds must be two integers, got {seeds!r}") from None
        start = check_integer("seeds[0]", start, minimum=0, maximum=_MAX_SEED)
        end = check_integer("seeds[1]", end, minimum=0, maximum=_MAX_SEED)

        def seed_field(seed: int, name: str) -> widgets.BoundedIntText:
            return widgets.BoundedIntText(seed, min=0, max=_MAX_SEED, description=name)

        self.start_seed = seed_field(start, "from seed")
        self.end_seed = seed_field(end, "to seed")
        self.position = widgets.FloatSlider(
            0.0,
            min=0.0,
            max=1.0,
            step=1 / (_POSITIONS - 1),
            description="way",
            readout_format=".3f",
        )
        self.new_pair = widgets.Button(description="new pair", icon="random")
        self.picture = widgets.Image(format="png")
        self.label = widgets.HTML()
        controls = widgets.VBox(
            [self.start_seed, self.end_seed, self.position, self.label, self.new_pair]
        )
        self.panel = widgets.HBox([self.picture, controls])

        self.start_seed.observe(self._change_way, "value")
        self.end_seed.observe(self._change_way, "value")
        self.position.observe(self._draw, "value")
        self.new_pair.on_click(self._pick_pair)
        self._change_way()

    def strip(self) -> Figure:
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
        pixels = denormalize(self._generate(self._way[stop : stop + 1]))[0]
        picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        size = (picture.width * _SCALE, picture.height * _SCALE)
        file = io.BytesIO()
        picture.resize(size, Image.Resampling.NEAREST).save(file, "png")
        self.picture.value = file.getvalue()
        start, end = self.start_seed.value, self.end_seed.value
        way = f"{stop / (_POSITIONS - 1):g} of the way"
        self.label.value = f"{way} from seed {start} to seed {end}"

    def _pick_pair(self, button: Any) -> None:
        # The next pair, not a random one: a reader who clicks finds the same digits again.
        start = self.end_seed.value % _MAX_SEED
        with self.start_seed.hold_trait_notifications(), self.end_seed.hold_trait_notifications():
            self.start_seed.value, self.end_seed.value = start, start + 1

    def __repr__(self) -> str:
        """One line for people."""
        return f"LatentExplorer(seeds=({self.start_seed.value}, {self.end_seed.value}))"


class LossExplorer(_Explorer):
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

    Raises:
        TypeError: `logit` is not a number.
        ValueError: `logit` is outside of [-8, 8].

    Example:
        >>> explorer = LossExplorer(logit=-4)
        >>> explorer.logit.value = 0
        >>> explorer.label.value
        'probability of real 0.500; slopes: non-saturating −0.500, saturating −0.500'
    """

    def __init__(self, *, logit: float = -4.0) -> None:
        import ipywidgets as widgets
        from matplotlib.figure import Figure

        logit = check_number("logit", logit, f"[{-_LARGEST_LOGIT:g}, {_LARGEST_LOGIT:g}]")
        self.logit = widgets.FloatSlider(
            logit,
            min=-_LARGEST_LOGIT,
            max=_LARGEST_LOGIT,
            step=0.25,
            description="logit of the fake",
            readout_format="+.2f",
            style={"description_width": "initial"},
            layout={"width": "28em"},
        )
        self.picture = widgets.Image(format="png")
        self.label = widgets.HTML()
        self.panel = widgets.VBox([self.logit, self.picture, self.label])

        figure = Figure(figsize=(6.4, 3.8), dpi=100, layout="constrained")
        self._drawing = _LossDrawing(figure.subplots())
        self._canvas = _Canvas(figure, self._drawing.moving)
        self.logit.observe(self._draw, "value")
        self._draw()

    def strip(self) -> Figure:
        """The losses as a static picture: a matplotlib `Figure` for the logits −4, 0 and 4."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 4), layout="constrained")
        for axes, logit in zip(figure.subplots(1, 3, sharey=True), _STRIP_LOGITS, strict=True):
            _LossDrawing(axes, names=False).show(logit)
            axes.label_outer()
        curves = [line for line in axes.lines if line.get_label() in {name for name, *_ in _LOSSES}]
        figure.legend(handles=curves, loc="outside lower center", ncols=3, frameon=False)
        return figure

    def _draw(self, change: Any = None) -> None:
        logit = self.logit.value
        self._drawing.show(logit)
        self.picture.value = self._canvas.png()
        used, saturating = (_signed(slope(logit)) for _, _, _, _, slope in _LOSSES[:2])
        self.label.value = (
            f"probability of real {_sigmoid(logit):.3f}; "
            f"slopes: non-saturating {used}, saturating {saturating}"
        )

    def __repr__(self) -> str:
        """One line for people."""
        return f"LossExplorer(logit={self.logit.value:g})"


class BalanceExplorer(_Explorer):
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

    Raises:
        TypeError: `learning_rate` is not a number.
        ValueError: there is no run of that learning rate, or the file of the runs is damaged.
        FileNotFoundError: the package was installed without its data.

    Example:
        >>> explorer = BalanceExplorer(learning_rate=1e-5)
        >>> explorer.learning_rate.value = 1e-3
        >>> explorer.label.value
        'mean of the last 100 steps: generator 0.98, discriminator 1.25'
    """

    def __init__(self, *, learning_rate: float = 3e-4) -> None:
        import ipywidgets as widgets
        from matplotlib.figure import Figure

        learning_rate = check_number("learning_rate", learning_rate, "(0, inf)")
        self._runs = load_shipped("learning_rates.npz")
        rates = self._runs["learning_rates"].tolist()
        if learning_rate not in rates:
            known = ", ".join(map(_power, rates))
            raise ValueError(f"learning_rate must be one of {known}, got {learning_rate}")
        self.learning_rate = widgets.SelectionSlider(
            options=[(_power(rate), rate) for rate in rates],
            value=learning_rate,
            description="learning rate",
            style={"description_width": "initial"},
            layout={"width": "28em"},
        )
        self.picture = widgets.Image(format="png")
        self.label = widgets.HTML()
        self.panel = widgets.VBox([self.learning_rate, self.picture, self.label])

        figure = Figure(figsize=(7.2, 3.2), dpi=100, layout="constrained")
        losses, images = figure.subplots(1, 2, width_ratios=(3, 2))
        self._drawing = _BalanceDrawing(losses, images, self._runs)
        self._canvas = _Canvas(figure, self._drawing.moving)
        self.learning_rate.observe(self._draw, "value")
        self._draw()

    def strip(self) -> Figure:
        """Four of the runs as a static picture: a matplotlib `Figure`, losses above images."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 4.2), layout="constrained")
        columns = figure.subplots(2, len(_STRIP_RATES), height_ratios=(1, 1.1)).T
        rates = self._runs["learning_rates"].tolist()
        for (losses, images), rate in zip(columns, _STRIP_RATES, strict=True):
            _BalanceDrawing(losses, images, self._runs).show(rates.index(rate))
        for losses, _ in columns[1:]:
            losses.set(ylabel="", yticklabels=[])
            losses.get_legend().remove()
        return figure

    def _draw(self, change: Any = None) -> None:
        number = self.learning_rate.index
        self._drawing.show(number)
        self.picture.value = self._canvas.png()
        means = (
            f"{name} {self._runs[f'{name}_loss'][number, -_LAST:].mean():.2f}"
            for name in ("generator", "discriminator")
        )
        self.label.value = f"mean of the last {_LAST} steps: {', '.join(means)}"

    def __repr__(self) -> str:
        """One line for people."""
        return f"BalanceExplorer(learning_rate={_power(self.learning_rate.value)})"


class _BalanceDrawing:
    """The losses of a run in one pair of axes, its images in another; `show` changes the run."""

    def __init__(self, losses: Axes, images: Axes, runs: dict[str, np.ndarray]) -> None:
        self._runs, self._axes = runs, losses
        self._curves = []
        steps = np.arange(1, runs["generator_loss"].shape[1] + 1)
        for name, color, balance in (
            ("generator", BLUE, np.log(2)),
            ("discriminator", ORANGE, 2 * np.log(2)),
        ):
            (pale,) = losses.plot(steps, 0 * steps, color=color, alpha=0.25, lw=0.8)
            middles = steps[_SMOOTHED // 2 : -(_SMOOTHED // 2)]
            (curve,) = losses.plot(middles, 0 * middles, color=color, lw=2, label=name)
            losses.axhline(balance, color=color, ls="--", lw=1)
            self._curves.append((f"{name}_loss", pale, curve))
        losses.set(xlabel="step", ylabel="loss", ylim=(0, 4), yticks=range(5))
        losses.legend(loc="upper right", fontsize=8)
        losses.spines[["top", "right"]].set_visible(False)
        self._grids = [image_grid(batch) for batch in runs["images"]]
        self._picture = images.imshow(
            self._grids[0], cmap="gray", vmin=0, vmax=255, interpolation="nearest"
        )
        images.set_axis_off()
        self.show(0)

    @property
    def moving(self) -> list[Artist]:
        """What `show` changes."""
        curves = [curve for _, *pair in self._curves for curve in pair]
        return [*curves, self._picture, self._axes.title]

    def show(self, number: int) -> None:
        """Draw the run of this number."""
        rate = self._runs["learning_rates"][number]
        self._axes.set_title(f"learning rate {_power(rate)}", fontsize=10)
        for name, pale, curve in self._curves:
            values = self._runs[name][number]
            pale.set_ydata(values)
            curve.set_ydata(np.convolve(values, np.full(_SMOOTHED, 1 / _SMOOTHED), "valid"))
        self._picture.set_data(self._grids[number])


def _power(rate: float) -> str:
    """A learning rate as people write it: 3e-4."""
    return f"{rate:.0e}".replace("e-0", "e-")


class _LossDrawing:
    """The three losses in one pair of axes, and what moves over them with the logit."""

    def __init__(self, axes: Axes, *, names: bool = True) -> None:
        self._axes, self._names = axes, names
        self._line = axes.axvline(0, color=GREY, lw=0.8, alpha=0.6)
        logits = np.linspace(-_LARGEST_LOGIT, _LARGEST_LOGIT, 161)
        self._tangents, self._points = [], []
        for name, color, style, loss, _ in _LOSSES:
            axes.plot(logits, loss(logits), color=color, ls=style, lw=1.8, label=name)
            self._tangents += axes.plot([], [], color=color, lw=5, alpha=0.4)
            self._points += axes.plot([], [], color=color, marker="o", ms=7)
        axes.set(xlabel="logit of a fake", ylabel="loss", ylim=(-11.5, 8.5))
        axes.set(xticks=range(-8, 9, 4), yticks=range(-8, 9, 4))
        axes.spines[["top", "right"]].set_visible(False)
        self._legend = axes.legend(loc="lower left", fontsize=9)
        self.show(0)

    @property
    def moving(self) -> list[Artist]:
        """What `show` changes."""
        return [self._line, *self._tangents, *self._points, self._legend, self._axes.title]

    def show(self, logit: float) -> None:
        """Mark the losses at one logit, with their slopes."""
        self._line.set_xdata([logit, logit])
        self._axes.set_title(
            f"logit {_signed(logit, 2)}\nprobability of real {_sigmoid(logit):.3f}", fontsize=10
        )
        for (name, _, _, loss, slope_of), tangent, point, text in zip(
            _LOSSES, self._tangents, self._points, self._legend.get_texts(), strict=True
        ):
            value, slope = loss(logit), slope_of(logit)
            ends = np.array([-2, 2]) / np.hypot(1, slope)  # all tangents are equally long
            tangent.set_data(logit + ends, value + slope * ends)
            point.set_data([logit], [value])
            text.set_text((f"{name}: " if self._names else "") + f"slope {_signed(slope)}")


class _Canvas:
    """A figure drawn once; of a new picture, only what moves is drawn again."""

    def __init__(self, figure: Figure, moving: list[Artist]) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self._figure, self._moving = figure, moving
        for artist in moving:
            artist.set_animated(True)  # left out when the figure is drawn
        self._canvas = FigureCanvasAgg(figure)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(figure.bbox)

    def png(self) -> bytes:
        """The picture as it is now."""
        from PIL import Image

        self._canvas.restore_region(self._still)
        for artist in self._moving:
            self._figure.draw_artist(artist)
        file = io.BytesIO()
        Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB").save(file, "png")
        return file.getvalue()


def _softplus(x: Any) -> Any:
    return np.logaddexp(0, x)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _signed(value: float, digits: int = 3) -> str:
    """A number with its sign, and a minus that is as wide as a plus."""
    return f"{value:+.{digits}f}".replace("-", "−")


# Of a fake's logit: name, colour, line, loss, slope.
_LOSSES = (
    ("generator, non-saturating", BLUE, "-", lambda x: _softplus(-x), lambda x: -_sigmoid(-x)),
    ("generator, saturating", GREY, "--", lambda x: -_softplus(x), lambda x: -_sigmoid(x)),
    ("discriminator", ORANGE, "-.", _softplus, _sigmoid),
)
