import copy
import dataclasses
import logging.handlers
import os
import signal
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGE_SHAPE, assert_same_state, state_of

import dcgan_helpers as dcgan
from dcgan_helpers import training


def assert_same_run(first, second):
    assert_same_state(state_of(first), state_of(second))


def by_hand_step(gan, images):
    """The tutorial's step, not compiled, with the noise that the library draws."""
    noise = tf.random.stateless_normal((len(images), gan.noise_dim), seed=(gan.seed, int(gan.step)))
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
        fakes = gan.generator(noise, training=True)
        real = gan.discriminator(images, training=True)
        fake = gan.discriminator(fakes, training=True)
        generator_loss = bce(tf.ones_like(fake), fake)
        discriminator_loss = bce(tf.ones_like(real), real) + bce(tf.zeros_like(fake), fake)
    for tape, loss, model, optimizer in (
        (generator_tape, generator_loss, gan.generator, gan.generator_optimizer),
        (discriminator_tape, discriminator_loss, gan.discriminator, gan.discriminator_optimizer),
    ):
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    gan.step.assign_add(1)
    return float(generator_loss), float(discriminator_loss)


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


def test_quick_recipe_has_the_same_networks():
    quick, tutorial = dcgan.DCGAN(recipe="quick"), dcgan.DCGAN()
    for name in ("generator", "discriminator"):
        models = [getattr(gan, name) for gan in (quick, tutorial)]
        assert len({tuple(w.shape for w in model.weights) for model in models}) == 1
        for a, b in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("recipe", list(training.RECIPES))
def test_recipe_decides_the_settings(recipe):
    gan, settings = dcgan.DCGAN(recipe=recipe, dtype="float32"), training.RECIPES[recipe]
    for optimizer, rate in (
        (gan.generator_optimizer, settings.generator_learning_rate),
        (gan.discriminator_optimizer, settings.discriminator_learning_rate),
    ):
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        assert optimizer.beta_1 == settings.beta_1
    assert bool(gan.averages) == (settings.averaging is not None)
    dropout = [x for x in gan.discriminator.layers if isinstance(x, keras.layers.Dropout)]
    assert {layer.rate for layer in dropout} == {settings.dropout}


def test_images_of_another_shape():
    gan = dcgan.DCGAN(recipe="quick", image_shape=(8, 12, 3), seed=1)
    assert gan.image_shape == (8, 12, 3)
    assert gan.discriminator.input_shape == (None, 8, 12, 3)
    pictures = np.zeros((16, 8, 12, 3), np.uint8)
    dcgan.train(gan, pictures, steps=1, progress=False)
    assert gan.generate(dcgan.sample_noise(2, 0)).shape == (2, 8, 12, 3)
    assert dcgan.DCGAN(discriminator=gan.discriminator).image_shape == (8, 12, 3)


def test_recipe_of_ones_own():
    recipe = dataclasses.replace(dcgan.RECIPES["tutorial"], batch_size=4, averaging=2)
    gan = dcgan.DCGAN(recipe=recipe)
    assert gan.recipe.batch_size == 4
    assert len(gan.averages) == len(gan.generator.trainable_variables)
    assert recipe == dataclasses.replace(recipe, averaging=2.0)
    assert gan.settings == dcgan.DCGAN(recipe=dataclasses.replace(recipe, averaging=2.0)).settings
    assert "batch_size=4" in gan.settings["recipe"]
    assert dcgan.DCGAN(recipe=dcgan.RECIPES["quick"]).settings["recipe"] == "quick"


def test_bfloat16_only_where_the_machine_multiplies_in_it(monkeypatch):
    def dtype_with(flags):
        monkeypatch.setattr(training.Path, "read_text", lambda *_: flags)
        return dcgan.DCGAN(recipe="quick").generator.layers[0].dtype_policy.name

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [])
    assert dtype_with("flags: avx2 avx512f avx512_bf16") == "mixed_bfloat16"
    assert dtype_with("flags: avx2 avx512f") == "float32"


def averaging_gan(tiny_gan, **arguments):
    recipe = dataclasses.replace(
        dcgan.RECIPES["tutorial"], generator_learning_rate=0.01, averaging=2.0
    )
    return tiny_gan(recipe=recipe, **arguments)


def test_averages_are_those_of_the_steps(tiny_gan, tiny_images):
    gan, expected = averaging_gan(tiny_gan), None
    step = dcgan.make_train_step(gan)
    for t in range(1, 6):
        step(dcgan.normalize(tiny_images[:4]))
        weights = [w.numpy() for w in gan.generator.trainable_variables]
        decay = (1 - 1 / t) ** 3
        expected = (
            weights
            if expected is None
            else [decay * a + (1 - decay) * w for a, w in zip(expected, weights, strict=True)]
        )
    for average, w in zip(gan.sampling_generator.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(average.numpy(), w, rtol=1e-5, atol=1e-6)
    assert not np.array_equal(expected[0], gan.generator.trainable_variables[0].numpy())


def test_averaged_weights_have_batch_statistics_of_their_own(tiny_gan, tiny_images):
    """Those of the training belong to other weights, with which images would be useless."""
    gan = averaging_gan(tiny_gan)
    dcgan.train(gan, tiny_images, steps=4, batch_size=4, progress=False)
    dense, normalization = gan.sampling_generator.layers[:2]
    noise = dcgan.sample_noise(training.STATISTICS_BATCH, gan.seed, gan.noise_dim)
    seen = np.asarray(dense(noise))
    np.testing.assert_allclose(normalization.moving_mean.numpy(), seen.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(normalization.moving_variance.numpy(), seen.var(axis=0), rtol=1e-3)
    assert gan.generator.layers[1].momentum == 0.99  # as it was: only the copy forgets


def test_images_come_from_the_averages_of_the_latest_step(tiny_gan, tiny_images):
    gan = averaging_gan(tiny_gan)
    noise = dcgan.sample_noise(3, 0, gan.noise_dim)
    np.testing.assert_array_equal(gan.generate(noise), gan.generator(noise, training=False))
    made = []
    for steps in (2, 4):
        dcgan.train(gan, tiny_images, steps=steps, batch_size=4, progress=False)
        made.append(gan.generate(noise))
        expected = gan.sampling_generator(noise, training=False)
        np.testing.assert_array_equal(made[-1], expected)
        assert not np.allclose(made[-1], gan.generator(noise, training=False))
    assert not np.allclose(*made)


def test_averages_survive_an_interruption(tiny_gan, tiny_images, tmp_path):
    whole, first, second = (averaging_gan(tiny_gan) for _ in range(3))
    arguments = {"batch_size": 4, "progress": False}
    dcgan.train(whole, tiny_images, steps=7, **arguments)
    for gan, steps in ((first, 3), (second, 7)):
        dcgan.train(gan, tiny_images, steps=steps, checkpoint_dir=tmp_path, **arguments)
    assert_same_run(whole, second)
    noise = dcgan.sample_noise(3, 0, whole.noise_dim)
    np.testing.assert_array_equal(whole.generate(noise), second.generate(noise))


@pytest.mark.parametrize("kind", ["dropout", "nested batch normalisation"])
def test_averaged_images_depend_on_the_run_alone(kind, tiny_gan, tiny_images, tmp_path):
    """Not on how often images were made before: a resumed run has the same frames."""
    layers = keras.layers

    def make_gan():
        def kernel(number):
            return keras.initializers.GlorotUniform(seed=number)

        inner = keras.Sequential([keras.Input((32,)), layers.BatchNormalization()])
        generator = keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(32, kernel_initializer=kernel(1)),
                *([layers.Dropout(0.5, seed=2)] if kind == "dropout" else []),
                inner,
                layers.Dense(64, activation="tanh", kernel_initializer=kernel(3)),
                layers.Reshape(IMAGE_SHAPE),
            ]
        )
        return averaging_gan(tiny_gan, generator=generator)

    whole, first, second = (make_gan() for _ in range(3))
    arguments = {"batch_size": 4, "frame_every": 2, "progress": False}
    dcgan.train(whole, tiny_images, steps=6, **arguments)
    for gan, steps in ((first, 3), (second, 6)):
        dcgan.train(gan, tiny_images, steps=steps, checkpoint_dir=tmp_path, **arguments)
    assert_same_run(whole, second)
    if kind != "dropout":
        before, normalization = whole.sampling_generator.layers[:2]
        noise = dcgan.sample_noise(training.STATISTICS_BATCH, whole.seed, whole.noise_dim)
        variance = np.asarray(before(noise)).var(axis=0)
        seen = normalization.layers[0].moving_variance.numpy()
        np.testing.assert_allclose(seen, variance, rtol=1e-3)


def test_images_after_a_restore_are_of_what_was_restored(tiny_gan, tiny_images, tmp_path):
    gan = averaging_gan(tiny_gan)
    noise = dcgan.sample_noise(3, 0, gan.noise_dim)
    checkpoints, step = dcgan.Checkpoints(gan, tmp_path), dcgan.make_train_step(gan)
    checkpoints.save()
    made = []
    for images in (tiny_images[:4], 255 - tiny_images[4:8]):
        for _ in range(3):
            step(dcgan.normalize(images))
        made.append(gan.generate(noise))
        statistics = gan.sampling_generator.layers[1].moving_mean.numpy()
        seen = np.asarray(
            gan.sampling_generator.layers[0](
                dcgan.sample_noise(training.STATISTICS_BATCH, gan.seed, gan.noise_dim)
            )
        )
        np.testing.assert_allclose(statistics, seen.mean(axis=0), atol=1e-6)
        checkpoints.restore()
    assert not np.array_equal(*made)


def test_without_averages_the_generator_itself_makes_the_images(tiny_gan):
    gan = tiny_gan()
    assert gan.sampling_generator is gan.generator


def test_same_seed_same_state_and_another_seed_another():
    first, second, other = dcgan.DCGAN(seed=1), dcgan.DCGAN(seed=1), dcgan.DCGAN(seed=2)
    assert_same_run(first, second)
    kernels = [gan.generator.weights[0].numpy() for gan in (first, other)]
    assert not np.array_equal(*kernels)


def test_step_is_the_tutorials(tiny_gan, tiny_images):
    images = dcgan.normalize(tiny_images[:4])
    ours, expected = tiny_gan(), tiny_gan()
    step = dcgan.make_train_step(ours, jit_compile=False)
    for _ in range(3):
        losses = step(images)
        generator_loss, discriminator_loss = by_hand_step(expected, images)
        assert float(losses["generator_loss"]) == pytest.approx(generator_loss, rel=1e-5)
        assert float(losses["discriminator_loss"]) == pytest.approx(discriminator_loss, rel=1e-5)
    a, b = state_of(ours), state_of(expected)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_step_returns_float32_scalars_and_counts(tiny_gan, tiny_images):
    gan = tiny_gan()
    losses = dcgan.make_train_step(gan)(dcgan.normalize(tiny_images[:4]))
    assert {"generator_loss", "discriminator_loss"} <= set(losses)
    assert {(v.shape.rank, v.dtype) for v in losses.values()} == {(0, tf.float32)}
    assert int(gan.step) == 1


def test_as_many_fakes_as_reals(tiny_gan, tiny_images):
    gan, sizes = tiny_gan(), []
    original = gan.generator.call
    gan.generator.call = lambda noise, *a, **k: (sizes.append(noise), original(noise, *a, **k))[1]
    step = dcgan.make_train_step(gan, jit_compile=False)
    tf.config.run_functions_eagerly(True)
    try:
        for n in (3, 5):
            step(dcgan.normalize(tiny_images[:n]))
    finally:
        tf.config.run_functions_eagerly(False)
    assert [len(noise) for noise in sizes] == [3, 5]
    assert not np.array_equal(sizes[0][:3], sizes[1][:3])  # fresh noise in each step


def without_dropout():
    """Random numbers are others under XLA: no dropout where the two are compared."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=0)),
        ]
    )


def test_xla_computes_the_same_steps(tiny_gan, tiny_images, monkeypatch):
    noise = tf.constant(dcgan.sample_noise(4, seed=0, noise_dim=3))
    monkeypatch.setattr(tf.random, "stateless_normal", lambda shape, seed: noise)
    images = dcgan.normalize(tiny_images[:4])
    # SGD, because Adam divides a gradient of almost zero by its size, and so its rounding error.
    plain, compiled = (
        averaging_gan(
            tiny_gan,
            discriminator=without_dropout(),
            generator_optimizer=keras.optimizers.SGD(0.1),
            discriminator_optimizer=keras.optimizers.SGD(0.1),
        )
        for _ in range(2)
    )
    for gan, jit_compile in ((plain, False), (compiled, True)):
        step = dcgan.make_train_step(gan, jit_compile=jit_compile)
        for _ in range(3):
            step(images)
    a, b = state_of(plain), state_of(compiled)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 1e-4), ("mixed_float16", 0.1), ("mixed_bfloat16", 0.1)]
)
def test_xla_compiles_the_step_as_one_program(dtype, tolerance, tiny_images, monkeypatch):
    noise = tf.constant(dcgan.sample_noise(4, seed=0, noise_dim=3))
    monkeypatch.setattr(tf.random, "stateless_normal", lambda shape, seed: noise)
    images = tf.constant(dcgan.normalize(tiny_images[:4]))

    def one_step(jit_compile):
        optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
        if dtype == "mixed_float16":
            optimizers = [keras.optimizers.LossScaleOptimizer(o) for o in optimizers]
        gan = dcgan.DCGAN(
            dtype=dtype,
            generator=dcgan.make_generator_model(
                image_shape=IMAGE_SHAPE, noise_dim=3, seed=1, dtype=dtype
            ),
            discriminator=dcgan.make_discriminator_model(  # random numbers are others under XLA
                image_shape=IMAGE_SHAPE, dropout=0, seed=0, dtype=dtype
            ),
            generator_optimizer=optimizers[0],
            discriminator_optimizer=optimizers[1],
        )
        before = gan.generator.get_weights()
        step = dcgan.make_train_step(gan, jit_compile=jit_compile, fourier=False)
        if jit_compile:  # fails where TensorFlow would have to compute a part
            assert step.experimental_get_compiler_ir(images)(stage="hlo_serialized")
        losses = step(images)
        return losses, before, gan.generator.get_weights()

    (losses, before, plain), (losses_xla, _, compiled) = one_step(False), one_step(True)
    for name in losses:
        assert float(losses_xla[name]) == pytest.approx(float(losses[name]), rel=tolerance)
    changes = [
        np.concatenate([(a - b).ravel() for a, b in zip(weights, before, strict=True)])
        for weights in (plain, compiled)
    ]
    assert np.linalg.norm(changes[0]) > 0
    assert np.linalg.norm(changes[0] - changes[1]) < tolerance * np.linalg.norm(changes[0])


def test_step_with_fourier_coefficients_is_the_same_step(monkeypatch):
    used = []
    original = training.call_with_fourier

    def noted(model, noise, **options):
        used.append(model)
        return original(model, noise, **options)

    monkeypatch.setattr(training, "call_with_fourier", noted)
    # Random numbers for dropout are others in bfloat16.
    recipe = dataclasses.replace(dcgan.RECIPES["tutorial"], dropout=0.0)
    images = np.zeros((8, 28, 28, 1), np.float32)

    def one_step(dtype, fourier):
        optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
        gan = dcgan.DCGAN(
            recipe=recipe,
            dtype=dtype,
            generator_optimizer=optimizers[0],
            discriminator_optimizer=optimizers[1],
        )
        before = gan.generator.get_weights()
        losses = dcgan.make_train_step(gan, jit_compile=False, fourier=fourier)(images)
        assert len(used) == fourier
        used.clear()
        changes = [a - b for a, b in zip(gan.generator.get_weights(), before, strict=True)]
        return changes, [float(loss) for loss in losses.values()]

    def errors(changes):  # of each weight's change, in relation to the exact one
        return np.array(
            [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(changes, exact, strict=True)]
        )

    exact, exact_losses = one_step("float32", False)
    changes, losses = one_step("float32", True)
    np.testing.assert_allclose(losses, exact_losses, rtol=1e-3)
    assert 0 < errors(changes).max() < 1e-3

    # How large bfloat16's own error is depends on the processor; this is to be of its size.
    plain, plain_losses = one_step("mixed_bfloat16", False)
    changes, losses = one_step("mixed_bfloat16", True)
    np.testing.assert_allclose(losses, plain_losses, rtol=0.2)
    assert errors(plain).max() < 0.5
    assert (errors(changes) < 1.5 * errors(plain) + 0.05).all()


@pytest.mark.parametrize("gpus", [[], ["a GPU"]])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("recipe", dcgan.RECIPES)
def test_fourier_coefficients_are_the_default_on_a_cpu_without_xla(
    recipe, dtype, gpus, monkeypatch
):
    monkeypatch.setattr(training, "TrainStep", lambda gan, jit_compile, fourier: fourier)
    gan = dcgan.DCGAN(recipe=recipe, dtype=dtype)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert dcgan.make_train_step(gan, jit_compile=False) is not bool(gpus)
    assert dcgan.make_train_step(gan, jit_compile=True) is False
    assert dcgan.make_train_step(gan, jit_compile=True, fourier=True) is True


def test_one_trace_for_a_run(tiny_gan, tiny_images, monkeypatch):
    traced = []
    original = training._train_step
    monkeypatch.setattr(training, "_train_step", lambda *a: (traced.append(1), original(*a))[1])
    gan = tiny_gan()
    dcgan.train(gan, tiny_images, epochs=4, batch_size=4, progress=False)
    assert int(gan.step) == 20
    assert len(traced) == 1


def test_several_steps_in_a_call_are_the_same_run(tiny_gan, tiny_images, monkeypatch, tmp_path):
    one, several, parts = (averaging_gan(tiny_gan) for _ in range(3))
    arguments = {"batch_size": 4, "frame_every": 4, "progress": False}
    dcgan.train(one, tiny_images, steps=13, **arguments)
    traced = []
    original = training._train_step
    monkeypatch.setattr(training, "_train_step", lambda *a: (traced.append(1), original(*a))[1])
    arguments["steps_per_call"] = 3  # divides neither 4 nor 13
    dcgan.train(several, tiny_images, steps=13, **arguments)
    assert_same_run(one, several)
    assert len(traced) == 1
    for steps in (5, 13):  # stopped and resumed, with checkpoints at 2, 4, ...
        dcgan.train(
            parts,
            tiny_images,
            steps=steps,
            checkpoint_dir=tmp_path,
            checkpoint_every=2,
            **arguments,
        )
    assert_same_run(one, parts)
    assert [path.name[-2:] for path in dcgan.Checkpoints(parts, tmp_path).all] == ["10", "12", "13"]


def test_stop_waits_for_the_call_to_end(tiny_gan, tiny_images, monkeypatch):
    gan = tiny_gan()
    press_stop_after(gan, monkeypatch, 3)
    dcgan.train(gan, tiny_images, steps=9, batch_size=4, progress=False, steps_per_call=3)
    assert (int(gan.step), gan.history.steps) == (3, [1, 2, 3])


def test_step_counts_its_traces(tiny_gan, tiny_images):
    step = dcgan.make_train_step(tiny_gan())
    for _ in range(3):
        step(dcgan.normalize(tiny_images[:4]))
    assert step.experimental_get_tracing_count() == 1


def test_many_runs_in_a_process_are_not_taken_for_one_that_retraces(tiny_gan, tiny_images):
    """TensorFlow's remark on retracing counts by code object: of a lambda, all runs share one."""
    remarks = logging.handlers.BufferingHandler(100)
    tf.get_logger().addHandler(remarks)
    try:
        for seed in range(8):
            dcgan.train(tiny_gan(seed), tiny_images, steps=1, batch_size=4, progress=False)
    finally:
        tf.get_logger().removeHandler(remarks)
    assert [record.getMessage() for record in remarks.buffer] == []


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains(dtype):
    shape = (4, 4, 1)
    gan = dcgan.DCGAN(
        dtype=dtype,
        generator=dcgan.make_generator_model(image_shape=shape, dtype=dtype, seed=0),
        discriminator=dcgan.make_discriminator_model(image_shape=shape, dtype=dtype, seed=1),
    )
    before = gan.generator.weights[0].numpy()
    images = np.zeros((4, *shape), np.uint8)
    history = dcgan.train(gan, images, steps=2, batch_size=2, progress=False)
    assert np.isfinite(history.step_losses["generator_loss"]).all()
    assert not np.array_equal(before, gan.generator.weights[0].numpy())
    assert gan.generate(dcgan.sample_noise(2, 0)).dtype == np.float32


def test_history_of_a_run(tiny_gan, tiny_images):
    gan = tiny_gan()
    history = dcgan.train(gan, tiny_images, epochs=3, batch_size=4, progress=False)
    assert history is gan.history
    assert history.steps == list(range(1, 16))
    assert history.epochs == [1, 2, 3]
    for name in ("generator_loss", "discriminator_loss"):
        means, losses = getattr(history, name), history.step_losses[name]
        assert len(losses) == 15
        assert means == [pytest.approx(np.mean(losses[5 * e : 5 * e + 5])) for e in range(3)]
    assert history.frame_steps == [0, 5, 10, 15]
    assert history.frame_labels == ["epoch 0", "epoch 1", "epoch 2", "epoch 3"]
    assert {(f.shape, f.dtype.name) for f in history.frames} == {((16, 8, 8, 1), "uint8")}
    noise = dcgan.sample_noise(16, gan.seed, gan.noise_dim)
    np.testing.assert_array_equal(history.frames[-1], dcgan.denormalize(gan.generate(noise)))


def test_frames_within_an_epoch(tiny_gan, tiny_images):
    history = dcgan.train(
        tiny_gan(), tiny_images, steps=7, batch_size=4, frame_every=3, progress=False
    )
    assert history.frame_labels == ["step 0", "step 3", "step 6"]
    assert history.epochs == [1]


def test_epochs_are_counted_in_all(tiny_gan, tiny_images):
    whole, parts = tiny_gan(), tiny_gan()
    dcgan.train(whole, tiny_images, epochs=3, batch_size=4, progress=False)
    dcgan.train(parts, tiny_images, steps=2, batch_size=4, progress=False)
    dcgan.train(parts, tiny_images, epochs=1, batch_size=4, progress=False)
    dcgan.train(parts, tiny_images, steps=11, batch_size=4, progress=False)
    dcgan.train(parts, tiny_images, epochs=3, batch_size=4, progress=False)
    assert_same_run(whole, parts)


def test_finished_run_returns_at_once(tiny_gan, tiny_images, monkeypatch):
    gan = tiny_gan()
    history = dcgan.train(gan, tiny_images, epochs=1, batch_size=4, progress=False)
    monkeypatch.setattr(training, "_train_step", lambda *a: pytest.fail("trained again"))
    assert dcgan.train(gan, tiny_images, epochs=1, batch_size=4, progress=False) is history


def test_floats_and_pixels_train_alike(tiny_gan, tiny_images):
    first, second = tiny_gan(), tiny_gan()
    dcgan.train(first, tiny_images, steps=4, batch_size=4, progress=False)
    dcgan.train(second, dcgan.normalize(tiny_images), steps=4, batch_size=4, progress=False)
    np.testing.assert_array_equal(
        first.generator.weights[0].numpy(), second.generator.weights[0].numpy()
    )


def test_two_seeds_train_apart(tiny_gan, tiny_images):
    histories = [
        dcgan.train(tiny_gan(seed=s), tiny_images, steps=3, batch_size=4, progress=False)
        for s in (0, 1)
    ]
    assert histories[0].step_losses != histories[1].step_losses


def test_other_settings_are_refused(tiny_gan, tiny_images):
    gan = tiny_gan()
    dcgan.train(gan, tiny_images, steps=2, batch_size=4, progress=False)
    with pytest.raises(ValueError, match="batch_size: 4 before, 5 now"):
        dcgan.train(gan, tiny_images, steps=4, batch_size=5, progress=False)
    with pytest.raises(ValueError, match="images:"):
        dcgan.train(gan, 255 - tiny_images, steps=4, batch_size=4, progress=False)
    assert int(gan.step) == 2


def press_stop_after(gan, monkeypatch, step, times=1):
    """Send Ctrl-C to this process when the run has done so many steps."""
    original = training._Recorder.add

    def add(self, *arguments):
        original(self, *arguments)
        if self.done == step:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(training._Recorder, "add", add)


def test_stop_keeps_what_was_done(tiny_gan, tiny_images, monkeypatch, capsys, tmp_path):
    expected = tiny_gan()
    dcgan.train(expected, tiny_images, epochs=2, batch_size=4, progress=False)
    gan = tiny_gan()
    handler = signal.getsignal(signal.SIGINT)
    arguments = {"epochs": 2, "batch_size": 4, "progress": False, "checkpoint_dir": tmp_path}
    with monkeypatch.context() as patch:
        press_stop_after(gan, patch, 3)
        history = dcgan.train(gan, tiny_images, **arguments)
    assert int(gan.step) == 3
    assert history.steps == [1, 2, 3]
    assert "Stopped after step 3 of 10" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is handler
    again = tiny_gan()
    dcgan.train(again, tiny_images, **arguments)
    assert_same_run(again, expected)
    dcgan.train(gan, tiny_images, **arguments)  # and in the same process
    assert_same_run(gan, expected)


def test_second_ctrl_c_stops_at_once(tiny_gan, tiny_images, monkeypatch):
    gan = tiny_gan()
    press_stop_after(gan, monkeypatch, 2, times=2)
    with pytest.raises(KeyboardInterrupt):
        dcgan.train(gan, tiny_images, epochs=2, batch_size=4, progress=False)
    assert gan.history.steps == [1, 2]  # what was done is on record


def test_a_step_missing_on_record_leaves_its_epoch_without_a_mean(tiny_gan, tiny_images):
    """An interrupt can fall between a step and its record."""
    history = dcgan.train(tiny_gan(), tiny_images, 3, batch_size=4, progress=False)
    del history.steps[6]
    for losses in history.step_losses.values():
        del losses[6]
    assert history.epochs == [1, 3]
    assert len(history.generator_loss) == 2


def test_a_history_of_unknown_epochs():
    history = dcgan.History(steps=[1, 2], frame_steps=[0, 2])
    assert history.epochs == []
    assert history.frame_labels == ["step 0", "step 2"]


def test_a_step_can_be_copied(tiny_gan):
    step = dcgan.make_train_step(tiny_gan())
    assert copy.copy(step).function is step.function


def test_averages_are_not_changed_by_asking_for_images(tiny_gan, tiny_images):
    """A layer such as spectral normalisation changes its own weights when it is called."""
    layers = keras.layers

    def make_gan():
        dense = layers.Dense(64, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
        generator = keras.Sequential(
            [
                keras.Input((3,)),
                layers.SpectralNormalization(dense),
                layers.Reshape(IMAGE_SHAPE),
                layers.Activation("tanh"),
            ]
        )
        return averaging_gan(tiny_gan, generator=generator)

    asked, left_alone = make_gan(), make_gan()
    for gan in (asked, left_alone):
        vector = next(w for w in gan.generator.weights if "vector_u" in w.path)
        vector.assign(np.ones(vector.shape))  # drawn at random
        step = dcgan.make_train_step(gan)
        for _ in range(4):
            step(dcgan.normalize(tiny_images[:4]))
            if gan is asked:
                gan.generate(dcgan.sample_noise(2, 0, 3))
    for a, b in zip(asked.averages, left_alone.averages, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_resumed_under_xla_with_one_step_left(tiny_gan, tiny_images, tmp_path):
    whole, first, second = (tiny_gan() for _ in range(3))
    arguments = {"batch_size": 4, "steps_per_call": 5, "jit_compile": True, "progress": False}
    dcgan.train(whole, tiny_images, steps=10, **arguments)
    for gan, steps in ((first, 9), (second, 10)):
        dcgan.train(gan, tiny_images, steps=steps, checkpoint_dir=tmp_path, **arguments)
    assert_same_run(whole, second)


def test_a_call_that_did_no_step_settles_nothing(tiny_gan, tiny_images, tmp_path):
    gan = tiny_gan()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot save"):
        dcgan.train(gan, tiny_images, 1, batch_size=4, checkpoint_dir=tmp_path / "file" / "x")
    dcgan.train(gan, tiny_images, steps=1, batch_size=5, progress=False)
    assert int(gan.step) == 1


def test_a_new_run_is_not_begun_with_a_trained_gan(tiny_gan, tiny_images):
    gan = tiny_gan()
    dcgan.train(gan, tiny_images, steps=1, batch_size=4, progress=False)
    with pytest.raises(ValueError, match=r"resume=False .* 1 steps"):
        dcgan.train(gan, tiny_images, steps=2, batch_size=4, progress=False, resume=False)


def test_a_generator_without_tanh_is_named(tiny_gan, tiny_images):
    linear = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(64, kernel_initializer="ones"),
            keras.layers.Reshape(IMAGE_SHAPE),
        ]
    )
    gan = tiny_gan(generator=linear)
    with pytest.raises(ValueError, match=r"generator must make images in \[-1, 1\]"):
        dcgan.train(gan, tiny_images, steps=1, batch_size=4, progress=False)
    assert int(gan.step) == 0


def test_a_call_takes_no_more_steps_than_there_are(tiny_gan, tiny_images, monkeypatch):
    sizes, original = [], training.TrainStep.run

    def run(self, batches, size):
        sizes.append(size)
        return original(self, batches, size)

    monkeypatch.setattr(training.TrainStep, "run", run)
    arguments = {"batch_size": 4, "steps_per_call": 1000, "progress": False}
    dcgan.train(tiny_gan(), tiny_images, steps=3, **arguments)
    dcgan.train(tiny_gan(), tiny_images, steps=5, frame_every=2, **arguments)
    assert sizes == [3, 2, 2, 2]


def nested(dtype=None):
    inner = keras.Input((3,))
    block = keras.Model(inner, keras.layers.Dense(64, dtype=dtype)(inner))
    outer = keras.Input((3,))
    images = keras.layers.Reshape(IMAGE_SHAPE, dtype="float32")(block(outer))
    return keras.Model(outer, keras.layers.Activation("tanh", dtype="float32")(images))


def test_models_of_ones_own_are_told_apart_by_what_they_are(tiny_gan):
    first, second, other = (tiny_gan(generator=nested(t)) for t in (None, None, "mixed_bfloat16"))
    assert first.settings == second.settings  # built anew, as when a notebook's cell runs again
    assert first.settings["generator"] != other.settings["generator"]


def test_losses_are_scaled_for_models_of_ones_own_in_float16(tiny_gan):
    generator = dcgan.make_generator_model(
        image_shape=IMAGE_SHAPE, noise_dim=3, dtype="mixed_float16"
    )
    gan = tiny_gan(generator=generator)
    assert isinstance(gan.generator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert not isinstance(gan.discriminator_optimizer, keras.optimizers.LossScaleOptimizer)


def test_trains_outside_the_main_thread(tiny_gan, tiny_images):
    gan = tiny_gan()
    thread = threading.Thread(
        target=dcgan.train, args=(gan, tiny_images, 1), kwargs={"batch_size": 4, "progress": False}
    )
    thread.start()
    thread.join()
    assert int(gan.step) == 5


def test_divergence_stops_the_run_and_keeps_the_last_good(tiny_gan, tiny_images, tmp_path):
    optimizer = keras.optimizers.SGD(1e-3)
    gan = tiny_gan(discriminator_optimizer=optimizer)
    arguments = {"batch_size": 4, "progress": False, "checkpoint_dir": tmp_path}
    dcgan.train(gan, tiny_images, epochs=1, **arguments)
    good = gan.discriminator.get_weights()
    gan.discriminator.weights[0].assign(gan.discriminator.weights[0] * np.nan)
    with pytest.raises(FloatingPointError, match=r"diverged at step 6: .* is nan.*step-00000005"):
        dcgan.train(gan, tiny_images, epochs=2, **arguments)
    dcgan.Checkpoints(gan, tmp_path).restore()
    for a, b in zip(gan.discriminator.get_weights(), good, strict=True):
        np.testing.assert_array_equal(a, b)


def test_steps_before_a_divergence_are_recorded_once(tiny_gan, tiny_images):
    gan = tiny_gan(discriminator_optimizer=keras.optimizers.SGD(1e30))
    with pytest.raises(FloatingPointError, match=r"diverged at step [23]"):
        dcgan.train(gan, tiny_images, epochs=1, batch_size=4, progress=False)
    assert gan.history.steps in ([1], [1, 2])


def test_progress_bar_shows_losses_and_speed(tiny_gan, tiny_images, capfd):
    dcgan.train(tiny_gan(), tiny_images, epochs=2, batch_size=4)
    shown = capfd.readouterr().err
    assert "epoch 2" in shown
    assert "images/s" in shown
    assert "generator=" in shown
    assert "discriminator=" in shown


def test_models_that_do_not_fit_each_other_are_refused(tiny_gan):
    with pytest.raises(ValueError, match="discriminator must take the generator's images"):
        tiny_gan(discriminator=dcgan.make_discriminator_model())
    logits = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    with pytest.raises(ValueError, match="discriminator must return logits"):
        tiny_gan(discriminator=logits)


def test_one_model_given_the_other_fits_it():
    generator = dcgan.make_generator_model(image_shape=(8, 8, 3), noise_dim=5, seed=0)
    gan = dcgan.DCGAN(generator=generator)
    assert gan.discriminator.input_shape == (None, 8, 8, 3)
    assert (gan.noise_dim, gan.image_shape) == (5, (8, 8, 3))
    other = dcgan.DCGAN(discriminator=dcgan.make_discriminator_model(image_shape=(12, 8, 1)))
    assert other.image_shape == (12, 8, 1)


@pytest.mark.parametrize("gpus", [[], ["a GPU"]])
def test_images_are_made_with_fourier_coefficients_on_a_cpu(gpus, monkeypatch):
    gan, noise = dcgan.DCGAN(), dcgan.sample_noise(3, 0)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    images, expected = gan.generate(noise), np.asarray(gan.generator(noise, training=False))
    np.testing.assert_allclose(images, expected, atol=1e-5)
    assert np.array_equal(images, expected) == bool(gpus)


def test_generate_depends_on_each_noise_alone(tiny_gan):
    gan = tiny_gan()
    noise = dcgan.sample_noise(1201, seed=0, noise_dim=3)
    images = gan.generate(noise)
    assert images.shape == (1201, 8, 8, 1)
    np.testing.assert_allclose(images[700:701], gan.generate(noise[700:701]), atol=1e-6)
