import keras
import numpy as np
from keras import layers

import dcgan_helpers as dcgan


def by_hand() -> keras.Sequential:
    """The discriminator as TensorFlow's tutorial describes it, written here once more."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, (5, 5), strides=(2, 2), padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Conv2D(128, (5, 5), strides=(2, 2), padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def test_parameter_count():
    assert dcgan.make_discriminator_model().count_params() == 212_865


def test_is_the_tutorials_model_to_the_bit(mnist):
    images = dcgan.normalize(mnist.test_images[:4])
    keras.utils.set_random_seed(7)
    expected = by_hand()
    keras.utils.set_random_seed(7)
    model = dcgan.make_discriminator_model()
    for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(
        model(images, training=False).numpy(), expected(images, training=False).numpy()
    )
    # Dropout, too, begins with the same seeds.
    np.testing.assert_array_equal(
        model(images, training=True).numpy(), expected(images, training=True).numpy()
    )


def test_returns_logits_not_probabilities(mnist):
    model = dcgan.make_discriminator_model(seed=0)
    logits = model(dcgan.normalize(mnist.test_images[:100]), training=False).numpy()
    assert logits.shape == (100, 1)
    assert logits.min() < 0 or logits.max() > 1


def test_seed_decides_weights_and_dropout(mnist):
    images = dcgan.normalize(mnist.test_images[:4])
    first, second, other = (dcgan.make_discriminator_model(seed=s) for s in (1, 1, 2))
    logits = [model(images, training=True).numpy() for model in (first, second, other)]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert not np.array_equal(logits[0], logits[2])
    assert not np.array_equal(first(images, training=True).numpy(), logits[0])


def test_mixed_precision_keeps_weights_in_float32():
    model = dcgan.make_discriminator_model(dtype="mixed_bfloat16")
    assert {layer.compute_dtype for layer in model.layers} == {"bfloat16"}
    assert {w.dtype for w in model.weights} == {"float32"}


def test_other_image_shapes():
    assert dcgan.make_discriminator_model(image_shape=(32, 64, 3)).input_shape == (None, 32, 64, 3)


def test_more_doublings_of_the_generator_are_more_convolutions_here():
    model = dcgan.make_discriminator_model(image_shape=(64, 48, 3), base_filters=8, doublings=4)
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [8, 16, 32, 64]
    assert convolutions[-1].output.shape == (None, 4, 3, 64)
    assert model.output_shape == (None, 1)
