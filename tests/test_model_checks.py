"""Models that would train wrongly in silence."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGE_SHAPE, make_averaging_gan, make_tiny_gan, train_tiny

import dcgan_helpers as dcgan
from dcgan_helpers._fourier import pays
from dcgan_helpers._optimizers import learning_rates

layers = keras.layers


def generator(*end):
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(64), layers.Reshape(IMAGE_SHAPE), *end]
    )


def discriminator(*end, units=1):
    return keras.Sequential([keras.Input(IMAGE_SHAPE), layers.Flatten(), layers.Dense(units), *end])


def functional(model, *end):
    """`model` within a functional model that goes on with `end`."""
    inputs = keras.Input(model.input_shape[1:])
    outputs = model(inputs)
    for layer in end:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


class Halve(keras.Sequential):
    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=training) * 2 - 1


DARKLESS = [  # generators that make nothing below 0
    lambda: generator(layers.Activation("sigmoid")),
    lambda: generator(layers.ReLU()),
    lambda: generator(layers.Softmax()),
    lambda: generator(layers.Conv2D(1, 3, padding="same", activation="softplus")),
    lambda: generator(layers.Activation("sigmoid"), layers.Reshape(IMAGE_SHAPE)),
    lambda: generator(layers.Activation("sigmoid"), layers.Rescaling(255)),
    lambda: functional(generator(), layers.Activation("hard_sigmoid")),
    lambda: functional(generator(layers.Activation("sigmoid"))),
]
SIGNED = [
    lambda: generator(),  # its range is found when it makes its first images
    lambda: generator(layers.Activation("tanh")),
    lambda: generator(layers.Activation("sigmoid"), layers.Rescaling(2, offset=-1)),
    lambda: functional(generator(layers.Activation("sigmoid")), lambda x: 2 * x - 1),
    lambda: functional(generator(layers.Activation("sigmoid")), layers.Conv2D(1, 1)),
    lambda: Halve([keras.Input((3,)), *generator(layers.Activation("sigmoid")).layers]),
]
BOUNDED = [
    lambda: discriminator(layers.Activation("sigmoid")),
    lambda: discriminator(layers.Activation("tanh")),
    lambda: discriminator(layers.Activation("relu")),
    lambda: discriminator(layers.Softmax()),
    lambda: discriminator(layers.Activation("softsign"), layers.Reshape((1,))),
    lambda: functional(discriminator(), layers.Activation("sigmoid")),
]
FREE = [
    lambda: discriminator(),
    lambda: discriminator(layers.LeakyReLU()),
    lambda: discriminator(layers.Activation("tanh"), layers.Rescaling(20)),
    lambda: discriminator(layers.Activation("sigmoid"), layers.Dense(1), units=5),
]


@pytest.mark.parametrize("make", DARKLESS)
def test_a_generator_of_images_that_are_never_dark_is_refused(make):
    with pytest.raises(ValueError, match=r"generator .*activation='tanh'"):
        make_tiny_gan(generator=make())


@pytest.mark.parametrize("make", BOUNDED)
def test_a_discriminator_of_no_logits_is_refused(make):
    with pytest.raises(ValueError, match=r"discriminator .*activation=None"):
        make_tiny_gan(discriminator=make())


@pytest.mark.parametrize("make", SIGNED)
def test_other_generators_are_taken(make):
    assert make_tiny_gan(generator=make()).noise_dim == 3


@pytest.mark.parametrize("make", FREE)
def test_other_discriminators_are_taken(make):
    make_tiny_gan(discriminator=make())


# What is trained


@pytest.mark.parametrize("name", ["generator", "discriminator"])
@pytest.mark.parametrize("late", [False, True])
def test_a_model_that_does_not_train_is_refused(name, late, tiny_images):
    model = getattr(make_tiny_gan(), name)

    def freeze_late_and_train():
        gan = make_tiny_gan(**{name: model})
        model.trainable = False
        train_tiny(gan, tiny_images, steps=1)

    model.trainable = late
    with pytest.raises(ValueError, match=rf"{name} must have weights .*{name}.trainable = True"):
        freeze_late_and_train()


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_a_layer_that_is_set_free_later_is_refused(name, tiny_images):
    model = getattr(make_tiny_gan(), name)
    model.layers[0].trainable = False
    gan = make_tiny_gan(**{name: model})
    train_tiny(gan, tiny_images, steps=1)
    model.layers[0].trainable = True
    with pytest.raises(ValueError, match=rf"{name} .*freeze it after DCGAN"):
        train_tiny(gan, tiny_images, steps=2)
    assert int(gan.step) == 1


def test_a_layer_frozen_later_is_averaged_on(tiny_images):
    gan = make_averaging_gan()
    train_tiny(gan, tiny_images, steps=2)
    gan.generator.layers[0].trainable = False
    frozen = gan.generator.layers[0].kernel.numpy()
    before = gan.ema.weights[0].numpy()
    train_tiny(gan, tiny_images, steps=4)
    np.testing.assert_array_equal(gan.generator.layers[0].kernel, frozen)
    expected = before
    for step in (3, 4):
        expected = expected + (1 - (1 - 1 / step) ** 3) * (frozen - expected)
    np.testing.assert_allclose(gan.ema.weights[0].numpy(), expected, rtol=1e-5)
    made = gan.sampling_generator().layers[0].kernel
    np.testing.assert_array_equal(made, gan.ema.weights[0].numpy())


def regularized(scale):
    kernel = keras.initializers.GlorotUniform(seed=1)
    regularizer = keras.regularizers.L2(scale) if scale else None
    dense = {"kernel_initializer": kernel, "kernel_regularizer": regularizer}
    return (
        keras.Sequential(
            [keras.Input((3,)), layers.Dense(64, **dense), layers.Reshape(IMAGE_SHAPE)]
        ),
        keras.Sequential([keras.Input(IMAGE_SHAPE), layers.Flatten(), layers.Dense(1, **dense)]),
    )


@pytest.mark.parametrize("fourier", [False, True])
def test_regularizers_add_their_gradient_once(fourier, tiny_images):
    """That of scale * w² is 2 * scale * w, and SGD of rate 1 subtracts it."""
    kernels, losses = [], []
    for scale in (0, 0.25):
        models = regularized(scale)
        optimizers = [keras.optimizers.SGD(1.0) for _ in models]
        gan = dcgan.DCGAN(
            generator=models[0],
            discriminator=models[1],
            generator_optimizer=optimizers[0],
            discriminator_optimizer=optimizers[1],
        )
        before = [models[0].layers[0].kernel.numpy(), models[1].layers[-1].kernel.numpy()]
        step = dcgan.make_train_step(gan, jit_compile=False, fourier=fourier)
        losses.append([float(x) for x in step(dcgan.normalize(tiny_images[:4])).values()])
        kernels.append([models[0].layers[0].kernel.numpy(), models[1].layers[-1].kernel.numpy()])
    for plain, kernel, w in zip(*kernels, before, strict=True):
        np.testing.assert_allclose(kernel, plain - 0.5 * w, atol=1e-6)
    assert losses[0] == losses[1]  # shown without it: comparable between runs


class AddsLoss(layers.Layer):
    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs**2))
        return inputs


def with_fourier(**options):
    """A generator with a layer that is computed with Fourier coefficients, but for `options`."""
    wide = layers.Conv2DTranspose(64, 5, padding="same", **options)
    model = generator(layers.Conv2D(64, 1), wide, layers.Conv2D(1, 1, activation="tanh"))
    assert pays(wide) == (not options)
    return model


OWN_LOSSES = [
    ("generator", lambda: generator(layers.Activation("tanh", activity_regularizer="l2"))),
    ("generator", lambda: with_fourier(activity_regularizer="l2")),
    ("discriminator", lambda: discriminator(layers.Dense(1, activity_regularizer="l1"))),
    ("discriminator", lambda: discriminator(AddsLoss())),
]


@pytest.mark.parametrize(("name", "make"), OWN_LOSSES)
def test_losses_that_the_step_would_leave_out_are_refused(name, make, tiny_images):
    gan = make_tiny_gan(**{name: make()})
    with pytest.raises(ValueError, match=rf"{name} must add no loss .*regularize its weights"):
        train_tiny(gan, tiny_images, steps=1)
    assert int(gan.step) == 0


# Randomness


class Noisy(layers.Layer):
    """Adds random numbers that `draw` makes."""

    def __init__(self, draw, seed=None, **options):
        super().__init__(**options)
        self.draw, self.seed = draw, seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        return inputs + self.draw(self, tf.shape(inputs))

    def get_config(self):
        return {**super().get_config(), "draw": "a function", "seed": self.seed}


@pytest.mark.parametrize(
    "draw",
    [
        lambda layer, shape: tf.random.normal(shape),
        lambda layer, shape: tf.random.uniform(shape, seed=3),
        lambda layer, shape: keras.random.normal(shape),
    ],
)
def test_randomness_of_a_global_state_is_refused(draw, tiny_images):
    gan = make_tiny_gan(discriminator=discriminator(Noisy(draw)))
    with pytest.raises(ValueError, match=r"discriminator must hold .*SeedGenerator"):
        train_tiny(gan, tiny_images, steps=1)
    assert int(gan.step) == 0


def test_randomness_of_the_layers_own_state_resumes(tiny_images, tmp_path):
    def draw(layer, shape):
        return keras.random.normal(shape, seed=layer.generator)

    def make(seed):
        dense = layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=seed))
        parts = [layers.Flatten(), layers.Dropout(0.5), Noisy(draw, seed), dense]
        return make_tiny_gan(discriminator=keras.Sequential([keras.Input(IMAGE_SHAPE), *parts]))

    first, second = make(1), make(None)  # as if the kernel had been started again
    train_tiny(first, tiny_images, steps=2, checkpoint_dir=tmp_path)
    train_tiny(first, tiny_images, steps=4)
    train_tiny(second, tiny_images, steps=4, checkpoint_dir=tmp_path)
    for a, b in zip(first.discriminator.variables, second.discriminator.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


# float16


def in_dtype(make, dtype):
    return make(image_shape=IMAGE_SHAPE, dtype=dtype, seed=0)


def within(model):
    inputs = keras.Input(model.input_shape[1:], dtype="float32")
    return keras.Model(inputs, model(inputs))


@pytest.mark.parametrize("wrap", [lambda model: model, within])
def test_losses_are_scaled_where_gradients_come_through_float16(wrap):
    half = wrap(in_dtype(dcgan.make_discriminator_model, "mixed_float16"))
    gan = make_tiny_gan(discriminator=half)  # the generator in float32
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert learning_rates(optimizer) == [pytest.approx(1e-4)]  # the one that is used
    with pytest.raises(ValueError, match=r"generator_optimizer must be a .*LossScaleOptimizer"):
        make_tiny_gan(discriminator=half, generator_optimizer=keras.optimizers.SGD())
