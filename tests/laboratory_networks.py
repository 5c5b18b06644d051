"""The laboratory's two networks in Keras, for its tests, beside what its files hold."""

import base64
import json
import re
import zlib

import keras
import numpy as np

from tools.laboratory_kernel import FOLDER


def stored(name):
    """What a script of data assigns."""
    text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    return json.loads(re.search(r"laboratory\.data\.\w+ = (.*);\n", text)[1])


def stored_weights(name, model):
    """The kernels and biases in a file, in the shapes of a Keras model's."""
    data = stored(name)
    content = zlib.decompress(base64.b64decode(data["weights"]))
    shapes = [weight.shape for weight in model.weights]
    scales = np.frombuffer(content, "<f4", len(shapes))
    place = scales.nbytes
    weights = [None] * len(shapes)
    for bits in (16, 8):
        for i, scale in enumerate(scales):
            if data["bits"][i] == bits:
                numbers = np.frombuffer(content, f"<i{bits // 8}", np.prod(shapes[i]), place)
                weights[i] = np.reshape(numbers * scale, shapes[i])
                place += numbers.nbytes
    assert place == len(content)
    return weights


def networks(noise, side, filters, *, folded=False):
    """The laboratory's two networks, in Keras."""
    layers = keras.layers
    small = side // 4

    def normalized(layer):
        norm = [] if folded else [layers.BatchNormalization()]
        return [layer, *norm, layers.LeakyReLU()]

    def larger(outputs, strides, **options):
        options = {"use_bias": folded, **options}
        return layers.Conv2DTranspose(outputs, 5, strides, padding="same", **options)

    generator = keras.Sequential(
        [
            keras.Input((noise,)),
            *normalized(layers.Dense(small * small * 4 * filters, use_bias=folded)),
            layers.Reshape((small, small, 4 * filters)),
            *normalized(larger(2 * filters, 1)),
            *normalized(larger(filters, 2)),
            larger(1, 2, use_bias=False, activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((side, side, 1)),
            layers.Conv2D(filters, 5, 2, padding="same"),
            layers.LeakyReLU(),
            layers.Conv2D(2 * filters, 5, 2, padding="same"),
            layers.LeakyReLU(),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    return generator, discriminator


def stored_pair():
    """The generator that the page loads, its batch normalisation folded, beside its judge."""
    generator, discriminator = networks(**stored("generator")["sizes"], folded=True)
    generator.set_weights(stored_weights("generator", generator))
    discriminator.set_weights(stored_weights("discriminator", discriminator))
    return generator, discriminator
