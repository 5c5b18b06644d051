import base64
import io
import re

import imageio.v3 as iio
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure

import dcgan_helpers as dcgan
from dcgan_helpers._shipped import FILES, load_shipped
from dcgan_helpers.widgets.balance import BalanceChart, load_runs
from dcgan_helpers.widgets.loss import LossChart

mpl.use("Agg")

RUNS = load_shipped("learning_rates.npz")
RATES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
LOSSES = ("generator_loss", "discriminator_loss")
CURVES = ["generator, non-saturating", "generator, saturating", "discriminator"]


@pytest.fixture
def gan(tiny_gan):
    return tiny_gan()


def shown(explorer):
    assert explorer.picture.format == "png"
    return iio.imread(io.BytesIO(explorer.picture.value))


def path(gan, start, end):
    """The 41 noise vectors from one seed to the other."""
    ends = (dcgan.sample_noise(1, seed, gan.noise_dim)[0] for seed in (start, end))
    return dcgan.interpolate_noise(*ends, 41)


def enlarged(gan, noise):
    image = dcgan.denormalize(gan.generate(noise[np.newaxis]))[0, :, :, 0]
    return image.repeat(8, axis=0).repeat(8, axis=1)


def numbers(text):
    """The numbers in a text, whose minus may be a true one."""
    return [float(n) for n in re.findall(r"[-+]?\d+\.\d+", text.replace("−", "-"))]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


# The latent explorer


def test_slider_walks_from_one_seed_to_the_other(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(4, 9))
    stops = path(gan, 4, 9)
    np.testing.assert_array_equal(shown(explorer), enlarged(gan, stops[0]))
    for position, stop in ((0.0, 0), (0.25, 10), (0.29, 12), (1.0, 40)):
        explorer.position.value = position
        np.testing.assert_array_equal(shown(explorer), enlarged(gan, stops[stop]))


def test_new_pair_goes_on_from_the_last_seed(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(4, 9))
    explorer.new_pair.click()
    assert (explorer.start_seed.value, explorer.end_seed.value) == (9, 10)
    np.testing.assert_array_equal(shown(explorer), enlarged(gan, path(gan, 9, 10)[0]))


def test_after_the_largest_seed_comes_the_smallest(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(5, 2**31 - 1))
    explorer.new_pair.click()
    assert (explorer.start_seed.value, explorer.end_seed.value) == (0, 1)


def test_seed_fields_change_the_picture(gan):
    explorer = dcgan.LatentExplorer(gan)
    explorer.start_seed.value = 77
    np.testing.assert_array_equal(shown(explorer), enlarged(gan, path(gan, 77, 1)[0]))
    explorer.position.value = 1
    explorer.end_seed.value = 78
    np.testing.assert_array_equal(shown(explorer), enlarged(gan, path(gan, 77, 78)[40]))


def test_any_keras_generator_will_do(gan):
    a, b = dcgan.LatentExplorer(gan), dcgan.LatentExplorer(gan.generator)
    np.testing.assert_array_equal(shown(a), shown(b))


def test_colour():
    generator = dcgan.make_generator_model(image_shape=(8, 8, 3), noise_dim=4, seed=0)
    assert shown(dcgan.LatentExplorer(generator)).shape == (64, 64, 3)


def test_controls_can_be_named_and_reached(gan):
    explorer = dcgan.LatentExplorer(gan)
    picture, controls = explorer.panel.children
    assert picture is explorer.picture
    fields = [explorer.start_seed, explorer.end_seed, explorer.position]
    assert list(controls.children) == [*fields, explorer.label, explorer.new_pair]
    assert all(control.description for control in (*fields, explorer.new_pair))


def test_the_label_says_where_on_the_path_the_image_lies(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(3, 4))
    assert explorer.label.value == "0 of the way from seed 3 to seed 4"
    for position, text in ((0.25, "0.25"), (0.125, "0.125"), (1.0, "1")):
        explorer.position.value = position
        assert explorer.label.value == f"{text} of the way from seed 3 to seed 4"
    explorer.end_seed.value = 77
    assert explorer.label.value == "1 of the way from seed 3 to seed 77"
    explorer.new_pair.click()
    assert explorer.label.value.endswith("from seed 77 to seed 78")


def test_the_still_has_nine_stops_in_order(gan):
    (axes,) = dcgan.LatentExplorer(gan, seeds=(3, 4)).still().axes
    images = gan.generate(path(gan, 3, 4)[::5])
    grid = axes.images[0].get_array()
    np.testing.assert_array_equal(grid[-8:], dcgan.image_grid(images, columns=9))
    titles = ["0.00", "0.12", "0.25", "0.38", "0.50", "0.62", "0.75", "0.88", "1.00"]
    assert [text.get_text() for text in axes.texts] == titles


# The loss explorer


@pytest.mark.parametrize("logit", [-8.0, -2.5, 0.0, 3.0, 8.0])
def test_values_and_slopes_are_those_of_the_packages_own_losses(logit):
    variable = tf.Variable([logit])
    real = tf.constant([100.0])  # its part of the loss is 0
    with tf.GradientTape(persistent=True) as tape:
        used = dcgan.generator_loss(variable)
        judged = dcgan.discriminator_loss(real, variable)
        losses = [used, -judged, judged]  # the saturating loss is the discriminator's, negated
    slopes = [float(tape.gradient(loss, variable)[0]) for loss in losses]

    explorer = dcgan.LossExplorer()
    explorer.logit.value = logit
    label = [float(tf.sigmoid(logit)), *slopes[:2]]
    np.testing.assert_allclose(numbers(explorer.label.value), label, atol=6e-4)

    axes = Figure().subplots()
    chart = LossChart(axes)
    chart.show(logit)
    assert numbers(axes.get_title()) == pytest.approx([logit, label[0]], abs=6e-4)
    mark, *lines = axes.lines
    assert list(mark.get_xdata()) == [logit, logit]
    lines = np.array(lines).reshape(3, 3)
    for (curve, tangent, point), loss, slope, name, text in zip(
        lines, losses, slopes, CURVES, legend(axes), strict=True
    ):
        x, y = curve.get_data()
        assert (x[0], x[-1]) == (-8, 8)
        assert axes.get_ylim()[0] < y.min() < y.max() < axes.get_ylim()[1]
        assert y[list(x).index(logit)] == pytest.approx(float(loss), abs=1e-6)
        assert [data[0] for data in point.get_data()] == pytest.approx([logit, loss], abs=1e-6)
        x, y = tangent.get_data()
        assert (np.mean(x), np.mean(y)) == pytest.approx((logit, float(loss)), abs=1e-6)
        assert np.diff(y) / np.diff(x) == pytest.approx(slope, abs=1e-6)
        assert np.hypot(np.diff(x), np.diff(y)) == pytest.approx(4), "all are equally long"
        assert text.startswith(f"{name}: slope ")
        assert numbers(text) == pytest.approx([slope], abs=6e-4)
        assert len({line.get_color() for line in (curve, tangent, point)}) == 1


def test_the_still_has_three_logits_and_one_legend_of_names():
    figure = dcgan.LossExplorer(logit=8).still()
    for axes, logit in zip(figure.axes, (-4, 0, 4), strict=True):
        assert numbers(axes.get_title())[0] == logit
        assert list(axes.lines[0].get_xdata()) == [logit, logit]
        assert all(text.startswith("slope") for text in legend(axes))
    (names,) = figure.legends
    assert [text.get_text() for text in names.get_texts()] == CURVES


# The balance explorer


def assert_shows(rate, losses, images):
    """Compare a pair of axes with the run of this learning rate as it was saved."""
    number = RATES.index(rate)
    exponent = f"{rate:.0e}".replace("e-0", "e-")
    assert losses.get_title() == f"learning rate {exponent}"
    grid = dcgan.image_grid(RUNS["images"][number])
    np.testing.assert_array_equal(images.images[0].get_array(), grid)
    lines = np.array(losses.lines).reshape(2, 3)
    for (pale, smoothed, balance), name, level in zip(
        lines, LOSSES, (np.log(2), 2 * np.log(2)), strict=True
    ):
        values = RUNS[name][number]
        np.testing.assert_array_equal(pale.get_ydata(), values)
        assert list(pale.get_xdata()) == list(range(1, 301))
        assert list(smoothed.get_xdata()) == list(range(8, 294))
        middle = values[142:157].mean()  # of steps 143 to 157
        assert smoothed.get_ydata()[150 - 8] == pytest.approx(middle, rel=1e-4)
        assert list(balance.get_ydata()) == [level, level]
        assert pale.get_alpha() < 1


def test_a_run_is_shown_as_it_was_saved():
    losses, images = Figure().subplots(1, 2)
    chart = BalanceChart(losses, images, load_runs(), 1e-4)
    assert_shows(1e-4, losses, images)
    for rate in RATES:
        chart.show(rate)
        assert_shows(rate, losses, images)
    assert legend(losses) == ["generator", "discriminator"]
    assert losses.get_ylim() == (0, 4)


def test_the_label_has_the_means_of_the_last_steps():
    explorer = dcgan.BalanceExplorer()
    assert explorer.learning_rate.value == 3e-4
    assert [rate for _, rate in explorer.learning_rate.options] == RATES
    for number, rate in enumerate(RATES):
        explorer.learning_rate.value = rate
        label = explorer.label.value.removeprefix("mean of the last 100 steps")
        means = [RUNS[name][number, -100:].mean() for name in LOSSES]
        np.testing.assert_allclose(numbers(label), means, atol=0.006)


def test_the_still_has_four_runs_in_order():
    axes = dcgan.BalanceExplorer(learning_rate=3e-3).still().axes
    for i, rate in enumerate((1e-5, 1e-4, 1e-3, 1e-2)):
        assert_shows(rate, axes[i], axes[4 + i])
    assert [bool(a.get_legend()) for a in axes[:4]] == [True, False, False, False]
    assert [a.get_ylabel() for a in axes[:4]] == ["loss", "", "", ""]


def test_the_runs_show_what_the_book_says_of_them():
    assert RUNS["generator_loss"].shape == RUNS["discriminator_loss"].shape == (7, 300)
    assert RUNS["images"].shape == (7, 16, 28, 28, 1)
    assert (FILES / "learning_rates.npz").stat().st_size < 150_000
    # The first four runs lie near the lines; the spread grows with the rate.
    generator, discriminator = (RUNS[name][:, -100:] for name in LOSSES)
    assert np.all(abs(generator.mean(axis=1)[:4] - np.log(2)) < 0.2)
    assert np.all(abs(discriminator.mean(axis=1)[:4] - 2 * np.log(2)) < 0.3)
    assert np.all(np.diff(generator.std(axis=1)[1:]) > 0)
    assert generator[-1].mean() > 40


# What they share


def whole_loss_chart(logit):
    figure = Figure(figsize=(6.4, 3.8), dpi=100, layout="constrained")
    LossChart(figure.subplots()).show(logit)
    return figure


def whole_balance_chart(rate):
    figure = Figure(figsize=(7.2, 3.2), dpi=100, layout="constrained")
    BalanceChart(*figure.subplots(1, 2, width_ratios=(3, 2)), load_runs(), rate)
    return figure


@pytest.mark.parametrize(
    ("make", "name", "stops", "whole"),
    [
        (dcgan.LossExplorer, "logit", [-8.0, 0.0, 1.5], whole_loss_chart),
        (dcgan.BalanceExplorer, "learning_rate", [1e-5, 1e-3, 1e-2], whole_balance_chart),
    ],
)
def test_a_chart_follows_its_slider(make, name, stops, whole):
    explorer = make()
    slider = getattr(explorer, name)
    seen = set()
    for stop in (*stops, stops[0]):
        slider.value = stop
        seen.add((explorer.picture.value, explorer.label.value))
        file = io.BytesIO()
        whole(stop).savefig(file, dpi=100)
        # Drawn whole, the lines overlap in another order: a few pixels differ.
        pixels = iio.imread(file)[..., :3]
        assert np.mean(abs(shown(explorer) - pixels.astype(float))) < 0.1
    assert len(seen) == len(stops), "nothing is left behind"
    assert slider.description
    assert explorer.panel.children == (slider, explorer.picture, explorer.label)


EXPLORERS = {
    "LatentExplorer(seeds=(1, 2))": lambda gan: dcgan.LatentExplorer(gan, seeds=(1, 2)),
    "LossExplorer(logit=-3.5)": lambda gan: dcgan.LossExplorer(logit=-3.5),
    "BalanceExplorer(learning_rate=1e-4)": lambda gan: dcgan.BalanceExplorer(learning_rate=1e-4),
}


def test_where_the_explorers_begin(gan):
    assert repr(dcgan.LatentExplorer(gan)) == "LatentExplorer(seeds=(0, 1))"
    assert repr(dcgan.LossExplorer()) == "LossExplorer(logit=-4)"
    assert repr(dcgan.BalanceExplorer()) == "BalanceExplorer(learning_rate=3e-4)"


@pytest.mark.parametrize("text", EXPLORERS)
def test_a_static_page_has_the_still_in_place_of_the_panel(text, gan):
    explorer = EXPLORERS[text](gan)
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == repr(explorer) == text
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == explorer.panel.model_id
    assert bundle["image/png"] == print_figure(explorer.still(), base64=True)
    height, width, _ = iio.imread(base64.b64decode(bundle["image/png"])).shape
    assert width > 1.5 * height
    assert plt.get_fignums() == [], "a figure that pyplot knows would be shown twice"
