"""Train `dcgan_helpers.classifier`, which the measures are made with, and write its weights.

    python reference/train_classifier.py [FILE]

writes `FILE` (by default `dcgan_helpers/files/mnist_classifier.npz`, the file that the package
ships) and prints the test accuracy and the size. The SHA-256 of what is shipped goes into
`SHA256SUMS`, beside it. It takes six and a half minutes of processor time, spread over the cores.

The classifier sees the 60,000 training digits ten times, in the order of `make_dataset`, each
digit shifted by up to two pixels, and is trained by Adam with a learning rate that falls to zero
along a cosine. The test digits are used for nothing but the printed accuracy: neither settings nor
weights were chosen by them. Weights, shifts, dropout and order depend on `SEED` alone; on one
machine and with the same versions, a second run writes the same bytes. Another machine may round
differently, and then the checksum differs, too.

On disk the weights are float16, which halves the file. What is evaluated here is the file as
written, so that the accuracy printed is the one that a reader gets.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from results import FILES, write_arrays

import dcgan_helpers as dcgan  # before keras: it quiets TensorFlow's start
from dcgan_helpers.classifier import make_classifier, weight_names

import keras  # isort: skip
import tensorflow as tf  # isort: skip

SEED = 0
EPOCHS = 10
BATCH_SIZE = 128
LEARNING_RATE = 2e-3
LARGEST_SHIFT = 2  # pixels
FILE = FILES / "mnist_classifier.npz"


def labelled_batches(data: dcgan.MNIST, epoch: int) -> tf.data.Dataset:
    """One shuffled pass over the training digits and their labels.

    `make_dataset` shuffles images; labels given to it as images of one pixel come in the same
    order, which depends on the seed and the epoch alone.
    """
    labels = data.train_labels.reshape(-1, 1, 1, 1)
    images, pixels = (
        dcgan.make_dataset(array, BATCH_SIZE, seed=SEED, epoch=epoch)
        for array in (data.train_images, labels)
    )
    labels = pixels.map(lambda p: tf.cast(tf.round(p[:, 0, 0, 0] * 127.5 + 127.5), tf.int32))
    return tf.data.Dataset.zip((images, labels))


def shift(images: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Move each image by a random number of pixels, up or down and left or right."""
    n, size, _, _ = images.shape
    offsets = tf.random.stateless_uniform(
        (2, n, 1), [SEED, step], maxval=2 * LARGEST_SHIFT + 1, dtype=tf.int32
    )
    border = (LARGEST_SHIFT, LARGEST_SHIFT)
    padded = tf.pad(images, [(0, 0), border, border, (0, 0)], constant_values=-1)
    rows, columns = tf.unstack(offsets + tf.range(size))
    moved = tf.gather(padded, rows, axis=1, batch_dims=1)
    return tf.gather(moved, columns, axis=2, batch_dims=1)


def train(data: dcgan.MNIST) -> keras.Model:
    """Train a new classifier."""
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    classifier = make_classifier(seed=SEED)
    steps = EPOCHS * (len(data.train_images) // BATCH_SIZE)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps))
    optimizer.build(classifier.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        shifted = shift(images, tf.convert_to_tensor(optimizer.iterations))
        with tf.GradientTape() as tape:
            loss = loss_of(labels, classifier(shifted, training=True))
        weights = classifier.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    for epoch in range(EPOCHS):
        start = time.monotonic()
        losses = [step(images, labels) for images, labels in labelled_batches(data, epoch)]
        print(
            f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.4f}, "
            f"{time.monotonic() - start:.0f} s",
            flush=True,
        )
    return classifier


def accuracy(classifier: keras.Model, data: dcgan.MNIST) -> float:
    """The fraction of the test digits that are recognised."""
    images = dcgan.normalize(data.test_images)
    digits = [
        np.argmax(classifier(images[i : i + 500], training=False), axis=1)
        for i in range(0, len(images), 500)
    ]
    return float(np.mean(np.concatenate(digits) == data.test_labels))


def main(path: Path = FILE) -> None:
    """Train, write, and say how good it is."""
    data = dcgan.load_mnist()
    start = time.monotonic()
    classifier = train(data)
    print(f"trained in {time.monotonic() - start:.0f} s")
    print(f"test accuracy with float32 weights: {accuracy(classifier, data):.2%}")

    halves = {
        name: array.astype(np.float16)
        for name, array in zip(weight_names(classifier), classifier.get_weights(), strict=True)
    }
    classifier.set_weights([array.astype(np.float32) for array in halves.values()])
    print(f"test accuracy with float16 weights: {accuracy(classifier, data):.2%}")

    write_arrays(path, halves)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
