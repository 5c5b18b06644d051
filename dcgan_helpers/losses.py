"""The two losses: binary cross-entropy on logits, in float32 whatever the models compute in."""

from __future__ import annotations

import tensorflow as tf
from numpy.typing import ArrayLike

from ._checks import check_logits


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


def _cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    labels = tf.fill(tf.shape(logits), label)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
