import io
import time

import imageio.v3 as iio
import matplotlib as mpl
import numpy as np
import pytest

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
        explorer.new_pair,
    ]


def test_answers_within_150_ms():
    explorer = dcgan.LatentExplorer(dcgan.make_generator_model(seed=0))
    seconds = []
    for stop in range(1, 8):
        start = time.perf_counter()
        explorer.position.value = stop / (widgets._POSITIONS - 1)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.15
