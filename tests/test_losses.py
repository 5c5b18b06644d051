import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import dcgan_helpers as dcgan


def cross_entropy(probability: float) -> float:
    return -math.log(probability)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_values_computed_by_hand():
    fake, real = [-1.5, 0.25, 2.0], [3.0, -0.5]
    generator = sum(cross_entropy(sigmoid(x)) for x in fake) / 3
    discriminator = (
        sum(cross_entropy(sigmoid(x)) for x in real) / 2
        + sum(cross_entropy(1 - sigmoid(x)) for x in fake) / 3
    )
    fakes, reals = tf.constant(fake)[:, None], tf.constant(real)[:, None]
    assert float(dcgan.generator_loss(fakes)) == pytest.approx(generator, rel=1e-6)
    assert float(dcgan.discriminator_loss(reals, fakes)) == pytest.approx(discriminator, rel=1e-6)


def test_balance_point():
    zeros = tf.zeros((8, 1))
    assert float(dcgan.generator_loss(zeros)) == pytest.approx(math.log(2), rel=1e-6)
    assert float(dcgan.discriminator_loss(zeros, zeros)) == pytest.approx(2 * math.log(2), rel=1e-6)


def test_are_the_tutorials_losses_to_the_bit():
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    reals, fakes = (tf.random.stateless_normal((256, 1), (0, i)) * 5 for i in range(2))
    assert float(dcgan.generator_loss(fakes)) == float(bce(tf.ones_like(fakes), fakes))
    assert float(dcgan.discriminator_loss(reals, fakes)) == float(
        bce(tf.ones_like(reals), reals) + bce(tf.zeros_like(fakes), fakes)
    )


@pytest.mark.parametrize("logit", [-1e4, -100.0, 100.0, 1e4])
def test_extreme_logits_stay_finite(logit):
    logits = tf.Variable([[logit]])
    with tf.GradientTape(persistent=True) as tape:
        losses = dcgan.generator_loss(logits), dcgan.discriminator_loss(logits, logits)
    for loss in losses:
        assert np.isfinite(float(loss))
        assert np.isfinite(tape.gradient(loss, logits).numpy()).all()
    assert float(losses[0]) == pytest.approx(max(-logit, 0), abs=1e-6)


def test_generators_loss_does_not_saturate():
    logits = tf.Variable([[-20.0]])  # the discriminator is sure: fake
    with tf.GradientTape() as tape:
        loss = dcgan.generator_loss(logits)
    assert float(tape.gradient(loss, logits)[0, 0]) == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_losses_are_computed_in_float32(dtype):
    logits = tf.cast([[4.0]], dtype)
    assert dcgan.generator_loss(logits).dtype == tf.float32
    assert float(dcgan.generator_loss(logits)) == pytest.approx(math.log1p(math.exp(-4)), rel=1e-6)


def test_batches_of_two_sizes_count_alike():
    one, many = tf.constant([[0.5]]), tf.fill((96, 1), 0.5)
    assert float(dcgan.discriminator_loss(one, many)) == pytest.approx(
        float(dcgan.discriminator_loss(many, one)), rel=1e-6
    )
    assert float(dcgan.discriminator_loss(many, many)) == pytest.approx(
        float(dcgan.discriminator_loss(one, one)), rel=1e-6
    )


def test_work_inside_a_compiled_function():
    compiled = tf.function(dcgan.discriminator_loss)
    logits = tf.constant([[1.0], [2.0]])
    assert float(compiled(logits, -logits)) == pytest.approx(
        float(dcgan.discriminator_loss(logits, -logits)), rel=1e-6
    )


def test_gradient_penalty_of_a_slope_is_half_its_square():
    slope = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 2, 3)
    discriminator = keras.Sequential(
        [keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    discriminator.set_weights([slope.reshape(12, 1), np.ones(1, np.float32)])
    images = np.random.default_rng(0).uniform(-1, 1, (5, 2, 2, 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        penalty = dcgan.gradient_penalty(discriminator, images)
    assert float(penalty) == pytest.approx(np.sum(slope**2) / 2, rel=1e-6)
    kernel, bias = discriminator.trainable_variables
    gradient = tape.gradient(penalty, kernel)
    np.testing.assert_allclose(gradient, slope.reshape(12, 1), rtol=1e-6)  # its derivative
    assert penalty.dtype == tf.float32


def test_gradient_penalty_is_the_mean_over_the_images():
    """Of a discriminator that squares: the slope at an image is twice the image."""
    pixels = keras.Input((1, 1, 1))
    squares = keras.layers.Flatten()(keras.layers.Multiply()([pixels, pixels]))
    discriminator = keras.Model(pixels, squares)
    images = np.array([0.5, -1.0], np.float32).reshape(2, 1, 1, 1)
    expected = (1.0**2 + 2.0**2) / 2 / 2
    assert float(dcgan.gradient_penalty(discriminator, images)) == pytest.approx(expected)
