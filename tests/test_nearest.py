import numpy as np
import pytest
import scipy.spatial

import dcgan_helpers as dcgan


@pytest.mark.parametrize("as_given", [lambda images: images, dcgan.normalize])
def test_training_images_passed_off_as_samples(as_given, mnist):
    indices = [59_999, 0, 31_415, 4_999, 5_000]
    nearest = dcgan.nearest_training_images(as_given(mnist.train_images[indices]))
    assert nearest.indices.tolist() == indices
    assert nearest.distances.tolist() == [0] * 5


def test_nearest_agrees_with_all_distances(mnist):
    """On small digits, but more of both kinds than are compared at a time."""
    images, training = mnist.test_images[:510, ::4, ::4], mnist.train_images[:10_100, ::4, ::4]
    floats, training = (dcgan.normalize(pixels) for pixels in (images, training))
    nearest = dcgan.nearest_training_images(images, training)
    distances = scipy.spatial.distance.cdist(
        *(rows.reshape(len(rows), -1) / np.sqrt(49) for rows in (floats, training))
    )
    np.testing.assert_array_equal(nearest.indices, distances.argmin(axis=1))
    np.testing.assert_allclose(nearest.distances, distances.min(axis=1), rtol=1e-6)
    assert np.median(nearest.distances) > 0.1
    assert nearest.indices.max() > 10_000


def test_a_copy_is_told_from_what_differs_in_one_grey_of_one_pixel():
    images = np.random.default_rng(0).integers(200, 256, (50, 28, 28, 1), dtype=np.uint8)
    almost = images.copy()
    almost[:, 0, 0] -= 1
    nearest = dcgan.nearest_training_images(images, np.concatenate([almost, images]))
    assert nearest.indices.tolist() == list(range(50, 100))


def test_nearest_of_several_is_the_first_and_distance_ends_at_two():
    black, white = np.zeros((1, 4, 4, 3), np.uint8), np.full((1, 4, 4, 3), 255, np.uint8)
    nearest = dcgan.nearest_training_images(black, white.repeat(12_000, axis=0))
    assert nearest.indices.tolist() == [0]
    assert nearest.distances.tolist() == [2]
