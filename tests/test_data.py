import hashlib
import shutil
import time
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from conftest import flip_a_bit
from PIL import Image

import dcgan_helpers as dcgan
from dcgan_helpers import data


def md5_as_idx(array: np.ndarray) -> str:
    """The MD5 of an array in the IDX format in which MNIST was published."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return hashlib.md5(header + array.tobytes()).hexdigest()


def test_mnist_is_the_original_byte_for_byte(mnist):
    assert md5_as_idx(mnist.train_images[..., 0]) == "6bbc9ace898e44ae57da46a324031adb"
    assert md5_as_idx(mnist.train_labels) == "a25bea736e30d166cdddb491f175f624"
    assert md5_as_idx(mnist.test_images[..., 0]) == "2646ac647ad5339dbf082846283269ea"
    assert md5_as_idx(mnist.test_labels) == "27ae3e4e09519cfbb04c329615203637"


def test_mnist_shapes_and_dtypes(mnist):
    assert [a.shape for a in mnist] == [(60000, 28, 28, 1), (60000,), (10000, 28, 28, 1), (10000,)]
    assert {a.dtype for a in mnist} == {np.dtype(np.uint8)}


def test_mnist_file_is_small_and_loads_fast():
    assert data._MNIST_FILE.stat().st_size <= 12_000_000

    def seconds() -> float:
        start = time.perf_counter()
        dcgan.load_mnist()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 1


def test_damaged_mnist_is_refused(tmp_path, monkeypatch):
    damaged = shutil.copy(data._MNIST_FILE, tmp_path / "mnist.npz")
    flip_a_bit(damaged)
    monkeypatch.setattr(data, "_MNIST_FILE", damaged)
    with pytest.raises(ValueError, match=r"mnist\.npz is damaged: its SHA-256"):
        dcgan.load_mnist()


def test_each_load_gives_arrays_of_its_own():
    first, second = dcgan.load_mnist(), dcgan.load_mnist()
    first.test_images[:] = 0
    assert second.test_images.any()


def test_normalize_every_value():
    pixels = np.arange(256, dtype=np.uint8).reshape(256, 1, 1, 1)
    floats = dcgan.normalize(pixels)
    assert floats.dtype == np.float32
    assert floats.min() == -1
    assert floats.max() == 1
    np.testing.assert_allclose(
        floats.ravel(), np.arange(256, dtype=np.float64) / 127.5 - 1, atol=1e-7
    )
    np.testing.assert_array_equal(dcgan.denormalize(floats), pixels)


def test_round_trip_of_mnist_is_exact(mnist):
    np.testing.assert_array_equal(
        dcgan.denormalize(dcgan.normalize(mnist.test_images)), mnist.test_images
    )


def test_denormalize_rounds_to_the_nearest():
    floats = np.array([0.4 / 127.5 - 1, 0.6 / 127.5 - 1], np.float32).reshape(2, 1, 1, 1)
    assert dcgan.denormalize(floats).ravel().tolist() == [0, 1]


def batches_of(images, *arguments, **keywords):
    return [b.numpy() for b in dcgan.make_dataset(images, *arguments, **keywords)]


def test_dataset_gives_full_batches_of_a_static_shape(mnist):
    dataset = dcgan.make_dataset(mnist.test_images, seed=0)
    assert dataset.element_spec.shape == (256, 28, 28, 1)
    assert dataset.element_spec.dtype.name == "float32"
    assert len(dataset) == 39
    assert sum(len(batch) for batch in dataset) == 39 * 256


def test_dataset_of_pixels_and_of_floats_are_the_same_bits(mnist):
    pixels = mnist.test_images[:600]
    for a, b in zip(
        batches_of(pixels, 64, seed=3), batches_of(dcgan.normalize(pixels), 64, seed=3), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_dataset_order_depends_on_seed_and_epoch_alone(tiny_images):
    def order(**keywords):
        return np.concatenate(batches_of(tiny_images, 4, **keywords)).tobytes()

    assert order(seed=1, epoch=2) == order(seed=1, epoch=2)
    orders = {order(seed=s, epoch=e) for s in range(3) for e in range(3)}
    assert len(orders) == 9


def test_no_tuner_delays_the_end_of_an_iterator(tiny_images):
    # With one, `train` returned up to twice as late, in about every other call.
    assert dcgan.make_dataset(tiny_images, 4, seed=0).options().autotune.enabled is False


def test_dataset_is_a_permutation(tiny_images):
    seen = np.concatenate(batches_of(tiny_images, 11, seed=0))
    expected = dcgan.normalize(tiny_images)
    assert sorted(i.tobytes() for i in seen) == sorted(i.tobytes() for i in expected)


def test_another_epoch_leaves_out_other_images(tiny_images):
    def left_out(epoch):
        seen = {
            i.tobytes() for i in np.concatenate(batches_of(tiny_images, 4, seed=0, epoch=epoch))
        }
        return {i.tobytes() for i in dcgan.normalize(tiny_images)} - seen

    assert all(len(left_out(epoch)) == 2 for epoch in range(5))
    assert len({frozenset(left_out(epoch)) for epoch in range(5)}) > 1


def test_image_folder(tmp_path):
    for i in range(3):
        picture = np.full((40, 20, 3), 80 * i, np.uint8)
        iio.imwrite(tmp_path / f"{2 - i}.png", picture)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "more").mkdir()
    iio.imwrite(tmp_path / "more" / "x.png", np.full((9, 9), 255, np.uint8))
    grey = dcgan.load_image_folder(tmp_path, image_size=(8, 12))
    assert grey.shape == (4, 8, 12, 1)
    assert grey.dtype == np.uint8
    assert grey[:, 0, 0, 0].tolist() == [160, 80, 0, 255]  # in the order of their paths
    assert dcgan.load_image_folder(tmp_path, channels=3).shape == (4, 28, 28, 3)


def test_image_folder_reads_what_a_camera_or_an_editor_writes(tmp_path):
    white_above = np.zeros((8, 8), np.uint8)
    white_above[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned clockwise by a quarter
    lying = Image.fromarray(np.rot90(white_above))
    lying.save(tmp_path / "a.png", exif=exif)
    Image.fromarray(np.full((8, 8), 60_000, np.uint16)).save(tmp_path / "b.png")
    shape = np.zeros((8, 8, 4), np.uint8)  # black, on a transparent ground
    shape[4:, :, 3] = 255
    Image.fromarray(shape).save(tmp_path / "c.png")
    (tmp_path / "._a.png").write_bytes(b"what a Mac leaves beside a file")
    (tmp_path / "folder.png").mkdir()
    images = dcgan.load_image_folder(tmp_path, image_size=(8, 8))[..., 0]
    np.testing.assert_array_equal(images[0], white_above)
    assert set(images[1].ravel()) == {round(60_000 / 257)}
    np.testing.assert_array_equal(images[2], white_above)
    assert dcgan.load_image_folder(tmp_path, image_size=(8, 8), channels=3)[2, 0, 0, 0] == 255


def test_image_folder_with_a_broken_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"cannot be read.*a\.png"):
        dcgan.load_image_folder(tmp_path)


def test_licence_is_beside_the_data():
    text = (Path(data.__file__).parent / "MNIST-LICENSE.md").read_text(encoding="utf-8")
    assert "Yann LeCun" in text
    assert "CC BY-SA 3.0" in text
    assert data._MNIST_SHA256 in text
