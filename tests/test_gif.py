import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image

import dcgan_helpers as dcgan


def test_grid_puts_images_side_by_side():
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1) * np.ones((1, 2, 3, 1), np.uint8)
    grid = dcgan.image_grid(images)
    assert grid.shape == (2 * 2 + 2, 3 * 3 + 2 * 2)
    assert [grid[0, 0], grid[0, 5], grid[0, 10], grid[4, 0], grid[4, 5]] == [0, 1, 2, 3, 4]
    assert grid[4, 10] == 255  # no sixth image
    assert dcgan.image_grid(images, columns=5).shape == (2, 5 * 3 + 4 * 2)


def test_grid_of_floats_and_of_pixels_are_the_same(mnist):
    pixels = mnist.test_images[:16]
    np.testing.assert_array_equal(
        dcgan.image_grid(pixels), dcgan.image_grid(dcgan.normalize(pixels))
    )


def test_grid_in_colour():
    assert dcgan.image_grid(np.zeros((4, 8, 8, 3), np.uint8)).shape == (18, 18, 3)


@pytest.fixture(scope="module")
def digit_gif(mnist, tmp_path_factory):
    """An animation as long as the tutorial's: 51 frames of 16 real digits."""
    frames = mnist.train_images[: 51 * 16].reshape(51, 16, 28, 28, 1)
    return dcgan.make_gif(frames, tmp_path_factory.mktemp("gif") / "digits.gif")


def test_gif_plays_forever_and_holds_its_last_frame(digit_gif):
    with Image.open(digit_gif) as gif:
        assert gif.n_frames == 51
        assert gif.info["loop"] == 0
        durations = []
        for i in range(gif.n_frames):
            gif.seek(i)
            durations.append(gif.info["duration"])
    assert set(durations[:-1]) == {150}
    assert durations[-1] == 2000


def test_gif_of_fifty_epochs_is_at_most_a_megabyte(digit_gif):
    assert digit_gif.stat().st_size <= 1_000_000


def test_gif_shows_the_digits(digit_gif, mnist):
    frame = iio.imread(digit_gif, index=50, mode="L")
    digits = frame[-(4 * 28 + 3 * 2) * 2 :: 2, ::2]
    expected = dcgan.image_grid(mnist.train_images[50 * 16 : 51 * 16])
    assert np.abs(digits.astype(int) - expected).max() <= 8  # fewer greys, otherwise the same


def test_gif_labels_are_drawn(tmp_path):
    frames = np.zeros((3, 4, 28, 28, 1), np.uint8)
    path = dcgan.make_gif(frames, tmp_path / "a.gif", labels=["epoch 1", "epoch 2", "epoch 1"])
    labels = [iio.imread(path, index=i, mode="L")[:20] for i in range(3)]
    assert (labels[0] < 128).sum() > 40  # black on white
    np.testing.assert_array_equal(labels[0], labels[2])
    assert not np.array_equal(labels[0], labels[1])


def test_gif_replaces_a_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "a.gif"
    path.write_text("old")
    dcgan.make_gif(np.zeros((2, 1, 28, 28, 1), np.uint8), path)
    assert path.read_bytes().startswith(b"GIF89a")
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_failed_gif_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    path.write_text("old")
    monkeypatch.setattr(iio, "imwrite", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        dcgan.make_gif(np.zeros((2, 1, 28, 28, 1), np.uint8), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_gif_from_a_history(tiny_gan, tiny_images, tmp_path):
    history = dcgan.train(tiny_gan(), tiny_images, epochs=2, batch_size=4, progress=False)
    path = dcgan.make_gif(history.frames, tmp_path / "a.gif", labels=history.frame_labels, scale=4)
    with Image.open(path) as gif:
        assert gif.n_frames == 3
        assert gif.width == (4 * 8 + 3 * 2) * 4


def test_gif_in_colour(tmp_path):
    red = np.zeros((2, 1, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    frame = iio.imread(dcgan.make_gif(red, tmp_path / "a.gif"), index=0)
    assert frame[-1, -1, :3].tolist() == [255, 0, 0]
