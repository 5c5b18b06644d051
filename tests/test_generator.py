import keras
import numpy as np
import pytest
from conftest import seed_global_random_state
from keras import layers

import dcgan_helpers as dcgan
from dcgan_helpers.generator import fitting_doublings


def by_hand() -> keras.Sequential:
    """The generator as TensorFlow's tutorial describes it, written here once more."""
    return keras.Sequential(
        [
            keras.Input((100,)),
            layers.Dense(7 * 7 * 256, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((7, 7, 256)),
            layers.Conv2DTranspose(128, (5, 5), strides=(1, 1), padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(64, (5, 5), strides=(2, 2), padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(
                1, (5, 5), strides=(2, 2), padding="same", use_bias=False, activation="tanh"
            ),
        ]
    )


def test_parameter_counts():
    model = dcgan.make_generator_model()
    assert model.count_params() == 2_330_944
    assert sum(int(np.prod(w.shape)) for w in model.non_trainable_weights) == 25_472


def test_is_the_tutorials_model_to_the_bit():
    keras.utils.set_random_seed(7)
    expected = by_hand()
    keras.utils.set_random_seed(7)
    model = dcgan.make_generator_model()
    assert len(model.weights) == len(expected.weights)
    for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    noise = dcgan.sample_noise(2, seed=0)
    np.testing.assert_array_equal(
        model(noise, training=False).numpy(), expected(noise, training=False).numpy()
    )


def test_output_is_images_in_the_range_of_tanh():
    images = dcgan.make_generator_model(seed=0)(dcgan.sample_noise(3, seed=0)).numpy()
    assert images.shape == (3, 28, 28, 1)
    assert -1 <= images.min() < images.max() <= 1


def test_building_with_a_seed_leaves_the_global_random_state_alone():
    draws = []
    for build in (lambda: None, lambda: dcgan.make_generator_model(seed=5)):
        seed_global_random_state(0)
        build()
        draws.append(keras.random.uniform((3,)).numpy())
    np.testing.assert_array_equal(*draws)


def test_seed_decides_the_weights():
    first, second, other = (dcgan.make_generator_model(seed=seed) for seed in (5, 5, 6))
    for a, b, c in zip(*(m.trainable_weights for m in (first, second, other)), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        if a.numpy().std() > 0:  # scales and offsets of batch normalisation are constant
            assert not np.array_equal(a.numpy(), c.numpy())


def test_layers_of_one_model_get_different_seeds():
    seeds = [
        layer.kernel_initializer.seed
        for layer in dcgan.make_generator_model(seed=0).layers
        if hasattr(layer, "kernel_initializer")
    ]
    assert len(set(seeds)) == 4


@pytest.mark.parametrize("image_shape", [(32, 32, 3), (28, 40, 1), (4, 4, 2)])
def test_other_image_shapes(image_shape):
    model = dcgan.make_generator_model(image_shape=image_shape, noise_dim=5)
    assert model.input_shape == (None, 5)
    assert model.output_shape == (None, *image_shape)


@pytest.mark.parametrize(
    ("image_shape", "doublings", "channels"),
    [
        ((28, 28, 1), 1, [128, 64, 1]),
        ((28, 28, 1), 2, [256, 128, 64, 1]),
        ((32, 32, 3), 3, [512, 256, 128, 64, 3]),
        ((48, 64, 3), 4, [1024, 512, 256, 128, 64, 3]),
    ],
)
def test_more_doublings_begin_with_a_smaller_image_of_more_channels(
    image_shape, doublings, channels
):
    model = dcgan.make_generator_model(image_shape=image_shape, doublings=doublings)
    small = next(layer for layer in model.layers if isinstance(layer, layers.Reshape)).output.shape
    height, width, _ = image_shape
    assert small[1:] == (height // 2**doublings, width // 2**doublings, channels[0])
    stamps = [layer for layer in model.layers if isinstance(layer, layers.Conv2DTranspose)]
    assert [layer.filters for layer in stamps] == channels[1:]
    assert [layer.strides for layer in stamps] == [(1, 1), *[(2, 2)] * doublings]
    assert model.output_shape == (None, *image_shape)


def test_base_filters_scale_every_layer():
    whole, half = (dcgan.make_generator_model(base_filters=n) for n in (64, 32))
    for a, b in zip(whole.layers[2:-1], half.layers[2:-1], strict=True):
        assert a.output.shape[-1] == 2 * b.output.shape[-1]


@pytest.mark.parametrize(
    ("image_shape", "doublings"),
    [
        ((28, 28, 1), 2),  # 7 × 7: the tutorial's
        ((32, 32, 3), 2),  # 8 × 8
        ((56, 56, 3), 3),
        ((64, 64, 3), 3),
        ((128, 128, 3), 4),
        ((64, 48, 3), 2),  # 16 × 12, since 8 × 6 would be too small
        ((8, 8, 1), 2),
        ((36, 100, 1), 2),
        ((4096, 4096, 1), 8),
    ],
)
def test_as_many_doublings_as_fit(image_shape, doublings):
    assert fitting_doublings(image_shape) == doublings


def test_mixed_precision_keeps_weights_in_float32():
    model = dcgan.make_generator_model(dtype="mixed_bfloat16")
    assert {layer.compute_dtype for layer in model.layers} == {"bfloat16"}
    assert {w.dtype for w in model.weights} == {"float32"}


def test_noise_is_the_same_on_every_machine():
    noise = dcgan.sample_noise(2, seed=42)
    assert noise.dtype == np.float32
    # Written down once: a NumPy that draws other numbers is to be noticed.
    np.testing.assert_allclose(noise[0, :4], [0.304717, -1.039984, 0.750451, 0.940565], atol=1e-6)
    np.testing.assert_allclose(noise[1, -2:], [-0.005122, -0.163443], atol=1e-6)


def test_noise_is_standard_normal():
    noise = dcgan.sample_noise(10_000, seed=1)
    assert abs(noise.mean()) < 0.005
    assert abs(noise.std() - 1) < 0.005


def test_more_noise_begins_with_the_same():
    np.testing.assert_array_equal(dcgan.sample_noise(9, 3)[:4], dcgan.sample_noise(4, 3))


@pytest.mark.parametrize("apart", [1, 0.3])  # along a chord, the second would be 1 % too short
def test_interpolation_keeps_to_the_sphere(apart):
    first, second = dcgan.sample_noise(2, seed=2)
    start, end = (v / np.linalg.norm(v) for v in (first, first + apart * (second - first)))
    path = dcgan.interpolate_noise(start, end, 11)
    np.testing.assert_array_equal(path[[0, -1]], [start, end])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, atol=1e-5)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


def test_interpolation_between_parallel_vectors_is_a_line():
    path = dcgan.interpolate_noise(np.ones(3, np.float32), 2 * np.ones(3, np.float32), 3)
    np.testing.assert_allclose(path, [[1] * 3, [1.5] * 3, [2] * 3], atol=1e-6)
    for v in dcgan.sample_noise(20, seed=0):  # of about half, the cosine is rounded to above 1
        np.testing.assert_allclose(dcgan.interpolate_noise(v, v, 3), [v] * 3, rtol=1e-6)
