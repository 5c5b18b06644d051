import numpy as np
import pytest
import tensorflow as tf

import dcgan_helpers as dcgan


@pytest.mark.parametrize("gpus", [[], ["a GPU"]])
def test_images_are_made_with_fourier_coefficients_on_a_cpu(gpus, monkeypatch):
    gan, noise = dcgan.DCGAN(), dcgan.sample_noise(3, 0)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    images, expected = gan.generate(noise), np.asarray(gan.generator(noise, training=False))
    np.testing.assert_allclose(images, expected, atol=1e-5)
    assert np.array_equal(images, expected) == bool(gpus)


def test_an_image_depends_on_its_own_noise_alone(tiny_gan):
    gan = tiny_gan()
    noise = dcgan.sample_noise(1201, seed=0, noise_dim=3)
    images = gan.generate(noise)
    assert images.shape == (1201, 8, 8, 1)
    np.testing.assert_allclose(images[700:701], gan.generate(noise[700:701]), atol=1e-6)
