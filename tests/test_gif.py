import os
import re

import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import dcgan_helpers as dcgan
from tools.address import ROOT

FRAMES = np.zeros((2, 3, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def digit_gif(mnist, tmp_path_factory):
    """An animation as long as the tutorial's: 51 frames of 16 real digits."""
    frames = mnist.train_images[: 51 * 16].reshape(51, 16, 28, 28, 1)
    return dcgan.make_gif(frames, tmp_path_factory.mktemp("gif") / "digits.gif")


def durations(path):
    """How long each frame is shown, in milliseconds."""
    with Image.open(path) as gif:
        return [gif.seek(i) or gif.info["duration"] for i in range(gif.n_frames)]


def written_label(label, path):
    """A frame without digits, from a GIF with one label: what is black is the label."""
    dcgan.make_gif(FRAMES[:1] + 255, path, labels=[label])
    return iio.imread(path, index=0, mode="L")


def test_gif_plays_forever_and_holds_its_last_frame(digit_gif):
    with Image.open(digit_gif) as gif:
        assert gif.info["loop"] == 0
    assert durations(digit_gif) == [150] * 50 + [2000]


def test_gif_of_one_frame(tmp_path):
    path = dcgan.make_gif(FRAMES[:1], tmp_path / "a.gif", hold_seconds=0.57)
    assert durations(path) == [570]
    assert path.stat().st_size > 100


def test_gif_of_the_history_of_a_run_shorter_than_an_epoch(tmp_path, tiny_gan, tiny_images):
    history = dcgan.train(tiny_gan(), tiny_images, steps=1, batch_size=4, progress=False)
    path = dcgan.make_gif(history.frames, tmp_path / "a.gif", labels=history.frame_labels)
    assert durations(path) == [2000]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("step", [0, 1])  # frames that are equal, or all but equal
def test_gif_keeps_equal_frames(tmp_path, channels, step):
    noise = np.random.default_rng(0).integers(0, 250, (4, 128, 128, channels), dtype=np.uint8)
    frames = [noise + np.uint8(step * i) for i in (0, 1, 1, 1, 2, 2)]
    path = dcgan.make_gif(frames, tmp_path / "a.gif", labels=[""] * 6, scale=1)
    assert durations(path) == [150] * 5 + [2000]
    above = iio.imread(path, index=...)[:, :20]
    assert above.min() >= 254  # no trace that anyone sees


def test_gif_shows_each_frame_as_long_as_asked(tmp_path):
    for hundredths in (1, 57, 201, 402, 65_500):
        path = dcgan.make_gif(FRAMES, tmp_path / "a.gif", frame_seconds=hundredths / 100)
        assert durations(path) == [10 * hundredths, 2000]


@pytest.mark.parametrize("label", ["step 1234567", "x" * 100, "above\nbelow", ""])
def test_gif_labels_of_any_size_are_not_cut(tmp_path, label):
    frame = written_label(label, tmp_path / "a.gif")
    alone = written_label("", tmp_path / "b.gif")
    assert frame.shape[0] >= alone.shape[0]
    assert frame.shape[1] >= alone.shape[1]
    assert frame[-36:].min() == 255  # nor over the pictures
    assert frame[[0, -1]].min() == frame[:, [0, -1]].min() == 255  # no letter at an edge
    font = ImageFont.load_default(size=15)
    whole = Image.new("L", (2000, 100), "white")
    ImageDraw.Draw(whole).text((4, 1), label, fill="black", font=font)
    assert (frame < 128).sum() == pytest.approx((np.asarray(whole) < 128).sum(), rel=0.05)


def test_gif_centres_its_pictures_under_a_wide_label(tmp_path):
    path = dcgan.make_gif(FRAMES[:, :1], tmp_path / "a.gif", labels=["", "a wide label"])
    for i in range(2):
        frame = iio.imread(path, index=i, mode="L")
        black = np.flatnonzero((frame[20:] == 0).all(axis=0))
        assert frame.shape[0] == 20 + 16
        assert len(black) == 16
        assert abs(black[0] + black[-1] + 1 - frame.shape[1]) <= 1


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


def test_gif_in_the_columns_and_the_scale_asked_for(tmp_path):
    path = dcgan.make_gif(FRAMES, tmp_path / "a.gif", columns=3, scale=4)
    with Image.open(path) as gif:
        assert gif.size == (4 * (8 + 2 + 8 + 2 + 8), 4 * 8 + 20)
    again = dcgan.make_gif(
        iter(FRAMES), tmp_path / "b.gif", columns=3, scale=4, labels=["frame 0", "frame 1"]
    )
    assert again.read_bytes() == path.read_bytes(), "frames are numbered unless labels are given"


def test_gif_in_colour(tmp_path):
    red = np.zeros((2, 1, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    frame = iio.imread(dcgan.make_gif(red, tmp_path / "a.gif", labels=["", ""]), index=0)
    assert frame[20:, :, :3].reshape(-1, 3).tolist() == [[255, 0, 0]] * 16 * 16


@pytest.mark.parametrize("file", ["README.md", "book/index.md", "dcgan_helpers/__init__.py"])
def test_every_example_labels_what_its_frames_are(file):
    calls = re.findall(r"make_gif\(history.*\)", (ROOT / file).read_text(encoding="utf-8"))
    assert calls == ['make_gif(history.frames, "dcgan.gif", labels=history.frame_labels)']
