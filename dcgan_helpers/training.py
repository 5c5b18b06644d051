"""The training: its state (`DCGAN`), one compiled step, the loop, and what the loop records."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .checkpoints import Checkpoints
from .checks import (
    check_choice,
    check_float_images,
    check_folder,
    check_images,
    check_instance,
    check_integer,
    check_noise,
    check_number,
    check_positive,
    check_seed,
)
from .data import check_batch_size, denormalize, make_dataset
from .discriminator import make_discriminator_model
from .fourier import call_with_fourier
from .generator import IMAGE_SHAPE, check_image_shape, make_generator_model, sample_noise
from .losses import discriminator_loss, generator_loss

DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")
FRAME_IMAGES = 16  # a grid of 4 × 4, as in the tutorial
SAMPLE_BATCH = 500  # images made at a time by `generate`: bounds the memory, changes no value
STATISTICS_BATCH = 1000  # noise that averaged weights take their batch statistics from
LOSSES = ("generator_loss", "discriminator_loss")  # what a step returns
REFRESH_SECONDS = 0.5  # how often losses are fetched: each fetch makes a GPU wait


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How to train: the settings in which one way of training differs from another.

    `dataclasses.replace` makes another of one that exists.

    Attributes:
        batch_size: real images in a step, and fakes.
        generator_learning_rate: of the generator's Adam optimizer.
        discriminator_learning_rate: of the discriminator's.
        beta_1: Adam's decay of the first moment, for both.
        dropout: the share of its activations that the discriminator drops in training.
        dtype: Keras dtype policy of both models; None means "mixed_bfloat16" on machines that
            multiply in bfloat16, and "float32" elsewhere.
        averaging: images are made with a moving average of the generator's weights, whose decay at
            step t is (1 - 1/t)^(averaging + 1): the larger the number, the fewer of the last steps
            count. None makes images with the weights themselves.

    Raises:
        TypeError: a setting is of the wrong type.
        ValueError: a setting is out of its range.

    Example:
        >>> import dataclasses
        >>> recipe = dataclasses.replace(RECIPES["quick"], batch_size=64)
        >>> DCGAN(recipe=recipe, seed=0).recipe.batch_size
        64
    """

    batch_size: int
    generator_learning_rate: float
    discriminator_learning_rate: float
    beta_1: float
    dropout: float
    dtype: str | None
    averaging: float | None

    def __post_init__(self) -> None:
        checked = {
            "batch_size": check_integer("batch_size", self.batch_size, minimum=1),
            "beta_1": check_number("beta_1", self.beta_1, minimum=0, maximum=1),
            "dropout": check_number("dropout", self.dropout, minimum=0, maximum=1),
        }
        if self.beta_1 == 1:
            raise ValueError("beta_1 must be below 1 (Adam divides by 1 - beta_1), got 1")
        if self.dtype is not None:
            check_choice("dtype", self.dtype, DTYPES)
        positive = ["generator_learning_rate", "discriminator_learning_rate"]
        if self.averaging is not None:
            positive.append("averaging")
        checked |= {name: check_positive(name, getattr(self, name)) for name in positive}
        for name, value in checked.items():  # 2 and 2.0 are one recipe, with one name
            object.__setattr__(self, name, value)


# The recipes with a name: "tutorial", that of TensorFlow's DCGAN tutorial, and "quick".
RECIPES: Mapping[str, Recipe] = {
    "tutorial": Recipe(
        batch_size=256,
        generator_learning_rate=1e-4,
        discriminator_learning_rate=1e-4,
        beta_1=0.9,
        dropout=0.3,
        dtype="float32",
        averaging=None,
    ),
    "quick": Recipe(
        batch_size=16,
        generator_learning_rate=1e-3,
        discriminator_learning_rate=5e-4,
        beta_1=0.0,
        dropout=0.0,
        dtype=None,
        averaging=5.0,
    ),
}


@dataclasses.dataclass
class History:
    """What a training run recorded.

    Attributes:
        steps_per_epoch: training steps in an epoch; 0 before any training.
        steps: number of each recorded step, from 1.
        step_losses: for each name that the train step returns, its value at each of `steps`.
        frames: images made from one fixed noise, `uint8` arrays `(16, height, width, channels)`:
            the first before training, then one an epoch (or every `frame_every` steps).
        frame_steps: number of steps done at each frame.
    """

    steps_per_epoch: int = 0
    steps: list[int] = dataclasses.field(default_factory=list)
    step_losses: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    frames: list[np.ndarray] = dataclasses.field(default_factory=list)
    frame_steps: list[int] = dataclasses.field(default_factory=list)

    @property
    def epochs(self) -> list[int]:
        """The numbers of the finished epochs, from 1 (of those whose every step is recorded)."""
        n = self.steps_per_epoch
        recorded = Counter((step - 1) // n + 1 for step in self.steps if n)
        return [epoch for epoch, steps in sorted(recorded.items()) if steps == n]

    @property
    def generator_loss(self) -> list[float]:
        """The mean of the generator's loss over each finished epoch."""
        return self._epoch_means("generator_loss")

    @property
    def discriminator_loss(self) -> list[float]:
        """The mean of the discriminator's loss over each finished epoch."""
        return self._epoch_means("discriminator_loss")

    @property
    def frame_labels(self) -> list[str]:
        """A label for each frame: "epoch 3", or "step 40" where frames are made within epochs."""
        n = self.steps_per_epoch
        if not n or any(step % n for step in self.frame_steps):
            return [f"step {step}" for step in self.frame_steps]
        return [f"epoch {step // n}" for step in self.frame_steps]

    def _epoch_means(self, name: str) -> list[float]:
        values = dict(zip(self.steps, self.step_losses.get(name, []), strict=True))
        n = self.steps_per_epoch
        return [
            float(np.mean([values[step] for step in range((epoch - 1) * n + 1, epoch * n + 1)]))
            for epoch in self.epochs
        ]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The whole record as arrays, for a checkpoint."""
        return {
            "steps_per_epoch": np.array(self.steps_per_epoch),
            "steps": np.array(self.steps, np.int64),
            "frames": np.array(self.frames, np.uint8),
            "frame_steps": np.array(self.frame_steps, np.int64),
            **{f"loss/{name}": np.array(v, np.float32) for name, v in self.step_losses.items()},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> History:
        """The record that `to_arrays` gave."""
        return cls(
            steps_per_epoch=int(arrays["steps_per_epoch"]),
            steps=arrays["steps"].tolist(),
            step_losses={
                name.removeprefix("loss/"): array.tolist()
                for name, array in arrays.items()
                if name.startswith("loss/")
            },
            frames=list(arrays["frames"]),
            frame_steps=arrays["frame_steps"].tolist(),
        )


class DCGAN:
    """The state of a training run: all that a checkpoint must hold, and nothing else.

    With no arguments it is TensorFlow's DCGAN tutorial: its two models, each with an Adam optimizer
    of learning rate 1e-4. `recipe="quick"` trains the same two networks to digits in a minute or
    two on a laptop. Two objects made with the same arguments have the same weights.

    Args:
        recipe: which settings to train with: "tutorial", "quick" or a `Recipe` of your own.
        seed: seed of the weights, the dropout, the noise and the order of the images, in
            [0, 2**63).
        dtype: Keras dtype policy of the two models that are made here: "float32",
            "mixed_bfloat16" or "mixed_float16" (which scales its losses by itself). None takes the
            recipe's: float32 for "tutorial"; for "quick" bfloat16 where the processor or the GPU
            multiplies in it, else float32.
        image_shape: `(height, width, channels)` of the images, height and width multiples of 4, for
            the models that are made here. None takes that of the model that is given, or 28 × 28
            grey pixels.
        generator: a Keras model of your own, built, from noise `(n, noise_dim)` to images
            `(n, height, width, channels)` in [-1, 1].
        discriminator: one from such images to logits `(n, 1)`.
        generator_optimizer: a Keras optimizer of your own, not yet built (for a model in float16,
            a `LossScaleOptimizer`).
        discriminator_optimizer: another one.

    Attributes:
        generator: the generator, a Keras model.
        discriminator: the discriminator, a Keras model.
        generator_optimizer: the generator's optimizer.
        discriminator_optimizer: the discriminator's optimizer.
        step: `tf.Variable` of dtype `int64`, the number of training steps done.
        random_states: the variables that hold the state of the models' own randomness (dropout).
        averages: the variables that hold the moving averages of the generator's trainable weights,
            in their order; empty if the recipe averages none.
        history: the `History` of the run.
        noise_dim: length of a noise vector.
        image_shape: `(height, width, channels)` of an image.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an unknown recipe or dtype, a negative seed, models whose shapes do not fit
            each other, an optimizer that is built already, or a generator that cannot be copied to
            hold averages.

    Example:
        >>> gan = DCGAN(seed=1)
        >>> gan.generate(sample_noise(4, seed=0)).shape
        (4, 28, 28, 1)
    """

    def __init__(
        self,
        *,
        recipe: str | Recipe = "tutorial",
        seed: int = 0,
        dtype: str | None = None,
        image_shape: tuple[int, int, int] | None = None,
        generator: keras.Model | None = None,
        discriminator: keras.Model | None = None,
        generator_optimizer: keras.optimizers.Optimizer | None = None,
        discriminator_optimizer: keras.optimizers.Optimizer | None = None,
    ) -> None:
        if not isinstance(recipe, Recipe):
            recipe = RECIPES[check_choice("recipe", recipe, tuple(RECIPES))]
        self.recipe = recipe
        self.seed = check_seed("seed", seed)
        if dtype is None:
            dtype = self.recipe.dtype or _fast_dtype()
        check_choice("dtype", dtype, DTYPES)
        for name, model in (("generator", generator), ("discriminator", discriminator)):
            if model is not None:
                check_instance(name, model, keras.Model)
        for name, optimizer in (
            ("generator_optimizer", generator_optimizer),
            ("discriminator_optimizer", discriminator_optimizer),
        ):
            if optimizer is not None:
                check_instance(name, optimizer, keras.optimizers.Optimizer)
                if optimizer.built:
                    raise ValueError(f"{name} must be new, got one that is built for a model")
        if generator_optimizer is not None and generator_optimizer is discriminator_optimizer:
            raise ValueError("generator_optimizer and discriminator_optimizer must be two, got one")

        # Of one seed, a seed for each model; the noise and the order take the seed and the step.
        generator_seed, discriminator_seed = (
            int(s) for s in np.random.SeedSequence(self.seed).generate_state(2)
        )
        if generator is not None:
            _check_generator(generator)
        if discriminator is not None:
            _check_discriminator(discriminator, generator)
        image_shape = _image_shape(image_shape, generator, discriminator)
        self.generator = generator or make_generator_model(
            image_shape=image_shape, seed=generator_seed, dtype=dtype
        )
        self.discriminator = discriminator or make_discriminator_model(
            image_shape=image_shape,
            dropout=self.recipe.dropout,
            seed=discriminator_seed,
            dtype=dtype,
        )
        self.noise_dim = int(self.generator.input_shape[1])
        self.image_shape: tuple[int, int, int] = tuple(self.generator.output_shape[1:])

        self.generator_optimizer = generator_optimizer or self._make_optimizer(
            self.generator, self.recipe.generator_learning_rate
        )
        self.discriminator_optimizer = discriminator_optimizer or self._make_optimizer(
            self.discriminator, self.recipe.discriminator_learning_rate
        )
        # Built now: a variable made while the step is traced would not be in a checkpoint yet.
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

        self._averaged: keras.Model | None = None
        self.averages: list[tf.Variable] = []
        if self.recipe.averaging is not None:
            self._averaged = _copy_for_averages(self.generator)
            # Variables of their own: a layer of the copy may change its weights when it is called.
            self.averages = [
                tf.Variable(weight.value, trainable=False)
                for weight in self.generator.trainable_variables
            ]
        self._statistics_step = 0  # the step for whose averages `_averaged` has batch statistics

        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        # Keras counts the state of dropout's seed among a model's variables, not its weights, and
        # tf.train.Checkpoint(model) leaves it out.
        self.random_states = [
            state.value
            for model in (self.generator, self.discriminator)
            for state in model.variables
            if not any(state is weight for weight in model.weights)
        ]
        self.history = History()
        self.run: dict[str, Any] | None = None  # the settings that `train` was first called with
        self._settings = {
            "recipe": _name_of(recipe),
            "seed": self.seed,
            "dtype": dtype,
            "generator": _fingerprint(_architecture(self.generator)),
            "discriminator": _fingerprint(_architecture(self.discriminator)),
            "generator_optimizer": _optimizer_settings(self.generator_optimizer),
            "discriminator_optimizer": _optimizer_settings(self.discriminator_optimizer),
        }

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that two runs must share to be one run, as JSON values."""
        return {**self._settings, **(self.run or {})}

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator to make images with, and to save: a Keras model.

        It is `generator`, unless the recipe averages weights. Then it is a copy whose weights are
        `averages`, and whose batch statistics were computed anew for them (those of the training
        belong to other weights). Once there is a later step, ask again.

        References:
            Y. Yazici et al.: The unusual effectiveness of averaging in GAN training. ICLR 2019,
            arXiv:1806.04498.
            T. Karras et al.: Analyzing and improving the training dynamics of diffusion models.
            CVPR 2024, arXiv:2312.02696, section 3.1 (averages that grow with the run).
        """
        step = int(self.step)
        if self._averaged is None or step == 0:
            return self.generator
        if self._statistics_step != step:
            # What the copy has besides averages begins as the generator's: the images depend on the
            # state of the run alone, not on how often there were images before.
            for variables, sources in (
                (self._averaged.trainable_variables, self.averages),
                (self._averaged.non_trainable_variables, self.generator.non_trainable_variables),
            ):
                for variable, source in zip(variables, sources, strict=True):
                    variable.assign(source)
            noise = sample_noise(STATISTICS_BATCH, self.seed, self.noise_dim)
            _call_generator(self._averaged, noise, training=True)
            self._statistics_step = step
        return self._averaged

    def generate(self, noise: Any) -> np.ndarray:
        """Make images, with `sampling_generator` in inference mode.

        In inference mode batch normalisation uses its moving averages, so that an image depends on
        its own noise vector alone, not on its neighbours in the batch. On a CPU the generator's
        largest layer is computed with Fourier coefficients, which takes one to two thirds of the
        time and rounds otherwise (in float32, images change by about 1e-6).

        Args:
            noise: floats `(n, noise_dim)`, for example `sample_noise(n, seed)`.

        Returns:
            `float32` array `(n, height, width, channels)` in [-1, 1].

        Raises:
            TypeError: the noise is not floats.
            ValueError: the noise is empty, not finite or of another shape.
        """
        noise = check_noise("noise", noise, self.noise_dim)
        return generate_images(self.sampling_generator, noise)

    def take_over(self, history: History, run: dict[str, Any] | None) -> None:
        """Take over what a checkpoint holds besides variables, once those are restored."""
        self.history = history
        if run is not None:  # None: saved before any call of `train`
            self.run = run
        self._statistics_step = 0

    def _make_optimizer(
        self, model: keras.Model, learning_rate: float
    ) -> keras.optimizers.Optimizer:
        optimizer = keras.optimizers.Adam(learning_rate, beta_1=self.recipe.beta_1)
        in_float16 = any(layer.compute_dtype == "float16" for layer in model.layers)
        if in_float16:  # small gradients would be rounded to zero
            return keras.optimizers.LossScaleOptimizer(optimizer)
        return optimizer


def _shapes_of(name: str, model: keras.Model) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The shapes of a model's one input and of its one output."""
    try:
        shapes = model.input_shape, model.output_shape
    except (AttributeError, ValueError) as error:
        raise ValueError(
            f"{name} must have a known input and output: a Sequential with an Input, or a "
            "functional model"
        ) from error
    for shape in shapes:
        if not isinstance(shape, tuple) or any(isinstance(size, tuple) for size in shape):
            raise ValueError(f"{name} must have one input and one output, got shapes {shapes}")
    return shapes


def _check_generator(model: keras.Model) -> None:
    noise, images = _shapes_of("generator", model)
    if len(noise) != 2 or noise[1] is None or len(images) != 4 or None in images[1:]:
        raise ValueError(
            "generator must map (n, noise_dim) to (n, height, width, channels), "
            f"got {noise} to {images}"
        )


def _check_discriminator(model: keras.Model, generator: keras.Model | None) -> None:
    images, logits = _shapes_of("discriminator", model)
    if generator is not None and images[1:] != generator.output_shape[1:]:
        raise ValueError(
            f"discriminator must take the generator's images {generator.output_shape[1:]}, "
            f"got an input of {images[1:]}"
        )
    if logits != (None, 1):
        raise ValueError(f"discriminator must return logits (n, 1), got {logits}")


def _image_shape(
    image_shape: Any, generator: keras.Model | None, discriminator: keras.Model | None
) -> tuple[int, int, int]:
    """The shape of the images: what was asked for, which has to be that of a model given."""
    if image_shape is not None:
        image_shape = check_image_shape(image_shape)
    given = None
    if generator is not None:
        given = generator.output_shape[1:]
    elif discriminator is not None:
        given = discriminator.input_shape[1:]
        try:
            check_image_shape(given)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"discriminator takes images {given}, for which the generator has to be given, "
                f"too: {error}"
            ) from error
    if None not in (given, image_shape) and given != image_shape:
        raise ValueError(f"image_shape must be that of the model given, {given}, got {image_shape}")
    return image_shape or given or IMAGE_SHAPE


def _name_of(recipe: Recipe) -> str:
    names = [name for name, known in RECIPES.items() if known == recipe]
    return names[0] if names else str(recipe)


def _fast_dtype() -> str:
    """bfloat16 if this machine multiplies in it; where it must be emulated, it is slower."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        has_bfloat16 = details.get("compute_capability", (0, 0)) >= (8, 0)
    else:
        try:
            flags = Path("/proc/cpuinfo").read_text()
        except OSError:  # not Linux
            flags = ""
        has_bfloat16 = "avx512_bf16" in flags or "amx_bf16" in flags
    return "mixed_bfloat16" if has_bfloat16 else "float32"


def _copy_for_averages(model: keras.Model) -> keras.Model:
    """A copy whose batch normalisation keeps the statistics of the last batch it was called on.

    Its weights are not the model's: `sampling_generator` sets them all, each time.

    Raises:
        ValueError: `model` cannot be copied faithfully, or its averages would be rounded away.
    """
    dtypes = {weight.dtype for weight in model.trainable_variables}
    if not dtypes <= {"float32", "float64"}:
        raise ValueError(
            "generator must have float32 weights if the recipe averages them (a mixed policy "
            f"computes in another dtype), got {', '.join(sorted(dtypes))}"
        )

    def copy(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if isinstance(layer, keras.layers.BatchNormalization):
            config["momentum"] = 0.0
        return type(layer).from_config(config)

    copied = keras.models.clone_model(model, clone_function=copy, recursive=True)
    if type(copied) is not type(model):  # its own `call` would be lost
        raise ValueError(
            "generator must be a plain Sequential or functional model if the recipe averages its "
            f"weights, got {type(model).__name__}"
        )
    return copied


def generate_images(generator: keras.Model, noise: np.ndarray) -> np.ndarray:
    """`float32` images in [-1, 1] for `noise`, in inference mode, `SAMPLE_BATCH` at a time."""
    return np.concatenate(
        [
            np.asarray(tf.cast(_call_generator(generator, rows, training=False), tf.float32))
            for rows in np.split(noise, range(SAMPLE_BATCH, len(noise), SAMPLE_BATCH))
        ]
    )


def _call_generator(generator: keras.Model, noise: np.ndarray, *, training: bool) -> tf.Tensor:
    """Call `generator` outside of a training step: on a CPU, in the way that is faster there."""
    if tf.config.list_physical_devices("GPU"):
        return generator(noise, training=training)
    return call_with_fourier(generator, noise, training=training)


def as_generator_function(generator: Any) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """A function from noise to images for `generator`, and the length of its noise vectors."""
    if isinstance(generator, DCGAN):
        return generator.generate, generator.noise_dim
    shape = getattr(generator, "input_shape", None)
    if not callable(generator) or not isinstance(shape, tuple) or len(shape) != 2:
        raise TypeError(
            "generator must be a DCGAN or a Keras model that takes noise (n, noise_dim), "
            f"got {type(generator).__name__}"
        )
    return lambda noise: generate_images(generator, noise), int(shape[1])


class TrainStep:
    """One compiled training step; made by `make_train_step`.

    Attributes:
        function: the `tf.function` itself, for loops that have checked their images already. What
            a `tf.function` offers (`experimental_get_compiler_ir`,
            `experimental_get_tracing_count`, ...) can be called on the step, too.
    """

    def __init__(self, gan: DCGAN, jit_compile: bool, fourier: bool) -> None:
        self._gan = gan
        compiled = functools.partial(tf.function, autograph=False, jit_compile=jit_compile)
        # A partial, not a lambda: TensorFlow counts traces by code object, which all lambdas made
        # here would share, and would warn of retracing where there are just several runs.
        self.function = compiled(functools.partial(_train_step, gan, fourier))
        self._function_of_many = compiled(functools.partial(_train_steps, gan, fourier))

    def __call__(self, images: Any) -> dict[str, tf.Tensor]:
        """Train on one batch of real images: `float32` `(n, height, width, channels)` in [-1, 1].

        Returns:
            The losses before the update: `{"generator_loss": ..., "discriminator_loss": ...}`,
            `float32` scalars.

        Raises:
            TypeError: the images are not floats.
            ValueError: the images are empty, of another shape, hold NaN or leave [-1, 1].
        """
        images = check_float_images("images", images)
        _check_image_shape(self._gan, images)
        return self.function(tf.convert_to_tensor(images))

    def run(self, batches: list[tf.Tensor], size: int) -> dict[str, tf.Tensor]:
        """Train on each of at most `size` batches, in one call; nothing is checked.

        Returns:
            The losses of each step, `(size,)`, zeros after the last step; scalars for a size of 1.
        """
        if size == 1:
            return self.function(batches[0])
        # Fewer batches are filled up, so that one trace serves for every number of steps.
        padding = batches[-1:] * (size - len(batches))
        return self._function_of_many(tf.stack(batches + padding), tf.constant(len(batches)))

    def __getattr__(self, name: str) -> Any:
        if name == "function":  # while it is being copied
            raise AttributeError(name)
        return getattr(self.function, name)


def make_train_step(
    gan: DCGAN, *, jit_compile: bool | None = None, fourier: bool | None = None
) -> TrainStep:
    """Compile the training step of `gan`: one forward pass, two losses, two updates.

    As many fakes are drawn as there are real images. Both networks run once in training mode, both
    gradients are taken at the weights before the step, and each optimizer changes its own network.
    The noise is a function of the run's seed and the step's number, so that a run continued from a
    checkpoint draws what it would have drawn.

    Args:
        gan: the state to train; the step changes it in place.
        jit_compile: whether XLA compiles the step to one program. None means: on a GPU yes, where
            it saves launches and memory traffic; on a CPU no, where it is slower for these
            networks, or hardly faster. (Keras, too, keeps XLA off under `tf.distribute`.)
        fourier: whether the generator's largest layer is computed with Fourier coefficients, which
            is the same but for rounding, and on a CPU makes a step of 256 images 1.3 to 1.6 times
            as fast. None means: on a CPU without XLA yes. With False, the step can be repeated by
            hand to the last bit.

    Returns:
        A callable from a batch of images, `float32` `(n, height, width, channels)` in [-1, 1], to
        `{"generator_loss", "discriminator_loss"}`, `float32` scalars of the batch before the
        update. It is traced once for each batch size.

    Raises:
        TypeError: `gan` is no `DCGAN`, or `jit_compile` or `fourier` is not a bool or None.

    References:
        I. Goodfellow et al.: Generative adversarial nets. NeurIPS 2014, arXiv:1406.2661, algorithm
        1 (there the networks take turns; the tutorial updates both from one pass).
    """
    check_instance("gan", gan, DCGAN)
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    if jit_compile is None:
        jit_compile = on_gpu and not tf.distribute.has_strategy()
    check_instance("jit_compile", jit_compile, bool)
    if fourier is None:
        fourier = not (on_gpu or jit_compile)
    check_instance("fourier", fourier, bool)
    return TrainStep(gan, jit_compile, fourier)


def _train_step(gan: DCGAN, fourier: bool, images: tf.Tensor) -> dict[str, tf.Tensor]:
    noise = tf.random.stateless_normal(
        (tf.shape(images)[0], gan.noise_dim), seed=tf.stack([np.int64(gan.seed), gan.step])
    )
    with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
        if fourier:
            fakes = call_with_fourier(gan.generator, noise, training=True)
        else:
            fakes = gan.generator(noise, training=True)
        real_logits = gan.discriminator(images, training=True)
        fake_logits = gan.discriminator(fakes, training=True)

        losses = {
            "generator_loss": generator_loss(fake_logits),
            "discriminator_loss": discriminator_loss(real_logits, fake_logits),
        }
        # Only under float16 does scaling change anything.
        scaled_generator_loss = gan.generator_optimizer.scale_loss(losses["generator_loss"])
        scaled_discriminator_loss = gan.discriminator_optimizer.scale_loss(
            losses["discriminator_loss"]
        )
    generator_weights = gan.generator.trainable_variables
    discriminator_weights = gan.discriminator.trainable_variables
    generator_gradients = generator_tape.gradient(scaled_generator_loss, generator_weights)
    discriminator_gradients = discriminator_tape.gradient(
        scaled_discriminator_loss, discriminator_weights
    )
    gan.generator_optimizer.apply(generator_gradients, generator_weights)
    gan.discriminator_optimizer.apply(discriminator_gradients, discriminator_weights)
    gan.step.assign_add(1)
    if gan.recipe.averaging is not None:
        _update_averages(gan, gan.recipe.averaging)
    return losses


def _update_averages(gan: DCGAN, averaging: float) -> None:
    """Move each average towards its weight, by 1 - (1 - 1/step)^(averaging + 1) of the way."""
    step = tf.cast(gan.step, tf.float32)
    share = -tf.math.expm1((averaging + 1) * tf.math.log1p(-1 / step))
    for average, weight in zip(gan.averages, gan.generator.trainable_variables, strict=True):
        average.assign_add(tf.cast(share, average.dtype) * (weight - average))


def _train_steps(
    gan: DCGAN, fourier: bool, batches: tf.Tensor, count: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Train on the first `count` of `batches`, one after the other."""
    size = batches.shape[0]

    def body(i: tf.Tensor, losses: dict[str, tf.TensorArray]) -> tuple[tf.Tensor, Any]:
        step_losses = _train_step(gan, fourier, batches[i])
        return i + 1, {name: losses[name].write(i, step_losses[name]) for name in losses}

    arrays = {name: tf.TensorArray(tf.float32, size, element_shape=()) for name in LOSSES}
    _, arrays = tf.while_loop(
        lambda i, _: i < count, body, (0, arrays), parallel_iterations=1, maximum_iterations=size
    )
    return {name: array.stack() for name, array in arrays.items()}


def train(
    gan: DCGAN,
    images: Any,
    epochs: int | None = None,
    *,
    steps: int | None = None,
    batch_size: int | None = None,
    checkpoint_dir: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = True,
    frame_every: int | None = None,
    steps_per_call: int = 1,
    progress: bool = True,
    jit_compile: bool | None = None,
    fourier: bool | None = None,
) -> History:
    """Train `gan` until it has done so many epochs, or steps, in all.

    "In all" means that the same call again goes on where the last one stopped, and returns at once
    when the run is finished. With `checkpoint_dir` that holds across processes, too: the run goes
    on from the newest whole checkpoint of that folder, in the middle of an epoch if need be, and
    ends with the very bits (in float32, on the same machine and versions) of a run that was never
    interrupted.

    Ctrl-C, or a notebook's stop button, ends the run after the step in progress; what was done is
    kept, in `gan` and (with `checkpoint_dir`) on disk. Press it twice to stop without saving.

    Args:
        gan: the state to train; changed in place.
        images: the data, `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)`.
        epochs: how many epochs in all. Give this or `steps`, not both.
        steps: how many training steps in all.
        batch_size: real images in a step; None takes the recipe's.
        checkpoint_dir: folder for checkpoints (made if need be); None keeps none.
        checkpoint_every: steps between two checkpoints; None means an epoch.
        resume: False starts a new run: it refuses a folder that holds checkpoints, and a `gan` that
            was trained before.
        frame_every: steps between two frames of the history; None means an epoch.
        steps_per_call: steps in one call of the compiled program. More than 1 spares a fast GPU the
            wait between steps, and changes no bit of the result (with XLA, not more than rounding);
            frames and checkpoints are still made after the very steps that are asked for. Ctrl-C
            waits for the call to end.
        progress: whether to show a progress bar with the losses and images a second.
        jit_compile: as in `make_train_step`.
        fourier: as in `make_train_step`.

    Returns:
        The `History` of the whole run, which is also `gan.history`.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is out of its range, the images do not fit the models, or the run
            was begun with other settings (each one that differs is named).
        FileExistsError: `resume` is False and the folder holds checkpoints.
        NotADirectoryError: `checkpoint_dir` is a file.
        FloatingPointError: a loss is NaN or infinite; the last good checkpoint is named and kept.
        OSError: a checkpoint could not be written, or every one in the folder is damaged.
    """
    check_instance("gan", gan, DCGAN)
    images = check_images("images", images)
    _check_image_shape(gan, images)
    if (epochs is None) == (steps is None):
        raise ValueError(f"give exactly one of epochs and steps, got {epochs=} and {steps=}")
    if batch_size is None:
        batch_size = gan.recipe.batch_size
    batch_size = check_batch_size(batch_size, len(images))
    steps_per_epoch = len(images) // batch_size
    if steps is None:
        target = check_integer("epochs", epochs, minimum=1) * steps_per_epoch
    else:
        target = check_integer("steps", steps, minimum=1)
    if frame_every is None:
        frame_every = steps_per_epoch
    frame_every = check_integer("frame_every", frame_every, minimum=1)
    if checkpoint_every is None:
        checkpoint_every = steps_per_epoch
    checkpoint_every = check_integer("checkpoint_every", checkpoint_every, minimum=1)
    if checkpoint_dir is not None:
        checkpoint_dir = check_folder("checkpoint_dir", checkpoint_dir)
    steps_per_call = check_integer("steps_per_call", steps_per_call, minimum=1)
    check_instance("resume", resume, bool)
    check_instance("progress", progress, bool)
    step = make_train_step(gan, jit_compile=jit_compile, fourier=fourier)

    run = {
        "batch_size": batch_size,
        "frame_every": frame_every,
        "images": hashlib.sha256(images.tobytes()).hexdigest()[:16] + f" {images.shape}",
    }
    checkpoints = _start_run(gan, run, checkpoint_dir, resume)
    gan.history.steps_per_epoch = steps_per_epoch

    if int(gan.step) >= target:
        return gan.history
    if checkpoints is not None:
        checkpoints.check_writable()
    frame_noise = sample_noise(FRAME_IMAGES, gan.seed, gan.noise_dim)
    if not gan.history.frames:
        _add_frame(gan, frame_noise)
    recorder = _Recorder(gan, target, batch_size, progress, checkpoints)
    batches = _batches(images, batch_size, gan.seed, int(gan.step))
    stops = [frame_every] if checkpoints is None else [frame_every, checkpoint_every]
    # Not 1, unless asked for: XLA rounds otherwise in the program of one step alone.
    size = max(min(steps_per_call, 2), min(steps_per_call, target - recorder.done, *stops))
    finished = False
    with recorder, _stop_after_step() as stopped:
        while not finished:
            done = recorder.done
            count = min(size, target - done, *(every - done % every for every in stops))
            losses = step.run([next(batches) for _ in range(count)], size)
            recorder.add(losses, count)
            done += count
            if done % frame_every == 0:
                _add_frame(gan, frame_noise)
            finished = done >= target or stopped()
            if checkpoints is not None and (finished or done % checkpoint_every == 0):
                recorder.fetch()
                checkpoints.save()
    if stopped():
        where = "" if checkpoints is None else f", saved in {checkpoints.directory}"
        how = "the same call" if resume else "the same call with resume=True"
        print(f"Stopped after step {recorder.done} of {target}{where}; {how} goes on.")
    return gan.history


def _start_run(
    gan: DCGAN, run: dict[str, Any], checkpoint_dir: Any, resume: bool
) -> Checkpoints | None:
    """Bring `gan` to where the run stopped, after checking that it is the same run."""
    if not resume and int(gan.step):
        raise ValueError(
            f"resume=False starts a new run, but gan has done {int(gan.step)} steps; make a new one"
        )
    if int(gan.step) and gan.run is not None and gan.run != run:
        differing = ", ".join(
            f"{key}: {gan.run[key]} before, {run[key]} now"
            for key in run
            if gan.run[key] != run[key]
        )
        raise ValueError(f"gan was trained with other settings ({differing}); start a new DCGAN")
    checkpoints = None if checkpoint_dir is None else Checkpoints(gan, checkpoint_dir)
    before, gan.run = gan.run, run
    try:
        if checkpoints is not None and checkpoints.latest is not None:
            if not resume:
                raise FileExistsError(
                    f"checkpoint_dir holds the checkpoints of a run: {checkpoints.directory}; "
                    "give another folder, or resume=True to go on with that run"
                )
            restored = checkpoints.restore_newer()
            if restored is not None:
                print(f"Resuming: {restored}")
    except BaseException:
        gan.run = before
        raise
    return checkpoints


def _batches(images: np.ndarray, batch_size: int, seed: int, step: int) -> Iterator[tf.Tensor]:
    """The batches of a run from its step number `step` on, epoch after epoch, without end."""
    steps_per_epoch = len(images) // batch_size
    while True:
        epoch, position = divmod(step, steps_per_epoch)
        dataset = make_dataset(images, batch_size, seed=seed, epoch=epoch)
        yield from dataset.skip(position)
        step += steps_per_epoch - position


def _add_frame(gan: DCGAN, noise: np.ndarray) -> None:
    frame = gan.generate(noise)
    if np.isfinite(frame).all():  # a run that diverged stops at its losses, with a better message
        low, high = float(frame.min()), float(frame.max())
        if low < -1 or high > 1:
            raise ValueError(
                "generator must make images in [-1, 1], as tanh does at its end, got values from "
                f"{low:g} to {high:g}"
            )
        gan.history.frames.append(denormalize(frame))
        gan.history.frame_steps.append(int(gan.step))


class _Recorder:
    """Moves losses from the device into the history, and shows them in a progress bar."""

    def __init__(
        self,
        gan: DCGAN,
        target: int,
        batch_size: int,
        progress: bool,
        checkpoints: Checkpoints | None,
    ) -> None:
        from tqdm.auto import tqdm

        self._history = gan.history
        self._checkpoints = checkpoints
        self._batch_size = batch_size
        self._pending: list[tuple[dict[str, tf.Tensor], int]] = []
        self._fetched_at = time.monotonic()
        self.done = int(gan.step)
        self._bar = tqdm(
            total=target * batch_size,
            initial=self.done * batch_size,
            unit=" images",
            unit_scale=True,
            disable=not progress,
            mininterval=REFRESH_SECONDS,
        )

    def __enter__(self) -> _Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        try:
            self.fetch()  # after an exception, too: those steps were done
        except FloatingPointError:
            if kind is None:
                raise
        finally:
            self._bar.close()

    def add(self, losses: dict[str, tf.Tensor], count: int) -> None:
        """Note the losses of so many steps; they are fetched now and then."""
        self._pending.append((losses, count))
        self.done += count
        self._bar.update(self._batch_size * count)
        if time.monotonic() - self._fetched_at > REFRESH_SECONDS:
            self.fetch()

    def fetch(self) -> None:
        """Fetch all losses that were noted; raise if one is NaN or infinite."""
        fetched = [
            dict(zip(losses, step_losses, strict=True))
            for losses, count in self._pending
            for step_losses in np.transpose([np.ravel(loss) for loss in losses.values()])[:count]
        ]
        self._pending = []  # only now: an interrupt of the transfer loses nothing
        for step, values in enumerate(fetched, self.done - len(fetched) + 1):
            if not np.isfinite(list(values.values())).all():
                raise FloatingPointError(self._divergence(step, values))
            self._history.steps.append(step)
            for name, value in values.items():
                self._history.step_losses.setdefault(name, []).append(float(value))
        if fetched:
            epoch = (self.done - 1) // self._history.steps_per_epoch + 1
            self._bar.set_description(f"epoch {epoch}", refresh=False)
            self._bar.set_postfix({k.removesuffix("_loss"): f"{v:.3f}" for k, v in values.items()})
        self._fetched_at = time.monotonic()

    def _divergence(self, step: int, values: Mapping[str, float]) -> str:
        last = None if self._checkpoints is None else self._checkpoints.latest
        kept = "no checkpoint was kept" if last is None else f"the last good checkpoint is {last}"
        return (
            f"training diverged at step {step}: "
            + ", ".join(f"{name} is {value}" for name, value in values.items())
            + f"; {kept}"
        )


@contextmanager
def _stop_after_step() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish that the loop asks for between steps.

    An exception in the middle of a step would leave weights updated whose losses are not recorded.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop.is_set  # Python delivers signals to the main thread alone
        return

    previous = signal.getsignal(signal.SIGINT)

    def handle(signal_number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


def _check_image_shape(gan: DCGAN, images: np.ndarray) -> None:
    if images.shape[1:] != gan.image_shape:
        raise ValueError(
            f"images must have shape (n, {', '.join(map(str, gan.image_shape))}) for this gan, "
            f"got {images.shape}"
        )


def _architecture(model: keras.Model) -> Any:
    """What makes two models the same: their layers' classes and settings, without their names."""
    return [
        [
            type(layer).__name__,
            # The configuration of a model within holds names that differ from one to the next.
            _architecture(layer)
            if isinstance(layer, keras.Model)
            else _without_names(layer.get_config()),
            layer.dtype_policy.name,
            [w.shape for w in layer.weights],
        ]
        for layer in model.layers
    ]


def _optimizer_settings(optimizer: keras.optimizers.Optimizer) -> Any:
    config = _without_names(optimizer.get_config())
    return json.loads(json.dumps(config, sort_keys=True, default=lambda o: type(o).__name__))


def _without_names(config: Any) -> Any:
    if isinstance(config, Mapping):
        return {k: _without_names(v) for k, v in config.items() if k != "name"}
    if isinstance(config, (list, tuple)):
        return [_without_names(value) for value in config]
    return float(config) if isinstance(config, np.floating) else config


def _fingerprint(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=lambda o: type(o).__name__)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
