"""Train a short run at each of seven learning rates, for `dcgan_helpers.BalanceExplorer`.

    python reference/learning_rates.py [FILE]

writes `FILE` (by default `dcgan_helpers/files/learning_rates.npz`, the file that the package
ships): the two losses of each step, and the sixteen images of each run's end. The SHA-256 of what
is shipped goes into `SHA256SUMS`, beside it.

The runs differ in nothing but the learning rate, which both Adam optimizers share: same weights to
begin with, same images in the same order, same noise. They are kept short by a small batch, so that
all seven take some minutes on two cores.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import numpy as np
from results import FILES, write_arrays

import dcgan_helpers as dcgan

SEED = 0
STEPS = 300
BATCH_SIZE = 32
BETA_1 = 0.5
LEARNING_RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
FILE = FILES / "learning_rates.npz"


def run(learning_rate: float) -> dcgan.History:
    """Train one DCGAN, and keep a frame of its end."""
    recipe = dataclasses.replace(
        dcgan.RECIPES["tutorial"],
        batch_size=BATCH_SIZE,
        generator_learning_rate=learning_rate,
        discriminator_learning_rate=learning_rate,
        beta_1=BETA_1,
    )
    gan = dcgan.DCGAN(recipe=recipe, seed=SEED)
    start = time.perf_counter()
    history = dcgan.train(
        gan,
        dcgan.load_mnist().train_images,
        steps=STEPS,
        frame_every=STEPS,
        progress=False,
        fourier=False,  # as the runs that are shipped were made
    )
    print(f"learning rate {learning_rate:g}: {time.perf_counter() - start:.0f} s", flush=True)
    return history


def main(path: Path = FILE) -> None:
    """Train all the runs and write what is shown of them."""
    histories = [run(learning_rate) for learning_rate in LEARNING_RATES]
    losses = [history.step_losses for history in histories]
    write_arrays(
        path,
        {
            "learning_rates": np.array(LEARNING_RATES),
            "generator_loss": np.array([loss["generator_loss"] for loss in losses], np.float32),
            "discriminator_loss": np.array(
                [loss["discriminator_loss"] for loss in losses], np.float32
            ),
            "images": np.array([history.frames[-1] for history in histories]),
        },
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
