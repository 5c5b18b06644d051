"""What an epoch costs beside its steps: batches, history, frames, progress bar.

    python benchmarks/rest_of_an_epoch.py

An epoch of `dcgan.train`, in which every call of the step is timed. What is left of the epoch's
time is the rest. Both are of one run, so that it does not matter how fast the machine is just then.
"""

from __future__ import annotations

import contextlib
import os
import time

import numpy as np
import tensorflow as tf
from _common import print_machine, print_table

import dcgan_helpers as dcgan

SETTINGS = [("float32", 256), ("mixed_bfloat16", 256), ("mixed_bfloat16", 32)]


class Clock:
    """Sums up wall and CPU seconds of the blocks that it is entered for."""

    def __init__(self) -> None:
        self.seconds = np.zeros(2)

    def __enter__(self) -> None:
        self._start = np.array([time.perf_counter(), time.process_time()])

    def __exit__(self, *exc_info: object) -> None:
        self.seconds += [time.perf_counter(), time.process_time()] - self._start


def cost(dtype: str, batch_size: int, images: np.ndarray) -> tuple[object, ...]:
    """A row of the table."""
    gan = dcgan.DCGAN(dtype=dtype)
    step = dcgan.make_train_step(gan, jit_compile=False)
    step.function(tf.constant(dcgan.normalize(images[:batch_size])))  # traced before it counts
    gan.step.assign(0)
    epoch, in_steps, original = Clock(), Clock(), step.function

    def timed(batch: tf.Tensor) -> dict[str, tf.Tensor]:
        with in_steps:  # on a CPU, the call returns when the step is done
            return original(batch)

    step.function = timed  # `train` uses the step that is made already
    with epoch:
        history = dcgan.train(gan, images, epochs=1, batch_size=batch_size, jit_compile=False)
    (wall, cpu), (step_wall, step_cpu) = epoch.seconds, in_steps.seconds
    steps = len(history.steps)
    return (
        dtype, batch_size, steps, f"{1e3 * step_wall / steps:.1f}",
        f"{wall - step_wall:.2f}", f"{wall / step_wall - 1:+.2%}",
        f"{cpu / step_cpu - 1:+.2%}",
    )  # fmt: skip


def main() -> None:
    print_machine()
    images = dcgan.load_mnist().train_images
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):  # progress bars
        rows = [cost(*setting, images) for setting in SETTINGS]
    print_table(
        [
            "dtype",
            "batch",
            "steps",
            "ms a step",
            "the rest, s",
            "of the steps' time",
            "of the steps' CPU time",
        ],
        rows,
    )


if __name__ == "__main__":
    main()
