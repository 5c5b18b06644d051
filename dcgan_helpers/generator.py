"""The generator: noise in, images out."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike

from ._checks import (
    MOST_DOUBLINGS,
    check_floats,
    check_image_shape,
    check_integer,
    check_seed,
    check_shape,
)

NOISE_DIM = 100
IMAGE_SHAPE = (28, 28, 1)
BASE_FILTERS = 64
DOUBLINGS = 2  # 7 → 14 → 28


def make_generator_model(
    *,
    image_shape: tuple[int, int, int] = IMAGE_SHAPE,
    base_filters: int = BASE_FILTERS,
    doublings: int = DOUBLINGS,
    noise_dim: int = NOISE_DIM,
    seed: int | None = None,
    dtype: str | keras.DTypePolicy | None = None,
) -> keras.Sequential:
    """Build the generator of TensorFlow's DCGAN tutorial, or a larger one of the same pattern.

    A dense layer makes a small image of many channels out of the noise; transposed convolutions
    double its size (7 → 14 → 28 for MNIST) while they halve the number of channels. Every
    layer but the last is followed by batch normalisation and LeakyReLU; the last ends in tanh.
    With no arguments it has 2,330,944 parameters, 25,472 of them not trainable.

    Args:
        image_shape: `(height, width, channels)` of its images; height and width are multiples of
            2**doublings.
        base_filters: channels before the last layer; each doubling before it has twice as many.
        doublings: how often the size is doubled. Large images need more: from 8 × 8, 2 make
            32 × 32, 3 make 64 × 64 and 4 make 128 × 128. From 4 × 4, as in the paper, one more.
        noise_dim: length of a noise vector.
        seed: seed of the initial weights; None draws them from Keras' global random state.
        dtype: a Keras dtype policy, such as "mixed_bfloat16"; None takes Keras' global one.

    Returns:
        A `keras.Sequential` from noise `(n, noise_dim)` to images `(n, *image_shape)` in [-1, 1].

    Example:
        >>> make_generator_model().count_params()
        2330944
        >>> make_generator_model(image_shape=(64, 64, 3), base_filters=16, doublings=3).output_shape
        (None, 64, 64, 3)

    References:
        A. Radford, L. Metz, S. Chintala: Unsupervised representation learning with deep
        convolutional generative adversarial networks. ICLR 2016, arXiv:1511.06434.
    """
    doublings = check_integer("doublings", doublings, minimum=1, maximum=MOST_DOUBLINGS)
    height, width, channels = check_image_shape("image_shape", image_shape, doublings)
    base_filters = check_integer("base_filters", base_filters, minimum=1)
    noise_dim = check_integer("noise_dim", noise_dim, minimum=1)
    seeds = layer_seeds(seed)
    most = base_filters * 2**doublings
    small = (height // 2**doublings, width // 2**doublings, most)

    def kernel() -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=next(seeds))

    def upsample(filters: int, strides: int, **options: Any) -> keras.Layer:
        return layers.Conv2DTranspose(
            filters, 5, strides, padding="same", data_format="channels_last", use_bias=False,
            kernel_initializer=kernel(), dtype=dtype, **options,
        )  # fmt: skip

    def normalized(layer: keras.Layer) -> list[keras.Layer]:
        return [layer, layers.BatchNormalization(dtype=dtype), layers.LeakyReLU(dtype=dtype)]

    dense = layers.Dense(
        int(np.prod(small)), use_bias=False, kernel_initializer=kernel(), dtype=dtype
    )
    return keras.Sequential(
        [
            keras.Input((noise_dim,)),
            *normalized(dense),
            layers.Reshape(small, dtype=dtype),
            *normalized(upsample(most // 2, strides=1)),
            *(
                layer
                for i in range(1, doublings)
                for layer in normalized(upsample(most // 2 ** (i + 1), strides=2))
            ),
            upsample(channels, strides=2, activation="tanh"),
        ],
        name="generator",
    )


def fitting_doublings(image_shape: tuple[int, int, int]) -> int:
    """How often an image can be halved so that 7 pixels or more are left; at least 2.

    From 4 × 4 pixels, as in the paper, few steps with small batches end in a few faces alone
    (`benchmarks/README.md`).
    """
    height, width, _ = image_shape
    doublings = 0
    while height % 2 == width % 2 == 0 and min(height, width) >= 14:
        height, width, doublings = height // 2, width // 2, doublings + 1
    return min(max(doublings, DOUBLINGS), MOST_DOUBLINGS)


def sample_noise(n: int, seed: int, noise_dim: int = NOISE_DIM) -> np.ndarray:
    """Draw `n` noise vectors from the standard normal distribution.

    Args:
        n: how many.
        seed: which ones; the same seed gives the same vectors on every machine.
        noise_dim: length of a vector.

    Returns:
        `float32` array `(n, noise_dim)`.

    Example:
        >>> sample_noise(16, seed=0).shape
        (16, 100)
    """
    n = check_integer("n", n, minimum=1)
    seed = check_seed("seed", seed)
    noise_dim = check_integer("noise_dim", noise_dim, minimum=1)
    return np.random.default_rng(seed).standard_normal((n, noise_dim)).astype(np.float32)


def interpolate_noise(start: ArrayLike, end: ArrayLike, n: int) -> np.ndarray:
    """Walk from one noise vector to another, along the sphere (slerp).

    Normal noise in many dimensions lies close to a sphere. A straight line between two points cuts
    through its inside, where the generator never saw noise; the walk along the sphere does not.

    Args:
        start: the first vector, shape `(noise_dim,)`.
        end: the last vector, of the same shape.
        n: number of vectors, both ends included; at least 2.

    Returns:
        `float32` array `(n, noise_dim)`: its first row is `start`, its last is `end`.

    Raises:
        ValueError: a vector is zero, so it has no direction.

    Example:
        >>> start, end = sample_noise(2, seed=0)
        >>> way = interpolate_noise(start, end, 5)
        >>> way.shape, bool((way[0] == start).all()), bool((way[-1] == end).all())
        ((5, 100), True, True)

    References:
        T. White: Sampling generative networks. 2016, arXiv:1609.04468, section 2.1.
    """
    start, end = _check_vector("start", start), _check_vector("end", end)
    if start.shape != end.shape:
        raise ValueError(f"start and end must have one shape, got {start.shape} and {end.shape}")
    n = check_integer("n", n, minimum=2)

    cosine = np.dot(start, end) / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1, 1))
    t = np.linspace(0, 1, n, dtype=np.float32)[:, np.newaxis]
    if np.sin(angle) < 1e-6:  # parallel or opposite: every arc is as good, take the line
        path = (1 - t) * start + t * end
    else:
        path = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    path[0], path[-1] = start, end
    return path.astype(np.float32)


def _check_vector(name: str, value: ArrayLike) -> np.ndarray:
    """Return `value` as a finite `float32` vector that has a direction, or raise."""
    vector = check_floats(name, value)
    check_shape(name, vector, ("noise_dim",))
    if not vector.any():
        raise ValueError(f"{name} must not be all zeros: it has no direction")
    return vector.astype(np.float32, copy=False)


def layer_seeds(seed: int | None) -> Iterator[int | None]:
    """Yield a seed for each layer of a model, or None for each (Keras' default) without a seed."""
    if seed is None:
        return itertools.repeat(None)
    generator = random.Random(check_seed("seed", seed))
    return (generator.randrange(2**31) for _ in itertools.count())
