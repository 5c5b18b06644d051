"""What an epoch costs beside its steps: batches, history, frames, progress bar.

    python benchmarks/rest_of_an_epoch.py

`dcgan.train` against the same number of bare steps on one batch that stays in memory, in turn. The
step is compiled once, for both. An epoch of MNIST has more steps than are timed here (234 of 256
images), so what is done once in it (the data's checksum, the frame at its end) weighs less there.
"""

from __future__ import annotations

import contextlib
import os
import statistics
from unittest import mock

import numpy as np
import tensorflow as tf
from _common import print_machine, print_table, ratio, times_in_turn

import dcgan_helpers as dcgan

ROUNDS = 2


def cost(dtype: str, batch_size: int, steps: int, images: np.ndarray) -> tuple[object, ...]:
    """A row of the table: the times of bare steps and of `train`, and what lies between."""
    gan = dcgan.DCGAN(dtype=dtype)
    step = dcgan.make_train_step(gan)
    batch = tf.constant(dcgan.normalize(images[:batch_size]))

    def bare() -> None:
        for _ in range(steps):
            losses = step.function(batch)
        float(losses["generator_loss"])

    def whole() -> None:
        with mock.patch("dcgan_helpers.training.make_train_step", return_value=step):
            dcgan.train(
                gan, images, steps=int(gan.step) + steps, batch_size=batch_size, frame_every=steps
            )

    times = times_in_turn({"bare": bare, "whole": whole}, ROUNDS)
    return (
        dtype, batch_size, steps,
        *(f"{1e3 * statistics.median(t.wall) / steps:.1f}" for t in times.values()),
        f"{ratio(times['whole'].wall, times['bare'].wall) - 1:+.1%}",
        f"{ratio(times['whole'].cpu, times['bare'].cpu) - 1:+.1%}",
    )  # fmt: skip


def main() -> None:
    print_machine()
    images = dcgan.load_mnist().train_images
    settings = [("float32", 256, 50), ("mixed_bfloat16", 256, 100), ("mixed_bfloat16", 32, 600)]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):  # progress bars
        rows = [cost(*setting, images) for setting in settings]
    print_table(
        [
            "dtype",
            "batch",
            "steps",
            "ms a bare step",
            "ms a step of `train`",
            "more time",
            "more CPU time",
        ],
        rows,
    )


if __name__ == "__main__":
    main()
