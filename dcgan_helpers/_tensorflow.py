"""TensorFlow as this package needs it."""

from __future__ import annotations

import tensorflow as tf


def check_backend() -> None:
    """Raise unless Keras computes with TensorFlow."""
    try:
        import keras

        got = keras.config.backend()
    except ImportError as error:  # of a backend that is asked for, and not installed
        got = str(error)
    if got != "tensorflow":
        raise ImportError(
            f"dcgan_helpers needs Keras on TensorFlow, got {got!r}: set the environment variable "
            "KERAS_BACKEND to tensorflow before Python starts"
        )


def turn_remapper_off() -> None:
    """Leave out an optimization of graphs that fails at each step of a GAN, and says so in red.

    TensorFlow's remapper makes one operation of a convolution, its bias and LeakyReLU. Recent
    versions do so even where the gradient of LeakyReLU needs what was between them. Then they find
    their graph broken and discard all of the remapper's work ("remapper failed: ..."), so nothing
    is lost without it. Whoever sets this option before, to whatever value, keeps that value.
    """
    if "remapping" not in tf.config.optimizer.get_experimental_options():
        tf.config.optimizer.set_experimental_options({"remapping": False})
