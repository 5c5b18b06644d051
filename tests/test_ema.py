import time
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from conftest import (
    IMAGE_SHAPE,
    assert_resumes_exactly,
    make_averaging_gan,
    train_tiny,
)

import dcgan_helpers as dcgan
from dcgan_helpers import ema
from dcgan_helpers.gan import STANDING_NOISE

layers = keras.layers


def kernel(number):
    return keras.initializers.GlorotUniform(seed=number)


def standing_noise(gan):
    return dcgan.sample_noise(STANDING_NOISE, gan.seed, gan.noise_dim)


def test_weights_are_the_averages_of_the_steps(tiny_images):
    gan, expected = make_averaging_gan(), None
    step = dcgan.make_train_step(gan)
    for t in range(1, 6):
        step(dcgan.normalize(tiny_images[:4]))
        weights = [w.numpy() for w in gan.generator.trainable_variables]
        decay = (1 - 1 / t) ** 3
        expected = (
            weights
            if expected is None
            else [decay * a + (1 - decay) * w for a, w in zip(expected, weights, strict=True)]
        )
    for average, w in zip(gan.sampling_generator().trainable_variables, expected, strict=True):
        np.testing.assert_allclose(average.numpy(), w, rtol=1e-5, atol=1e-6)
    assert not np.array_equal(expected[0], gan.generator.trainable_variables[0].numpy())


def test_standing_statistics_are_of_a_thousand_noise_vectors(tiny_images):
    """Those of the training belong to other weights, with which images would be useless."""
    gan = make_averaging_gan()
    train_tiny(gan, tiny_images, steps=4)
    dense, normalization = gan.sampling_generator().layers[:2]
    seen = np.asarray(dense(dcgan.sample_noise(1000, gan.seed, gan.noise_dim)))
    np.testing.assert_allclose(normalization.moving_mean.numpy(), seen.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(normalization.moving_variance.numpy(), seen.var(axis=0), rtol=1e-3)


def test_a_saved_generator_can_be_trained_on(tiny_images, tmp_path):
    """Its statistics move as those of the generator in training do."""
    gan = make_averaging_gan()
    train_tiny(gan, tiny_images, steps=2)
    gan.sampling_generator().save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras")
    assert loaded.layers[1].momentum == gan.generator.layers[1].momentum == 0.99
    noise = dcgan.sample_noise(3, 0, gan.noise_dim)
    np.testing.assert_array_equal(loaded(noise, training=False), gan.generate(noise))


def test_threads_that_ask_at_once_leave_the_momentum_as_it_is(tiny_images, monkeypatch):
    """While statistics are taken it is 0; who finds that, would put it back."""
    gan = make_averaging_gan()
    train_tiny(gan, tiny_images, steps=2)
    noise = dcgan.sample_noise(3, 0, gan.noise_dim)
    original = ema.call_generator

    def slowly(*arguments, **options):
        time.sleep(0.05)
        return original(*arguments, **options)

    monkeypatch.setattr(ema, "call_generator", slowly)
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda _: gan.generate(noise), range(4)))
    assert gan.sampling_generator().layers[1].momentum == 0.99
    for other in images:
        np.testing.assert_array_equal(other, images[0])


def test_images_come_from_the_averages_of_the_latest_step(tiny_images):
    gan = make_averaging_gan()
    noise = dcgan.sample_noise(3, 0, gan.noise_dim)
    np.testing.assert_array_equal(gan.generate(noise), gan.generator(noise, training=False))
    made = []
    for steps in (2, 4):
        train_tiny(gan, tiny_images, steps=steps)
        made.append(gan.generate(noise))
        expected = gan.sampling_generator()(noise, training=False)
        np.testing.assert_array_equal(made[-1], expected)
        assert not np.allclose(made[-1], gan.generator(noise, training=False))
    assert not np.allclose(*made)


def test_without_an_ema_the_generator_itself_makes_the_images(tiny_gan):
    gan = tiny_gan()
    assert gan.ema is None
    assert gan.sampling_generator() is gan.generator


def test_averages_survive_an_interruption(tiny_images, tmp_path):
    whole, second = assert_resumes_exactly(
        make_averaging_gan, tiny_images, tmp_path, stop_at=3, steps=7
    )
    noise = dcgan.sample_noise(3, 0, whole.noise_dim)
    np.testing.assert_array_equal(whole.generate(noise), second.generate(noise))


class Wrapper(layers.Layer):
    """A layer of one's own with batch normalisation inside."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inner = layers.BatchNormalization()

    def build(self, shape):
        self.inner.build(shape)

    def call(self, inputs, training=None):
        return self.inner(inputs, training=training)


def in_a_model():
    return keras.Sequential([keras.Input((32,)), layers.BatchNormalization()])


@pytest.mark.parametrize("make_normalization", [in_a_model, Wrapper])
def test_standing_statistics_of_batch_normalisation_within_a_layer(
    make_normalization, tiny_images, tmp_path
):
    """And images depend on the run alone, not on how often images were made before."""

    def make_gan():
        generator = keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(32, kernel_initializer=kernel(1)),
                layers.Dropout(0.5, seed=2),
                make_normalization(),
                layers.Dense(64, activation="tanh", kernel_initializer=kernel(3)),
                layers.Reshape(IMAGE_SHAPE),
            ]
        )
        return make_averaging_gan(generator=generator)

    whole, _ = assert_resumes_exactly(
        make_gan, tiny_images, tmp_path, stop_at=3, steps=6, frame_every=2
    )
    dense, _, outer = whole.sampling_generator().layers[:3]
    inner = outer.inner if isinstance(outer, Wrapper) else outer.layers[0]
    scaled = np.asarray(dense(standing_noise(whole)))
    # Dropout of one half doubles what it keeps: the mean stays, the second moment doubles.
    expected = 2 * np.mean(scaled**2, axis=0) - scaled.mean(axis=0) ** 2
    np.testing.assert_allclose(inner.moving_variance.numpy(), expected, rtol=0.3)


def test_images_after_a_restore_are_of_what_was_restored(tiny_images, tmp_path):
    gan = make_averaging_gan()
    noise = dcgan.sample_noise(3, 0, gan.noise_dim)
    checkpoints, step = dcgan.Checkpoints(gan, tmp_path), dcgan.make_train_step(gan)
    checkpoints.save()
    made = []
    for images in (tiny_images[:4], 255 - tiny_images[4:8]):
        for _ in range(3):
            step(dcgan.normalize(images))
        made.append(gan.generate(noise))
        dense, normalization = gan.sampling_generator().layers[:2]
        seen = np.asarray(dense(standing_noise(gan)))
        np.testing.assert_allclose(normalization.moving_mean, seen.mean(axis=0), atol=1e-6)
        checkpoints.restore()
    assert not np.array_equal(*made)


def test_averages_are_not_changed_by_asking_for_images(tiny_images):
    """A layer such as spectral normalisation changes its own weights when it is called."""

    def make_gan():
        dense = layers.Dense(64, kernel_initializer=kernel(1))
        generator = keras.Sequential(
            [
                keras.Input((3,)),
                layers.SpectralNormalization(dense),
                layers.Reshape(IMAGE_SHAPE),
                layers.Activation("tanh"),
            ]
        )
        return make_averaging_gan(generator=generator)

    asked, left_alone = make_gan(), make_gan()
    for gan in (asked, left_alone):
        vector = next(w for w in gan.generator.weights if "vector_u" in w.path)
        vector.assign(np.ones(vector.shape))  # drawn at random
        step = dcgan.make_train_step(gan)
        for _ in range(4):
            step(dcgan.normalize(tiny_images[:4]))
            if gan is asked:
                gan.generate(dcgan.sample_noise(2, 0, 3))
    for a, b in zip(asked.ema.weights, left_alone.ema.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


class Negative(keras.Sequential):
    def call(self, inputs, training=None, mask=None):
        return -super().call(inputs, training=training)


def negative_model():
    return Negative(
        [keras.Input((3,)), layers.Dense(64, activation="tanh"), layers.Reshape(IMAGE_SHAPE)]
    )


def test_a_generator_whose_copy_would_lose_its_call_is_refused():
    with pytest.raises(ValueError, match=r"plain Sequential .*got Negative"):
        make_averaging_gan(generator=negative_model())


def test_a_model_within_the_generator_keeps_its_call():
    gan = make_averaging_gan(generator=keras.Sequential([keras.Input((3,)), negative_model()]))
    gan.step.assign(1)
    noise = dcgan.sample_noise(2, 0, 3)
    assert gan.sampling_generator() is not gan.generator
    np.testing.assert_allclose(gan.generate(noise), gan.generator(noise, training=False), atol=1e-6)
