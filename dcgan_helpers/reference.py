"""The reference run: the tutorial's recipe for 50 epochs, as `reference/train.py` trained it."""

from __future__ import annotations

import json
from typing import NamedTuple

import keras
import numpy as np

from ._shipped import load_shipped
from .evaluation import Evaluation
from .generator import make_generator_model
from .history import History


class ReferenceRun(NamedTuple):
    """What the reference run recorded, and what was measured on its generator.

    Attributes:
        history: the `History` of all 50 epochs; its 51 frames begin before training.
        epochs: the epochs after which the generator was measured.
        evaluations: an `Evaluation` for each of `epochs`, of 10,000 images each.
        real: the same of 10,000 training digits, the mark that no generator can beat.
    """

    history: History
    epochs: tuple[int, ...]
    evaluations: tuple[Evaluation, ...]
    real: Evaluation


def load_reference_generator() -> keras.Sequential:
    """Load the generator of the reference run, trained for 50 epochs. No network is used.

    Returns:
        A `keras.Sequential` from noise `(n, 100)` to images `(n, 28, 28, 1)` in [-1, 1]. Its
        weights were rounded to float16 for the file, which changes no measure by more than the
        choice of the seed does; it computes in float32.

    Example:
        >>> load_reference_generator().count_params()
        2330944
    """
    arrays = load_shipped("reference_generator.npz")
    generator = make_generator_model(seed=0, dtype="float32")
    generator.set_weights([arrays[str(i)].astype(np.float32) for i in range(len(arrays))])
    return generator


def load_reference_run() -> ReferenceRun:
    """Load what the reference run recorded: losses, frames, and the measures over its epochs.

    Example:
        >>> run = load_reference_run()
        >>> len(run.history.frames), run.epochs[-1]
        (51, 50)
    """
    arrays = load_shipped("reference_run.npz")
    metrics = json.loads(arrays["metrics"].tobytes())
    epochs = tuple(row.pop("epoch") for row in metrics["epochs"])
    *evaluations, real = (
        Evaluation(**{**row, "class_counts": tuple(row["class_counts"])})  # JSON has lists only
        for row in [*metrics["epochs"], metrics["real"]]
    )
    return ReferenceRun(History.from_arrays(arrays), epochs, tuple(evaluations), real)
