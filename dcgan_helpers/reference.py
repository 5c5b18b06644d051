"""The reference runs: the tutorial's 50 epochs, beside a long run of the quick recipe's step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np

from ._checks import check_choice
from ._shipped import load_shipped
from .discriminator import make_discriminator_model
from .evaluation import Evaluation
from .generator import make_generator_model
from .history import History

_GENERATOR_FILES = {"tutorial": "reference_generator.npz", "quick": "quick_run.npz"}


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


def load_reference_generator(run: str = "tutorial") -> keras.Sequential:
    """Load a trained generator. No network is used.

    Args:
        run: "tutorial" for the reference run, the tutorial's recipe for its 50 epochs (Fréchet
            distance 72, precision 0.53, recall 0.47); "quick" for a run as long of the quick
            recipe's step, with batches of 64 and learning rates that fall to zero (2.2, 0.68,
            0.84).

    Returns:
        A `keras.Sequential` from noise `(n, 100)` to images `(n, 28, 28, 1)` in [-1, 1]. Its
        weights were rounded for the file (to float16; kernels of "quick" to 8 bits), which changes
        no measure by more than the choice of the seed does; it computes in float32.

    Raises:
        ValueError: `run` is neither of the two.

    Example:
        >>> load_reference_generator("quick").count_params()
        2330944
    """
    check_choice("run", run, tuple(_GENERATOR_FILES))
    arrays = load_shipped(_GENERATOR_FILES[run])
    generator = make_generator_model(seed=0, dtype="float32")
    generator.set_weights(_unpacked(arrays, "generator/" if run == "quick" else ""))
    return generator


def load_reference_discriminator() -> keras.Sequential:
    """Load the discriminator that trained the generator "quick". No network is used.

    It knows that generator's fakes from MNIST's digits, and nothing else: any other picture may
    pass. The tutorial's run did not keep its own.

    Returns:
        A `keras.Sequential` from images `(n, 28, 28, 1)` in [-1, 1] to logits `(n, 1)`, without
        dropout. Its weights were rounded to float16 for the file; it computes in float32.

    Example:
        >>> load_reference_discriminator().count_params()
        212865
    """
    discriminator = make_discriminator_model(seed=0, dropout=0.0, dtype="float32")
    discriminator.set_weights(_unpacked(load_shipped("quick_run.npz"), "discriminator/"))
    return discriminator


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


def _unpacked(arrays: Mapping[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    """The weights in order, `float32`; those in 8 bits are multiples of their filter's scale."""
    weights: list[np.ndarray] = []
    while (name := f"{prefix}{len(weights)}") in arrays:
        scale = arrays.get(f"{name}/scale", np.float32(1))
        weights.append(arrays[name].astype(np.float32) * scale)
    return weights
