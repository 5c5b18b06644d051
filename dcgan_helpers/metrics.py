"""How good the digits are: a classifier, and what is measured with it.

Every measure works on what a small classifier of digits sees in the images: the 64 features that it
computes, or the probabilities of the ten digits. Where a measure compares two sets, each may be
given as images or, to compute them only once, as the features that `classifier_features` returns.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from ._checks import (
    check_array,
    check_floats,
    check_images,
    check_instance,
    check_integer,
    check_seed,
)
from ._shipped import load_shipped
from .data import load_mnist, normalize
from .generator import IMAGE_SHAPE, layer_seeds, sample_noise
from .sampling import SAMPLE_BATCH, as_generator_function

CLASSES = 10
FEATURES = 64
NEIGHBOURS = 3  # the k of precision and recall
MISSING_SHARE = 0.1  # of an even share of the samples

_LARGEST_FEATURE = float(np.finfo(np.float32).max)  # its square is far below float64's limit
_ROUNDING = 1e-12  # relative; distances that differ by less are taken as equal
_ROWS = 500  # of a matrix of distances, computed at a time: bounds the memory


def make_classifier(*, seed: int) -> keras.Sequential:
    """Build the classifier of digits, not yet trained (`reference/train_classifier.py` does that).

    Three convolutions, each followed by batch normalisation, ReLU and pooling (28 → 14 → 7 → 3),
    a dense layer of 64 features, and one logit for each digit: 93,802 parameters.

    Args:
        seed: seed of the initial weights and of dropout.

    Returns:
        A `keras.Sequential` from images `(n, 28, 28, 1)` in [-1, 1] to logits `(n, 10)`, always in
        float32; its layer "features" gives `(n, 64)` features. They are taken before their ReLU,
        which would map the odd images of a bad generator to the zeros that real digits have, too.
    """
    seeds = layer_seeds(seed)

    def kernel() -> keras.initializers.Initializer:
        return keras.initializers.HeNormal(seed=next(seeds))

    # "float32" everywhere: a reader's global policy must not change what is measured.
    def convolution(name: str, filters: int) -> list[keras.Layer]:
        return [
            layers.Conv2D(
                filters, 3, padding="same", use_bias=False, kernel_initializer=kernel(),
                dtype="float32", name=f"{name}_convolution",
            ),
            layers.BatchNormalization(dtype="float32", name=f"{name}_normalization"),
            layers.ReLU(dtype="float32"),
            layers.MaxPooling2D(dtype="float32"),
        ]  # fmt: skip

    return keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE, dtype="float32"),
            *convolution("first", 32),
            *convolution("second", 64),
            *convolution("third", 64),
            layers.Flatten(dtype="float32"),
            layers.Dropout(0.3, seed=next(seeds), dtype="float32"),
            layers.Dense(FEATURES, kernel_initializer=kernel(), dtype="float32", name="features"),
            layers.ReLU(dtype="float32"),
            layers.Dense(CLASSES, kernel_initializer=kernel(), dtype="float32", name="logits"),
        ],
        name="classifier",
    )


def weight_names(model: keras.Model) -> list[str]:
    """A name for each of a model's weights: "features/kernel". Keras' own vary with its version."""
    return [f"{layer.name}/{weight.name}" for layer in model.layers for weight in layer.weights]


def classify(images: Any) -> np.ndarray:
    """Say which digits the images show, with a classifier right on 99.5 % of MNIST's test digits.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`.

    Returns:
        `float32` array `(n, 10)`: the probability of each digit, in [0, 1]; each row's sum is 1.

    Raises:
        TypeError: the images are neither `uint8` nor floats.
        ValueError: the images are empty, of another shape, hold NaN or leave [-1, 1]; or the
            weights' file is damaged.
        FileNotFoundError: the package was installed without its weights.

    Example:
        >>> digits = load_mnist().test_images[:4]
        >>> classify(digits).argmax(axis=1).tolist()
        [7, 2, 1, 0]
    """
    return _observe(_check_digits("images", images))[1]


def classifier_features(images: Any) -> np.ndarray:
    """Compute what the classifier sees in the images: its last layer but one, before the ReLU.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`.

    Returns:
        `float32` array `(n, 64)`.

    Raises:
        TypeError: the images are neither `uint8` nor floats.
        ValueError: as in `classify`.
        FileNotFoundError: as in `classify`.

    Example:
        >>> classifier_features(load_mnist().test_images[:4]).shape
        (4, 64)
    """
    return _observe(_check_digits("images", images))[0]


def frechet_distance(a: Any, b: Any) -> float:
    """Measure how far two sets of images are apart, as two clouds of features.

    Each cloud is taken for a Gaussian with its mean μ and its covariance Σ. The distance is

        `|μ_a - μ_b|² + tr(Σ_a + Σ_b - 2 (Σ_a^½ Σ_b Σ_a^½)^½)`.

    The trace of the last term is computed as the sum of the singular values of Σ_a^½ Σ_b^½, in
    float64, which needs no square root of a product: the result is finite and not negative, for
    fewer samples than features, too.

    Args:
        a: images, `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`; or features, floats
            `(n, d)`. At least two.
        b: the other set, likewise; the number of samples may differ.

    Returns:
        The distance, at least 0; 0 for two equal sets, the same for `(a, b)` and `(b, a)`. It
        depends on the classifier, so it can be compared only with distances measured here. It
        falls with the number of samples: compare sets of one size.

    Raises:
        TypeError: a set is neither images nor features.
        ValueError: a set has fewer than two samples, is of another shape, is not finite or leaves
            its range; or the numbers of features differ.

    Example:
        >>> round(frechet_distance([[0.0], [2.0]], [[3.0], [5.0]]), 6)
        9.0

    References:
        M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter: GANs trained by a two
        time-scale update rule converge to a local Nash equilibrium. NeurIPS 2017, arXiv:1706.08500,
        equation (6) (there on the features of an Inception network).

        D. C. Dowson, B. V. Landau: The Fréchet distance between multivariate normal distributions.
        Journal of Multivariate Analysis 12, 1982.
    """
    a, b = _check_two_sets({"a": a, "b": b}, minimum=2)
    mean_a, covariance_a = _moments(a)
    mean_b, covariance_b = _moments(b)
    root_a, root_b = _square_root(covariance_a), _square_root(covariance_b)
    # Two orders of one product, which round differently: their mean is the same for (b, a).
    overlap = (_singular_values_sum(root_a @ root_b) + _singular_values_sum(root_b @ root_a)) / 2
    spread = float(np.trace(covariance_a) + np.trace(covariance_b))
    distance = float(np.sum((mean_a - mean_b) ** 2)) + (spread - 2 * overlap)
    return distance if distance > _ROUNDING * spread else 0.0


def classifier_score(images: Any) -> float:
    """Measure how sure the classifier is of each image, and how evenly it sees all digits.

    With p(y|x) the probabilities of the digits for one image, and p(y) their mean over all images,

        `exp(mean over x of KL(p(y|x) || p(y)))`.

    It is the inception score with this classifier in place of the Inception network, over all
    samples at once.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`; or probabilities, floats
            `(n, classes)` whose rows sum to 1, as `classify` returns them.

    Returns:
        The score, from 1 (all images alike, or none of them clear) to 10, the number of classes
        (each image clear, each digit as frequent).

    Raises:
        TypeError: what was given is neither images nor probabilities.
        ValueError: it is empty, of another shape or out of its range.

    Example:
        >>> round(classifier_score([[1.0, 0.0], [0.0, 1.0]]), 6)
        2.0

    References:
        T. Salimans, I. Goodfellow, W. Zaremba, V. Cheung, A. Radford, X. Chen: Improved techniques
        for training GANs. NeurIPS 2016, arXiv:1606.03498, section 4.
    """
    array = check_array("images", images)
    if array.ndim == 2:
        probabilities = _check_probabilities("images", array)
    else:
        probabilities = _observe(_check_digits("images", array))[1]
    p = probabilities.astype(np.float64)
    p /= p.sum(axis=1, keepdims=True)
    ratios = np.divide(p, p.mean(axis=0), out=np.ones_like(p), where=p > 0)  # 0 log 0 is 0
    score = np.exp(np.mean(np.sum(p * np.log(ratios), axis=1)))
    return float(np.clip(score, 1, p.shape[1]))


class PrecisionRecall(NamedTuple):
    """Two shares, each from 0 to 1.

    Attributes:
        precision: the share of fakes that lie where real images lie: are they good?
        recall: the share of real images that lie where fakes lie: are they all there?
    """

    precision: float
    recall: float


def precision_recall(real: Any, fake: Any, *, k: int = NEIGHBOURS) -> PrecisionRecall:
    """Measure two things apart: how many fakes are good, and how much of the real set they cover.

    The region of a set Φ is the union of a ball around each of its points φ that reaches to the
    k-th nearest other point, NN_k(φ, Φ). A point φ lies in the region of Φ if

        `|φ - φ'| ≤ |φ' - NN_k(φ', Φ)|`   for at least one φ' of Φ.

    Precision is the share of the fakes in the region of the real set, recall the share of the real
    set in the region of the fakes.

    Args:
        real: images, `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`; or features, floats
            `(n, d)`. At least k + 1.
        fake: the other set, likewise. Regions shrink as sets grow: give as many as of `real`.
        k: which neighbour a ball reaches to.

    Returns:
        `PrecisionRecall(precision, recall)`, each from 0 to 1. A real image far from all others
        has a wide ball, which can hold images of no digit (grey squares, if the real images are
        few): read precision together with recall and the Fréchet distance.

    Raises:
        TypeError: a set is neither images nor features, or `k` is not an integer.
        ValueError: a set has at most k samples, is of another shape, is not finite or leaves its
            range; the numbers of features differ; or `k` is below 1.

    Example:
        >>> precision_recall([[0.0], [1.0], [2.0], [9.0]], [[0.5], [1.5], [0.7]], k=1)
        PrecisionRecall(precision=1.0, recall=0.5)

    References:
        T. Kynkäänniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila: Improved precision and recall
        metric for assessing generative models. NeurIPS 2019, arXiv:1904.06991, equations (1), (2).

        M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo: Reliable fidelity and diversity metrics for
        generative models. ICML 2020, arXiv:2002.09797 (on such wide balls).
    """
    k = check_integer("k", k, minimum=1)
    real, fake = _check_two_sets({"real": real, "fake": fake}, minimum=k + 1)
    centre = real.mean(axis=0)  # distances stay, and lose less to rounding
    real, fake = real - centre, fake - centre
    return PrecisionRecall(
        precision=_share_inside(fake, real, _squared_radii(real, k)),
        recall=_share_inside(real, fake, _squared_radii(fake, k)),
    )


def class_histogram(images: Any) -> np.ndarray:
    """Count how many of the images the classifier takes for each digit.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`.

    Returns:
        `int64` array `(10,)`: the number of images of each digit, in all n.

    Raises:
        TypeError: the images are neither `uint8` nor floats.
        ValueError: the images are empty, of another shape, hold NaN or leave [-1, 1].

    Example:
        >>> class_histogram(load_mnist().test_images[:4]).tolist()
        [1, 1, 1, 0, 0, 0, 0, 1, 0, 0]
    """
    return _count_classes(_observe(_check_digits("images", images))[1])


def missing_modes(counts: Any) -> int:
    """Count the classes that a generator has lost: those with less than a tenth of an even share.

    For the ten digits, those are the digits that fewer than 1 % of the samples show.

    Args:
        counts: the number of samples in each class, integers `(classes,)`, as `class_histogram`
            returns them. A hundred samples for each class are enough for a steady number.

    Returns:
        How many classes are missing, from 0 to one less than the number of classes.

    Raises:
        TypeError: the counts are not integers.
        ValueError: the counts are empty, all 0, negative, or not of rank 1.

    Example:
        >>> missing_modes([500, 480, 0, 3])
        2
    """
    counts = check_array("counts", counts)
    if counts.dtype.kind not in "ui":
        raise TypeError(f"counts must be integers, got dtype {counts.dtype}")
    if counts.ndim != 1:
        raise ValueError(f"counts must have shape (classes,), got {counts.shape}")
    if counts.min() < 0 or not counts.any():
        raise ValueError(f"counts must be at least 0 and not all 0, got {counts.tolist()}")
    return int(np.sum(counts < MISSING_SHARE * counts.mean()))


class NearestImages(NamedTuple):
    """For each image the training image most like it.

    Attributes:
        indices: `int64` array `(n,)`, positions among the training images.
        distances: `float64` array `(n,)`: the root of the mean squared difference of their pixels
            in [-1, 1], so from 0 (a copy) to 2 (black against white).
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest_training_images(images: Any, training_images: Any = None) -> NearestImages:
    """Find for each image the training image most like it, pixel by pixel: is it copying?

    With x and t the p pixels of an image and of a training image, in [-1, 1], it is the t with the
    least root mean square difference `√(|x - t|² / p)`; of several, the first.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)`.
        training_images: likewise, of the same size; None takes MNIST's 60,000.

    Returns:
        `NearestImages(indices, distances)`. Real digits that were not trained on are the measure:
        a generator copies if its distances are clearly smaller than theirs.

    Raises:
        TypeError: the images are neither `uint8` nor floats.
        ValueError: images are empty, not of rank 4, hold NaN or leave [-1, 1], or the two sizes
            differ.

    Example:
        >>> train_images = load_mnist().train_images
        >>> nearest_training_images(train_images[41:42]).indices.tolist()
        [41]
    """
    images = check_images("images", images)
    if training_images is not None:
        training_images = check_images("training_images", training_images)
    size = IMAGE_SHAPE if training_images is None else training_images.shape[1:]
    if images.shape[1:] != size:
        raise ValueError(
            f"images must have the size of the training_images, (n, {', '.join(map(str, size))}), "
            f"got {images.shape}"
        )
    if training_images is None:
        training_images = load_mnist().train_images
    indices = np.concatenate([_nearest(rows, training_images) for rows in _in_rows(images)])
    distances = [
        np.sqrt(np.mean((_floats(a).astype(np.float64) - _floats(b)) ** 2, axis=(1, 2, 3)))
        for a, b in zip(_in_rows(images), _in_rows(training_images[indices]), strict=True)
    ]
    return NearestImages(indices, np.concatenate(distances))


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What was measured on a set of images, against MNIST's 10,000 test digits.

    `print` it, or make it the last expression of a notebook's cell, for a table;
    `dataclasses.asdict` turns it into values for JSON.

    Attributes:
        n: number of images.
        frechet_distance: see the function of that name.
        classifier_score: likewise.
        precision: see `precision_recall`.
        recall: likewise.
        missing_modes: see the function of that name.
        class_counts: the number of images of each digit, as in `class_histogram`.
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

    def _repr_markdown_(self) -> str:
        """The measures as a table, for notebooks."""
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
        TypeError: an argument is of the wrong type.
        ValueError: `n` is below 4, `seed` is negative, or the generator's images are of another
            shape, hold NaN or leave [-1, 1].

    References:
        See `frechet_distance`, `classifier_score` and `precision_recall`.
    """
    generate, noise_dim = as_generator_function(generator)
    n = check_integer("n", n, minimum=NEIGHBOURS + 1)
    seed = check_seed("seed", seed)
    check_instance("progress", progress, bool)

    def make(noise: np.ndarray) -> np.ndarray:
        return _check_digits("the generator's images", generate(noise))

    noise = sample_noise(n, seed, noise_dim)
    make(noise[:1])  # before the work, does it make digits at all?
    return _evaluate((make(rows) for rows in _in_rows(noise, SAMPLE_BATCH)), n, progress)


def evaluate_images(images: Any, *, progress: bool = True) -> Evaluation:
    """Measure how good images of digits are, wherever they come from.

    Real digits set the mark that no generator can beat: `evaluate_images(train_images[:10_000])`.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`, at least 4.
        progress: whether to show a progress bar.

    Returns:
        An `Evaluation`, as from `evaluate`.

    Raises:
        TypeError: the images are neither `uint8` nor floats, or `progress` is not a bool.
        ValueError: the images are fewer than 4, of another shape, hold NaN or leave [-1, 1].
    """
    images = _check_digits("images", images, minimum=NEIGHBOURS + 1)
    check_instance("progress", progress, bool)
    return _evaluate(_in_rows(images, SAMPLE_BATCH), len(images), progress)


def _evaluate(batches: Iterable[np.ndarray], n: int, progress: bool) -> Evaluation:
    from tqdm.auto import tqdm

    with tqdm(total=n, unit=" images", disable=not progress) as bar:
        bar.set_description("features")
        seen = []
        for batch in batches:
            seen.append(_observe(batch))
            bar.update(len(batch))
        features, probabilities = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        bar.set_description("precision and recall")
        real = _test_features()
        precision, recall = precision_recall(real, features)
        bar.set_description("done")
    counts = _count_classes(probabilities)
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
    features = classifier_features(load_mnist().test_images)
    features.flags.writeable = False  # every caller gets this one array
    return features


@functools.lru_cache(maxsize=1)
def _classifier() -> keras.Model:
    """The trained classifier, from images to features and logits."""
    arrays = load_shipped("mnist_classifier.npz")
    classifier = make_classifier(seed=0)
    classifier.set_weights([arrays[n].astype(np.float32) for n in weight_names(classifier)])
    return keras.Model(
        classifier.inputs[0], [classifier.get_layer("features").output, classifier.outputs[0]]
    )


def _observe(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features `(n, 64)` and probabilities `(n, 10)` of images that have been checked."""
    model = _classifier()
    parts = [
        [np.asarray(output) for output in model(_floats(rows), training=False)]
        for rows in _in_rows(images, SAMPLE_BATCH)
    ]
    features, logits = (np.concatenate(part) for part in zip(*parts, strict=True))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return features, exponentials / exponentials.sum(axis=1, keepdims=True)


def _floats(images: np.ndarray) -> np.ndarray:
    """Checked images as `float32` in [-1, 1]."""
    return normalize(images) if images.dtype == np.uint8 else images


def _in_rows(array: np.ndarray, rows: int = _ROWS) -> Iterator[np.ndarray]:
    """The array in pieces of so many rows."""
    return (array[i : i + rows] for i in range(0, len(array), rows))


def _count_classes(probabilities: np.ndarray) -> np.ndarray:
    return np.bincount(probabilities.argmax(axis=1), minlength=CLASSES)


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean `(d,)` and unbiased covariance `(d, d)`."""
    mean = features.mean(axis=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


def _square_root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    # Fewer samples than features leave eigenvalues of 0, which rounding can push below it.
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _singular_values_sum(matrix: np.ndarray) -> float:
    return float(np.linalg.svd(matrix, compute_uv=False).sum())


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of each row of `a` to each of `b`, by |a - b|² = |a|² + |b|² - 2 a·b; in place, for speed."""
    distances = a @ (-2 * b.T)
    distances += np.sum(a**2, axis=1)[:, np.newaxis]
    distances += np.sum(b**2, axis=1)
    return distances


def _squared_radii(points: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each point to its k-th nearest other point."""
    # The nearest of all is the point itself, at position 0.
    radii = [
        np.partition(_squared_distances(rows, points), k, axis=1)[:, k] for rows in _in_rows(points)
    ]
    return np.concatenate(radii) + _ROUNDING * np.max(np.sum(points**2, axis=1))


def _share_inside(points: np.ndarray, centres: np.ndarray, squared_radii: np.ndarray) -> float:
    inside = [
        (_squared_distances(rows, centres) <= squared_radii).any(axis=1)
        for rows in _in_rows(points)
    ]
    return float(np.concatenate(inside).mean())


def _nearest(images: np.ndarray, training_images: np.ndarray) -> np.ndarray:
    """Index of the training image nearest to each image."""
    # As pixels in float64, products and sums of uint8 are exact: a copy is found for certain.
    pixels = _flat_pixels(images)
    best, indices = np.full(len(images), np.inf), np.zeros(len(images), np.int64)
    for part, rows in enumerate(_in_rows(training_images, 10 * _ROWS)):
        distances = _squared_distances(pixels, _flat_pixels(rows))
        nearest = distances.argmin(axis=1)
        least = distances[np.arange(len(images)), nearest]
        closer = least < best
        best[closer] = least[closer]
        indices[closer] = nearest[closer] + part * 10 * _ROWS
    return indices


def _flat_pixels(images: np.ndarray) -> np.ndarray:
    """Images as `float64` rows in [0, 255], whole numbers where they were `uint8`."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    return flat if images.dtype == np.uint8 else flat * 127.5 + 127.5


def _check_digits(name: str, value: Any, minimum: int = 1) -> np.ndarray:
    """Return `value` as images that the classifier takes, or raise."""
    images = check_images(name, value)
    if images.shape[1:] != IMAGE_SHAPE:
        raise ValueError(
            f"{name} must have shape (n, {', '.join(map(str, IMAGE_SHAPE))}), got {images.shape}"
        )
    if len(images) < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {len(images)}")
    return images


def _check_features(name: str, features: np.ndarray, minimum: int) -> np.ndarray:
    if features.dtype.kind != "f":
        raise TypeError(f"{name} must be floats, if features, got dtype {features.dtype}")
    features = check_floats(name, features)
    if np.abs(features).max() > _LARGEST_FEATURE:
        raise ValueError(f"{name} must be in float32's range, got {np.abs(features).max():g}")
    if len(features) < minimum:
        raise ValueError(f"{name} must be at least {minimum} samples, got {len(features)}")
    return features


def _check_probabilities(name: str, probabilities: np.ndarray) -> np.ndarray:
    if probabilities.dtype.kind != "f":
        raise TypeError(f"{name} must be floats, if probabilities, got dtype {probabilities.dtype}")
    probabilities = check_floats(name, probabilities)
    low, high = probabilities.min(), probabilities.max()
    if low < 0 or high > 1:
        raise ValueError(f"{name} must be probabilities in [0, 1], got {low:g} to {high:g}")
    sums = probabilities.sum(axis=1, dtype=np.float64)
    if np.abs(sums - 1).max() > 1e-2:
        raise ValueError(
            f"{name} must be probabilities whose rows sum to 1, "
            f"got sums from {sums.min():g} to {sums.max():g}"
        )
    return probabilities


def _check_two_sets(sets: dict[str, Any], minimum: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets, each images or features, as `float64` features of one length, or raise."""
    checked = []
    for name, value in sets.items():
        array = check_array(name, value)
        if array.ndim == 2:
            checked.append(_check_features(name, array, minimum))
        elif array.ndim == 4:
            checked.append(_check_digits(name, array, minimum))
        else:
            raise ValueError(
                f"{name} must be images (n, 28, 28, 1) or features (n, d), got shape {array.shape}"
            )
    lengths = [FEATURES if array.ndim == 4 else array.shape[1] for array in checked]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"{' and '.join(sets)} must have features of one length, "
            f"got {lengths[0]} and {lengths[1]}"
        )
    a, b = (array if array.ndim == 2 else _observe(array)[0] for array in checked)
    return a.astype(np.float64), b.astype(np.float64)
