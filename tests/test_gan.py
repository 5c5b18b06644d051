import copy
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import (
    IMAGE_SHAPE,
    assert_same_state,
    make_averaging_gan,
    make_tiny_gan,
    state_of,
    train_tiny,
)

import dcgan_helpers as dcgan

layers = keras.layers


def test_defaults_are_the_tutorials():
    gan = dcgan.DCGAN()
    assert (gan.generator.count_params(), gan.discriminator.count_params()) == (2_330_944, 212_865)
    assert gan.generator_optimizer is not gan.discriminator_optimizer
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.9, 0.999, 1e-7)
    assert gan.recipe.batch_size == 256
    assert int(gan.step) == 0
    assert len(gan.random_states) == 2  # two dropout layers


def test_images_of_another_shape():
    gan = dcgan.DCGAN(recipe="quick", image_shape=(8, 12, 3), seed=1)
    assert gan.image_shape == (8, 12, 3)
    assert gan.discriminator.input_shape == (None, 8, 12, 3)
    pictures = np.zeros((16, 8, 12, 3), np.uint8)
    dcgan.train(gan, pictures, steps=1, progress=False)
    assert gan.generate(dcgan.sample_noise(2, 0)).shape == (2, 8, 12, 3)
    assert dcgan.DCGAN(discriminator=gan.discriminator).image_shape == (8, 12, 3)


def dtype_of_quick():
    return dcgan.DCGAN(recipe="quick").generator.layers[0].dtype_policy.name


@pytest.mark.parametrize(
    ("flags", "dtype"), [("avx512f avx512_bf16", "mixed_bfloat16"), ("avx512f", "float32")]
)
def test_bfloat16_only_on_a_processor_that_multiplies_in_it(flags, dtype, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [])
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_: f"flags\t\t: fpu avx2 {flags}\n")
    assert dtype_of_quick() == dtype


@pytest.mark.parametrize(("capability", "dtype"), [((8, 0), "mixed_bfloat16"), ((7, 5), "float32")])
def test_bfloat16_only_on_a_gpu_that_multiplies_in_it(capability, dtype, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: ["a GPU"])
    details = {"compute_capability": capability}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: details)
    assert dtype_of_quick() == dtype


def test_same_seed_same_state_and_another_seed_another():
    first, second, other = dcgan.DCGAN(seed=1), dcgan.DCGAN(seed=1), dcgan.DCGAN(seed=2)
    assert_same_state(first, second)
    kernels = [gan.generator.weights[0].numpy() for gan in (first, other)]
    assert not np.array_equal(*kernels)


def test_models_that_do_not_fit_each_other_are_refused(tiny_gan):
    with pytest.raises(ValueError, match="discriminator must take the generator's images"):
        tiny_gan(discriminator=dcgan.make_discriminator_model())
    logits = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="discriminator must return logits"):
        tiny_gan(discriminator=logits)


def test_one_model_given_the_other_fits_it():
    generator = dcgan.make_generator_model(image_shape=(8, 8, 3), noise_dim=5, seed=0)
    gan = dcgan.DCGAN(generator=generator)
    assert gan.discriminator.input_shape == (None, 8, 8, 3)
    assert (gan.noise_dim, gan.image_shape) == (5, (8, 8, 3))
    other = dcgan.DCGAN(discriminator=dcgan.make_discriminator_model(image_shape=(12, 8, 1)))
    assert other.image_shape == (12, 8, 1)


def test_two_models_given_may_have_a_size_that_none_made_here_has():
    shape = (6, 5, 1)
    models = {
        "generator": keras.Sequential(
            [keras.Input((3,)), layers.Dense(30, activation="tanh"), layers.Reshape(shape)]
        ),
        "discriminator": keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(1)]),
    }
    assert dcgan.DCGAN(image_shape=shape, **models).image_shape == shape
    with pytest.raises(ValueError, match=r"image_shape must be that of the model given, \(6, 5"):
        dcgan.DCGAN(image_shape=(5, 6, 1), **models)


def nested(dtype=None):
    inner = keras.Input((3,))
    block = keras.Model(inner, layers.Dense(64, dtype=dtype)(inner))
    outer = keras.Input((3,))
    images = layers.Reshape(IMAGE_SHAPE, dtype="float32")(block(outer))
    return keras.Model(outer, layers.Activation("tanh", dtype="float32")(images))


def test_models_of_ones_own_are_told_apart_by_what_they_are(tiny_gan):
    first, second, other = (
        tiny_gan(generator=nested(dtype)).history.config for dtype in (None, None, "mixed_bfloat16")
    )
    assert first == second  # built anew, as when a notebook's cell runs again
    assert first["generator"] != other["generator"]


def test_losses_are_scaled_for_models_of_ones_own_in_float16(tiny_gan):
    generator = dcgan.make_generator_model(
        image_shape=IMAGE_SHAPE, noise_dim=3, dtype="mixed_float16"
    )
    gan = tiny_gan(generator=generator)
    assert isinstance(gan.generator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert not isinstance(gan.discriminator_optimizer, keras.optimizers.LossScaleOptimizer)


# The state as arrays


def test_the_state_is_everything_that_a_run_ends_with(tiny_images):
    trained, new = make_averaging_gan(), make_averaging_gan()
    train_tiny(trained, tiny_images, epochs=1)
    state = trained.get_state()
    before = {name: array.copy() for name, array in state.items()}
    new.set_state(state)
    assert_same_state(new, trained)
    train_tiny(trained, tiny_images, epochs=2)
    for name in before:  # copies: a later step changes nothing in them
        np.testing.assert_array_equal(state[name], before[name])


def with_a_counter():
    class Counting(layers.Layer):
        """Keeps a variable that Keras does not know of."""

        def __init__(self):
            super().__init__()
            self.calls = tf.Variable(0.0)

        def call(self, inputs):
            self.calls.assign_add(1.0)
            return inputs

    model = keras.Sequential(
        [keras.Input(IMAGE_SHAPE), Counting(), layers.Flatten(), layers.Dense(1, dtype="bfloat16")]
    )
    return model, model.layers[0]


def test_variables_that_keras_does_not_know_are_part_of_the_state(tiny_gan, tiny_images, tmp_path):
    (first_model, first), (second_model, second) = with_a_counter(), with_a_counter()
    gan = tiny_gan(discriminator=first_model)
    train_tiny(gan, tiny_images, steps=2, checkpoint_dir=tmp_path)
    other = tiny_gan(discriminator=second_model)
    dcgan.Checkpoints(other, tmp_path).restore()
    assert float(second.calls) == float(first.calls) > 0
    for a, b in zip(first_model.weights, second_model.weights, strict=True):  # in bfloat16
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"generator/99": np.zeros(3)}, "1 unmatched, the first is 'generator/99'"),
        ({"generator/0": np.zeros((3, 5), np.float32)}, r"\(3, 32\), got float32 and \(3, 5\)"),
        ({"step": np.zeros((), np.int32)}, "state\\['step'\\] must be of int64"),
    ],
)
def test_another_state_is_refused_and_changes_nothing(change, message, tiny_gan, tiny_images):
    gan, other = tiny_gan(), tiny_gan()
    train_tiny(other, tiny_images, steps=1)
    before = state_of(gan)
    with pytest.raises(ValueError, match=message):
        gan.set_state({**other.get_state(), **change})
    for name, array in state_of(gan).items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_copy_would_lose_the_optimizers_state_and_is_refused(copying, tiny_gan):
    with pytest.raises(TypeError, match=r"set_state\(gan.get_state\(\)\)"):
        copying(tiny_gan())


# What makes two runs the same


def cell(number, body="x * 2"):
    """A function of a notebook's cell: its file's name changes with each start of the kernel."""
    names = {}
    code = f"function = lambda x: {body}"
    exec(compile(code, f"/tmp/ipykernel_{number}/{number}.py", "exec"), names)
    return names["function"]


def with_function(function, seed=None):
    kernel = keras.initializers.GlorotUniform(seed=seed)
    return keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            layers.Lambda(function, output_shape=IMAGE_SHAPE),
            layers.Flatten(),
            layers.Dropout(0.5, seed=seed),
            layers.Dense(4, kernel_initializer=kernel),
            layers.Dense(1),
        ]
    )


def test_a_function_of_a_notebook_is_told_by_what_it_does(tiny_gan, tiny_images, tmp_path):
    first = tiny_gan(discriminator=with_function(cell(1), seed=1))
    train_tiny(first, tiny_images, steps=1, checkpoint_dir=tmp_path)
    again = tiny_gan(discriminator=with_function(cell(2), seed=2))
    other = tiny_gan(discriminator=with_function(cell(1, "x * 3"), seed=1))
    inner = tiny_gan(discriminator=with_function(cell(1, "(lambda y: y * 3)(x)"), seed=1))
    assert dcgan.Checkpoints(again, tmp_path).restore().step == 1
    with pytest.raises(ValueError, match=r"discriminator: \w+ in the checkpoint"):
        dcgan.Checkpoints(other, tmp_path).restore()
    assert inner.history.config["discriminator"] != other.history.config["discriminator"]


class Decay(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1


class Opaque(layers.Layer):
    """A layer that cannot be recorded."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


@pytest.mark.parametrize("make", [make_tiny_gan, make_averaging_gan])
def test_parts_that_cannot_be_recorded_are_refused(make):
    end = [Opaque(keras.ops.tanh), layers.Reshape(IMAGE_SHAPE)]
    opaque = keras.Sequential([keras.Input((3,)), layers.Dense(64), *end])
    with pytest.raises(ValueError, match=r"^generator must have settings .*get_config"):
        make(generator=opaque)
    with pytest.raises(ValueError, match=r"^generator_optimizer must have settings .*get_config"):
        make(generator_optimizer=keras.optimizers.SGD(Decay()))


def test_an_optimizer_within_another_is_looked_at(tiny_gan):
    used = tiny_gan().generator_optimizer
    scaled = keras.optimizers.LossScaleOptimizer
    with pytest.raises(ValueError, match="generator_optimizer must be new"):
        tiny_gan(generator_optimizer=scaled(used))
    sgd = keras.optimizers.SGD()
    with pytest.raises(ValueError, match="must be two, got one"):
        tiny_gan(generator_optimizer=scaled(sgd), discriminator_optimizer=scaled(sgd))


def test_a_generator_of_other_images_needs_its_discriminator():
    generator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(900), layers.Reshape((30, 30, 1))]
    )
    with pytest.raises(ValueError, match=r"generator .*30.* discriminator has to be given"):
        dcgan.DCGAN(generator=generator)
