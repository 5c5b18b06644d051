import keras
import numpy as np
import pytest
from conftest import dtype_policy, seed_global_random_state

import dcgan_helpers as dcgan
from dcgan_helpers import classifier


@pytest.fixture
def new_classifier():
    classifier.trained_classifier.cache_clear()
    yield
    classifier.trained_classifier.cache_clear()


def test_classifier_knows_the_test_digits(mnist):
    probabilities = dcgan.classify(mnist.test_images)
    assert probabilities.shape == (10_000, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert np.mean(probabilities.argmax(axis=1) == mnist.test_labels) >= 0.992


def test_features_of_pixels_and_of_floats_are_the_same_bits(mnist):
    features = dcgan.classifier_features(mnist.test_images[:20])
    assert features.shape == (20, 64)
    assert features.dtype == np.float32
    assert (features.std(axis=0) > 0).all()
    floats = dcgan.normalize(mnist.test_images[:20])
    np.testing.assert_array_equal(features, dcgan.classifier_features(floats))


def test_an_image_is_judged_alone(mnist):
    together = dcgan.classify(mnist.test_images[:7])
    alone = np.concatenate([dcgan.classify(mnist.test_images[i : i + 1]) for i in range(7)])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.usefixtures("new_classifier")
def test_a_global_dtype_policy_changes_nothing(mnist):
    before = classifier.features_and_probabilities(mnist.test_images[:9])
    classifier.trained_classifier.cache_clear()
    with dtype_policy("mixed_bfloat16"):
        after = classifier.features_and_probabilities(mnist.test_images[:9])
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.usefixtures("new_classifier")
def test_loading_draws_nothing_from_global_random_states(mnist):
    def draw(between):
        seed_global_random_state(5)
        between()
        return np.random.rand(), float(keras.random.normal(()))

    assert draw(lambda: dcgan.classify(mnist.test_images[:1])) == draw(lambda: None)


def test_histogram(mnist):
    images, labels = mnist.test_images[:1500], mnist.test_labels[:1500]
    counts = dcgan.class_histogram(images)
    assert counts.dtype == np.int64
    assert counts.sum() == 1500
    assert np.abs(counts - np.bincount(labels)).max() <= 10
    seven = dcgan.class_histogram(images[:1])  # a set with most digits missing
    assert seven.tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
