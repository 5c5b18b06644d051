"""Transposed convolution by Fourier coefficients: the same result for less arithmetic.

A convolution becomes a product when both of its factors are written as sums of waves (the
convolution theorem). The generator's largest layer slides 5 × 5 weights over 7 × 7 pixels, 1225
products for each pair of channels, of which almost a third meet the padding. Waves of period 9
need 121.

The images are so small that a discrete Fourier transform is one small matrix product, and so is
its inverse; a fast Fourier transform would gain nothing.
"""

from __future__ import annotations

import functools

import keras
import numpy as np
import tensorflow as tf


def conv2d_transpose(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Transposed convolution of stride 1 with "same" padding; differentiable as any other.

    Args:
        images: floats `(n, height, width, channels)`; height and width are static.
        kernel: floats `(k, k, filters, channels)` of the same dtype, k odd.

    Returns:
        What `tf.nn.conv2d_transpose` does but for rounding, `(n, height, width, filters)`.

    References:
        M. Mathieu, M. Henaff, Y. LeCun: Fast training of convolutional networks through FFTs. ICLR
        2014, arXiv:1312.5851.
    """
    _, height, width, channels = images.shape
    size, _, filters, _ = kernel.shape
    of_images, of_kernel, inverse = (
        tf.constant(matrix, images.dtype) for matrix in _matrices(height, width, size)
    )
    n, terms = tf.shape(images)[0], of_kernel.shape[0]
    pixels = tf.reshape(tf.transpose(images, (1, 2, 0, 3)), (height * width, n * channels))
    image_terms = tf.reshape(of_images @ pixels, (terms, n, channels))
    weights = tf.reshape(kernel, (size * size, filters * channels))
    kernel_terms = tf.reshape(of_kernel @ weights, (terms, filters, channels))
    products = tf.matmul(image_terms, kernel_terms, transpose_b=True)
    result = inverse @ tf.reshape(products, (terms, n * filters))
    return tf.transpose(tf.reshape(result, (height, width, n, filters)), (2, 0, 1, 3))


def call_with_fourier(model: keras.Model, inputs: tf.Tensor, *, training: bool) -> tf.Tensor:
    """Call `model` with `conv2d_transpose` where that saves arithmetic.

    Args:
        model: any model; only in a `keras.Sequential` are layers replaced.
        inputs: what the model takes.
        training: whether in training mode.

    Returns:
        What `model(inputs, training=training)` does, but for rounding.
    """
    # A subclass may do something else than call its layers in turn.
    if type(model) is not keras.Sequential or not any(map(pays, model.layers)):
        return model(inputs, training=training)
    for layer in model.layers:
        if pays(layer):
            images, kernel = (tf.cast(x, layer.compute_dtype) for x in (inputs, layer.kernel))
            inputs = conv2d_transpose(images, kernel)
            if layer.use_bias:
                inputs += tf.cast(layer.bias, inputs.dtype)
            inputs = layer.activation(inputs)
        else:
            inputs = layer(inputs, training=training)
    return inputs


def pays(layer: keras.Layer) -> bool:
    """Whether `conv2d_transpose` can compute this layer, with less than half of the products."""
    if type(layer) is not keras.layers.Conv2DTranspose or layer.activity_regularizer is not None:
        return False
    if (layer.strides, layer.padding, layer.dilation_rate, layer.data_format) != (
        (1, 1), "same", (1, 1), "channels_last"
    ):  # fmt: skip
        return False
    _, height, width, channels = layer.input.shape
    size, filters = layer.kernel_size[0], layer.filters
    if None in (height, width) or layer.kernel_size != (size, size) or size % 2 == 0:
        return False
    pixels = height * width
    terms = 1.5 * (height + size // 2) * (width + size // 2)
    transforms = terms * pixels * (channels + filters)
    return bool(
        transforms + terms * channels * filters < 0.5 * pixels * size**2 * channels * filters
    )


@functools.lru_cache(maxsize=8)
def _matrices(height: int, width: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The transforms of images and kernel `(terms, pixels)`, and the inverse `(pixels, terms)`.

    With waves of period `height` and `width` the convolution would wrap around. A longer period,
    by half the kernel, moves what wraps around into the padding, which is cut off.
    """
    half = size // 2
    periods = np.array([height + half, width + half])
    frequencies = _positions(*periods)
    # For real images, the coefficient at the opposite frequency is the conjugate: keep one of each.
    opposite = np.ravel_multi_index(tuple((-frequencies % periods).T), tuple(periods))
    kept = np.arange(len(frequencies)) <= opposite
    alone = (np.arange(len(frequencies)) == opposite)[kept]  # real: its own conjugate

    def waves(height: int, width: int, shift: int = 0) -> np.ndarray:
        return np.exp(
            -2j * np.pi * frequencies[kept] / periods @ (_positions(height, width) - shift).T
        )

    def three_terms(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.concatenate([a, b[~alone], c[~alone]]).astype(np.float32)

    # Of two complex factors a + bi and c + di, the product takes three real ones: ac, bd and
    # (a + b)(c + d). Its real part is the first less the second, its imaginary part the third less
    # the other two.
    of_images, of_kernel = (
        three_terms(x.real, x.imag, x.real + x.imag)
        for x in (waves(height, width), waves(size, size, shift=half))
    )
    back = waves(height, width).conj() * np.where(alone, 1, 2)[:, np.newaxis] / periods.prod()
    inverse = three_terms(back.real + back.imag, back.imag - back.real, -back.imag)
    return of_images, of_kernel, inverse.T.copy()


def _positions(height: int, width: int) -> np.ndarray:
    """The positions of a grid, row by row: `(height * width, 2)`."""
    return np.indices((height, width)).reshape(2, -1).T
