import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import assert_same_state, train_tiny

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


def least_squares(fake_logits):
    return 0.5 * tf.reduce_mean((fake_logits - 1) ** 2)


def least_squares_of_both(real_logits, fake_logits):
    reals, fakes = (real_logits - 1) ** 2, fake_logits**2
    return 0.5 * (tf.reduce_mean(reals) + tf.reduce_mean(fakes))


def hinge(fake_logits):
    return -tf.reduce_mean(fake_logits)


def hinge_of_both(real_logits, fake_logits):
    reals, fakes = tf.nn.relu(1 - real_logits), tf.nn.relu(1 + fake_logits)
    return tf.reduce_mean(reals) + tf.reduce_mean(fakes)


OWN = {
    "least squares": {"generator_loss": least_squares, "discriminator_loss": least_squares_of_both},
    "hinge": {"generator_loss": hinge, "discriminator_loss": hinge_of_both},
}


@pytest.mark.parametrize("name", OWN)
def test_a_loss_of_ones_own_is_what_the_step_descends(name, tiny_gan, tiny_images):
    images, gan = dcgan.normalize(tiny_images[:4]), tiny_gan(**OWN[name])
    noise = tf.random.stateless_normal((4, gan.noise_dim), seed=(gan.seed, 0))
    copy = tiny_gan()  # in the same state, so with the same dropout
    fakes = copy.generator(noise, training=True)
    real_logits = copy.discriminator(images, training=True)
    fake_logits = copy.discriminator(fakes, training=True)
    expected = {
        "generator_loss": OWN[name]["generator_loss"](fake_logits),
        "discriminator_loss": OWN[name]["discriminator_loss"](real_logits, fake_logits),
    }
    losses = dcgan.make_train_step(gan)(images)
    for key, value in expected.items():
        assert float(losses[key]) == pytest.approx(float(value), rel=1e-5)
    train_tiny(copy, tiny_images, steps=1)
    changed = zip(gan.generator.get_weights(), copy.generator.get_weights(), strict=True)
    assert any((ours != theirs).any() for ours, theirs in changed)


def test_logits_reach_a_loss_of_ones_own_in_float32(tiny_images):
    dtypes = set()

    def loss(fake_logits):
        dtypes.add(fake_logits.dtype)
        return hinge(fake_logits)

    gan = dcgan.DCGAN(image_shape=(8, 8, 1), dtype="mixed_bfloat16", generator_loss=loss)
    losses = dcgan.make_train_step(gan)(dcgan.normalize(tiny_images[:2]))
    assert dtypes == {tf.float32}
    assert losses["generator_loss"].dtype == tf.float32


def test_the_losses_of_the_package_may_be_given(tiny_gan, tiny_images):
    given = tiny_gan(
        generator_loss=dcgan.generator_loss, discriminator_loss=dcgan.discriminator_loss
    )
    default = tiny_gan()
    for gan in (given, default):
        train_tiny(gan, tiny_images, steps=2)
    assert_same_state(given, default)


def test_a_run_goes_on_with_its_own_losses_alone(tiny_gan, tiny_images, tmp_path):
    train_tiny(tiny_gan(**OWN["hinge"]), tiny_images, steps=2, checkpoint_dir=tmp_path)
    rewritten = {**OWN["hinge"], "generator_loss": lambda logits: tf.reduce_mean(-logits)}
    train_tiny(tiny_gan(**rewritten), tiny_images, steps=3, checkpoint_dir=tmp_path)
    for other in (OWN["least squares"], {}):
        with pytest.raises(ValueError, match=r"other settings: generator_loss: one that gives -"):
            train_tiny(tiny_gan(**other), tiny_images, steps=4, checkpoint_dir=tmp_path)


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        ("hinge", TypeError, "generator_loss must be a function, got 'hinge'"),
        (lambda x: x, ValueError, r"generator_loss must return one float, .* of shape \(4, 1\)"),
        (
            lambda x: tf.constant(1),
            ValueError,
            "generator_loss must return one float, .* got int32",
        ),
        (lambda x: np.float32(np.mean(x)), ValueError, "generator_loss must depend on fake_logits"),
        (lambda x: tf.reduce_mean(tf.math.log(x)), ValueError, "generator_loss must be finite"),
    ],
)
def test_a_loss_that_cannot_train_is_refused(tiny_gan, loss, error, message):
    with pytest.raises(error, match=message):
        tiny_gan(generator_loss=loss)


def test_a_loss_must_look_at_both(tiny_gan):
    with pytest.raises(ValueError, match="discriminator_loss must depend on real_logits"):
        tiny_gan(discriminator_loss=lambda reals, fakes: tf.reduce_mean(fakes))


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
    kernel, _ = discriminator.trainable_variables
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
