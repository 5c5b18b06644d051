"""The discriminator: images in, one logit each out."""

from __future__ import annotations

import keras
from keras import layers

from ._checks import MOST_DOUBLINGS, check_image_shape, check_integer, check_number
from .generator import BASE_FILTERS, DOUBLINGS, IMAGE_SHAPE, layer_seeds


def make_discriminator_model(
    *,
    image_shape: tuple[int, int, int] = IMAGE_SHAPE,
    base_filters: int = BASE_FILTERS,
    doublings: int = DOUBLINGS,
    seed: int | None = None,
    dropout: float = 0.3,
    dtype: str | keras.DTypePolicy | None = None,
) -> keras.Sequential:
    """Build the discriminator of TensorFlow's DCGAN tutorial, or a larger one of the same pattern.

    Convolutions of stride 2 halve the image (28 → 14 → 7 for MNIST), each followed by LeakyReLU
    and dropout; a dense layer turns what is left into one number. With no arguments it has 212,865
    parameters.

    Args:
        image_shape: `(height, width, channels)` of the images; height and width are multiples of
            2**doublings.
        base_filters: channels of the first convolution; each one after it has twice as many.
        doublings: how many convolutions there are, each of which halves the image; as many as the
            generator has doublings.
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
    doublings = check_integer("doublings", doublings, minimum=1, maximum=MOST_DOUBLINGS)
    image_shape = check_image_shape("image_shape", image_shape, doublings)
    base_filters = check_integer("base_filters", base_filters, minimum=1)
    dropout = check_number("dropout", dropout, "[0, 1]")
    seeds = layer_seeds(seed)

    def kernel() -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=next(seeds))

    def downsample(i: int) -> list[keras.Layer]:
        return [
            layers.Conv2D(
                base_filters * 2**i, 5, 2, padding="same", data_format="channels_last",
                kernel_initializer=kernel(), dtype=dtype,
            ),
            layers.LeakyReLU(dtype=dtype),
            layers.Dropout(dropout, seed=next(seeds), dtype=dtype),
        ]  # fmt: skip

    return keras.Sequential(
        [
            keras.Input(image_shape),
            *(layer for i in range(doublings) for layer in downsample(i)),
            layers.Flatten(data_format="channels_last", dtype=dtype),
            layers.Dense(1, kernel_initializer=kernel(), dtype=dtype),
        ],
        name="discriminator",
    )
