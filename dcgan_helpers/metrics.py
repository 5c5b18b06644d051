"""Measures of sets of images, computed from their features or probabilities by NumPy alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ._checks import check_array, check_floats, check_integer, check_shape
from ._rows import batches, squared_distances

NEIGHBOURS = 3  # the k of precision and recall
MISSING_FRACTION = 0.1  # of the mean number of samples in a class

_LARGEST_FEATURE = float(np.finfo(np.float32).max)  # its square is far below float64's limit
_ROUNDING = 1e-12  # relative; distances that differ by less are taken as equal
_ROWS = 500  # of a matrix of distances, computed at a time: bounds the memory


def frechet_distance(a: ArrayLike, b: ArrayLike) -> float:
    """Measure how far two sets of images are apart, as two clouds of features.

    Each cloud is treated as a Gaussian with its mean μ and its covariance Σ. The distance is

        `|μ_a - μ_b|² + tr(Σ_a + Σ_b - 2 (Σ_a^½ Σ_b Σ_a^½)^½)`.

    The trace of the last term is computed as the sum of the singular values of Σ_a^½ Σ_b^½, in
    float64, which needs no square root of a product: the result is finite and not negative, for
    fewer samples than features, too.

    Args:
        a: features of at least two images, floats `(n, d)`, as `classifier_features` returns them.
        b: features of the other set, floats `(m, d)`.

    Returns:
        The distance, at least 0; 0 for two equal sets, the same for `(a, b)` and `(b, a)`. It
        depends on what computed the features: compare distances of one classifier. It falls with
        the number of samples: compare sets of one size.

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
    a = _check_features("a", a, minimum=2)
    b = _check_features("b", b, minimum=2, length=a.shape[1])
    mean_a, covariance_a = _moments(a)
    mean_b, covariance_b = _moments(b)
    root_a, root_b = _square_root(covariance_a), _square_root(covariance_b)
    # Two orders of one product, which round differently: their mean is the same for (b, a).
    overlap = (_singular_values_sum(root_a @ root_b) + _singular_values_sum(root_b @ root_a)) / 2
    spread = float(np.trace(covariance_a) + np.trace(covariance_b))
    distance = float(np.sum((mean_a - mean_b) ** 2)) + (spread - 2 * overlap)
    return distance if distance > _ROUNDING * spread else 0.0


def classifier_score(probabilities: ArrayLike) -> float:
    """Measure how sure the classifier is of each image, and how evenly it sees all digits.

    With p(y|x) the probabilities of the digits for one image, and p(y) their mean over all images,

        `exp(mean over x of KL(p(y|x) || p(y)))`.

    It is the inception score with this classifier in place of the Inception network, over all
    samples at once.

    Args:
        probabilities: floats `(n, classes)` whose rows sum to 1, as `classify` returns them.

    Returns:
        The score, from 1 (all images alike, or none of them clear) to the number of classes, here
        10 (each image clear, each digit as frequent).

    Example:
        >>> round(classifier_score([[1.0, 0.0], [0.0, 1.0]]), 6)
        2.0

    References:
        T. Salimans, I. Goodfellow, W. Zaremba, V. Cheung, A. Radford, X. Chen: Improved techniques
        for training GANs. NeurIPS 2016, arXiv:1606.03498, section 4.
    """
    p = _check_rows("probabilities", probabilities, "classes", source="classify")
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"probabilities must be in [0, 1], got {p.min():g} to {p.max():g}")
    sums = p.sum(axis=1, keepdims=True)
    if np.abs(sums - 1).max() > 1e-2:
        raise ValueError(
            "probabilities must have rows that sum to 1, "
            f"got sums from {sums.min():g} to {sums.max():g}"
        )
    p /= sums
    ratios = np.divide(p, p.mean(axis=0), out=np.ones_like(p), where=p > 0)  # 0 log 0 is 0
    score = np.exp(np.mean(np.sum(p * np.log(ratios), axis=1)))
    return float(np.clip(score, 1, p.shape[1]))


class PrecisionRecall(NamedTuple):
    """Two fractions, each from 0 to 1.

    Attributes:
        precision: the fraction of fakes that lie where real images lie: are they good?
        recall: the fraction of real images that lie where fakes lie: are they all there?
    """

    precision: float
    recall: float


def precision_recall(real: ArrayLike, fake: ArrayLike, *, k: int = NEIGHBOURS) -> PrecisionRecall:
    """Measure two things apart: how many fakes are good, and how much of the real set they cover.

    The region of a set Φ is the union of a ball around each of its points φ that reaches to the
    k-th nearest other point, NN_k(φ, Φ). A point φ lies in the region of Φ if

        `|φ - φ'| ≤ |φ' - NN_k(φ', Φ)|`   for at least one φ' of Φ.

    Precision is the fraction of the fakes in the region of the real set, recall the fraction of the
    real set in the region of the fakes.

    Args:
        real: features of at least k + 1 images, floats `(n, d)`, as `classifier_features` returns
            them.
        fake: features of the fakes, floats `(m, d)`, at least k + 1. Regions shrink as sets grow:
            give as many as of `real`.
        k: which neighbour a ball reaches to.

    Returns:
        `PrecisionRecall(precision, recall)`, each from 0 to 1. A real image far from all others
        has a wide ball, which can hold images of no digit (grey squares, if the real images are
        few): read precision together with recall and the Fréchet distance.

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
    reals = _check_features("real", real, minimum=k + 1)
    fakes = _check_features("fake", fake, minimum=k + 1, length=reals.shape[1])
    centre = reals.mean(axis=0)  # distances stay, and lose less to rounding
    reals, fakes = reals - centre, fakes - centre
    return PrecisionRecall(
        precision=_fraction_inside(fakes, reals, _squared_radii(reals, k)),
        recall=_fraction_inside(reals, fakes, _squared_radii(fakes, k)),
    )


def missing_modes(counts: ArrayLike) -> int:
    """Count the classes that a generator has lost: those with less than a tenth of the mean count.

    For the ten digits, those are the digits that fewer than 1 % of the samples show.

    Args:
        counts: the number of samples in each class, integers `(classes,)`, as `class_histogram`
            returns them. A hundred samples for each class are enough for a steady number.

    Returns:
        How many classes are missing, from 0 to one less than the number of classes.

    Example:
        >>> missing_modes([500, 480, 0, 3])
        2
    """
    counts = check_array("counts", counts)
    if counts.dtype.kind not in "ui":
        raise TypeError(f"counts must be integers, got dtype {counts.dtype}")
    check_shape("counts", counts, ("classes",))
    if counts.min() < 0 or not counts.any():
        raise ValueError(f"counts must be at least 0 and not all 0, got {counts.tolist()}")
    return int(np.sum(counts < MISSING_FRACTION * counts.mean()))


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


def _squared_radii(points: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each point to its k-th nearest other point."""
    # The nearest of all is the point itself, at position 0. Copied: a view would keep the matrix.
    radii = [
        np.partition(squared_distances(rows, points), k, axis=1)[:, k].copy()
        for rows in batches(points, _ROWS)
    ]
    return np.concatenate(radii) + _ROUNDING * np.max(np.sum(points**2, axis=1))


def _fraction_inside(points: np.ndarray, centres: np.ndarray, squared_radii: np.ndarray) -> float:
    inside = [
        (squared_distances(rows, centres) <= squared_radii).any(axis=1)
        for rows in batches(points, _ROWS)
    ]
    return float(np.concatenate(inside).mean())


def _check_features(
    name: str, value: ArrayLike, *, minimum: int, length: int | str = "d"
) -> np.ndarray:
    """Return `value` as `float64` features `(n, length)`, or raise."""
    features = _check_rows(name, value, length, source="classifier_features")
    if len(features) < minimum:
        raise ValueError(f"{name} must be at least {minimum} samples, got {len(features)}")
    if np.abs(features).max() > _LARGEST_FEATURE:
        raise ValueError(f"{name} must be in float32's range, got {np.abs(features).max():g}")
    return features


def _check_rows(name: str, value: ArrayLike, length: int | str, *, source: str) -> np.ndarray:
    """Return `value` as `float64` rows `(n, length)`, or raise; `source` makes them of images."""
    if check_array(name, value).ndim == 4:
        raise ValueError(f"{name} must have shape (n, {length}), got images: give {source}(images)")
    rows = check_floats(name, value)
    check_shape(name, rows, ("n", length))
    return rows.astype(np.float64)
