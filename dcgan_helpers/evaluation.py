"""The evaluation of a generator: all measures in one call."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._checks import check_images, check_integer
from ._rows import batches
from .classifier import classifier_features, count_classes, features_and_probabilities
from .data import load_mnist
from .generator import IMAGE_SHAPE, sample_noise
from .metrics import NEIGHBOURS, classifier_score, frechet_distance, missing_modes, precision_recall
from .sampling import SAMPLE_BATCH, as_generator_function


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What was measured on a set of images, against MNIST's 10,000 test digits.

    `print` it, or make it the last expression of a notebook's cell, for a table;
    `dataclasses.asdict` turns it into values for JSON.

    Attributes:
        n: number of images.
        frechet_distance: as from `frechet_distance`.
        classifier_score: as from `classifier_score`.
        precision: as from `precision_recall`.
        recall: as from `precision_recall`.
        missing_modes: as from `missing_modes`.
        class_counts: the number of images of each digit, as from `class_histogram`.
    """

    n: int
    frechet_distance: float
    classifier_score: float
    precision: float
    recall: float
    missing_modes: int
    class_counts: tuple[int, ...]

    def _rows(self) -> list[tuple[str, str, str]]:
        """Name, value and range of each measure."""
        return [
            ("Fréchet distance", f"{self.frechet_distance:.2f}", "0 is best"),
            ("classifier score", f"{self.classifier_score:.2f}", "1 to 10"),
            ("precision", f"{self.precision:.3f}", "0 to 1"),
            ("recall", f"{self.recall:.3f}", "0 to 1"),
            ("missing modes", f"{self.missing_modes}", f"of {len(self.class_counts)} digits"),
        ]

    def _counts(self) -> str:
        return ", ".join(f"{digit}: {count:,}" for digit, count in enumerate(self.class_counts))

    def __str__(self) -> str:
        """The measures as a table of plain text."""
        lines = [f"{name:<18}{value:>8}   {limits}" for name, value, limits in self._rows()]
        return "\n".join([f"{self.n:,} images", *lines, f"images of each digit: {self._counts()}"])

    def _repr_html_(self) -> str:
        """The measures as a table, for notebooks that show no Markdown."""
        start, right = '<td style="text-align:left">', '<td style="text-align:right">'
        lines = "".join(
            f"<tr>{start}{name}</td>{right}{value}</td>{start}{limits}</td></tr>"
            for name, value, limits in self._rows()
        )
        head = f'<tr><th colspan="3" style="text-align:left">{self.n:,} images</th></tr>'
        return f"<table>{head}{lines}</table><p>Images of each digit: {self._counts()}.</p>"

    def _repr_markdown_(self) -> str:
        """The measures as a table, for the book's pages."""
        lines = [f"| {name} | {value} | {limits} |" for name, value, limits in self._rows()]
        head = [f"| {self.n:,} images | | |", "| :-- | --: | :-- |"]
        return "\n".join([*head, *lines]) + f"\n\nImages of each digit: {self._counts()}."


def evaluate(
    generator: Any, *, n: int = 10_000, seed: int = 0, progress: bool = True
) -> Evaluation:
    """Measure how good a generator of digits is, on `n` of its images.

    The images are made from `sample_noise(n, seed)`, so one seed gives the same numbers every time.
    They are compared with MNIST's 10,000 test digits, which no generator was trained on.

    Args:
        generator: a `DCGAN`, or a Keras model from noise `(n, noise_dim)` to images
            `(n, 28, 28, 1)` in [-1, 1].
        n: how many images, at least 4. Fewer are faster, but the Fréchet distance rises and the
            recall changes with them: compare numbers of one `n`, and report those of 10,000.
        seed: which images.
        progress: whether to show a progress bar.

    Returns:
        An `Evaluation`.

    Raises:
        ValueError: the generator's images are of another shape, hold NaN or leave [-1, 1].

    References:
        See `frechet_distance`, `classifier_score` and `precision_recall`.
    """
    generate, noise_dim = as_generator_function(generator)
    n = check_integer("n", n, minimum=NEIGHBOURS + 1)
    noise = sample_noise(n, seed, noise_dim)

    def make(noise: np.ndarray) -> np.ndarray:
        return check_images("the generator's images", generate(noise), shape=IMAGE_SHAPE)

    make(noise[:1])  # before the work, does it make digits at all?
    return _evaluate(map(make, batches(noise, SAMPLE_BATCH)), n, progress)


def evaluate_images(images: ArrayLike, *, progress: bool = True) -> Evaluation:
    """Measure how good images of digits are, wherever they come from.

    Real digits set the mark that no generator can beat: `evaluate_images(train_images[:10_000])`.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`, at least 4.
        progress: whether to show a progress bar.

    Returns:
        An `Evaluation`, as from `evaluate`.
    """
    images = check_images("images", images, shape=IMAGE_SHAPE, minimum=NEIGHBOURS + 1)
    return _evaluate(batches(images, SAMPLE_BATCH), len(images), progress)


def _evaluate(parts: Iterable[np.ndarray], n: int, progress: bool) -> Evaluation:
    from tqdm.auto import tqdm

    seen = []
    with tqdm(total=n, desc="features", unit=" images", disable=not progress) as bar:
        for images in parts:
            seen.append(features_and_probabilities(images))
            bar.update(len(images))
    features, probabilities = (np.concatenate(part) for part in zip(*seen, strict=True))
    real, counts = _test_features(), count_classes(probabilities)
    precision, recall = precision_recall(real, features)
    return Evaluation(
        n=n,
        frechet_distance=frechet_distance(real, features),
        classifier_score=classifier_score(probabilities),
        precision=precision,
        recall=recall,
        missing_modes=missing_modes(counts),
        class_counts=tuple(counts.tolist()),
    )


@functools.lru_cache(maxsize=1)
def _test_features() -> np.ndarray:
    return classifier_features(load_mnist().test_images)
