"""The optimizers of the two models."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

import keras

from ._checks import check_instance
from .recipes import Recipe

_Optional: TypeAlias = keras.optimizers.Optimizer | None


def check_optimizers(generator_optimizer: _Optional, discriminator_optimizer: _Optional) -> None:
    """Raise unless those that are given are new, and two."""
    inner: list[keras.optimizers.Optimizer] = []
    for name, optimizer in (
        ("generator_optimizer", generator_optimizer),
        ("discriminator_optimizer", discriminator_optimizer),
    ):
        if optimizer is not None:
            check_instance(name, optimizer, keras.optimizers.Optimizer)
            inner.append(getattr(optimizer, "inner_optimizer", optimizer))
            if optimizer.built or inner[-1].built:
                raise ValueError(f"{name} must be new, got one that is built for a model")
    if len(inner) == 2 and inner[0] is inner[1]:
        raise ValueError("generator_optimizer and discriminator_optimizer must be two, got one")


def make_optimizers(
    recipe: Recipe,
    generator_optimizer: _Optional,
    discriminator_optimizer: _Optional,
    generator_dtypes: set[str],
    discriminator_dtypes: set[str],
) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
    """The two optimizers: those that are given, or the recipe's."""
    return (
        _make_optimizer(
            "generator_optimizer",
            generator_optimizer,
            generator_dtypes | discriminator_dtypes,  # its gradient comes through both models
            learning_rate=recipe.generator_learning_rate,
            beta_1=recipe.beta_1,
        ),
        _make_optimizer(
            "discriminator_optimizer",
            discriminator_optimizer,
            discriminator_dtypes,
            learning_rate=recipe.discriminator_learning_rate,
            beta_1=recipe.beta_1,
        ),
    )


def _make_optimizer(
    name: str, given: _Optional, dtypes: Collection[str], *, learning_rate: float, beta_1: float
) -> keras.optimizers.Optimizer:
    """The optimizer that is given, or Adam, for gradients that come through `dtypes`.

    In float16 the loss has to be scaled, or small gradients would be rounded to zero.
    """
    if given is None:
        given = keras.optimizers.Adam(learning_rate, beta_1=beta_1)
        return keras.optimizers.LossScaleOptimizer(given) if "float16" in dtypes else given
    if "float16" in dtypes and not isinstance(given, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            f"{name} must be a keras.optimizers.LossScaleOptimizer around yours, since "
            f"its gradients come through float16, got {type(given).__name__}"
        )
    return given


def learning_rates(optimizer: keras.optimizers.Optimizer) -> list[float]:
    """Its learning rate, if it keeps it in a variable, which one with a schedule does not."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # a LossScaleOptimizer has one, unused
    return [float(v.numpy()) for v in inner.variables if v.name == "learning_rate"]
