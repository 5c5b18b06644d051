"""Checks of the two models of a GAN."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from ._checks import check_image_shape
from ._layers import range_of_outputs
from .generator import DOUBLINGS, IMAGE_SHAPE, fitting_doublings


def check_generator(model: keras.Model) -> None:
    """Raise unless `model` maps noise to images."""
    noise, images = _shapes_of("generator", model)
    if len(noise) != 2 or noise[1] is None or len(images) != 4 or None in images[1:]:
        raise ValueError(
            "generator must map (n, noise_dim) to (n, height, width, channels), "
            f"got {noise} to {images}"
        )
    check_trainable("generator", model)
    low, high = range_of_outputs(model)
    if low >= 0:
        raise ValueError(
            "generator must make images in [-1, 1], where black is -1, got an end that makes "
            f"values from {low:g} to {high:g}; end it in activation='tanh'"
        )


def check_discriminator(model: keras.Model, generator: keras.Model | None) -> None:
    """Raise unless `model` maps the generator's images to logits."""
    images, logits = _shapes_of("discriminator", model)
    if generator is not None and images[1:] != generator.output_shape[1:]:
        raise ValueError(
            f"discriminator must take the generator's images {generator.output_shape[1:]}, "
            f"got an input of {images[1:]}"
        )
    if logits != (None, 1):
        raise ValueError(f"discriminator must return logits (n, 1), got {logits}")
    check_trainable("discriminator", model)
    low, high = range_of_outputs(model)
    if low >= 0 or (low >= -1 and high <= 1):  # the loss takes the sigmoid itself
        raise ValueError(
            "discriminator must return logits, below 0 for fakes and as far as need be, got an end "
            f"that makes values from {low:g} to {high:g}; end it in activation=None"
        )


def check_trainable(
    name: str, model: keras.Model, known: Iterable[keras.Variable] | None = None
) -> None:
    """Raise unless `model` has weights to train, all of which the optimizer knows."""
    weights = model.trainable_variables
    if not weights:
        raise ValueError(
            f"{name} must have weights to train, got none; set {name}.trainable = True"
        )
    if known is not None and {id(w) for w in weights} - {id(w) for w in known}:
        raise ValueError(
            f"{name} must have been given to DCGAN with every layer trainable that is ever to be "
            "trained, got one that was set free later; freeze it after DCGAN(...) is made, not "
            "before"
        )


def agreed_sizes(
    image_shape: Any,
    doublings: int | None,
    generator: keras.Model | None,
    discriminator: keras.Model | None,
) -> tuple[tuple[int, int, int], int]:
    """The shape of the images, which has to be that of a model given, and the doublings for it."""
    checked = doublings or DOUBLINGS  # what fits is at least that
    given = {}
    if generator is not None:
        given["generator"] = generator.output_shape[1:]
    if discriminator is not None:
        given["discriminator"] = discriminator.input_shape[1:]
    if not given:
        asked = IMAGE_SHAPE if image_shape is None else image_shape
        shape = check_image_shape("image_shape", asked, checked)
        return shape, doublings or fitting_doublings(shape)
    shape = next(iter(given.values()))
    if image_shape is not None and check_image_shape("image_shape", image_shape, 0) != shape:
        raise ValueError(f"image_shape must be that of the model given, {shape}, got {image_shape}")
    if len(given) == 1:  # the other one is made here
        (name,), (other,) = given, {"generator", "discriminator"} - given.keys()
        try:
            check_image_shape("image_shape", shape, checked)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{name} has images {shape}, for which {other} has to be given, too: {error}"
            ) from error
    return shape, doublings or fitting_doublings(shape)


def _shapes_of(name: str, model: keras.Model) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The shapes of a model's one input and of its one output."""
    try:
        shapes = model.input_shape, model.output_shape
    except (AttributeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a Keras model with a known input and output (a Sequential with an "
            f"Input, or a functional model), got {type(model).__name__}"
        ) from error
    for shape in shapes:
        if not isinstance(shape, tuple) or any(isinstance(size, tuple) for size in shape):
            raise ValueError(f"{name} must have one input and one output, got shapes {shapes}")
    return shapes
