import dataclasses
import logging.handlers

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import (
    IMAGE_SHAPE,
    dtype_policy,
    make_averaging_gan,
    make_tiny_gan,
    state_of,
    train_tiny,
)

import dcgan_helpers as dcgan
from dcgan_helpers import train_step as module


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


def test_step_is_the_tutorials(tiny_gan, tiny_images):
    images = dcgan.normalize(tiny_images[:4])
    ours, expected = tiny_gan(seed=2), tiny_gan(seed=2)
    step = dcgan.make_train_step(ours, jit_compile=False)
    for _ in range(3):
        losses = step(images)
        generator_loss, discriminator_loss = by_hand_step(expected, images)
        assert float(losses["generator_loss"]) == pytest.approx(generator_loss, rel=1e-5)
        assert float(losses["discriminator_loss"]) == pytest.approx(discriminator_loss, rel=1e-5)
    a, b = state_of(ours), state_of(expected)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_gradient_penalty_at_each_eighth_step(tiny_gan, tiny_images):
    """Its gradient is added to the discriminator's, with eight times the recipe's weight."""
    images = dcgan.normalize(tiny_images[:4])
    recipe = dataclasses.replace(dcgan.RECIPES["tutorial"], r1_gamma=0.5)
    # A rate of 1 and the gradient itself as the step: SGD.
    sgd = {
        f"{name}_optimizer": keras.optimizers.SGD(1.0) for name in ("generator", "discriminator")
    }
    gan = tiny_gan(recipe=recipe, discriminator=without_dropout(), **sgd)
    plain_sgd = {name: keras.optimizers.SGD(1.0) for name in sgd}
    plain = tiny_gan(discriminator=without_dropout(), **plain_sgd)
    step, plain_step = (dcgan.make_train_step(g, jit_compile=False) for g in (gan, plain))
    for number in (0, 1, 7, 8):
        for other, own in zip(plain.discriminator.weights, gan.discriminator.weights, strict=True):
            other.assign(own)
        for other, own in zip(plain.generator.weights, gan.generator.weights, strict=True):
            other.assign(own)
        gan.step.assign(number)
        plain.step.assign(number)
        with tf.GradientTape() as tape:
            penalty = 8 * 0.5 * dcgan.gradient_penalty(gan.discriminator, images)
        expected = tape.gradient(penalty, gan.discriminator.trainable_variables)
        expected = [0 * w if g is None else g for g, w in
                    zip(expected, gan.discriminator.trainable_variables, strict=True)]  # fmt: skip
        assert any(np.abs(g).max() > 1e-3 for g in expected)
        losses, plain_losses = step(images), plain_step(images)
        assert losses["discriminator_loss"] == plain_losses["discriminator_loss"]
        added = [
            b.numpy() - a.numpy()
            for a, b in zip(gan.discriminator.weights, plain.discriminator.weights, strict=True)
        ]
        for got, gradient in zip(added, expected, strict=True):
            wanted = gradient if number % 8 == 0 else np.zeros_like(gradient)
            np.testing.assert_allclose(got, wanted, atol=1e-5)


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
            keras.layers.Conv2D(
                4, 3, 2, kernel_initializer=keras.initializers.GlorotUniform(seed=0)
            ),
            keras.layers.LeakyReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=1)),
        ]
    )


@pytest.fixture
def policy(dtype):
    """Layers are made in this dtype policy."""
    with dtype_policy(dtype):
        yield


def test_xla_computes_the_same_steps(tiny_images, monkeypatch):
    noise = tf.constant(dcgan.sample_noise(4, seed=0, noise_dim=3))
    monkeypatch.setattr(tf.random, "stateless_normal", lambda shape, seed: noise)
    images = dcgan.normalize(tiny_images[:4])
    # SGD, because Adam divides a gradient of almost zero by its size, and so its rounding error.
    plain, compiled = (
        make_averaging_gan(
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
@pytest.mark.usefixtures("policy")
def test_xla_compiles_the_step_as_one_program(dtype, tolerance, tiny_images, monkeypatch):
    noise = tf.constant(dcgan.sample_noise(4, seed=0, noise_dim=3))
    monkeypatch.setattr(tf.random, "stateless_normal", lambda shape, seed: noise)
    images = tf.constant(dcgan.normalize(tiny_images[:4]))

    def one_step(jit_compile):
        optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
        if dtype == "mixed_float16":
            optimizers = [keras.optimizers.LossScaleOptimizer(o) for o in optimizers]
        gan = make_tiny_gan(
            discriminator=without_dropout(),
            generator_optimizer=optimizers[0],
            discriminator_optimizer=optimizers[1],
        )
        assert gan.generator.layers[-1].compute_dtype == dtype.removeprefix("mixed_")
        before = gan.generator.get_weights()
        step = dcgan.make_train_step(gan, jit_compile=jit_compile, fourier=False)
        if jit_compile:  # fails where TensorFlow would have to compute a part
            assert step.function.experimental_get_compiler_ir(images)(stage="hlo_serialized")
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


def test_float16_scales_the_loss_of_each_network(tiny_images):
    """Gradients of a scaled loss are not lost, and the scale is taken out of the update again."""

    def changes(scale):
        gan = dcgan.DCGAN(
            generator=dcgan.make_generator_model(
                image_shape=IMAGE_SHAPE, noise_dim=3, seed=1, dtype="mixed_float16"
            ),
            discriminator=dcgan.make_discriminator_model(
                image_shape=IMAGE_SHAPE, dropout=0, seed=0, dtype="mixed_float16"
            ),
            **{
                f"{name}_optimizer": keras.optimizers.LossScaleOptimizer(
                    keras.optimizers.SGD(0.1), initial_scale=scale
                )
                for name in ("generator", "discriminator")
            },
        )
        before = [w.numpy() for w in (*gan.generator.weights, *gan.discriminator.weights)]
        dcgan.make_train_step(gan, jit_compile=False)(dcgan.normalize(tiny_images[:4]))
        after = [w.numpy() for w in (*gan.generator.weights, *gan.discriminator.weights)]
        return [a - b for a, b in zip(after, before, strict=True)]

    for small, large in zip(changes(1.0), changes(256.0), strict=True):
        assert np.linalg.norm(large - small) <= 0.2 * np.linalg.norm(large)


def test_step_with_fourier_coefficients_is_the_same_step():
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
@pytest.mark.parametrize("recipe", dcgan.RECIPES)
def test_xla_is_the_default_on_a_gpu_and_fourier_coefficients_on_a_cpu(recipe, gpus, monkeypatch):
    monkeypatch.setattr(
        module, "TrainStep", lambda gan, jit_compile, fourier: (jit_compile, fourier)
    )
    gan = dcgan.DCGAN(recipe=recipe, dtype="float32")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    on_gpu = bool(gpus)
    assert dcgan.make_train_step(gan) == (on_gpu, not on_gpu)
    assert dcgan.make_train_step(gan, jit_compile=False) == (False, not on_gpu)
    assert dcgan.make_train_step(gan, jit_compile=True) == (True, False)
    assert dcgan.make_train_step(gan, jit_compile=True, fourier=True) == (True, True)


# Compiled once


def traces(gan):
    step = dcgan.make_train_step(gan, jit_compile=False)  # as in a run of few steps
    return step.function.experimental_get_tracing_count()


def test_one_trace_for_all_calls_of_train(tiny_gan, tiny_images):
    gan = tiny_gan()
    for epochs in (2, 4):
        train_tiny(gan, tiny_images, epochs)
    assert int(gan.step) == 20
    assert traces(gan) == 1


def test_each_way_of_compiling_has_a_step_of_its_own(tiny_gan):
    gan, other = tiny_gan(), tiny_gan()
    step = dcgan.make_train_step(gan)
    assert dcgan.make_train_step(gan) is step
    ways = [{"jit_compile": j, "fourier": f} for j in (False, True) for f in (False, True)]
    assert len({id(dcgan.make_train_step(gan, **way)) for way in ways}) == 4
    assert dcgan.make_train_step(other) is not step
    gan.generator_optimizer = other.generator_optimizer
    assert dcgan.make_train_step(gan) is not step


def test_a_layer_frozen_after_a_step_stays_as_it_is(tiny_gan, tiny_images):
    gan = tiny_gan()
    train_tiny(gan, tiny_images, steps=2)
    frozen = gan.discriminator.layers[-1]
    frozen.trainable = False
    before = [w.numpy() for w in (*frozen.weights, *gan.generator.weights)]
    train_tiny(gan, tiny_images, steps=4)
    after = [w.numpy() for w in (*frozen.weights, *gan.generator.weights)]
    same = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert same[:2] == [True, True]
    assert not any(same[2:])


def test_many_runs_in_a_process_are_not_taken_for_one_that_retraces(tiny_gan, tiny_images):
    """TensorFlow's remark on retracing counts by code object: of a lambda, all runs share one."""
    remarks = logging.handlers.BufferingHandler(100)
    tf.get_logger().addHandler(remarks)
    try:
        for seed in range(6):
            train_tiny(tiny_gan(seed), tiny_images, steps=1)
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
    history = train_tiny(gan, images, steps=2, batch_size=2)
    assert np.isfinite(history.step_losses["generator_loss"]).all()
    assert not np.array_equal(before, gan.generator.weights[0].numpy())
    assert gan.generate(dcgan.sample_noise(2, 0)).dtype == np.float32
