import base64
import io
import re
import shutil
import time

import imageio.v3 as iio
import matplotlib as mpl
import numpy as np
import pytest
import tensorflow as tf
from conftest import flip_a_bit

import dcgan_helpers as dcgan
from dcgan_helpers import widgets

mpl.use("Agg")


def shown(explorer):
    return iio.imread(io.BytesIO(explorer.picture.value))


def expected(gan, noise):
    image = dcgan.denormalize(gan.generate(noise[np.newaxis]))[0, :, :, 0]
    return image.repeat(8, axis=0).repeat(8, axis=1)


@pytest.fixture
def gan(tiny_gan):
    return tiny_gan()


def test_slider_walks_from_one_seed_to_the_other(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(4, 9))
    for position, seed in ((0.0, 4), (1.0, 9)):
        explorer.position.value = position
        noise = dcgan.sample_noise(1, seed, gan.noise_dim)[0]
        np.testing.assert_array_equal(shown(explorer), expected(gan, noise))
    explorer.position.value = 0.5
    assert not np.array_equal(shown(explorer), expected(gan, noise))


def test_new_pair_goes_on_from_the_last_seed(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(4, 9))
    explorer.new_pair.click()
    assert (explorer.start_seed.value, explorer.end_seed.value) == (9, 10)
    noise = dcgan.sample_noise(1, 9, gan.noise_dim)[0]
    np.testing.assert_array_equal(shown(explorer), expected(gan, noise))


def test_after_the_largest_seed_comes_the_smallest(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(5, 2**31 - 1))
    explorer.new_pair.click()
    assert (explorer.start_seed.value, explorer.end_seed.value) == (0, 1)


def test_seed_fields_change_the_picture(gan):
    explorer = dcgan.LatentExplorer(gan)
    explorer.start_seed.value = 77
    noise = dcgan.sample_noise(1, 77, gan.noise_dim)[0]
    np.testing.assert_array_equal(shown(explorer), expected(gan, noise))


def test_any_keras_generator_will_do(gan):
    a, b = dcgan.LatentExplorer(gan), dcgan.LatentExplorer(gan.generator)
    np.testing.assert_array_equal(shown(a), shown(b))


def test_colour(gan):
    generator = dcgan.make_generator_model(image_shape=(8, 8, 3), noise_dim=4, seed=0)
    assert shown(dcgan.LatentExplorer(generator)).shape == (64, 64, 3)


def test_static_page_has_a_picture_in_place_of_the_widget(gan):
    bundle = dcgan.LatentExplorer(gan, seeds=(1, 2))._repr_mimebundle_()
    assert bundle["text/plain"] == "LatentExplorer(seeds=(1, 2))"
    assert bundle["image/png"].startswith("iVBOR")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_controls_can_be_named_and_reached(gan):
    explorer = dcgan.LatentExplorer(gan)
    assert explorer.position.description
    assert explorer.new_pair.description
    controls = explorer.panel.children[1].children
    assert list(controls) == [
        explorer.start_seed,
        explorer.end_seed,
        explorer.position,
        explorer.label,
        explorer.new_pair,
    ]


def test_the_label_says_where_on_the_way_the_image_lies(gan):
    explorer = dcgan.LatentExplorer(gan, seeds=(3, 4))
    assert explorer.label.value == "0 of the way from seed 3 to seed 4"
    for position, text in ((0.25, "0.25"), (0.125, "0.125"), (1.0, "1")):
        explorer.position.value = position
        assert explorer.label.value == f"{text} of the way from seed 3 to seed 4"
    explorer.end_seed.value = 77
    assert explorer.label.value == "1 of the way from seed 3 to seed 77"
    explorer.new_pair.click()
    assert explorer.label.value.endswith("from seed 77 to seed 78")


def numbers(text):
    """The numbers in a text, whose minus may be a true one."""
    return [float(n) for n in re.findall(r"[-+]?\d+\.\d+", text.replace("−", "-"))]


def test_slopes_are_those_of_the_packages_own_losses():
    explorer = dcgan.LossExplorer()
    for logit in (-8.0, -2.5, 0.0, 3.0, 8.0):
        explorer.logit.value = logit
        variable = tf.Variable([logit])
        real = tf.constant([100.0])  # its part of the loss is 0
        with tf.GradientTape(persistent=True) as tape:
            used = dcgan.generator_loss(variable)
            judged = dcgan.discriminator_loss(real, variable)
        slope, discriminators = (float(tape.gradient(loss, variable)[0]) for loss in (used, judged))
        expected = [float(tf.sigmoid(logit)), slope, -discriminators]
        np.testing.assert_allclose(numbers(explorer.label.value), expected, atol=6e-4)
        marked = [point.get_ydata()[0] for point in explorer._drawing._points]
        np.testing.assert_allclose(marked, [used, -judged, judged], atol=1e-6)


def test_tangents_touch_the_losses():
    explorer = dcgan.LossExplorer(logit=1)
    for (_, _, _, loss, slope), tangent in zip(
        widgets._LOSSES, explorer._drawing._tangents, strict=True
    ):
        x, y = tangent.get_data()
        assert np.mean(x) == pytest.approx(1)
        assert np.mean(y) == pytest.approx(loss(1))
        numeric = (loss(1 + 1e-6) - loss(1 - 1e-6)) / 2e-6
        assert np.diff(y) / np.diff(x) == pytest.approx(numeric, rel=1e-6)
        assert slope(1) == pytest.approx(numeric, rel=1e-6)


def test_a_run_is_shown_as_it_was_saved():
    explorer = dcgan.BalanceExplorer()
    assert explorer.learning_rate.value == 3e-4
    rates = [rate for _, rate in explorer.learning_rate.options]
    assert rates == [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
    with np.load(widgets._RUNS_FILE) as runs:
        for number, rate in enumerate(rates):
            explorer.learning_rate.value = rate
            drawing = explorer._drawing
            np.testing.assert_array_equal(
                drawing._picture.get_array(), dcgan.image_grid(runs["images"][number])
            )
            means = []
            for name, pale, smoothed in drawing._curves:
                values = runs[name][number]
                np.testing.assert_array_equal(pale.get_ydata(), values)
                x, y = (list(data) for data in smoothed.get_data())
                step = 150
                middle = values[step - 8 : step + 7].mean()  # steps 143 to 157
                assert y[x.index(step)] == pytest.approx(middle, rel=1e-4)
                means.append(values[-100:].mean())
            label = explorer.label.value.removeprefix("mean of the last 100 steps")
            np.testing.assert_allclose(numbers(label), means, atol=0.006)


def test_the_runs_show_what_the_book_says_of_them():
    with np.load(widgets._RUNS_FILE) as runs:
        assert runs["generator_loss"].shape == runs["discriminator_loss"].shape == (7, 300)
        assert runs["images"].shape == (7, 16, 28, 28, 1)
        last = {name: runs[f"{name}_loss"][:, -100:] for name in ("generator", "discriminator")}
    assert widgets._RUNS_FILE.stat().st_size < 150_000
    # The first four runs lie near the lines; the spread grows with the rate.
    assert np.all(abs(last["generator"].mean(axis=1)[:4] - np.log(2)) < 0.2)
    assert np.all(abs(last["discriminator"].mean(axis=1)[:4] - 2 * np.log(2)) < 0.3)
    assert np.all(np.diff(last["generator"].std(axis=1)[1:]) > 0)
    assert last["generator"][-1].mean() > 40


def test_damaged_runs_are_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "learning_rates.npz"
    shutil.copy(widgets._RUNS_FILE, damaged)
    flip_a_bit(damaged)
    monkeypatch.setattr(widgets, "_RUNS_FILE", damaged)
    with pytest.raises(ValueError, match=r"learning_rates\.npz is damaged"):
        dcgan.BalanceExplorer()


def loss_explorer():
    explorer = dcgan.LossExplorer()
    return explorer, explorer.logit, [-8.0, -3.25, 0.0, 1.5, 8.0]


def balance_explorer():
    explorer = dcgan.BalanceExplorer()
    return explorer, explorer.learning_rate, [1e-5, 1e-4, 1e-3, 3e-3, 1e-2]


each_chart = pytest.mark.parametrize("make", [loss_explorer, balance_explorer])


@each_chart
def test_picture_and_label_follow_the_slider(make):
    explorer, slider, stops = make()
    seen = []
    for stop in stops:
        slider.value = stop
        seen.append((explorer.picture.value, explorer.label.value))
    for parts in zip(*seen, strict=True):
        assert len(set(parts)) == len(stops)
    slider.value = stops[0]
    assert (explorer.picture.value, explorer.label.value) == seen[0], "nothing is left behind"
    assert shown(explorer).shape[2] == 3
    assert slider.description
    assert explorer.panel.children == (slider, explorer.picture, explorer.label)


@each_chart
def test_static_page_has_a_chart_in_place_of_the_widget(make):
    explorer, slider, stops = make()
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == repr(explorer)
    assert "application/vnd.jupyter.widget-view+json" in bundle
    height, width, _ = iio.imread(base64.b64decode(bundle["image/png"])).shape
    assert width > 1.5 * height
    titles = [axes.get_title() for axes in explorer.strip().axes if axes.get_title()]
    assert len(set(titles)) == len(titles) >= 3
    slider.value = stops[-1]
    assert [a.get_title() for a in explorer.strip().axes if a.get_title()] == titles


@each_chart
def test_a_chart_answers_within_150_ms(make):
    _, slider, stops = make()
    seconds = []
    for stop in stops:
        start = time.perf_counter()
        slider.value = stop
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.15


def test_charts_are_not_shown_twice():
    import matplotlib.pyplot as plt

    for make in (loss_explorer, balance_explorer):
        make()[0]._repr_mimebundle_()
    assert plt.get_fignums() == []


def test_answers_within_150_ms():
    explorer = dcgan.LatentExplorer(dcgan.make_generator_model(seed=0))
    seconds = []
    for stop in range(1, 8):
        start = time.perf_counter()
        explorer.position.value = stop / (widgets._POSITIONS - 1)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.15
