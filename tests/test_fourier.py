import keras
import numpy as np
import pytest
import tensorflow as tf

import dcgan_helpers as dcgan
from dcgan_helpers import _fourier as fourier


@tf.function
def values_and_gradients(function, images, kernel, upstream):
    with tf.GradientTape() as tape:
        tape.watch([images, kernel])
        result = function(images, kernel)
    return [result, *tape.gradient(result, [images, kernel], upstream)]


@pytest.mark.parametrize(
    ("height", "width", "size"), [(7, 7, 5), (7, 7, 3), (6, 9, 5), (3, 4, 7), (5, 5, 1)]
)
def test_is_the_transposed_convolution(height, width, size):
    rng = np.random.default_rng(0)
    images, kernel, upstream = (
        tf.constant(rng.standard_normal(shape), tf.float32)
        for shape in ((3, height, width, 4), (size, size, 2, 4), (3, height, width, 2))
    )
    ours = values_and_gradients(fourier.conv2d_transpose, images, kernel, upstream)
    expected = values_and_gradients(
        lambda x, k: tf.nn.conv2d_transpose(x, k, (3, height, width, 2), 1, "SAME"),
        images, kernel, upstream,
    )  # fmt: skip
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_products_are_as_few_as_the_text_says():
    of_images, of_kernel, inverse = fourier._matrices(7, 7, 5)
    assert of_images.shape == (121, 49)
    assert of_kernel.shape == (121, 25)
    assert inverse.shape == (49, 121)


def test_only_the_generators_first_transposed_convolution_is_replaced():
    generator, discriminator = dcgan.make_generator_model(), dcgan.make_discriminator_model()
    replaced = [i for i, layer in enumerate(generator.layers) if fourier.pays(layer)]
    assert [generator.layers[i].name for i in replaced] == [generator.layers[4].name]
    assert not any(fourier.pays(layer) for layer in discriminator.layers)


class OfOnesOwn(keras.layers.Conv2DTranspose):
    """May do something else than its parent."""


def pays(kind=keras.layers.Conv2DTranspose, shape=(7, 7, 64), **options):
    layer = kind(**{"filters": 64, "kernel_size": 5, "padding": "same", **options})
    keras.Sequential([keras.Input(shape), layer])
    return fourier.pays(layer)


@pytest.mark.parametrize(
    "options",
    [
        {"strides": 2},
        {"padding": "valid"},
        {"dilation_rate": 2},
        {"data_format": "channels_first"},
        {"kernel_size": (3, 5)},
        {"kernel_size": 4},
        {"kernel_size": 3},  # possible, but saves less than half
        {"shape": (None, 7, 64)},
        {"kind": OfOnesOwn},
    ],
)
def test_other_layers_are_left_alone(options):
    assert pays()
    assert not pays(**options)


@pytest.mark.parametrize("training", [True, False])
def test_a_model_gives_the_same_images(training):
    def make_model(dtype):
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(7 * 7 * 64, dtype=dtype),
                layers.Reshape((7, 7, 64), dtype=dtype),
                layers.Conv2DTranspose(64, 5, padding="same", activation="tanh", dtype=dtype),
                layers.BatchNormalization(dtype=dtype),
            ]
        )

    model, in_bfloat16 = make_model("float32"), make_model("mixed_bfloat16")
    assert [fourier.pays(layer) for layer in model.layers] == [False, False, True, False]
    model.layers[2].bias.assign(tf.linspace(-0.5, 0.5, 64))
    in_bfloat16.set_weights(model.get_weights())
    noise = tf.constant(dcgan.sample_noise(8, 0, 3))
    exact = model(noise, training=training)

    def error(images, dtype):
        assert images.dtype == dtype
        return np.linalg.norm(tf.cast(images, tf.float32) - exact) / np.linalg.norm(exact)

    ours, theirs, ours_in_bfloat16 = (
        fourier.call_with_fourier(model, noise, training=training),
        in_bfloat16(noise, training=training),
        fourier.call_with_fourier(in_bfloat16, noise, training=training),
    )
    assert 0 < error(ours, "float32") < 1e-5
    # How large bfloat16's own error is depends on the processor; this is to be of its size.
    own = error(theirs, "bfloat16")
    assert error(ours_in_bfloat16, "bfloat16") < 1.2 * own < 0.1
    first_layers = keras.Sequential(in_bfloat16.layers[:3])
    assert fourier.call_with_fourier(first_layers, noise, training=training).dtype == "bfloat16"


def test_a_model_with_a_call_of_its_own_is_left_alone():
    class Negative(keras.Sequential):
        def call(self, inputs, training=None, mask=None):
            return -super().call(inputs, training=training)

    model = Negative([keras.Input((7, 7, 64)), keras.layers.Conv2DTranspose(64, 5, padding="same")])
    assert fourier.pays(model.layers[0])
    images = tf.ones((1, 7, 7, 64))
    np.testing.assert_array_equal(
        fourier.call_with_fourier(model, images, training=False), model(images, training=False)
    )
