import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import assert_same_state, flip_a_bit, train_tiny
from PIL import Image, ImageSequence

import dcgan_helpers as dcgan
from dcgan_helpers import _decoding, image_cache
from dcgan_helpers._cache_file import CacheFile
from tools.address import ROOT

OPTIONS = {"image_size": (8, 8), "channels": 1, "progress": False}


def write_pictures(folder, n, size=(8, 8), seed=0):
    """Grey noise as PNG files, 000.png, 001.png, ..."""
    folder.mkdir(exist_ok=True, parents=True)
    random = np.random.default_rng(seed)
    for i in range(n):
        pixels = random.integers(0, 256, size, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:03}.png")
    return folder


@pytest.fixture
def folder(tmp_path):
    """Twenty-two pictures."""
    return write_pictures(tmp_path / "pictures", 22)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of five pictures, so that few pictures make several."""
    monkeypatch.setattr("dcgan_helpers._cache_file._BLOCK", 5)


@pytest.fixture
def broken_at(monkeypatch):
    """The function that lets the decoding of a picture raise, once or for good."""
    read = _decoding.read_picture

    def break_at(name, error):
        def read_or_raise(file, size):
            if file.name == name:
                raise error
            return read(file, size)

        monkeypatch.setattr(_decoding, "read_picture", read_or_raise)

    return break_at


def manifest_of(file):
    """The lines of a cache's manifest."""
    text = file.with_suffix(".jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def visible(folder):
    """What a folder shows."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize(("image_size", "channels"), [((8, 8), 1), ((12, 6), 3), ((5, 16), 3)])
def test_it_is_the_array_of_load_image_folder(tmp_path, small_blocks, image_size, channels):
    folder = write_pictures(tmp_path / "pictures", 12, (20, 14))
    write_pictures(folder / "more", 3, (30, 40), seed=1)
    options = {"image_size": image_size, "channels": channels}
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", progress=False, **options)
    expected = dcgan.load_image_folder(folder, **options)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, expected)
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), expected)
    assert visible(tmp_path) == ["c.jsonl", "c.npy", "pictures"]


def test_it_is_a_memory_map_that_cannot_be_written(folder, tmp_path):
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_the_manifest_tells_what_is_in_the_file(tmp_path, small_blocks):
    folder = write_pictures(tmp_path / "pictures", 7, (10, 12))
    (folder / "003.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match=r"1 of 7 pictures .* 003\.png: cannot identify"):
        images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    settings, first, second, last = manifest_of(tmp_path / "c.npy")
    assert settings["image_size"] == [8, 8]
    assert (settings["channels"], settings["pictures"], last) == (1, 7, {"pictures": 6})
    assert first["names"] + second["names"] == [f"00{i}.png" for i in (0, 1, 2, 4, 5, 6)]
    assert first["sizes"] + second["sizes"] == [[12, 10]] * 6
    assert list(first["refused"]) == ["003.png"]
    assert len(images) == 6


def test_a_large_image_makes_small_blocks():
    def block(*size):
        return CacheFile(Path("x.npy"), size).block

    assert block(64, 64, 3) == 256
    assert block(1024, 1024, 3) == 5
    assert block(8192, 8192, 3) == 1


def test_pictures_are_decoded_by_several_threads_in_order(folder, tmp_path, monkeypatch):
    read, threads = _decoding.read_picture, set()

    def slow_at_first(file, size):
        threads.add(threading.current_thread())
        time.sleep(0.02 if file.name < "004" else 0)
        return read(file, size)

    monkeypatch.setattr(_decoding, "read_picture", slow_at_first)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    np.testing.assert_array_equal(images, dcgan.load_image_folder(folder, image_size=(8, 8)))
    assert len(threads) == 4


# A picture is refused.


def test_what_is_refused_is_left_out_counted_and_listed(folder, tmp_path, small_blocks):
    whole = dcgan.load_image_folder(folder, image_size=(8, 8))
    (folder / "000.png").write_bytes(b"")
    content = (folder / "007.png").read_bytes()
    (folder / "007.png").write_bytes(content[: len(content) // 2])
    Image.new("L", (3, 40)).save(folder / "012.png")
    (folder / "021.png").unlink()
    (folder / "021.png").symlink_to(folder / "nothing.png")
    for _ in range(2):  # the call that makes the file, and one that finds it
        with pytest.warns(UserWarning, match=r"4 of 22 pictures .* 000\.png: .*c\.jsonl") as warned:
            images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
        assert warned[0].filename == __file__
        np.testing.assert_array_equal(images, np.delete(whole, [0, 7, 12, 21], axis=0))
    refused = {
        k: v for line in manifest_of(tmp_path / "c.npy") for k, v in line.get("refused", {}).items()
    }
    assert list(refused) == ["000.png", "007.png", "012.png", "021.png"]
    assert "cannot identify" in refused["000.png"]
    assert "truncated" in refused["007.png"]
    assert refused["012.png"] == "3 × 40 pixels are too few for 8 × 8"
    assert "No such file" in refused["021.png"]
    assert not any(str(tmp_path) in reason for reason in refused.values())


def test_half_of_the_size_is_enough(tmp_path):
    folder = write_pictures(tmp_path / "pictures", 2, (4, 4))
    assert len(dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)) == 2


def test_strict_refuses_them(folder, tmp_path, small_blocks):
    (folder / "013.png").write_bytes(b"no picture")
    strict = {**OPTIONS, "strict": True}
    with pytest.raises(ValueError, match=r"strict=True .* 013\.png: cannot identify"):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **strict)
    assert visible(tmp_path) == ["pictures"]
    with pytest.warns(UserWarning, match="1 of 22"):  # goes on where that stopped
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    with pytest.raises(ValueError, match=r"strict=True .* 013\.png"):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **strict)


def test_strict_sees_what_was_refused_before_an_interruption(
    folder, tmp_path, small_blocks, broken_at
):
    (folder / "002.png").write_bytes(b"no picture")
    broken_at("015.png", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    with pytest.raises(ValueError, match=r"strict=True .* 002\.png"):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS, strict=True)


def test_pictures_of_which_none_can_be_used(tmp_path):
    folder = write_pictures(tmp_path / "pictures", 2, (2, 2))
    for _ in range(2):
        with pytest.raises(ValueError, match=r"at least one .* 000\.png: 2 × 2 pixels"):
            dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    assert visible(tmp_path) == ["pictures"]


def test_a_drive_that_does_not_answer_loses_no_picture(
    folder, tmp_path, small_blocks, broken_at, monkeypatch
):
    broken_at("015.png", OSError(errno.EIO, "Input/output error"))
    with pytest.raises(OSError, match="Input/output"):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    monkeypatch.undo()
    assert len(dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)) == 22


# It is interrupted.


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_interrupted_it_goes_on(folder, tmp_path, small_blocks, broken_at, monkeypatch, error):
    expected = dcgan.load_image_folder(folder, image_size=(8, 8))
    broken_at("013.png", error())
    with pytest.raises(error):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    assert visible(tmp_path) == ["pictures"]
    monkeypatch.undo()
    monkeypatch.setattr("dcgan_helpers._cache_file._BLOCK", 4)
    read, again = _decoding.read_picture, []
    monkeypatch.setattr(
        _decoding, "read_picture", lambda file, size: (again.append(file.name), read(file, size))[1]
    )
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    np.testing.assert_array_equal(images, expected)
    assert sorted(again) == [f"{i:03}.png" for i in range(10, 22)]  # two blocks were kept
    names = [name for line in manifest_of(tmp_path / "c.npy") for name in line.get("names", [])]
    assert names == [f"{i:03}.png" for i in range(22)]


KILLED = """
import os, signal, sys
import dcgan_helpers as dcgan
from dcgan_helpers import _cache_file
_cache_file._BLOCK = 5
write, calls = _cache_file.CacheFile._note, []
def note(self, line):
    calls.append(line)
    if len(calls) == 3:
        self._notes.write(b'{"names": ["0')
        self._notes.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, line)
_cache_file.CacheFile._note = note
dcgan.cache_image_folder(sys.argv[1], sys.argv[2], image_size=(8, 8), channels=1, progress=False)
"""


def test_killed_half_way_it_leaves_nothing_and_goes_on(folder, tmp_path):
    file = tmp_path / "c.npy"
    command = [sys.executable, "-c", KILLED, str(folder), str(file)]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert visible(tmp_path) == ["pictures"]
    assert file.with_name(".c.npy.unfinished").stat().st_size == 128 + 15 * 64
    images = dcgan.cache_image_folder(folder, file, **OPTIONS)
    np.testing.assert_array_equal(images, dcgan.load_image_folder(folder, image_size=(8, 8)))


def interrupt(folder, file, broken_at, monkeypatch, at="018.png"):
    """Leave an unfinished file with three whole blocks."""
    broken_at(at, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        dcgan.cache_image_folder(folder, file, **OPTIONS)
    monkeypatch.undo()


def test_damage_in_what_was_left_is_made_again(
    folder, tmp_path, small_blocks, broken_at, monkeypatch
):
    interrupt(folder, tmp_path / "c.npy", broken_at, monkeypatch)
    flip_a_bit(tmp_path / ".c.npy.unfinished")
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    np.testing.assert_array_equal(images, dcgan.load_image_folder(folder, image_size=(8, 8)))


@pytest.mark.parametrize("name", [".c.npy.unfinished", ".c.jsonl.unfinished"])
@pytest.mark.parametrize("length", [0, 1, 130, 500])
def test_what_was_left_may_be_cut_anywhere(
    folder, tmp_path, small_blocks, broken_at, monkeypatch, name, length
):
    interrupt(folder, tmp_path / "c.npy", broken_at, monkeypatch)
    os.truncate(tmp_path / name, length)
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    np.testing.assert_array_equal(images, dcgan.load_image_folder(folder, image_size=(8, 8)))


def test_what_was_left_of_other_settings_or_pictures_is_not_used(
    folder, tmp_path, small_blocks, broken_at, monkeypatch
):
    interrupt(folder, tmp_path / "c.npy", broken_at, monkeypatch)
    smaller = {**OPTIONS, "image_size": (4, 4)}
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **smaller)
    np.testing.assert_array_equal(images, dcgan.load_image_folder(folder, image_size=(4, 4)))
    interrupt(folder, tmp_path / "d.npy", broken_at, monkeypatch)
    write_pictures(folder / "000", 1)  # now the first
    images = dcgan.cache_image_folder(folder, tmp_path / "d.npy", **OPTIONS)
    np.testing.assert_array_equal(images, dcgan.load_image_folder(folder, image_size=(8, 8)))


def test_died_between_the_two_names(folder, tmp_path, monkeypatch):
    file, replace = tmp_path / "c.npy", os.replace

    def die(source, target):
        if target == file:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        dcgan.cache_image_folder(folder, file, **OPTIONS)
    assert not file.exists()
    monkeypatch.undo()
    monkeypatch.setattr(_decoding, "read_picture", lambda *a: pytest.fail("it decodes again"))
    assert len(dcgan.cache_image_folder(folder, file, **OPTIONS)) == 22


def test_a_full_disk_leaves_nothing_and_it_goes_on(folder, tmp_path, small_blocks, monkeypatch):
    add = CacheFile.add

    def full(self, *block):
        if self.rows >= 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(self, *block)

    monkeypatch.setattr(CacheFile, "add", full)
    with pytest.raises(OSError, match="No space left"):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    assert visible(tmp_path) == ["pictures"]
    monkeypatch.undo()
    assert len(dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)) == 22


# It is there.


def test_the_same_call_again_decodes_nothing(folder, tmp_path, monkeypatch):
    first = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    monkeypatch.setattr(_decoding, "read_picture", lambda *a: pytest.fail("it decodes again"))
    second = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    np.testing.assert_array_equal(first, second)


def test_a_cache_of_other_settings_or_pictures_is_refused(folder, tmp_path):
    file = tmp_path / "c.npy"
    dcgan.cache_image_folder(folder, file, **OPTIONS)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"image_size: \[8, 8\] in it, \[4, 8\] now"):
        dcgan.cache_image_folder(folder, file, image_size=(4, 8), channels=1)
    (folder / "000.png").unlink()
    with pytest.raises(ValueError, match=r"pictures: 22 in it, 21 now"):
        dcgan.cache_image_folder(folder, file, **OPTIONS)
    Image.new("L", (80, 80)).save(folder / "000.png")  # as many, of another length
    with pytest.raises(ValueError, match=r"other images \(names_and_bytes"):
        dcgan.cache_image_folder(folder, file, **OPTIONS)
    assert file.read_bytes() == before


def test_a_file_that_is_no_cache_is_left_alone(folder, tmp_path):
    file = tmp_path / "c.npy"
    file.write_bytes(b"something dear")
    with pytest.raises(FileExistsError, match="without a manifest"):
        dcgan.cache_image_folder(folder, file, **OPTIONS)
    assert file.read_bytes() == b"something dear"


@pytest.mark.parametrize("position", [0.01, 0.1, 0.5, 0.999])
def test_a_bit_that_flipped_is_found(folder, tmp_path, small_blocks, position):
    file = tmp_path / "c.npy"
    dcgan.cache_image_folder(folder, file, **OPTIONS)
    flip_a_bit(file, position)
    with pytest.raises(ValueError, match="damaged"):
        dcgan.cache_image_folder(folder, file, **OPTIONS)


def test_damage_is_located(folder, tmp_path, small_blocks):
    file = tmp_path / "c.npy"
    dcgan.cache_image_folder(folder, file, **OPTIONS)
    flip_a_bit(file, (128 + 12 * 64) / file.stat().st_size)
    with pytest.raises(ValueError, match="images 10 to 14 are damaged"):
        dcgan.cache_image_folder(folder, file, **OPTIONS)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_of_another_length_is_found(folder, tmp_path, change):
    file = tmp_path / "c.npy"
    dcgan.cache_image_folder(folder, file, **OPTIONS)
    os.truncate(file, file.stat().st_size + change)
    with pytest.raises(ValueError, match="damaged"):
        dcgan.cache_image_folder(folder, file, **OPTIONS)


@pytest.mark.parametrize("lines", [1, 2, -1])
def test_a_manifest_that_was_cut_is_found(folder, tmp_path, small_blocks, lines):
    file = tmp_path / "c.npy"
    dcgan.cache_image_folder(folder, file, **OPTIONS)
    manifest = file.with_suffix(".jsonl")
    kept = manifest.read_bytes().splitlines(keepends=True)[:lines]
    manifest.write_bytes(b"".join(kept))
    with pytest.raises(ValueError, match="damaged"):
        dcgan.cache_image_folder(folder, file, **OPTIONS)


def test_two_processes_do_not_make_one_file(folder, tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    read, met = _decoding.read_picture, []

    def call_again(file, size):
        if not met:
            met.append(file)
            with pytest.raises(BlockingIOError, match="in use by process"):
                dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
        return read(file, size)

    monkeypatch.setattr(_decoding, "read_picture", call_again)
    assert len(dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)) == 22
    assert met


# Training takes it.


def test_training_on_the_map_is_training_on_the_array(folder, tmp_path, tiny_gan):
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    first, second = tiny_gan(seed=2), tiny_gan(seed=2)
    train_tiny(first, images, steps=8)
    train_tiny(second, dcgan.load_image_folder(folder, image_size=(8, 8)), steps=8)
    assert_same_state(first, second)


def test_a_run_on_the_map_resumes_within_an_epoch_and_ends_with_the_same_bits(
    folder, tmp_path, tiny_gan
):
    images = dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    whole, first, second = (tiny_gan(seed=2) for _ in range(3))
    train_tiny(whole, images, steps=13)
    train_tiny(first, images, steps=7, checkpoint_dir=tmp_path / "run")
    in_memory = dcgan.load_image_folder(folder, image_size=(8, 8))  # it may even change its place
    train_tiny(second, in_memory, steps=13, checkpoint_dir=tmp_path / "run")
    assert_same_state(whole, second)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux' /proc")
def test_training_holds_no_copy_of_the_map(tmp_path, tiny_gan):
    def anonymous():
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))

    gan = tiny_gan()
    pixels = np.zeros((2000, 8, 8, 1), np.uint8)
    train_tiny(gan, pixels, steps=2, frame_every=100)  # what TensorFlow takes at first
    file = np.lib.format.open_memmap(tmp_path / "c.npy", "w+", np.uint8, (3_000_000, 8, 8, 1))
    file.flush()
    del file
    images = np.load(tmp_path / "c.npy", mmap_mode="r")
    before = anonymous()
    train_tiny(tiny_gan(), images, steps=20, frame_every=100)
    assert anonymous() - before < images.nbytes / 2  # an order of 3,000,000 takes 24 MB of 192


def test_a_dataset_given_to_train_is_shown_the_way(tiny_gan, tiny_images):
    dataset = tf.data.Dataset.from_tensor_slices(tiny_images)
    with pytest.raises(TypeError, match=r"cache_images\(dataset"):
        train_tiny(tiny_gan(), dataset, 1)


# Pictures from elsewhere.


def in_many_ways(pixels):
    """Twelve grey pictures, as the iterables that people have."""
    pictures = [Image.fromarray(image[..., 0]) for image in pixels]
    dataset = tf.data.Dataset.from_tensor_slices
    return {
        "array": pixels,
        "list": list(pixels),
        "generator": (image for image in pixels),
        "without the last axis": list(pixels[..., 0]),
        "colour": np.repeat(pixels, 3, axis=3),
        "with opacity": np.concatenate([pixels] * 3 + [np.full_like(pixels, 255)], axis=3),
        "Pillow": pictures,
        "tuples": zip(pictures, range(12), strict=True),
        "dictionaries": [{"label": 3, "image": picture} for picture in pictures],
        "dictionaries with img": [{"img": picture} for picture in pictures],
        "dataset": dataset(pixels),
        "dataset of batches": dataset(pixels).batch(5),
        "dataset of pairs": dataset((pixels, np.arange(12))),
        "dataset of dictionaries": dataset({"image": pixels, "label": np.arange(12)}).batch(5),
        "dataset as NumPy": dataset(pixels).as_numpy_iterator(),
    }


PIXELS = np.random.default_rng(5).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)


@pytest.mark.parametrize("kind", list(in_many_ways(PIXELS)))
def test_pictures_from_any_iterable(tmp_path, small_blocks, kind):
    images = dcgan.cache_images(in_many_ways(PIXELS)[kind], tmp_path / "c.npy", **OPTIONS)
    np.testing.assert_array_equal(images, PIXELS)
    assert isinstance(images, np.memmap)
    names = [name for line in manifest_of(tmp_path / "c.npy") for name in line.get("names", [])]
    assert names == [str(i) for i in range(12)]


def test_pictures_of_an_iterable_are_brought_to_one_size(tmp_path):
    pictures = [Image.new("RGB", (w, 20), (200, 200, 200)) for w in (10, 20, 40)]
    images = dcgan.cache_images(pictures, tmp_path / "c.npy", **OPTIONS)
    assert images.shape == (3, 8, 8, 1)
    assert set(images.ravel()) == {200}


@pytest.mark.parametrize(
    ("white", "dtype"), [(1, "f4"), (255, "f4"), (65535, "f4"), (255, "i4"), (65535, "i4")]
)
def test_white_is_found_in_a_picture_of_32_bits_that_is_no_file(tmp_path, white, dtype):
    """A file of the same pixels gives the same: see `test_image_folders`."""
    half = np.full((8, 8), white, dtype)
    half[:4] = 0
    images = dcgan.cache_images([Image.fromarray(half)], tmp_path / "c.npy", **OPTIONS)
    assert (images[0, 0, 0, 0], images[0, 7, 7, 0]) == (0, 255)


@pytest.mark.parametrize("of_a_folder", [True, False])
def test_a_file_that_was_made_while_another_call_began_is_kept(
    folder, tmp_path, monkeypatch, of_a_folder
):
    """Between a look and the lock there is time for another process to finish."""
    file, lock = tmp_path / "c.npy", image_cache._locked

    def lock_late(cache):
        monkeypatch.setattr(image_cache, "_locked", lock)
        dcgan.cache_image_folder(folder, file, **OPTIONS)
        monkeypatch.setattr(image_cache, "decode_files", None)
        return lock(cache)

    monkeypatch.setattr(image_cache, "_locked", lock_late)
    if of_a_folder:
        assert len(dcgan.cache_image_folder(folder, file, **OPTIONS)) == 22
    else:
        with pytest.raises(FileExistsError, match="file must be new"):
            dcgan.cache_images(PIXELS[:3], file, **OPTIONS)
    assert len(np.load(file)) == 22


def closing(folder):
    for file in sorted(folder.iterdir()):
        with Image.open(file) as picture:
            yield picture


def moving_on(folder):
    """The frames of an animation: one picture, which changes."""
    greys = [Image.new("L", (8, 8), grey) for grey in GREYS]
    greys[0].save(folder / "a.gif", save_all=True, append_images=greys[1:])
    with Image.open(folder / "a.gif") as animation:
        yield from ImageSequence.Iterator(animation)


def one_buffer(_):
    """As readers of films have it."""
    pixels = np.empty((8, 8), np.uint8)
    for grey in GREYS:
        pixels[:] = grey
        yield pixels


GREYS = range(0, 250, 2)


@pytest.mark.parametrize("make", [closing, moving_on, one_buffer])
def test_a_picture_is_kept_as_it_was_when_it_was_given(tmp_path, make):
    """Threads decode it later, when the iterable has gone on."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    if make is closing:
        for grey in GREYS:
            Image.new("L", (8, 8), grey).save(folder / f"{grey:03}.png")
    images = dcgan.cache_images(make(folder), tmp_path / "c.npy", **OPTIONS)
    assert images[:, 0, 0, 0].tolist() == list(GREYS)


def test_a_given_picture_that_ends_too_soon_is_refused(tmp_path):
    whole = write_pictures(tmp_path / "pictures", 2, (32, 32))
    content = (whole / "000.png").read_bytes()
    (whole / "000.png").write_bytes(content[: len(content) // 2])
    with pytest.warns(UserWarning, match="1 of 2 pictures were refused"):
        assert len(dcgan.cache_images(closing(whole), tmp_path / "c.npy", **OPTIONS)) == 1


@pytest.mark.parametrize("of_a_folder", [True, False])
def test_a_file_of_somebody_elses_is_no_manifest(folder, tmp_path, of_a_folder):
    captions = tmp_path / "captions.jsonl"
    captions.write_text('{"file": "000.png", "caption": "noise"}\n')
    cache, first = (dcgan.cache_image_folder, folder) if of_a_folder else (dcgan.cache_images, [])
    with pytest.raises(FileExistsError, match=r"captions\.jsonl is something else"):
        cache(first, tmp_path / "captions.npy", **OPTIONS)
    assert "noise" in captions.read_text()


def test_an_array_beside_a_file_of_somebody_elses_is_no_cache(folder, tmp_path):
    """The remedy for a damaged cache would be to delete it."""
    np.save(tmp_path / "c.npy", PIXELS)
    (tmp_path / "c.jsonl").write_text('{"caption": "noise"}\n')
    with pytest.raises(FileExistsError, match="without a manifest"):
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)


def test_an_iterable_has_pictures_that_are_refused_too(tmp_path):
    pictures = [Image.new("L", (8, 8)), Image.new("L", (3, 3)), Image.new("L", (8, 8))]
    with pytest.raises(ValueError, match="strict=True refuses a picture, 1: 3 × 3"):
        dcgan.cache_images(pictures, tmp_path / "c.npy", **OPTIONS, strict=True)
    with pytest.warns(UserWarning, match="1 of 3 pictures"):
        assert len(dcgan.cache_images(pictures, tmp_path / "c.npy", **OPTIONS)) == 2


def test_an_iterable_that_fails_begins_anew(tmp_path, small_blocks):
    def failing():
        yield from PIXELS[:7]
        raise RuntimeError("lost the connection")

    file = tmp_path / "c.npy"
    with pytest.raises(RuntimeError, match="lost the connection"):
        dcgan.cache_images(failing(), file, **OPTIONS)
    assert visible(tmp_path) == []
    np.testing.assert_array_equal(dcgan.cache_images(PIXELS[::-1], file, **OPTIONS), PIXELS[::-1])
    with pytest.raises(FileExistsError, match="mmap_mode='r'"):
        dcgan.cache_images(PIXELS, file, **OPTIONS)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        ("folder", TypeError, "cache_image_folder reads a folder"),
        (Path("folder"), TypeError, "cache_image_folder reads a folder"),
        (3, TypeError, "iterable of pictures, got int"),
        ([], ValueError, "at least one picture .* there are none"),
        (PIXELS / 255, TypeError, r"uint8 .* got at 0 ndarray of float64 and shape \(8, 8, 1\)"),
        ([PIXELS[0], PIXELS[1, 0, 0]], TypeError, r"got at 1 ndarray of uint8 and shape \(1,\)"),
        ([PIXELS[0], "a.png"], TypeError, "got at 1 str"),
        ([{"photo": PIXELS[0]}], TypeError, "got at 0 dict"),
        ([np.zeros((8, 8, 2), np.uint8)], TypeError, "1, 3 or 4 channels, got 2"),
        (tf.data.Dataset.from_tensors(PIXELS[0]).repeat(), ValueError, "must end"),
    ],
)
def test_what_gives_no_pictures_is_refused(tmp_path, images, error, message):
    with pytest.raises(error, match=message):
        dcgan.cache_images(images, tmp_path / "c.npy", **OPTIONS)
    assert visible(tmp_path) == []


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"file": "c.npz"}, ValueError, r"file must end in \.npy"),
        ({"file": "none/c.npy"}, FileNotFoundError, "file must be in a folder that exists"),
        ({"image_size": 8}, TypeError, "image_size must be"),
        ({"image_size": (0, 8)}, ValueError, r"image_size\[0\] must be at least 1"),
        ({"channels": 2}, ValueError, "channels must be 1"),
        ({"strict": 1}, TypeError, "strict must be a bool"),
    ],
)
@pytest.mark.parametrize("of_a_folder", [True, False])
def test_bad_arguments(folder, tmp_path, monkeypatch, changed, error, message, of_a_folder):
    monkeypatch.chdir(tmp_path)
    cache, first = (dcgan.cache_image_folder, folder) if of_a_folder else (dcgan.cache_images, [])
    with pytest.raises(error, match=message):
        cache(first, **{"file": "c.npy", **OPTIONS, **changed})
    assert visible(tmp_path) == ["pictures"]


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be a folder that exists"):
        dcgan.cache_image_folder(tmp_path / "none", tmp_path / "c.npy", **OPTIONS)
    with pytest.raises(FileNotFoundError, match="found none"):
        dcgan.cache_image_folder(tmp_path, tmp_path / "c.npy", **OPTIONS)


def test_files_passed_over_are_mentioned(folder, tmp_path):
    (folder / "list.txt").touch()
    with pytest.warns(UserWarning, match=r"passed over 1 files: 1 \.txt") as warned:
        dcgan.cache_image_folder(folder, tmp_path / "c.npy", **OPTIONS)
    assert warned[0].filename == __file__


def test_the_bar_counts_pictures(folder, tmp_path, capsys):
    dcgan.cache_image_folder(folder, tmp_path / "c.npy", image_size=(8, 8), channels=1)
    assert "22/22" in capsys.readouterr().err
