"""The state of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from ._checks import check_choice, check_instance, check_noise, check_seed
from ._devices import fast_dtype
from ._interrupt import interrupts_held
from ._layers import all_variables, compute_dtypes
from ._model_checks import (
    agreed_sizes,
    check_discriminator,
    check_generator,
    check_trainable,
)
from ._optimizers import check_optimizers, learning_rates, make_optimizers
from ._own_losses import Loss, choose_losses, describe_losses
from ._replicas import check_made_on, check_strategy, part_random_states, scope, synchronize
from ._run_config import describe_optimizer, fingerprint_model
from ._state import check_arrays
from .discriminator import make_discriminator_model
from .ema import EMA
from .generator import make_generator_model, sample_noise
from .history import History
from .recipes import DTYPES, RECIPES, Recipe
from .sampling import copy_in_float32, generate_images

STANDING_NOISE = 1000  # noise vectors that averaged weights take their standing statistics from
OPTIMIZERS = ("generator_optimizer", "discriminator_optimizer")
HISTORY = "history/"  # how the names of its arrays begin in a state


class DCGAN:
    """The state of a training run: all that a checkpoint must hold, and nothing else.

    With no arguments it is TensorFlow's DCGAN tutorial: its two models, each with an Adam optimizer
    of learning rate 1e-4. `recipe="quick"` trains the same two networks to digits in a minute or
    two on a laptop. Two objects made with the same arguments have the same weights.

    Args:
        recipe: which settings to train with: "tutorial", "quick", "colour" (whose networks fit the
            size of the images) or a `Recipe` of your own.
        seed: seed of the noise and the order of the images, and of the weights and the dropout of
            the models that are made here, in [0, 2**63).
        dtype: Keras dtype policy of the two models that are made here: "float32",
            "mixed_bfloat16" or "mixed_float16" (which scales its losses by itself). None takes the
            recipe's: float32 for "tutorial"; for the others bfloat16 where the processor or the GPU
            multiplies in it, else float32.
        image_shape: `(height, width, channels)` of the images, for the models that are made here:
            height and width multiples of 4, or of 2 to the power of the recipe's doublings. None
            takes that of the model that is given, or 28 × 28 grey pixels.
        generator: a Keras model of your own, built, from noise `(n, noise_dim)` to images
            `(n, height, width, channels)` in [-1, 1].
        discriminator: one from such images to logits `(n, 1)`.
        generator_optimizer: a Keras optimizer of your own, not yet built (for a model in float16,
            a `LossScaleOptimizer`).
        discriminator_optimizer: another one.
        generator_loss: a loss of your own instead of `dcgan_helpers.generator_loss`: a function
            from the logits of fakes, `float32 (n, 1)`, to a scalar, their mean in some form.
        discriminator_loss: one from the logits of real images and those of fakes.
        strategy: train on the devices of this `tf.distribute.MirroredStrategy` or
            `MultiWorkerMirroredStrategy`, of which a process has one. The batch stays the batch of
            a step, of which each replica takes as many rows; batch normalisation sees all of them.
            Models and optimizers of your own are made in `strategy.scope()`, all else outside.

    Attributes:
        recipe: the `Recipe`.
        seed: of the run, as given.
        strategy: as given; None for one device.
        generator: the generator, a Keras model.
        discriminator: the discriminator, a Keras model.
        generator_optimizer: the generator's optimizer.
        discriminator_optimizer: the discriminator's optimizer.
        generator_loss: the generator's loss.
        discriminator_loss: the discriminator's loss.
        step: `tf.Variable` of dtype `int64`, the number of training steps done.
        random_states: the variables that hold the state of the models' own randomness (dropout).
        ema: the `EMA` of the generator's weights, whose `weights` are one variable for each
            trainable weight; None if the recipe has none.
        history: the `History` of the run.
        dtype: Keras dtype policy of the models that were made here.
        noise_dim: length of a noise vector.
        image_shape: `(height, width, channels)` of an image.

    Raises:
        ValueError: an unknown recipe or dtype, models that do not fit each other or would train
            wrongly (a discriminator that ends in sigmoid, say), an optimizer that is built already,
            a generator that has to be copied (for averages, or into float32) and cannot be, a loss
            that is no scalar, or a part that was not made in the strategy's scope.
        RuntimeError: it is made within `strategy.scope()`.

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
        generator_loss: Loss | None = None,
        discriminator_loss: Loss | None = None,
        strategy: tf.distribute.Strategy | None = None,
    ) -> None:
        self.strategy = strategy = check_strategy(strategy)
        if not isinstance(recipe, Recipe):
            recipe = RECIPES[check_choice("recipe", recipe, tuple(RECIPES))]
        self.recipe, self.seed = recipe, check_seed("seed", seed)
        asked_dtype = dtype or recipe.dtype
        if asked_dtype is not None:
            check_choice("dtype", asked_dtype, DTYPES)
        self.dtype = dtype = asked_dtype or fast_dtype()
        if generator is not None:
            check_generator(generator)
        if discriminator is not None:
            check_discriminator(discriminator, generator)
        shape, doublings = agreed_sizes(image_shape, recipe.doublings, generator, discriminator)
        check_optimizers(generator_optimizer, discriminator_optimizer)
        chosen = choose_losses(generator_loss, discriminator_loss)
        self.generator_loss, self.discriminator_loss = chosen
        optimizers = generator_optimizer, discriminator_optimizer
        check_made_on(strategy, generator, discriminator, *optimizers)

        # Of one seed, a seed for each model; the noise and the order take the seed and the step.
        seeds = [int(s) for s in np.random.SeedSequence(self.seed).generate_state(2)]
        sizes: dict[str, Any] = {"image_shape": shape, "doublings": doublings, "dtype": dtype}
        with scope(strategy):
            self.generator = generator or make_generator_model(seed=seeds[0], **sizes)
            self.discriminator = discriminator or make_discriminator_model(
                seed=seeds[1], dropout=recipe.dropout, **sizes
            )
        self.noise_dim = int(self.generator.input_shape[1])
        self.image_shape: tuple[int, int, int] = tuple(self.generator.output_shape[1:])

        models = self.generator, self.discriminator
        synchronize(strategy, *models)
        # The generator's first: by their names TensorFlow orders its sums, and so the last bits.
        generator_dtypes, discriminator_dtypes = map(compute_dtypes, models)
        with scope(strategy):
            self.generator_optimizer, self.discriminator_optimizer = make_optimizers(
                recipe, *optimizers, generator_dtypes, discriminator_dtypes
            )
            # Built now: a variable made while the step is traced would not be in a checkpoint yet.
            self._trained = [model.trainable_variables for model in models]
            self.generator_optimizer.build(self._trained[0])
            self.discriminator_optimizer.build(self._trained[1])
        # Before anything is copied, which needs each layer's settings, too. What this machine is
        # fastest in does not make another run: it may go on elsewhere.
        with_dtypes = asked_dtype is not None
        fingerprints = {
            name: fingerprint_model(name, getattr(self, name), dtypes=with_dtypes)
            for name in ("generator", "discriminator")
        }
        fingerprints |= {name: describe_optimizer(name, getattr(self, name)) for name in OPTIMIZERS}

        plain = generator_dtypes == {"float32"}
        self._float32_copy = None if plain else copy_in_float32(self.generator)
        self.ema = None if recipe.ema_gamma is None else EMA(self.generator, recipe.ema_gamma)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        # Keras counts the state of dropout's seed among a model's variables, not its weights, and
        # tf.train.Checkpoint(model) leaves it out.
        self.random_states = [
            state.value
            for model in models
            for state in model.variables
            if not any(state is weight for weight in model.weights)
        ]
        part_random_states(strategy, self.random_states)
        self._first_rates = self._learning_rates()
        self.compiled_steps: dict[Any, Any] = {}  # what `make_train_step` made for this gan
        self.history = History(
            config={
                "recipe": str(recipe),
                "seed": self.seed,
                "dtype": asked_dtype or "the fastest",
                **fingerprints,
                **describe_losses(self.generator_loss, self.discriminator_loss),
            }
        )

    def sampling_generator(self) -> keras.Model:
        """The generator to make images with, and to save: a Keras model, from and to float32.

        It is `generator`, unless the recipe has an EMA or the generator does not compute in
        float32. Then it is a copy, in float32, with the averaged weights and standing statistics.
        There is one copy: once there is a later step, ask again, and it changes. To keep an earlier
        one, save it, or set the weights of a `keras.models.clone_model` of it.
        """
        step = int(self.step)
        if self.ema is not None and step > 0:
            noise = sample_noise(STANDING_NOISE, self.seed, self.noise_dim)
            return self.ema.generator(step, noise)
        if self._float32_copy is None:
            return self.generator
        for copy, weight in zip(self._float32_copy.weights, self.generator.weights, strict=True):
            copy.assign(weight)
        return self._float32_copy

    def generate(self, noise: ArrayLike) -> np.ndarray:
        """Make images, with `sampling_generator` in inference mode.

        In inference mode batch normalisation uses its moving averages, so that an image depends on
        its own noise vector alone, not on its neighbours in the batch. On a CPU the generator's
        largest layer is computed with Fourier coefficients, which takes one to two thirds of the
        time and rounds differently (in float32, images change by about 1e-6).

        Args:
            noise: finite floats `(n, noise_dim)`, for example `sample_noise(n, seed)`.

        Returns:
            `float32` array `(n, height, width, channels)` in [-1, 1].
        """
        noise = check_noise("noise", noise, self.noise_dim)
        return generate_images(self.sampling_generator(), noise)

    def check_trainable(self) -> None:
        """Raise unless both models have weights to train, all of which their optimizers know."""
        check_trainable("generator", self.generator, self._trained[0])
        check_trainable("discriminator", self.discriminator, self._trained[1])

    def get_state(self) -> dict[str, np.ndarray]:
        """The whole state as arrays, by name: a copy of every variable, and the history."""
        return {
            **{name: variable.numpy() for name, variable in self.variables().items()},
            **{HISTORY + name: array for name, array in self.history.to_arrays().items()},
        }

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `get_state` returned, of this `DCGAN` or one made with the same arguments.

        Raises:
            ValueError: it is the state of another kind of `DCGAN`; nothing is changed then.
        """
        check_instance("state", state, Mapping)
        variables = self.variables()
        arrays = check_arrays(
            variables, {k: array for k, array in state.items() if not k.startswith(HISTORY)}
        )
        history = history_in(state)
        with interrupts_held():
            for name, variable in variables.items():
                variable.assign(arrays[name])
            part_random_states(self.strategy, self.random_states)
            self.history = history
            if self.ema is not None:
                self.ema.forget()

    def changed_learning_rates(self) -> dict[str, float]:
        """The learning rates that were set since this object was made, by the optimizer's name."""
        now = self._learning_rates()
        return {name: rate for name, rate in now.items() if rate != self._first_rates[name]}

    def _learning_rates(self) -> dict[str, float]:
        return {name: rate for name in OPTIMIZERS for rate in learning_rates(getattr(self, name))}

    def variables(self) -> dict[str, tf.Variable]:
        """Every variable of the run; the one place that lists what its state consists of."""
        parts = {
            "generator": all_variables(self.generator),
            "discriminator": all_variables(self.discriminator),
            "generator_optimizer": [v.value for v in self.generator_optimizer.variables],
            "discriminator_optimizer": [v.value for v in self.discriminator_optimizer.variables],
            "ema": [] if self.ema is None else self.ema.weights,
        }
        numbered = {f"{k}/{i}": v for k, part in parts.items() for i, v in enumerate(part)}
        return {"step": self.step, **numbered}

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse `copy` and `pickle`: Keras would leave out the state of the optimizers."""
        raise TypeError(
            "a DCGAN cannot be copied or pickled; make another one with the same arguments, and "
            "then other.set_state(gan.get_state())"
        )


def history_in(state: Mapping[str, np.ndarray]) -> History:
    """The history in what `DCGAN.get_state` returned."""
    arrays = {k.removeprefix(HISTORY): v for k, v in state.items() if k.startswith(HISTORY)}
    try:
        return History.from_arrays(arrays)
    except KeyError as error:
        raise ValueError(
            f"state must have the arrays of a history, too, got no {HISTORY}{error.args[0]}"
        ) from error
