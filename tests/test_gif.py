import os

import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image

import dcgan_helpers as dcgan

FRAMES = np.zeros((2, 3, 8, 8, 1), np.uint8)


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
    assert np.abs(digits.astype(int) - expected).max() <= 4  # fewer greys, else the same
    assert len(np.unique(digits)) <= 33


def test_gif_labels_are_drawn(tmp_path):
    frames = np.zeros((3, 4, 28, 28, 1), np.uint8)
    seconds = {"frame_seconds": 0.5, "hold_seconds": 0.25}
    path = dcgan.make_gif(frames, tmp_path / "a.gif", labels=["one", "two", "one"], **seconds)
    assert [iio.immeta(path, index=i)["duration"] for i in range(3)] == [500, 500, 250]
    labels = [iio.imread(path, index=i, mode="L")[:20] for i in range(3)]
    assert (labels[0] < 128).sum() > 40  # black on white
    np.testing.assert_array_equal(labels[0], labels[2])
    assert not np.array_equal(labels[0], labels[1])


def test_gif_replaces_a_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "a.gif"
    path.write_text("old")
    dcgan.make_gif(FRAMES, path)
    assert path.read_bytes().startswith(b"GIF89a")
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_failed_gif_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    path.write_text("old")
    monkeypatch.setattr(iio, "imwrite", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        dcgan.make_gif(FRAMES, path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


@pytest.mark.skipif(os.name == "nt", reason="links and permissions of POSIX")
def test_gif_keeps_a_link_and_heeds_the_umask(tmp_path):
    (tmp_path / "other").mkdir()
    target, link = tmp_path / "other" / "b.gif", tmp_path / "a.gif"
    link.symlink_to(target)
    before = os.umask(0o027)
    try:
        assert dcgan.make_gif(FRAMES, link) == link
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert target.read_bytes().startswith(b"GIF89a")
    assert target.stat().st_mode & 0o777 == 0o640


def test_gif_of_a_history_in_the_columns_and_the_scale_asked_for(tmp_path):
    history = dcgan.History(steps_per_epoch=5, frames=list(FRAMES), frame_steps=[0, 5])
    path = dcgan.make_gif(
        history.frames, tmp_path / "a.gif", labels=history.frame_labels, columns=3, scale=4
    )
    with Image.open(path) as gif:
        assert gif.n_frames == 2
        assert gif.size == (4 * (8 + 2 + 8 + 2 + 8), 4 * 8 + 20)
    again = dcgan.make_gif(iter(FRAMES), tmp_path / "b.gif", columns=3, scale=4)
    assert again.read_bytes() == path.read_bytes(), "labels are epochs unless given"


def test_gif_in_colour(tmp_path):
    red = np.zeros((2, 1, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    frame = iio.imread(dcgan.make_gif(red, tmp_path / "a.gif"), index=0)
    assert frame[-1, -1, :3].tolist() == [255, 0, 0]
