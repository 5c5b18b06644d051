import tracemalloc

import numpy as np
import prdc
import pytest
import scipy.linalg
import scipy.stats

import dcgan_helpers as dcgan


@pytest.fixture(scope="module")
def test_digits(mnist):
    """A thousand test digits, a hundred of each."""
    chosen = [np.flatnonzero(mnist.test_labels == digit)[:100] for digit in range(10)]
    return mnist.test_images[np.concatenate(chosen)]


@pytest.fixture(scope="module")
def test_features(test_digits):
    return dcgan.classifier_features(test_digits)


@pytest.fixture(scope="module")
def training_features(mnist):
    return dcgan.classifier_features(mnist.train_images[:1000])


def random_gaussian(rng, d):
    """A mean and a covariance."""
    root = rng.standard_normal((d, d))
    return rng.standard_normal(d), root @ root.T / d


def samples_of(rng, mean, covariance, n=400):
    """Samples that have exactly this mean and this covariance, not only on average."""
    noise = rng.standard_normal((n, len(mean)))
    noise -= noise.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(np.atleast_2d(np.cov(noise.T))), noise.T).T
    return mean + white @ np.linalg.cholesky(covariance).T


# the Fréchet distance


def test_frechet_distance_of_a_shift_is_its_squared_length():
    x = np.random.default_rng(0).standard_normal((50, 3))
    assert dcgan.frechet_distance(x, x + np.array([3, 0, 4])) == pytest.approx(25, rel=1e-12)


def test_frechet_distance_of_independent_coordinates():
    rng = np.random.default_rng(1)
    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 0.5])  # standard deviations
    x = samples_of(rng, np.zeros(3), np.diag(a**2))
    y = samples_of(rng, np.ones(3), np.diag(b**2))
    assert dcgan.frechet_distance(x, y) == pytest.approx(3 + np.sum((a - b) ** 2), rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 5, 64])
def test_frechet_distance_agrees_with_a_matrix_square_root(d):
    rng = np.random.default_rng(d)
    (mean_a, a), (mean_b, b) = random_gaussian(rng, d), random_gaussian(rng, d)
    root = scipy.linalg.sqrtm(a @ b)
    expected = np.sum((mean_a - mean_b) ** 2) + np.trace(a + b - 2 * root.real)
    x, y = samples_of(rng, mean_a, a), samples_of(rng, mean_b, b)
    assert dcgan.frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_of_a_set_to_itself_is_zero(test_features):
    assert dcgan.frechet_distance(test_features, test_features) == 0
    assert dcgan.frechet_distance(test_features, test_features[::-1]) < 1e-9


def test_frechet_distance_is_symmetric_to_the_bit(test_features):
    rng = np.random.default_rng(2)
    pairs = [(test_features[:300], test_features[300:])]
    pairs += [(rng.random((30, d)), 3 * rng.standard_normal((9, d))) for d in (1, 4, 20)]
    for a, b in pairs:
        assert dcgan.frechet_distance(a, b) == dcgan.frechet_distance(b, a) > 0


@pytest.mark.parametrize("n", [2, 3, 40])
def test_frechet_distance_with_fewer_samples_than_features(n, test_features):
    rng = np.random.default_rng(n)
    a, b = test_features[:n], test_features[500 : 500 + n]
    distance = dcgan.frechet_distance(a, b)
    # |√A √B|₁ is |X Yᵀ|₁ for the centred samples X, Y: another way, without covariances.
    x, y = ((s - s.mean(axis=0)).astype(np.float64) / np.sqrt(n - 1) for s in (a, b))
    expected = np.sum((a.mean(axis=0, dtype=float) - b.mean(axis=0, dtype=float)) ** 2)
    expected += np.sum(x**2) + np.sum(y**2) - 2 * np.linalg.svd(x @ y.T, compute_uv=False).sum()
    assert distance == pytest.approx(expected, rel=1e-6)
    close = a + 1e-7 * rng.standard_normal(a.shape)
    assert 0 <= dcgan.frechet_distance(a, close) < 1e-6


def test_frechet_distance_of_constant_sets():
    zeros, ones = np.zeros((5, 4)), np.ones((3, 4))
    assert dcgan.frechet_distance(zeros, ones) == 4
    assert dcgan.frechet_distance(ones, ones) == 0


# the classifier score


def test_score_of_constant_images_is_one():
    alike = dcgan.classify(np.zeros((30, 28, 28, 1), np.uint8))
    assert dcgan.classifier_score(alike) == pytest.approx(1)
    assert dcgan.classifier_score(np.full((3, 10), 0.1)) == 1


def test_score_of_clear_and_even_probabilities_is_the_number_of_classes():
    assert dcgan.classifier_score(np.eye(10).repeat(3, axis=0)) == pytest.approx(10, rel=1e-12)
    assert dcgan.classifier_score(np.eye(10)[[0, 0, 3, 3]]) == pytest.approx(2, rel=1e-12)


def test_score_agrees_with_scipy():
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.full(10, 0.2), 200)
    entropies = scipy.stats.entropy(p, p.mean(axis=0, keepdims=True), axis=1)
    rounded = p * rng.uniform(0.995, 1.005, (200, 1))  # whose rows sum to about 1
    for given in (p, rounded):
        assert dcgan.classifier_score(given) == pytest.approx(np.exp(entropies.mean()), rel=1e-12)


def test_score_of_real_digits_is_near_ten(test_digits):
    assert 9.5 < dcgan.classifier_score(dcgan.classify(test_digits)) <= 10


# precision and recall


def test_precision_and_recall_of_a_set_and_itself_are_one(test_features):
    assert dcgan.precision_recall(test_features, test_features) == (1, 1)


def test_precision_and_recall_of_sets_far_apart_are_zero(test_features):
    assert dcgan.precision_recall(test_features, test_features + 1000) == (0, 0)


def test_precision_and_recall_of_points_on_a_line():
    real = np.array([[0.0], [1.0], [2.0], [10.0]])
    fake = np.array([[1.5], [30.0], [31.0]])
    # Balls of the real points, k=1: [-1, 1], [0, 2], [1, 3], [2, 18]; of the fakes: [-27, 30], ...
    assert dcgan.precision_recall(real, fake, k=1) == (1 / 3, 1)
    # k=2: the last real ball grows to [1, 19]; the first fake one is [-11, 48].
    assert dcgan.precision_recall(real, fake + 17, k=2) == (1 / 3, 1)


def test_copies_of_one_digit_are_precise_but_cover_little(test_features):
    precision, recall = dcgan.precision_recall(test_features, test_features[:1].repeat(20, axis=0))
    assert precision == 1
    assert recall == 1 / len(test_features)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_agree_with_prdc(k, test_features, training_features):
    """On sets that are computed in two pieces, the second of which is not full."""
    rng = np.random.default_rng(k)
    real, fake = test_features[:700], 1.1 * training_features[:900]
    fake = fake + 0.3 * rng.standard_normal(fake.shape).astype(np.float32)
    expected = prdc.compute_prdc(real.astype(float), fake.astype(float), nearest_k=k)
    precision, recall = dcgan.precision_recall(real, fake, k=k)
    assert (precision, recall) == (expected["precision"], expected["recall"])
    assert 0 < precision < 1
    assert 0 < recall < 1


def test_a_point_on_the_border_of_a_ball_is_inside_however_it_is_rounded():
    assert dcgan.precision_recall(np.ones((5, 2)), np.ones((5, 2))) == (1, 1)
    rng = np.random.default_rng(0)
    for start, step in rng.standard_normal((10, 2, 3)):
        line = start + np.arange(8)[:, np.newaxis] * step
        assert dcgan.precision_recall(line[:4], line[4:], k=1) == (1 / 4, 1 / 4)


def test_precision_and_recall_far_from_the_origin():
    real, fake = np.random.default_rng(0).integers(-40, 40, (2, 50, 3)) / 8
    near = dcgan.precision_recall(real, fake)
    assert 0 < near.precision < 1
    assert dcgan.precision_recall(real + 2.0**26, fake + 2.0**26) == near


def test_precision_and_recall_never_hold_all_distances():
    points = np.random.default_rng(0).standard_normal((4_000, 2))
    tracemalloc.start()
    dcgan.precision_recall(points, points)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000 * 4_000 * 8 / 2


def test_a_dropped_digit_lowers_recall_alone(test_features, training_features, mnist):
    full = dcgan.precision_recall(test_features, training_features)
    kept = training_features[mnist.train_labels[:1000] != 4]
    without_four = dcgan.precision_recall(test_features, kept)
    assert without_four.recall < full.recall - 0.05
    assert without_four.precision > full.precision - 0.02


# missing modes


def test_missing_modes_of_digits(mnist):
    images, labels = mnist.test_images[:1500], mnist.test_labels[:1500]
    assert dcgan.missing_modes(dcgan.class_histogram(images)) == 0
    assert dcgan.missing_modes(dcgan.class_histogram(images[labels != 7])) == 1


def test_missing_modes_at_the_border():
    assert dcgan.missing_modes([10, *[110] * 9]) == 0  # 1 % of 1000
    assert dcgan.missing_modes([9, *[110] * 8, 111]) == 1
    assert dcgan.missing_modes([0, 5, 0]) == 2
    assert dcgan.missing_modes([7]) == 0
