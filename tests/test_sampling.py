import numpy as np
import pytest
import tensorflow as tf
from conftest import make_averaging_gan, train_tiny

import dcgan_helpers as dcgan
from dcgan_helpers.sampling import as_generator_function


@pytest.mark.parametrize("gpus", [[], ["a GPU"]])
def test_images_are_made_with_fourier_coefficients_on_a_cpu(gpus, monkeypatch):
    gan, noise = dcgan.DCGAN(), dcgan.sample_noise(3, 0)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    images, expected = gan.generate(noise), np.asarray(gan.generator(noise, training=False))
    np.testing.assert_allclose(images, expected, atol=1e-5)
    assert np.array_equal(images, expected) == bool(gpus)


def test_an_image_depends_on_its_own_noise_alone(tiny_gan):
    gan = tiny_gan()
    noise = dcgan.sample_noise(1001, seed=0, noise_dim=3)
    images = gan.generate(noise)
    assert images.shape == (1001, 8, 8, 1)
    np.testing.assert_allclose(images[700:701], gan.generate(noise[700:701]), atol=1e-6)


def test_many_images_are_made_in_pieces(tiny_gan):
    gan, sizes = tiny_gan(), []
    call = gan.generator.call
    gan.generator.call = lambda noise, *a, **k: (sizes.append(len(noise)), call(noise, *a, **k))[1]
    gan.generate(dcgan.sample_noise(1001, seed=0, noise_dim=3))
    assert sizes == [500, 500, 1]


def test_what_measures_a_gan_takes_its_averages(tiny_images):
    gan = make_averaging_gan()
    train_tiny(gan, tiny_images, steps=2)
    generate, noise_dim = as_generator_function(gan)
    noise = dcgan.sample_noise(2, 0, noise_dim)
    np.testing.assert_array_equal(generate(noise), gan.generate(noise))
    assert not np.allclose(generate(noise), as_generator_function(gan.generator)[0](noise))
