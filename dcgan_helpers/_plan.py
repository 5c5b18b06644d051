"""The plan of a training run."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ._checks import check_integer
from .data import check_batch_size
from .gan import DCGAN

FRAME_IMAGES = 16  # a grid of 4 × 4, as in the tutorial
MAX_FRAME_BYTES = 2**28  # of all frames of a run, since memory and each checkpoint hold them


class Plan(NamedTuple):
    """What `train` was asked for, with its defaults filled in; all are counts, from 1."""

    batch_size: int
    steps_per_epoch: int
    target: int
    frame_every: int
    checkpoint_every: int


def make_plan(
    gan: DCGAN,
    images: np.ndarray,
    epochs: int | None,
    steps: int | None,
    batch_size: int | None,
    frame_every: int | None,
    checkpoint_every: int | None,
) -> Plan:
    """Fill in the defaults of `train`, or raise."""
    if (epochs is None) == (steps is None):
        raise ValueError(f"give exactly one of epochs and steps, got {epochs=} and {steps=}")
    if batch_size is None:
        batch_size = gan.recipe.batch_size
    batch_size = check_batch_size(batch_size, len(images))
    steps_per_epoch = len(images) // batch_size
    if steps is None:
        target = check_integer("epochs", epochs, minimum=1) * steps_per_epoch
    else:
        target = check_integer("steps", steps, minimum=1)
    every = {"frame_every": frame_every, "checkpoint_every": checkpoint_every}
    checked = {
        name: steps_per_epoch if value is None else check_integer(name, value, minimum=1)
        for name, value in every.items()
    }
    plan = Plan(batch_size, steps_per_epoch, target, **checked)
    frames = max(1, MAX_FRAME_BYTES // (FRAME_IMAGES * math.prod(gan.image_shape)))
    if target // plan.frame_every > frames:
        raise ValueError(
            f"frame_every must be at least {-(-target // frames)} for {target} steps, so that all "
            f"frames fit into {MAX_FRAME_BYTES // 2**20} MB, got {plan.frame_every}"
        )
    return plan
