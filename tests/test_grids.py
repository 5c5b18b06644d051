import numpy as np

import dcgan_helpers as dcgan


def test_images_stand_side_by_side():
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1) * np.ones((1, 2, 3, 1), np.uint8)
    grid = dcgan.image_grid(images)
    assert grid.shape == (2 * 2 + 2, 3 * 3 + 2 * 2)
    assert [grid[0, 0], grid[0, 5], grid[0, 10], grid[4, 0], grid[4, 5]] == [0, 1, 2, 3, 4]
    assert np.all(grid[4:, 10:] == 255)  # no sixth image
    assert np.all(grid[2:4] == 255)  # the gap between the rows
    assert dcgan.image_grid(images, columns=5).shape == (2, 5 * 3 + 4 * 2)
    assert dcgan.image_grid(images, columns=9).shape == (2, 5 * 3 + 4 * 2)


def test_floats_and_pixels_give_the_same_grid(mnist):
    pixels = mnist.test_images[:16]
    np.testing.assert_array_equal(
        dcgan.image_grid(pixels), dcgan.image_grid(dcgan.normalize(pixels))
    )


def test_colour_is_kept():
    images = np.zeros((4, 8, 8, 3), np.uint8)
    images[3] = (10, 20, 30)
    grid = dcgan.image_grid(images)
    assert grid.shape == (18, 18, 3)
    assert grid[-1, -1].tolist() == [10, 20, 30]
