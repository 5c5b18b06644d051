"""Write the trained networks and the digits that the laboratory loads.

    python -m tools.laboratory_data networks GENERATOR DISCRIMINATOR
    python -m tools.laboratory_data digits

GENERATOR and DISCRIMINATOR are Keras files of a pair that trained each other, with the layers of
`dcgan.make_generator_model` and `dcgan.make_discriminator_model`, of any size. A page that is
opened as a file may load scripts, but no other files: so what is written are scripts.

Kernels are rounded, with a scale for each channel: the generator's to fifteen levels, four bits at
most; the discriminator's to fifty-one. What is left is compressed. Batch normalisation becomes part
of the kernels and of a bias.
"""

from __future__ import annotations

import base64
import json
import math
import sys
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

import dcgan_helpers as dcgan

from .laboratory_kernel import FOLDER

# From one level to the next, in standard deviations of a channel. The discriminator's verdict
# suffers sooner than the generator's images do.
GENERATOR_STEP = 0.75
DISCRIMINATOR_STEP = 0.2
MOST = 5  # standard deviations: what is beyond is cut off
DIGITS = 2000  # to train with
EXAMPLES = 2  # test digits of each kind to judge
GENERATOR = ["Dense", *["BatchNormalization", "Conv2DTranspose"] * 3]
DISCRIMINATOR = ["Conv2D", "Conv2D", "Dense"]


class Part(NamedTuple):
    """A layer's kernel, the axis of its channels, how many channels there are, and its bias."""

    kernel: np.ndarray
    axis: int
    channels: int
    bias: np.ndarray | None


def parts_of(model: keras.Model, expected: list[str]) -> list[Part]:
    """Return the layers with weights, each with the batch normalisation that follows it."""
    layers = [layer for layer in model.layers if layer.weights]
    found = [type(layer).__name__ for layer in layers]
    if found != expected:
        raise ValueError(f"{model.name} must have the layers {expected}, got {found}")
    parts: list[Part] = []
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = map(np.asarray, layer.get_weights())
            factor = gamma / np.sqrt(variance + layer.epsilon)
            kernel, axis, channels, _ = parts[-1]
            shaped = factor[:, np.newaxis] if axis == 2 else factor
            parts[-1] = Part(kernel * shaped, axis, channels, beta - mean * factor)
            continue
        kernel = np.asarray(layer.kernel)
        bias = np.asarray(layer.bias) if layer.use_bias else None
        axis = 2 if isinstance(layer, keras.layers.Conv2DTranspose) else kernel.ndim - 1
        parts.append(Part(kernel, axis, kernel.shape[axis], bias))
    if expected is GENERATOR:  # its dense layer makes pixels, each with all channels
        first = parts[0]
        parts[0] = first._replace(channels=parts[1].kernel.shape[3])
    return parts


def rounded(part: Part, step: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Return a kernel's whole numbers, its channels' scales, and how far apart those are."""
    inner = part.kernel.shape[3] if part.axis == 2 else 1
    rows = part.kernel.reshape(-1, part.channels, inner)
    scales = (step * rows.std(axis=(0, 2))).astype(np.float32)
    levels = math.ceil(MOST / step)
    numbers = np.rint(rows / scales[:, np.newaxis]).clip(-levels, levels)
    return numbers.astype(np.int8).ravel(), scales, inner


def pack(content: bytes, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> str:
    """Compress bytes, and return them as text."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return base64.b64encode(packer.compress(content) + packer.flush()).decode("ascii")


def trained(parts: list[Part], step: float) -> dict[str, Any]:
    """Return what `setWeights` in weights.js reads."""
    kernels = [rounded(part, step) for part in parts]
    biases = [part.bias for part in parts if part.bias is not None]
    bias_scales = [np.float32(max(np.abs(bias).max(), 1e-12) / 32767) for bias in biases]
    content = [
        *(scales.astype("<f4").tobytes() for _, scales, _ in kernels),
        np.array(bias_scales, "<f4").tobytes(),
        *(np.rint(b / s).astype("<i2").tobytes() for b, s in zip(biases, bias_scales, strict=True)),
        *(numbers.tobytes() for numbers, _, _ in kernels),
    ]
    return {
        "scales": [
            [part.channels, inner] for part, (_, _, inner) in zip(parts, kernels, strict=True)
        ],
        "weights": pack(b"".join(content), zlib.Z_HUFFMAN_ONLY),
    }


def directions(generator: keras.Model, noise_dim: int) -> list[list[float]]:
    """Return for each digit the mean noise that it comes from, as the classifier sees it."""
    noise = dcgan.sample_noise(10_000, seed=0, noise_dim=noise_dim)
    probabilities = np.concatenate(
        [dcgan.classify(np.asarray(generator(rows))) for rows in np.split(noise, 20)]
    )
    sure = probabilities.max(axis=1) > 0.9
    digit = probabilities.argmax(axis=1)
    means = np.stack([noise[sure & (digit == d)].mean(axis=0) for d in range(10)])
    return [[round(float(x), 3) for x in mean] for mean in means - noise[sure].mean(axis=0)]


def packed_images(images: np.ndarray) -> str:
    """Return `uint8` images with sixteen levels of grey, two pixels a byte."""
    levels = np.rint(images.reshape(-1, 2) / 17).astype(np.uint8)
    return pack((levels[:, 0] << 4 | levels[:, 1]).tobytes())


def write_script(name: str, value: Any) -> None:
    """Write ``laboratory.data.NAME = VALUE``."""
    path = FOLDER / f"{name}.js"
    path.write_text(
        "// Written by `python -m tools.laboratory_data`, which says what it holds.\n"
        f'"use strict";\n\nlaboratory.data.{name} = {json.dumps(value)};\n',
        encoding="utf-8",
    )
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def write_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    """Write a generator, with its digits' directions, and its discriminator, with examples."""
    parts = parts_of(generator, GENERATOR), parts_of(discriminator, DISCRIMINATOR)
    noise, side = generator.input_shape[1], generator.output_shape[1]
    if generator.output_shape[1:] != discriminator.input_shape[1:]:
        raise ValueError(f"{discriminator.name} must take the images of {generator.name}")
    sizes = [
        {"noise": noise, "side": side, "filters": filters}
        for filters in (parts[0][-1].kernel.shape[3], parts[1][0].channels)
    ]
    data = dcgan.load_mnist()
    chosen = [np.flatnonzero(data.test_labels == d)[:EXAMPLES] for d in range(10)]
    write_script(
        "generator",
        {
            "sizes": sizes[0],
            "directions": directions(generator, noise),
            **trained(parts[0], GENERATOR_STEP),
        },
    )
    examples = packed_images(data.test_images[np.concatenate(chosen)])
    write_script(
        "discriminator",
        {"sizes": sizes[1], "examples": examples, **trained(parts[1], DISCRIMINATOR_STEP)},
    )


def main(arguments: list[str]) -> None:
    """Write what is asked for."""
    match arguments:
        case ["networks", generator, discriminator]:
            for path in (generator, discriminator):
                if not Path(path).is_file():
                    raise SystemExit(f"{path} must be a Keras file, found none")
            write_networks(
                keras.models.load_model(generator), keras.models.load_model(discriminator)
            )
        case ["digits"]:
            write_script("digits", packed_images(dcgan.load_mnist().train_images[:DIGITS]))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
