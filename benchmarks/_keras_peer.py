"""The DCGANs of Keras' authors, for `peers.py`."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import tensorflow as tf

import dcgan_helpers as dcgan


@dataclasses.dataclass(frozen=True)
class KerasPeer:
    """Networks of the Keras authors: no batch normalisation, leaky ReLU, pixels in [0, 1]."""

    side: int
    batch_size: int
    learning_rate: float
    start: int  # pixels to begin with, of 128 channels
    early_activation: bool  # whether leaky ReLU follows the generator's first layer
    up: tuple[int, ...]  # filters of 4 × 4, each doubles the size
    last_kernel: int
    down: tuple[int, ...]  # filters, each halves the size
    down_kernel: int
    pooled: bool  # the last layer sees each channel's maximum, else all pixels after dropout


class KerasRun:
    """A `KerasPeer` in training. `fit` would compile the step with XLA, slower on a CPU."""

    def __init__(self, peer: KerasPeer, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        self.peer, layers = peer, keras.layers
        same = {"strides": 2, "padding": "same"}
        start = (peer.start, peer.start, 128)
        up = [keras.Input((128,)), layers.Dense(int(np.prod(start)))]
        up += [layers.LeakyReLU(0.2)] if peer.early_activation else []
        up += [layers.Reshape(start)]
        for filters in peer.up:
            up += [layers.Conv2DTranspose(filters, 4, **same), layers.LeakyReLU(0.2)]
        last = layers.Conv2D(1, peer.last_kernel, padding="same", activation="sigmoid")
        down = [keras.Input((peer.side, peer.side, 1))]
        for filters in peer.down:
            down += [layers.Conv2D(filters, peer.down_kernel, **same), layers.LeakyReLU(0.2)]
        down += (
            [layers.GlobalMaxPooling2D()]
            if peer.pooled
            else [layers.Flatten(), layers.Dropout(0.2)]
        )
        self.generator = keras.Sequential([*up, last])
        self.discriminator = keras.Sequential([*down, layers.Dense(1)])
        self.models = (self.generator, self.discriminator)
        self.optimizers = [keras.optimizers.Adam(peer.learning_rate) for _ in self.models]
        self.compiled = tf.function(self.update)

    def update(self, images: tf.Tensor) -> None:
        """Fakes have the label 1, real images 0, both blurred; the generator wants 0."""
        n, loss = self.peer.batch_size, keras.losses.BinaryCrossentropy(from_logits=True)
        fakes = self.generator(tf.random.normal((n, 128)), training=True)
        mixed = tf.concat([fakes, (images + 1) / 2], axis=0)
        labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], axis=0)
        labels += 0.05 * tf.random.uniform((2 * n, 1))
        with tf.GradientTape() as tape:
            value = loss(labels, self.discriminator(mixed, training=True))
        self.apply(1, tape.gradient(value, self.discriminator.trainable_weights))
        with tf.GradientTape() as tape:
            fakes = self.generator(tf.random.normal((n, 128)), training=True)
            value = loss(tf.zeros((n, 1)), self.discriminator(fakes, training=True))
        self.apply(0, tape.gradient(value, self.generator.trainable_weights))

    def apply(self, i: int, gradients: list[tf.Tensor]) -> None:
        self.optimizers[i].apply(gradients, self.models[i].trainable_weights)

    def step(self, images: tf.Tensor) -> None:
        self.compiled(images)

    def images(self, n: int) -> np.ndarray:
        """`n` images in [-1, 1]."""
        noise = dcgan.sample_noise(n, 0, 128)
        parts = [self.generator(noise[i : i + 100]).numpy() for i in range(0, n, 100)]
        return 2 * np.concatenate(parts) - 1
