import gzip
import struct

import numpy as np
import pytest

import dcgan_helpers as dcgan

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5], np.uint8)


def as_idx(array, kind=8):
    """An IDX file, written here as its description says."""
    lengths = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, kind, array.ndim]) + lengths + array.tobytes()


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "x.gz", "images.bin"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("array", "expected"), [(IMAGES, IMAGES[..., np.newaxis]), (LABELS, LABELS)]
)
def test_idx(tmp_path, name, compress, array, expected):
    (tmp_path / name).write_bytes(compress(as_idx(array)))
    loaded = dcgan.load_idx(tmp_path / name)
    assert loaded.dtype == np.uint8
    np.testing.assert_array_equal(loaded, expected)
    loaded[0] = 0  # it can be written to


def test_the_npz_of_kuzushiji(tmp_path):
    np.savez_compressed(tmp_path / "kmnist-train-imgs.npz", arr_0=IMAGES)
    loaded = dcgan.load_idx(tmp_path / "kmnist-train-imgs.npz")
    np.testing.assert_array_equal(loaded, IMAGES[..., np.newaxis])


def test_what_it_loads_is_what_train_takes(tmp_path, tiny_gan):
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8), dtype=np.uint8)
    (tmp_path / "images").write_bytes(as_idx(images))
    history = dcgan.train(
        tiny_gan(), dcgan.load_idx(tmp_path / "images"), 1, batch_size=4, progress=False
    )
    assert history.steps == [1, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an IDX file of bytes"),
        (b"\0\0\x08", "an IDX file of bytes"),
        (b"<!DOCTYPE html>", "begins with"),
        (as_idx(IMAGES, kind=0x0D), "an IDX file of bytes"),
        (as_idx(IMAGES)[:-1], "announces 60 values and has 59"),
        (as_idx(IMAGES) + b"\0", "announces 60 values and has 61"),
        (as_idx(IMAGES)[:9], "an IDX file of bytes"),
        (as_idx(IMAGES[:0]), r"got uint8 of shape \(0, 4, 3\)"),
        (as_idx(IMAGES[0]), r"got uint8 of shape \(4, 3\)"),
        (gzip.compress(as_idx(IMAGES))[:-12], "must hold a whole file"),
        (gzip.compress(as_idx(IMAGES))[:-8] + bytes(8), "must hold a whole file"),
    ],
)
def test_a_file_that_is_none_or_not_whole_is_refused(tmp_path, content, message):
    (tmp_path / "x.gz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        dcgan.load_idx(tmp_path / "x.gz")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": IMAGES, "b": IMAGES}, "one array, got .* with a, b"),
        ({"a": IMAGES / 255}, r"got float64 of shape \(5, 4, 3\)"),
        ({"a": np.array([object()])}, "allow_pickle"),
    ],
)
def test_an_archive_of_something_else_is_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        dcgan.load_idx(tmp_path / "x.npz")


def test_an_archive_that_is_damaged_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", IMAGES)
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[content.index(IMAGES.tobytes()) + 9] ^= 1
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match="must hold a whole file"):
        dcgan.load_idx(tmp_path / "x.npz")


def test_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match="path must be a file that exists"):
        dcgan.load_idx(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="path must be a file"):
        dcgan.load_idx(tmp_path)
    with pytest.raises(TypeError, match="path must be a path"):
        dcgan.load_idx(3)


@pytest.mark.parametrize(("field", "value"), [(8, 1), (10, 99)])  # encrypted; an unknown method
def test_an_archive_that_python_cannot_unpack_is_refused(tmp_path, field, value):
    path = tmp_path / "x.npz"
    np.savez(path, a=IMAGES)
    content = bytearray(path.read_bytes())
    for header, offset in ((b"PK\1\2", field), (b"PK\3\4", field - 2)):
        content[content.index(header) + offset] = value
    path.write_bytes(content)
    with pytest.raises(ValueError, match="path must hold a whole file"):
        dcgan.load_idx(path)
