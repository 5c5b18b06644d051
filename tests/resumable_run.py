"""A small training run for `test_checkpoints.py` to kill."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from conftest import IMAGE_SHAPE, make_tiny_gan

import dcgan_helpers as dcgan

EPOCHS = 60
STEPS_PER_EPOCH = 5


def state_of(gan: dcgan.DCGAN) -> dict[str, np.ndarray]:
    """Every number that a run ends with: weights, moments, dropout, history and frames."""
    parts = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
    return {
        "step": gan.step.numpy(),
        **{f"averages/{i}": average.numpy() for i, average in enumerate(gan.averages)},
        **{
            f"{part}/{i}": np.asarray(variable)
            for part in parts
            for i, variable in enumerate(getattr(gan, part).variables)
        },
        **{f"history/{name}": array for name, array in gan.history.to_arrays().items()},
    }


def run(folder: Path | None) -> dcgan.DCGAN:
    """The run, from the beginning or from where the last one was killed."""
    recipe = dataclasses.replace(dcgan.RECIPES["tutorial"], averaging=2.0)
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
