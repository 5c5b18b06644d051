"""What a step of the quick recipe spends its time on: one part left out at a time.

    python benchmarks/step_parts.py

CPU time, which hardly depends on what else the machine does; the variants take turns.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from _common import print_machine, print_table, times_in_turn

import dcgan_helpers as dcgan

QUICK = dcgan.RECIPES["quick"]
STEPS = 32  # a round; four of them with the gradient penalty


class FusedAdam(keras.optimizers.Adam):
    """Adam by TensorFlow's one operation a weight, where Keras has a dozen."""

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[self._get_variable_index(variable)].value.handle,
            v=self._velocities[self._get_variable_index(variable)].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def steps_of(
    batch: tf.Tensor,
    optimizer: Callable[..., keras.optimizers.Optimizer] | None = None,
    **changes: object,
) -> Callable[[], None]:
    """A function that takes `STEPS` steps of the quick recipe, changed in some settings."""
    recipe = dataclasses.replace(QUICK, **changes)  # type: ignore[arg-type]
    optimizers = {}
    if optimizer is not None:
        optimizers = {
            "generator_optimizer": optimizer(recipe.generator_learning_rate),
            "discriminator_optimizer": optimizer(recipe.discriminator_learning_rate),
        }
    step = dcgan.make_train_step(dcgan.DCGAN(recipe=recipe, **optimizers)).function  # type: ignore[arg-type]

    def run() -> None:
        for _ in range(STEPS):
            step(batch)

    return run


def forwards(batch: tf.Tensor) -> Callable[[], None]:
    """A function that calls both networks as `STEPS` steps do, without a gradient."""
    gan = dcgan.DCGAN(recipe="quick")
    noise = tf.constant(dcgan.sample_noise(len(batch), seed=0))

    @tf.function
    def call() -> tuple[tf.Tensor, ...]:
        fakes = gan.generator(noise, training=True)
        return tuple(gan.discriminator(x, training=True) for x in (batch, fakes))

    def run() -> None:
        for _ in range(STEPS):
            call()

    return run


def main() -> None:
    print_machine()
    batch = tf.constant(dcgan.normalize(dcgan.load_mnist().train_images[: QUICK.batch_size]))
    variants = {
        "the whole step": steps_of(batch),
        "without averages": steps_of(batch, ema_gamma=None),
        "without the gradient penalty": steps_of(batch, r1_gamma=None),
        "with an optimizer that only subtracts": steps_of(batch, keras.optimizers.SGD),
        "with TensorFlow's fused Adam": steps_of(
            batch, lambda rate: FusedAdam(rate, beta_1=QUICK.beta_1)
        ),
        "in float32": steps_of(batch, dtype="float32"),
        "both networks forwards, and nothing else": forwards(batch),
    }
    times = times_in_turn(variants, rounds=5)
    whole = np.array(times["the whole step"].cpu)
    print_table(
        ["", "CPU ms a step", "of the whole"],
        [
            [
                name,
                f"{1e3 * statistics.median(one.cpu) / STEPS:.1f}",
                f"{statistics.median(one.cpu / whole):.2f}",
            ]
            for name, one in times.items()
        ],
    )


if __name__ == "__main__":
    main()
