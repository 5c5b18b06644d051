"""The classifier of digits that the measures are made with."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike

from ._checks import check_images
from ._rows import batches
from ._shipped import load_shipped
from .data import as_floats
from .generator import IMAGE_SHAPE, layer_seeds

CLASSES = 10
FEATURES = 64

_BATCH = 500  # images classified at a time: bounds the memory


def make_classifier(*, seed: int) -> keras.Sequential:
    """Build the classifier of digits, not yet trained (`reference/train_classifier.py` does that).

    Three convolutions, each followed by batch normalisation, ReLU and pooling (28 → 14 → 7 → 3),
    a dense layer of 64 features, and one logit for each digit: 93,802 parameters.

    Args:
        seed: seed of the initial weights and of dropout.

    Returns:
        A `keras.Sequential` from images `(n, 28, 28, 1)` in [-1, 1] to logits `(n, 10)`, always in
        float32; its layer "features" gives `(n, 64)` features. They are taken before their ReLU,
        which would map the odd images of a bad generator to the zeros that real digits have, too.
    """
    seeds = layer_seeds(seed)

    def kernel() -> keras.initializers.Initializer:
        return keras.initializers.HeNormal(seed=next(seeds))

    # "float32" and "channels_last" everywhere: a reader's global settings must not change what is
    # measured.
    def convolution(name: str, filters: int) -> list[keras.Layer]:
        return [
            layers.Conv2D(
                filters, 3, padding="same", use_bias=False, kernel_initializer=kernel(),
                data_format="channels_last", dtype="float32", name=f"{name}_convolution",
            ),
            layers.BatchNormalization(dtype="float32", name=f"{name}_normalization"),
            layers.ReLU(dtype="float32"),
            layers.MaxPooling2D(data_format="channels_last", dtype="float32"),
        ]  # fmt: skip

    return keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE, dtype="float32"),
            *convolution("first", 32),
            *convolution("second", 64),
            *convolution("third", 64),
            layers.Flatten(data_format="channels_last", dtype="float32"),
            layers.Dropout(0.3, seed=next(seeds), dtype="float32"),
            layers.Dense(FEATURES, kernel_initializer=kernel(), dtype="float32", name="features"),
            layers.ReLU(dtype="float32"),
            layers.Dense(CLASSES, kernel_initializer=kernel(), dtype="float32", name="logits"),
        ],
        name="classifier",
    )


def weight_names(model: keras.Model) -> list[str]:
    """A name for each of a model's weights: "features/kernel". Keras' own vary with its version."""
    return [f"{layer.name}/{weight.name}" for layer in model.layers for weight in layer.weights]


def classify(images: ArrayLike) -> np.ndarray:
    """Say which digits the images show, with a classifier right on 99.5 % of MNIST's test digits.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`.

    Returns:
        `float32` array `(n, 10)`: the probability of each digit, in [0, 1]; each row's sum is 1.

    Example:
        >>> digits = load_mnist().test_images[:4]
        >>> classify(digits).argmax(axis=1).tolist()
        [7, 2, 1, 0]
    """
    return features_and_probabilities(images)[1]


def classifier_features(images: ArrayLike) -> np.ndarray:
    """Compute what the classifier sees in the images: its last layer but one, before the ReLU.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`.

    Returns:
        `float32` array `(n, 64)`, which `frechet_distance` and `precision_recall` take.

    Example:
        >>> classifier_features(load_mnist().test_images[:4]).shape
        (4, 64)
    """
    return features_and_probabilities(images)[0]


def class_histogram(images: ArrayLike) -> np.ndarray:
    """Count how many of the images show each digit, as the classifier sees them.

    Args:
        images: `uint8` pixels or floats in [-1, 1], `(n, 28, 28, 1)`.

    Returns:
        `int64` array `(10,)`: the number of images of each digit, n in total.

    Example:
        >>> class_histogram(load_mnist().test_images[:4]).tolist()
        [1, 1, 1, 0, 0, 0, 0, 1, 0, 0]
    """
    return count_classes(classify(images))


def count_classes(probabilities: np.ndarray) -> np.ndarray:
    """How many rows of probabilities `(n, 10)` have their largest at each digit."""
    return np.bincount(probabilities.argmax(axis=1), minlength=CLASSES)


def features_and_probabilities(images: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """What `classifier_features` and `classify` return, in one pass."""
    images = check_images("images", images, shape=IMAGE_SHAPE)
    model = trained_classifier()
    parts = [model(as_floats(rows), training=False) for rows in batches(images, _BATCH)]
    features, logits = (np.concatenate(part) for part in zip(*parts, strict=True))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return features, exponentials / exponentials.sum(axis=1, keepdims=True)


@functools.lru_cache(maxsize=1)
def trained_classifier() -> keras.Model:
    """The trained classifier, from images to features and logits."""
    arrays = load_shipped("mnist_classifier.npz")
    classifier = make_classifier(seed=0)
    classifier.set_weights([arrays[n].astype(np.float32) for n in weight_names(classifier)])
    return keras.Model(
        classifier.inputs[0], [classifier.get_layer("features").output, classifier.outputs[0]]
    )
