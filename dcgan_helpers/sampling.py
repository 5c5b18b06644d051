"""Images made by a generator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ._devices import has_gpu
from ._fourier import call_with_fourier
from ._layers import all_layers
from ._rows import batches

SAMPLE_BATCH = 500  # images made at a time: bounds the memory, changes no value


def generate_images(generator: keras.Model, noise: np.ndarray) -> np.ndarray:
    """`float32` images in [-1, 1] for `noise`, in inference mode, `SAMPLE_BATCH` at a time."""
    return np.concatenate(
        [
            np.asarray(tf.cast(call_generator(generator, rows, training=False), tf.float32))
            for rows in batches(noise, SAMPLE_BATCH)
        ]
    )


def call_generator(generator: keras.Model, noise: np.ndarray, *, training: bool) -> tf.Tensor:
    """Call `generator` outside of a training step: on a CPU, in the way that is faster there."""
    if has_gpu():
        return generator(noise, training=training)
    return call_with_fourier(generator, noise, training=training)


def copy_in_float32(generator: keras.Model) -> keras.Model:
    """A copy that takes and gives plain float32, with weights of its own, not yet set.

    Raises:
        ValueError: `generator` cannot be copied faithfully.
    """

    def copy_layer(layer: keras.Layer) -> keras.Layer:
        return type(layer).from_config(_in_float32(layer.get_config()))

    needs = "generator must be one that Keras can copy if the recipe averages its weights, or it "
    needs += "does not compute in float32"
    try:
        copied = keras.models.clone_model(generator, clone_function=copy_layer)
    except Exception as error:  # whatever a layer's `from_config` raises
        raise ValueError(f"{needs}, got an error: {error}") from error
    before, after = ([type(layer) for layer in all_layers(m)] for m in (generator, copied))
    if before != after:  # a class's own `call` would be lost
        raise ValueError(
            f"{needs}: a plain Sequential or functional model, got {type(generator).__name__}, of "
            "which Keras' clone_model makes another"
        )
    return copied


def _in_float32(config: Any) -> Any:
    """A layer's configuration with each dtype policy, also of layers within, made float32."""
    if isinstance(config, dict):
        return {
            k: "float32" if k == "dtype" and "float" in str(v) else _in_float32(v)
            for k, v in config.items()
        }
    return [_in_float32(v) for v in config] if isinstance(config, list) else config


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
