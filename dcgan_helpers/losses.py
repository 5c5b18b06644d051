"""The losses, in float32 whatever the models compute in."""

from __future__ import annotations

import keras
import tensorflow as tf
from numpy.typing import ArrayLike

from ._checks import check_images, check_logits


def generator_loss(fake_logits: ArrayLike) -> tf.Tensor:
    """The non-saturating loss of the generator: it wants its fakes to be called real.

    The mean over the batch of `-log(sigmoid(fake_logits))`: binary cross-entropy against the label
    1, computed from the logits, so that no logit overflows.

    Args:
        fake_logits: the discriminator's logits for generated images, floats `(n, 1)` or `(n,)`.

    Returns:
        A `float32` scalar tensor, at least 0; `log(2)` = 0.693 where the discriminator cannot tell.

    Example:
        >>> round(float(generator_loss([[0.0]])), 4)
        0.6931

    References:
        I. Goodfellow et al.: Generative adversarial nets. NeurIPS 2014, arXiv:1406.2661, section 3
        (the generator maximises `log D(G(z))`).
    """
    return _cross_entropy(check_logits("fake_logits", fake_logits), label=1.0)


def discriminator_loss(real_logits: ArrayLike, fake_logits: ArrayLike) -> tf.Tensor:
    """The loss of the discriminator: real images are to be called real, fakes fake.

    The mean of `-log(sigmoid(real_logits))` plus the mean of `-log(1 - sigmoid(fake_logits))`.

    Args:
        real_logits: the discriminator's logits for real images, floats `(n, 1)` or `(n,)`.
        fake_logits: its logits for generated images, of the same form.

    Returns:
        A `float32` scalar tensor, at least 0; `2 log(2)` = 1.386 where it cannot tell.

    Example:
        >>> round(float(discriminator_loss([[0.0]], [[0.0]])), 4)
        1.3863

    References:
        I. Goodfellow et al.: Generative adversarial nets. NeurIPS 2014, arXiv:1406.2661, equation
        (1).
    """
    real_logits = check_logits("real_logits", real_logits)
    fake_logits = check_logits("fake_logits", fake_logits)
    return _cross_entropy(real_logits, label=1.0) + _cross_entropy(fake_logits, label=0.0)


def gradient_penalty(discriminator: keras.Model, images: ArrayLike) -> tf.Tensor:
    """R1, the penalty on the discriminator's slope at real images.

    Half the squared length of the gradient of an image's logit by its pixels, the mean over the
    batch. It keeps the discriminator from growing steeper and steeper around the real images, on
    which the two networks would otherwise circle. Called within a `tf.GradientTape`, it can be
    differentiated by the discriminator's weights.

    Args:
        discriminator: a Keras model from images to logits `(n, 1)`; called in training mode.
        images: real images, floats `(n, height, width, channels)` in [-1, 1].

    Returns:
        A `float32` scalar tensor, at least 0; the recipe's `r1_gamma` is its weight in the loss.

    Example:
        >>> digits = normalize(load_mnist().test_images[:8])
        >>> bool(gradient_penalty(make_discriminator_model(seed=0), digits) > 0)
        True

    References:
        L. Mescheder, A. Geiger, S. Nowozin: Which training methods for GANs do actually converge?
        ICML 2018, arXiv:1801.04406, equation (9).
    """
    if not tf.is_tensor(images):
        images = tf.convert_to_tensor(check_images("images", images, pixels=False))
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminator(images, training=True)
    slopes = tf.cast(tape.gradient(logits, images), tf.float32)  # of their sum: one row an image
    return tf.reduce_mean(tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3])) / 2


def _cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    labels = tf.fill(tf.shape(logits), label)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
