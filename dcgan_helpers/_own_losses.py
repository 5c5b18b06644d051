"""Losses of one's own, tried before anything trains with them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

from ._checks import check_callable
from .losses import discriminator_loss as default_discriminator_loss
from .losses import generator_loss as default_generator_loss

Loss: TypeAlias = Callable[..., tf.Tensor]

# Logits on both sides of the usual margins, 0 and 1, and none on them.
_TRIED = ([[-2.3], [-0.4], [0.7], [3.1]], [[-1.6], [-0.3], [0.2], [2.4]])


def choose_losses(
    generator_loss: Loss | None, discriminator_loss: Loss | None
) -> tuple[Loss, Loss]:
    """The losses that are given, from `float32` logits to a `float32` scalar, or the default ones.

    Raises:
        TypeError: one is no function.
        ValueError: its value is no scalar, not finite, or does not depend on all of its logits.
    """
    return (
        _checked(default_generator_loss, generator_loss, "fake_logits"),
        _checked(default_discriminator_loss, discriminator_loss, "real_logits", "fake_logits"),
    )


def describe_losses(generator_loss: Loss, discriminator_loss: Loss) -> dict[str, str]:
    """What makes them these losses, however they are written: their values for some logits."""
    return {
        "generator_loss": _described(generator_loss, default_generator_loss, 1),
        "discriminator_loss": _described(discriminator_loss, default_discriminator_loss, 2),
    }


def _checked(default: Loss, given: Loss | None, *logits: str) -> Loss:
    name = default.__name__
    check_callable(name, given)
    if given is None or given is default:
        return default

    @functools.wraps(given, updated=())
    def loss(*values: tf.Tensor) -> tf.Tensor:
        value = tf.convert_to_tensor(given(*(tf.cast(value, tf.float32) for value in values)))
        if not value.dtype.is_floating or value.shape.rank != 0:
            raise ValueError(
                f"{name} must return one float, a mean over the batch, got {value.dtype.name} of "
                f"shape {tuple(value.shape)}"
            )
        return tf.cast(value, tf.float32)

    _try(name, loss, logits)
    return loss


def _described(loss: Loss, default: Loss, arguments: int) -> str:
    if loss is default:
        return "cross-entropy"
    values = [loss(*_tried(arguments, scale)) for scale in (0.5, 1.0, 2.0)]
    # To four digits, since machines round differently.
    return f"one that gives {', '.join(f'{float(value):.4g}' for value in values)}"


def _try(name: str, loss: Loss, arguments: tuple[str, ...]) -> None:
    tried = _tried(len(arguments), 1.0)
    with tf.GradientTape() as tape:
        tape.watch(tried)
        value = loss(*tried)
    if not tf.math.is_finite(value):
        raise ValueError(f"{name} must be finite, got {float(value)}")
    for argument, gradient in zip(arguments, tape.gradient(value, tried), strict=True):
        if gradient is None:
            raise ValueError(
                f"{name} must depend on {argument} through operations of TensorFlow, got a value "
                "without a gradient"
            )


def _tried(n: int, scale: float) -> list[tf.Tensor]:
    return [scale * tf.constant(logits, tf.float32) for logits in _TRIED[:n]]
