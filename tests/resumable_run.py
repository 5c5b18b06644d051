"""A small training run for `test_checkpoints.py` to kill."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from conftest import IMAGE_SHAPE, make_tiny_gan, state_of

import dcgan_helpers as dcgan

EPOCHS = 60
STEPS_PER_EPOCH = 5


def run(folder: Path | None) -> dcgan.DCGAN:
    """The run, from the beginning or from where the last one was killed."""
    recipe = dataclasses.replace(dcgan.RECIPES["tutorial"], ema_gamma=2.0, r1_gamma=0.1)
    gan = make_tiny_gan(seed=3, recipe=recipe)
    n = 4 * STEPS_PER_EPOCH + 2
    images = np.random.default_rng(0).integers(0, 256, (n, *IMAGE_SHAPE), dtype=np.uint8)
    dcgan.train(
        gan, images, EPOCHS, batch_size=4, checkpoint_dir=folder, checkpoint_every=3, progress=False
    )
    return gan


def run_to_the_end(folder: Path, result: Path) -> None:
    """The run with checkpoints in `folder`; every number that it ends with goes to `result`."""
    np.savez(result, **state_of(run(folder)))
