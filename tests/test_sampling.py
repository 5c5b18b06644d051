import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGE_SHAPE, make_averaging_gan, make_tiny_gan, train_tiny

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


def in_dtype(dtype):
    """A generator with a layer within a layer, within a model."""
    layers = keras.layers
    first, last = (keras.initializers.GlorotUniform(seed=seed) for seed in (1, 2))
    dense = layers.Dense(64, kernel_initializer=first, dtype=dtype)
    inner = [keras.Input((1, 3)), layers.TimeDistributed(dense, dtype=dtype)]
    return keras.Sequential(
        [
            keras.Input((3,)),
            layers.Reshape((1, 3), dtype=dtype),
            keras.Sequential(inner),
            layers.BatchNormalization(dtype=dtype),
            layers.Reshape(IMAGE_SHAPE, dtype=dtype),
            layers.Conv2D(
                1, 3, padding="same", activation="tanh", kernel_initializer=last, dtype=dtype
            ),
        ]
    )


@pytest.mark.parametrize(
    ("dtype", "make"),
    [
        ("mixed_bfloat16", make_tiny_gan),
        ("mixed_bfloat16", make_averaging_gan),
        ("mixed_float16", make_averaging_gan),
        ("bfloat16", make_tiny_gan),  # averages in it are refused
        ("float64", make_tiny_gan),
        ("float64", make_averaging_gan),
    ],
)
@pytest.mark.parametrize("steps", [0, 2])
def test_what_is_handed_out_computes_in_float32(dtype, make, steps, tiny_images, tmp_path):
    gan = make(generator=in_dtype(dtype))
    if steps:
        train_tiny(gan, tiny_images, steps=steps)
    noise = dcgan.sample_noise(3, 0, 3)
    handed_out = gan.sampling_generator()
    assert not [w for w in handed_out.weights if w.dtype != "float32"]
    handed_out.save(tmp_path / "generator.keras")
    for model in (handed_out, keras.saving.load_model(tmp_path / "generator.keras")):
        assert model.predict(noise, verbose=0).dtype == np.float32
        np.testing.assert_array_equal(model(noise, training=False), gan.generate(noise))
    if gan.ema is None:
        expected = tf.cast(gan.generator(noise, training=False), tf.float32)
        np.testing.assert_allclose(gan.generate(noise), expected, atol=0.05)


def test_a_generator_whose_float32_copy_would_lose_its_call_is_refused():
    class Own(keras.Sequential):
        pass

    with pytest.raises(ValueError, match=r"generator must be one that Keras can copy .*got Own"):
        make_tiny_gan(generator=Own([keras.Input((3,)), *in_dtype("mixed_bfloat16").layers]))
