"""Write the trained networks and the digits that the laboratory loads.

    python -m tools.laboratory_data networks
    python -m tools.laboratory_data digits

The networks are the shipped pair. A page that is opened as a file may load scripts, but no other
files: so what is written are scripts.

Batch normalisation becomes part of the kernels and of a bias. Then weights are rounded to multiples
of a step, one for each kernel and each bias: coarsely where there are many and the images hardly
suffer, finely elsewhere, which is what `GENERATOR_STEPS` says. What is left is compressed.
`benchmarks/laboratory.md` tells what was tried.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from typing import Any, NamedTuple

import keras
import numpy as np

import dcgan_helpers as dcgan

from .laboratory_kernel import FOLDER

# The steps of the layers' kernels, in standard deviations of each. The generator's images suffer
# from the third kernel's rounding as much as from that of the first two seven times as coarse.
GENERATOR_STEPS = (0.9, 0.9, 0.1, 0.0)
DISCRIMINATOR_STEPS = (0.0, 0.25, 0.0)
FEW = 10_000  # an array of fewer numbers is rounded to 16 bits, a larger one to 8 at most
DIGITS = 2000  # to train with
EXAMPLES = 2  # test digits of each kind to judge
GENERATOR = ["Dense", *["BatchNormalization", "Conv2DTranspose"] * 3]
DISCRIMINATOR = ["Conv2D", "Conv2D", "Dense"]


class Part(NamedTuple):
    """A layer's kernel, and its bias."""

    kernel: np.ndarray
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
            kernel = parts[-1].kernel  # a transposed convolution's outputs are its third axis
            shaped = factor[:, np.newaxis] if kernel.ndim == 4 else factor
            parts[-1] = Part(kernel * shaped, beta - mean * factor)
            continue
        bias = np.asarray(layer.bias) if layer.use_bias else None
        parts.append(Part(np.asarray(layer.kernel), bias))
    return parts


def rounded(numbers: np.ndarray, step: float) -> tuple[np.ndarray, np.float32]:
    """Return an array as whole numbers of 8 or 16 bits, and what one of them stands for.

    That is `step` standard deviations of the numbers, or more if the largest would not fit.
    """
    kind = np.int16 if numbers.size < FEW else np.int8
    largest = np.abs(numbers).max() / np.iinfo(kind).max
    deviation = numbers.std(dtype=np.float64)  # in float32 NumPy's versions round differently
    scale = np.float32(max(step * deviation, largest, 1e-12))
    limit = np.iinfo(kind).max  # float32 may round the largest up
    return np.rint(numbers / scale).clip(-limit, limit).astype(kind).ravel(), scale


def pack(content: bytes, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> str:
    """Compress bytes, and return them as text."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return base64.b64encode(packer.compress(content) + packer.flush()).decode("ascii")


def trained(parts: list[Part], steps: tuple[float, ...]) -> dict[str, Any]:
    """Return what `setWeights` in weights.js reads."""
    arrays = []
    for (kernel, bias), step in zip(parts, steps, strict=True):
        arrays.append(rounded(kernel, step))
        if bias is not None:
            arrays.append(rounded(bias, 0))
    content = np.array([scale for _, scale in arrays], "<f4").tobytes()
    for size in (2, 1):  # each kind of number begins at a multiple of its size
        content += b"".join(
            numbers.astype(f"<i{size}").tobytes()
            for numbers, _ in arrays
            if numbers.itemsize == size
        )
    return {
        "bits": [8 * numbers.itemsize for numbers, _ in arrays],
        "weights": pack(content, zlib.Z_HUFFMAN_ONLY),
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
    """Write a generator, with its digits' directions, and its discriminator, with examples.

    They have the layers of `dcgan.make_generator_model` and `dcgan.make_discriminator_model`.
    """
    parts = parts_of(generator, GENERATOR), parts_of(discriminator, DISCRIMINATOR)
    noise, side = generator.input_shape[1], generator.output_shape[1]
    if generator.output_shape[1:] != discriminator.input_shape[1:]:
        raise ValueError(f"{discriminator.name} must take the images of {generator.name}")
    sizes = [
        {"noise": noise, "side": side, "filters": kernel.shape[3]}
        for kernel in (parts[0][-1].kernel, parts[1][0].kernel)
    ]
    data = dcgan.load_mnist()
    chosen = [np.flatnonzero(data.test_labels == d)[:EXAMPLES] for d in range(10)]
    write_script(
        "generator",
        {
            "sizes": sizes[0],
            "directions": directions(generator, noise),
            **trained(parts[0], GENERATOR_STEPS),
        },
    )
    examples = packed_images(data.test_images[np.concatenate(chosen)])
    write_script(
        "discriminator",
        {"sizes": sizes[1], "examples": examples, **trained(parts[1], DISCRIMINATOR_STEPS)},
    )


def main(arguments: list[str]) -> None:
    """Write what is asked for."""
    match arguments:
        case ["networks"]:
            write_networks(
                dcgan.load_reference_generator("quick"), dcgan.load_reference_discriminator()
            )
        case ["digits"]:
            write_script("digits", packed_images(dcgan.load_mnist().train_images[:DIGITS]))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
