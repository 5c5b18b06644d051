import hashlib

import numpy as np

import dcgan_helpers as dcgan
from dcgan_helpers._shipped import FILES
from dcgan_helpers.data import endless_batches


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


def test_batches_of_a_run_go_on_at_any_step(tiny_images):
    expected = [b for epoch in range(3) for b in batches_of(tiny_images, 4, seed=7, epoch=epoch)]
    for step in (0, 3, 5, 7):
        run = endless_batches(tiny_images, 4, seed=7, step=step)
        for batch in expected[step:]:
            np.testing.assert_array_equal(next(run), batch)


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


def test_licence_is_beside_the_data():
    text = (FILES / "MNIST-LICENSE.md").read_text(encoding="utf-8")
    assert "Yann LeCun" in text
    assert "CC BY-SA 3.0" in text
