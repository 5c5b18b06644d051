import shutil
import time

import keras
import numpy as np
import prdc
import pytest
import scipy.linalg
import scipy.stats
from conftest import flip_a_bit, seed_global_random_state

import dcgan_helpers as dcgan
from dcgan_helpers import metrics


@pytest.fixture(scope="module")
def test_digits(mnist):
    """A thousand test digits, a hundred of each."""
    chosen = [np.flatnonzero(mnist.test_labels == digit)[:100] for digit in range(10)]
    return mnist.test_images[np.concatenate(chosen)]


@pytest.fixture(scope="module")
def test_features(test_digits):
    return dcgan.classifier_features(test_digits)


@pytest.fixture
def few_test_digits(test_features, monkeypatch):
    """Evaluate against the thousand, not ten thousand: the same code, in less time."""
    monkeypatch.setattr(metrics, "_test_features", lambda: test_features)


@pytest.fixture
def new_classifier():
    metrics._classifier.cache_clear()
    yield
    metrics._classifier.cache_clear()


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


# the classifier


def test_classifier_knows_the_test_digits(mnist):
    probabilities = dcgan.classify(mnist.test_images)
    assert probabilities.shape == (10_000, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert np.mean(probabilities.argmax(axis=1) == mnist.test_labels) >= 0.992


def test_features_of_pixels_and_of_floats_are_the_same_bits(test_digits):
    features = dcgan.classifier_features(test_digits[:20])
    assert features.shape == (20, metrics.FEATURES)
    assert features.dtype == np.float32
    assert (features.std(axis=0) > 0).all()
    floats = dcgan.normalize(test_digits[:20])
    np.testing.assert_array_equal(features, dcgan.classifier_features(floats))


def test_an_image_is_judged_alone(test_digits):
    together = dcgan.classify(test_digits[:7])
    alone = np.concatenate([dcgan.classify(test_digits[i : i + 1]) for i in range(7)])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.usefixtures("new_classifier")
def test_a_global_dtype_policy_changes_nothing(test_digits):
    before = dcgan.classifier_features(test_digits[:9])
    metrics._classifier.cache_clear()
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        after = dcgan.classifier_features(test_digits[:9])
    finally:
        keras.config.set_dtype_policy(policy)
    np.testing.assert_array_equal(before, after)


@pytest.mark.usefixtures("new_classifier")
def test_loading_draws_nothing_from_global_random_states(test_digits):
    def draw(between):
        seed_global_random_state(5)
        between()
        return np.random.rand(), float(keras.random.normal(()))

    assert draw(lambda: dcgan.classify(test_digits[:1])) == draw(lambda: None)


def test_weights_file_is_small():
    assert metrics._CLASSIFIER_FILE.stat().st_size < 500_000


@pytest.mark.usefixtures("new_classifier")
def test_damaged_weights_are_refused(tmp_path, monkeypatch, test_digits):
    damaged = shutil.copy(metrics._CLASSIFIER_FILE, tmp_path / "mnist_classifier.npz")
    flip_a_bit(damaged)
    monkeypatch.setattr(metrics, "_CLASSIFIER_FILE", damaged)
    with pytest.raises(ValueError, match=r"mnist_classifier\.npz is damaged: its SHA-256"):
        dcgan.classify(test_digits[:1])


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


def test_frechet_distance_of_a_set_to_itself_is_zero(test_digits, test_features):
    assert dcgan.frechet_distance(test_features, test_features) == 0
    assert dcgan.frechet_distance(test_features, test_features[::-1]) < 1e-9
    assert dcgan.frechet_distance(test_digits[:50], test_digits[:50]) == 0


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


def test_frechet_distance_of_images_is_that_of_their_features(test_digits, test_features):
    a, b = test_digits[::2], test_digits[1::2]
    distance = dcgan.frechet_distance(a, dcgan.normalize(b))
    mixed = dcgan.frechet_distance(test_features[::2], b)
    assert distance == pytest.approx(mixed, rel=1e-5)
    assert 0 < distance < dcgan.frechet_distance(a, 255 - b)


# the classifier score


def test_score_of_constant_images_is_one():
    assert dcgan.classifier_score(np.zeros((30, 28, 28, 1), np.uint8)) == pytest.approx(1)
    assert dcgan.classifier_score(np.full((3, 10), 0.1)) == 1


def test_score_of_clear_and_even_probabilities_is_the_number_of_classes():
    assert dcgan.classifier_score(np.eye(10).repeat(3, axis=0)) == pytest.approx(10, rel=1e-12)
    assert dcgan.classifier_score(np.eye(10)[[0, 0, 3, 3]]) == pytest.approx(2, rel=1e-12)


def test_score_agrees_with_scipy():
    p = np.random.default_rng(3).dirichlet(np.full(10, 0.2), 200)
    entropies = scipy.stats.entropy(p, p.mean(axis=0, keepdims=True), axis=1)
    assert dcgan.classifier_score(p) == pytest.approx(np.exp(entropies.mean()), rel=1e-12)


def test_score_of_real_digits_is_near_ten(test_digits):
    score = dcgan.classifier_score(test_digits)
    assert 9.5 < score <= 10
    assert score == dcgan.classifier_score(dcgan.classify(test_digits))


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
def test_precision_and_recall_agree_with_prdc(k, test_features):
    rng = np.random.default_rng(k)
    real, fake = test_features[::2], 1.1 * test_features[1:900:2]
    fake = fake + 0.3 * rng.standard_normal(fake.shape).astype(np.float32)
    expected = prdc.compute_prdc(real.astype(float), fake.astype(float), nearest_k=k)
    precision, recall = dcgan.precision_recall(real, fake, k=k)
    assert (precision, recall) == (expected["precision"], expected["recall"])
    assert 0 < precision < 1
    assert 0 < recall < 1


def test_precision_and_recall_do_not_depend_on_the_pieces(test_features, monkeypatch):
    real, fake = test_features[:300], test_features[200:500]
    whole = dcgan.precision_recall(real, fake)
    monkeypatch.setattr(metrics, "_ROWS", 7)
    assert dcgan.precision_recall(real, fake) == whole


def test_a_dropped_digit_lowers_recall_alone(test_features, mnist):
    training = dcgan.classifier_features(mnist.train_images[:1000])
    labels = mnist.train_labels[:1000]
    full = dcgan.precision_recall(test_features, training)
    without_four = dcgan.precision_recall(test_features, training[labels != 4])
    assert without_four.recall < full.recall - 0.05
    assert without_four.precision > full.precision - 0.02


# digits


def test_histogram_and_missing_modes(mnist):
    images, labels = mnist.test_images[:1500], mnist.test_labels[:1500]
    counts = dcgan.class_histogram(images)
    assert counts.dtype == np.int64
    assert counts.sum() == 1500
    assert np.abs(counts - np.bincount(labels)).max() <= 10
    assert dcgan.missing_modes(counts) == 0
    assert dcgan.missing_modes(dcgan.class_histogram(images[labels != 7])) == 1


def test_missing_modes_at_the_border():
    assert dcgan.missing_modes([10, *[110] * 9]) == 0  # 1 % of 1000
    assert dcgan.missing_modes([9, *[110] * 8, 111]) == 1
    assert dcgan.missing_modes([0, 5, 0]) == 2
    assert dcgan.missing_modes([7]) == 0


# copies


@pytest.mark.parametrize("as_given", [lambda images: images, dcgan.normalize])
def test_training_images_passed_off_as_samples(as_given, mnist):
    indices = [59_999, 0, 31_415, 4_999, 5_000]
    nearest = dcgan.nearest_training_images(as_given(mnist.train_images[indices]))
    assert nearest.indices.tolist() == indices
    assert nearest.distances.tolist() == [0] * 5


def test_nearest_agrees_with_all_distances(mnist, monkeypatch):
    monkeypatch.setattr(metrics, "_ROWS", 8)
    images, training = mnist.test_images[:30], dcgan.normalize(mnist.train_images[:500])
    nearest = dcgan.nearest_training_images(images, training)
    difference = dcgan.normalize(images)[:, np.newaxis].astype(float) - training
    distances = np.sqrt(np.mean(difference**2, axis=(2, 3, 4)))
    np.testing.assert_array_equal(nearest.indices, distances.argmin(axis=1))
    np.testing.assert_allclose(nearest.distances, distances.min(axis=1), rtol=1e-6)
    assert nearest.distances.min() > 0.1


def test_nearest_of_several_is_the_first_and_distance_ends_at_two(monkeypatch):
    monkeypatch.setattr(metrics, "_ROWS", 1)  # training images in pieces of 10
    black, white = np.zeros((1, 4, 4, 3), np.uint8), np.full((1, 4, 4, 3), 255, np.uint8)
    nearest = dcgan.nearest_training_images(black, white.repeat(25, axis=0))
    assert nearest.indices.tolist() == [0]
    assert nearest.distances.tolist() == [2]


# the whole


@pytest.mark.usefixtures("few_test_digits")
def test_evaluate_gives_the_same_numbers_for_the_same_seed():
    gan = dcgan.DCGAN(seed=0)
    first = dcgan.evaluate(gan, n=64, seed=1, progress=False)
    assert dcgan.evaluate(gan.generator, n=64, seed=1, progress=False) == first
    other = dcgan.evaluate(gan, n=64, seed=2, progress=False)
    assert other.frechet_distance != first.frechet_distance
    assert first.n == sum(first.class_counts) == 64
    assert first.recall == 0  # grey squares are no digits
    assert int(gan.step) == 0


def test_evaluate_makes_one_image_before_it_makes_many(tiny_gan, monkeypatch):
    gan = tiny_gan()
    generate, made = gan.generate, []
    monkeypatch.setattr(gan, "generate", lambda noise: made.append(len(noise)) or generate(noise))
    with pytest.raises(ValueError, match=r"the generator's images must have shape \(n, 28"):
        dcgan.evaluate(gan)
    assert made == [1]


@pytest.mark.usefixtures("few_test_digits")
def test_evaluate_is_its_parts(test_digits, test_features):
    gan = dcgan.DCGAN(seed=3)
    images = gan.generate(dcgan.sample_noise(40, seed=0))
    evaluation = dcgan.evaluate(gan, n=40, progress=False)
    assert evaluation == dcgan.evaluate_images(images, progress=False)
    features = dcgan.classifier_features(images)
    assert evaluation.frechet_distance == dcgan.frechet_distance(test_features, features)
    assert evaluation.classifier_score == dcgan.classifier_score(images)
    assert (evaluation.precision, evaluation.recall) == dcgan.precision_recall(
        test_features, features
    )
    counts = dcgan.class_histogram(images)
    assert evaluation.class_counts == tuple(counts)
    assert evaluation.missing_modes == dcgan.missing_modes(counts)


@pytest.mark.usefixtures("few_test_digits")
def test_real_digits_are_better_than_noise(mnist):
    real = dcgan.evaluate_images(mnist.train_images[:1000], progress=False)
    pixels = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1), dtype=np.uint8)
    noise = dcgan.evaluate_images(pixels, progress=False)
    assert real.frechet_distance < noise.frechet_distance / 20
    assert real.classifier_score > 9
    assert real.precision > 0.8
    assert real.recall > 0.8
    assert real.missing_modes == 0
    assert noise.precision < 0.1
    assert noise.recall < 0.1
    assert noise.missing_modes > 5


@pytest.mark.usefixtures("few_test_digits")
def test_progress_bar_can_be_silenced(test_digits, capsys):
    dcgan.evaluate_images(test_digits[:10])
    assert "10/10" in capsys.readouterr().err
    dcgan.evaluate_images(test_digits[:10], progress=False)
    assert capsys.readouterr() == ("", "")


def test_evaluation_is_shown_as_a_table():
    evaluation = dcgan.Evaluation(10_000, 12.345, 9.5, 0.91, 0.8, 1, (1112,) * 8 + (1104, 0))
    assert str(evaluation).splitlines() == [
        "10,000 images",
        "Fréchet distance     12.35   0 is best",
        "classifier score      9.50   1 to 10",
        "precision            0.910   0 to 1",
        "recall               0.800   0 to 1",
        "missing modes            1   of 10 digits",
        "images of each digit: 0: 1,112, 1: 1,112, 2: 1,112, 3: 1,112, 4: 1,112, 5: 1,112, "
        "6: 1,112, 7: 1,112, 8: 1,104, 9: 0",
    ]
    table = evaluation._repr_markdown_()
    assert "| recall | 0.800 | 0 to 1 |" in table
    assert "9: 0." in table


@pytest.mark.long
def test_ten_thousand_samples_take_less_than_a_minute():
    start = time.monotonic()
    dcgan.evaluate(dcgan.make_generator_model(seed=0), progress=False)
    assert time.monotonic() - start < 60
