"""The exponential moving average (EMA) of a generator's weights."""

from __future__ import annotations

import threading

import keras
import numpy as np
import tensorflow as tf

from ._layers import all_layers
from .sampling import call_generator, copy_in_float32

_lock = threading.Lock()  # of two threads, one would find the copy half made


class EMA:
    """A power function EMA: at step t its decay is (1 - 1/t)^(gamma + 1).

    Its reach grows with the run: the first s of t steps together count (s/t)^(gamma + 1). The
    training does not use it. Images made with it are better than those of any one step's weights.

    Args:
        generator: the generator in training, a Sequential or functional Keras model.
        gamma: the larger, the fewer of the last steps count; above 0.

    Attributes:
        gamma: as given.
        weights: the averages, a `tf.Variable` for each trainable weight of the generator, in order.

    Raises:
        ValueError: `generator` cannot be copied faithfully, or its averages would be rounded away.

    References:
        Y. Yazici et al.: The unusual effectiveness of averaging in GAN training. ICLR 2019,
        arXiv:1806.04498.
        T. Karras et al.: Analyzing and improving the training dynamics of diffusion models. CVPR
        2024, arXiv:2312.02696, section 3.1.
    """

    def __init__(self, generator: keras.Model, gamma: float) -> None:
        dtypes = {weight.dtype for weight in generator.trainable_variables}
        if not dtypes <= {"float32", "float64"}:
            raise ValueError(
                "generator must have float32 weights if the recipe averages them (a mixed policy "
                f"computes in another dtype), got {', '.join(sorted(dtypes))}"
            )
        self._copy = copy_in_float32(generator)
        # As they are now: a layer that is frozen later is averaged on, and stays in its place.
        self._averaged = list(generator.trainable_variables)
        self._others = list(generator.non_trainable_variables)
        self._copied_step: int | None = None
        self.gamma = gamma
        # Variables of their own: a layer of the copy may change its weights when it is called.
        self.weights = [tf.Variable(w.value, trainable=False) for w in self._averaged]

    def update(self, step: tf.Tensor) -> None:
        """Take in the weights that step number `step`, from 1, ended with."""
        step = tf.cast(step, tf.float32)
        # 1 - decay. Of step 1 it is 1; its logarithm is infinite, which `tf.debugging` may forbid.
        later = tf.math.log1p(-1 / tf.maximum(step, 2.0))
        new = tf.where(step > 1, -tf.math.expm1((self.gamma + 1) * later), 1.0)
        for average, weight in zip(self.weights, self._averaged, strict=True):
            average.assign_add(tf.cast(new, average.dtype) * (weight - average))

    def generator(self, step: int, noise: np.ndarray) -> keras.Model:
        """A copy of the generator in float32, with these weights and standing statistics.

        The moving statistics of batch normalisation belong to the weights of the training. The copy
        has those of one pass of `noise` instead (in BigGAN's term, standing statistics; Brock et
        al., arXiv:1809.11096). It is made once for each `step`, so do not change it.
        """
        with _lock:
            if self._copied_step != step:
                self._set_copy(noise)
                self._copied_step = step
        return self._copy

    def _set_copy(self, noise: np.ndarray) -> None:
        # All that is not averaged begins as the generator's: images depend on the state of the run
        # alone, not on how often images were made before.
        for variables, sources in (
            (self._copy.trainable_variables, self.weights),
            (self._copy.non_trainable_variables, self._others),
        ):
            for variable, source in zip(variables, sources, strict=True):
                variable.assign(source)
        _set_standing_statistics(self._copy, noise)

    def forget(self) -> None:
        """Have the next `generator` made anew, because a restore changed the weights."""
        self._copied_step = None


def _set_standing_statistics(generator: keras.Model, noise: np.ndarray) -> None:
    """Let batch normalisation take its statistics from this one batch of noise."""
    normalizations = [
        layer
        for layer in all_layers(generator)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [layer.momentum for layer in normalizations]
    try:
        for layer in normalizations:
            layer.momentum = 0.0
        call_generator(generator, noise, training=True)
    finally:
        for layer, momentum in zip(normalizations, momenta, strict=True):
            layer.momentum = momentum
