"""The discriminator: images in, one logit each out."""

from __future__ import annotations

import keras
from keras import layers

from ._checks import check_image_shape, check_number
from .generator import IMAGE_SHAPE, layer_seeds


def make_discriminator_model(
    *,
    image_shape: tuple[int, int, int] = IMAGE_SHAPE,
    seed: int | None = None,
    dropout: float = 0.3,
    dtype: str | keras.DTypePolicy | None = None,
) -> keras.Sequential:
    """Build the discriminator of TensorFlow's DCGAN tutorial.

    Two convolutions of stride 2 halve the image twice (28 → 14 → 7 for MNIST), each followed by
    LeakyReLU and dropout; a dense layer turns what is left into one number. With no arguments it
    has 212,865 parameters.

    Args:
        image_shape: `(height, width, channels)` of the images; height and width multiples of 4.
        seed: seed of the initial weights and of dropout; None takes both from Keras' global random
            state.
        dropout: the fraction of activations that dropout sets to zero in training, in [0, 1].
        dtype: a Keras dtype policy, such as "mixed_bfloat16"; None takes Keras' global one.

    Returns:
        A `keras.Sequential` from images `(n, *image_shape)` in [-1, 1] to logits `(n, 1)`: above
        0 it calls the image real, below 0 fake, and `sigmoid(logit)` is its probability
        of real.

    Example:
        >>> make_discriminator_model().count_params()
        212865

    References:
        A. Radford, L. Metz, S. Chintala: Unsupervised representation learning with deep
        convolutional generative adversarial networks. ICLR 2016, arXiv:1511.06434.
    """
    image_shape = check_image_shape("image_shape", image_shape)
    dropout = check_number("dropout", dropout, "[0, 1]")
    seeds = layer_seeds(seed)

    def kernel() -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=next(seeds))

    def downsample(filters: int) -> list[keras.Layer]:
        return [
            layers.Conv2D(
                filters, 5, 2, padding="same", data_format="channels_last",
                kernel_initializer=kernel(), dtype=dtype,
            ),
            layers.LeakyReLU(dtype=dtype),
            layers.Dropout(dropout, seed=next(seeds), dtype=dtype),
        ]  # fmt: skip

    return keras.Sequential(
        [
            keras.Input(image_shape),
            *downsample(64),
            *downsample(128),
            layers.Flatten(data_format="channels_last", dtype=dtype),
            layers.Dense(1, kernel_initializer=kernel(), dtype=dtype),
        ],
        name="discriminator",
    )
