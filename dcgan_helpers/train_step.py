"""The compiled training step."""

from __future__ import annotations

import functools

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from ._checks import check_images, check_instance
from ._devices import has_gpu
from ._fourier import call_with_fourier
from ._quiet import start_xla
from ._replicas import check_outside_scope, local_variables, on_replicas, share
from .gan import DCGAN
from .losses import gradient_penalty

R1_INTERVAL = 8  # steps from one gradient penalty to the next


class TrainStep:
    """One compiled training step; made by `make_train_step`.

    Attributes:
        function: the `tf.function` itself, for loops that have checked their images already, and
            for what a `tf.function` offers (`experimental_get_tracing_count`, ...).
        jit_compile: whether XLA compiles it.
        fourier: whether it uses Fourier coefficients.
    """

    def __init__(self, gan: DCGAN, jit_compile: bool, fourier: bool) -> None:
        self._gan, self.jit_compile, self.fourier = gan, jit_compile, fourier
        # A partial, not a lambda: TensorFlow counts traces by code object, which all lambdas made
        # here would share, and would warn of retracing where there are just several runs.
        self.function = tf.function(
            functools.partial(_train_step, gan, fourier), autograph=False, jit_compile=jit_compile
        )

    def __call__(self, images: ArrayLike) -> dict[str, tf.Tensor]:
        """Train on one batch of real images: floats `(n, height, width, channels)` in [-1, 1].

        Returns:
            The losses before the update: `{"generator_loss": ..., "discriminator_loss": ...}`,
            `float32` scalars.
        """
        images = check_images("images", images, pixels=False, shape=self._gan.image_shape)
        return self.function(tf.convert_to_tensor(images))


def make_train_step(
    gan: DCGAN, *, jit_compile: bool | None = None, fourier: bool | None = None
) -> TrainStep:
    """Compile the training step of `gan`: one forward pass, two losses, two updates.

    As many fakes are drawn as there are real images. Both networks run once in training mode, both
    gradients are taken at the weights before the step, and each optimizer changes its own network.
    The noise is a function of the run's seed and the step's number, so that a run continued from a
    checkpoint draws what it would have drawn. (With XLA, TensorFlow draws other numbers.)

    Args:
        gan: the state to train; the step changes it in place.
        jit_compile: whether XLA compiles the step to one program. None means: on a GPU yes (but see
            `train`), where it saves launches and memory traffic; on a CPU no, where it is slower
            for these networks, or hardly faster; with a strategy no.
        fourier: whether the generator's largest layer is computed with Fourier coefficients, which
            is the same but for rounding, and on a CPU makes a step of 256 images 1.3 to 1.6 times
            as fast. None means: on a CPU without XLA yes. With False, the step can be repeated by
            hand to the last bit.

    Returns:
        A callable from a batch of images, floats `(n, height, width, channels)` in [-1, 1], to
        `{"generator_loss", "discriminator_loss"}`, `float32` scalars of the batch before the
        update, without what regularizers of the weights and the gradient penalty add for the
        gradients. It is traced once for each batch size, and kept: the same call with the same
        `gan` gives the same step, which is not compiled again.

    References:
        I. Goodfellow et al.: Generative adversarial nets. NeurIPS 2014, arXiv:1406.2661, algorithm
        1 (there the networks take turns; the tutorial updates both from one pass).
    """
    check_instance("gan", gan, DCGAN)
    for name, option in {"jit_compile": jit_compile, "fourier": fourier}.items():
        if option is not None:
            check_instance(name, option, bool)
    gan.check_trainable()
    check_outside_scope()
    if jit_compile is None:
        jit_compile = has_gpu() and gan.strategy is None
    elif jit_compile and gan.strategy is not None:
        raise ValueError(
            "jit_compile must be False with a strategy, whose steps XLA cannot compile"
        )
    if fourier is None:
        fourier = not (has_gpu() or jit_compile)
    key = (jit_compile, fourier, *_captured(gan))
    if jit_compile:
        start_xla()
    if key not in gan.compiled_steps:
        gan.compiled_steps[key] = TrainStep(gan, jit_compile, fourier)
    return gan.compiled_steps[key]


def _captured(gan: DCGAN) -> tuple[int, ...]:
    """What a trace is made of: if one of these is replaced, or a layer frozen, it is made anew."""
    parts = (gan.generator, gan.discriminator)
    optimizers = (gan.generator_optimizer, gan.discriminator_optimizer)
    losses = (gan.generator_loss, gan.discriminator_loss)
    weights = [weight for model in parts for weight in model.trainable_variables]
    return tuple(id(part) for part in (*parts, *optimizers, *losses, *weights))


def _train_step(gan: DCGAN, fourier: bool, images: tf.Tensor) -> dict[str, tf.Tensor]:
    noise = tf.random.stateless_normal(
        (tf.shape(images)[0], gan.noise_dim), seed=tf.stack([np.int64(gan.seed), gan.step])
    )
    losses = on_replicas(
        gan.strategy, functools.partial(_update_models, gan, fourier), images, noise
    )
    gan.step.assign_add(1)
    if gan.ema is not None:
        gan.ema.update(gan.step)
    _check_state(gan)
    return losses


def _update_models(
    gan: DCGAN, fourier: bool, images: tf.Tensor, noise: tf.Tensor
) -> dict[str, tf.Tensor]:
    """One update of both networks; with a strategy, one replica's part of it."""
    with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
        if fourier:
            fakes = call_with_fourier(gan.generator, noise, training=True)
        else:
            fakes = gan.generator(noise, training=True)
        real_logits = gan.discriminator(images, training=True)
        fake_logits = gan.discriminator(fakes, training=True)

        losses = {
            "generator_loss": gan.generator_loss(fake_logits),
            "discriminator_loss": gan.discriminator_loss(real_logits, fake_logits),
        }
        # Only under float16 does scaling change anything.
        scaled_generator_loss = gan.generator_optimizer.scale_loss(
            share(gan.strategy, _regularized("generator", gan.generator, losses["generator_loss"]))
        )
        scaled_discriminator_loss = gan.discriminator_optimizer.scale_loss(
            share(
                gan.strategy,
                _regularized(
                    "discriminator",
                    gan.discriminator,
                    losses["discriminator_loss"] + _weighted_penalty(gan, images),
                ),
            )
        )
    generator_weights = gan.generator.trainable_variables
    discriminator_weights = gan.discriminator.trainable_variables
    generator_gradients = generator_tape.gradient(scaled_generator_loss, generator_weights)
    discriminator_gradients = discriminator_tape.gradient(
        scaled_discriminator_loss, discriminator_weights
    )
    gan.generator_optimizer.apply(generator_gradients, generator_weights)
    gan.discriminator_optimizer.apply(discriminator_gradients, discriminator_weights)
    return losses


def _weighted_penalty(gan: DCGAN, images: tf.Tensor) -> tf.Tensor | float:
    """What the gradient penalty adds to the discriminator's loss in this step.

    It is as good at one step in eight, and there takes most of another step's time.
    """
    if gan.recipe.r1_gamma is None:
        return 0.0
    weight = R1_INTERVAL * gan.recipe.r1_gamma
    return tf.cond(
        gan.step % R1_INTERVAL == 0,
        lambda: weight * gradient_penalty(gan.discriminator, images),
        lambda: tf.constant(0.0),
    )


def _regularized(name: str, model: keras.Model, loss: tf.Tensor) -> tf.Tensor:
    """`loss` with what the regularizers of the model's weights add to it."""
    expected = sum(weight.regularizer is not None for weight in model.trainable_variables)
    if len(model.losses) != expected:
        raise ValueError(
            f"{name} must add no loss of its own in its call (an activity regularizer, add_loss): "
            "one call would count and another not; regularize its weights instead"
        )
    return tf.add_n([loss, *(tf.cast(x, loss.dtype) for x in model.losses)]) if expected else loss


def _check_state(gan: DCGAN) -> None:
    """While the step is traced: raise if it depends on a state that no checkpoint would hold."""
    if tf.executing_eagerly():
        return
    graph = tf.compat.v1.get_default_graph()
    variables = gan.variables().values()
    known = {id(v.handle) for one in variables for v in local_variables(gan.strategy, one)}
    outside = {op.type for op in graph.get_operations() if "seed2" in op.node_def.attr}
    for captured, inside in graph.captures:
        if captured.dtype == tf.resource and id(captured) not in known:
            users = [op.type.removeprefix("Stateless") for op in inside.consumers()]
            # What orders a strategy's sums over devices, in float16 in a branch, holds no number.
            if gan.strategy is None or not all(u.startswith(("Collective", "If")) for u in users):
                outside.add("a variable that is not theirs")
    if outside:
        raise ValueError(
            "generator and discriminator must hold all the state that they use, got "
            f"{' and '.join(sorted(outside))}; give each random function the seed of a "
            "keras.random.SeedGenerator that is an attribute of its layer"
        )
