"""Images made by a generator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ._devices import has_gpu
from ._fourier import call_with_fourier

SAMPLE_BATCH = 500  # images made at a time: bounds the memory, changes no value


def generate_images(generator: keras.Model, noise: np.ndarray) -> np.ndarray:
    """`float32` images in [-1, 1] for `noise`, in inference mode, `SAMPLE_BATCH` at a time."""
    return np.concatenate(
        [
            np.asarray(tf.cast(call_generator(generator, rows, training=False), tf.float32))
            for rows in np.split(noise, range(SAMPLE_BATCH, len(noise), SAMPLE_BATCH))
        ]
    )


def call_generator(generator: keras.Model, noise: np.ndarray, *, training: bool) -> tf.Tensor:
    """Call `generator` outside of a training step: on a CPU, in the way that is faster there."""
    if has_gpu():
        return generator(noise, training=training)
    return call_with_fourier(generator, noise, training=training)


def as_generator_function(generator: Any) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """A function from noise to images for a `DCGAN` or a Keras model, and the noise's length."""
    if hasattr(generator, "generate") and hasattr(generator, "noise_dim"):
        return generator.generate, generator.noise_dim
    shape = getattr(generator, "input_shape", None)
    if not callable(generator) or not isinstance(shape, tuple) or len(shape) != 2:
        raise TypeError(
            "generator must be a DCGAN or a Keras model that takes noise (n, noise_dim), "
            f"got {type(generator).__name__}"
        )
    return lambda noise: generate_images(generator, noise), int(shape[1])
