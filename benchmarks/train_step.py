"""One training step at batch 256: the TensorFlow tutorial's, ours, Keras' `fit`, and PyTorch's.

    python benchmarks/train_step.py

All of them train the same two networks, in turn within each round. PyTorch is left out where it is
not installed. FLOP are counted densely from the layers' shapes, products with padding included; a
step that avoids some of them can therefore come out above what the machine multiplies. Images/s and
GFLOP/s are those of the fastest round; ratios are of the fastest rounds, and medians over the
rounds of the time and of the CPU time.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import keras
import tensorflow as tf
from _common import Times, print_machine, print_table, ratio, times_in_turn

import dcgan_helpers as dcgan

try:
    import _torch_step
    import torch
except ModuleNotFoundError:
    torch = None

BATCH_SIZE = 256
ROUNDS = 10
MATRIX_SIZE = 2048
FIT_STEPS = 3  # `fit` costs something a call: it is spread over so many steps
TUTORIAL = "TensorFlow tutorial"


def tutorial_step(images: tf.Tensor) -> Callable[[], object]:
    """The algorithm of TensorFlow's DCGAN tutorial, in a plain `tf.function`."""
    generator, discriminator = dcgan.make_generator_model(), dcgan.make_discriminator_model()
    generator_optimizer = keras.optimizers.Adam(1e-4)
    discriminator_optimizer = keras.optimizers.Adam(1e-4)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def step(images: tf.Tensor) -> tf.Tensor:
        noise = tf.random.normal([images.shape[0], 100])
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fakes = generator(noise, training=True)
            real = discriminator(images, training=True)
            fake = discriminator(fakes, training=True)
            generator_loss = cross_entropy(tf.ones_like(fake), fake)
            real_loss = cross_entropy(tf.ones_like(real), real)
            discriminator_loss = real_loss + cross_entropy(tf.zeros_like(fake), fake)
        for tape, loss, model, optimizer in (
            (generator_tape, generator_loss, generator, generator_optimizer),
            (discriminator_tape, discriminator_loss, discriminator, discriminator_optimizer),
        ):
            weights = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return generator_loss

    return lambda: step(images)


def our_step(images: tf.Tensor, dtype: str, fourier: bool | None = None) -> Callable[[], object]:
    step = dcgan.make_train_step(dcgan.DCGAN(dtype=dtype), fourier=fourier)
    return lambda: float(step.function(images)["generator_loss"])


class FitGAN(keras.Model):
    """A GAN for `fit`, in the usual form: a model whose `train_step` is overridden."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = dcgan.make_generator_model()
        self.discriminator = dcgan.make_discriminator_model()
        self.generator_optimizer = keras.optimizers.Adam(1e-4)
        self.discriminator_optimizer = keras.optimizers.Adam(1e-4)
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        self.built = True

    def train_step(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        noise = tf.random.normal([BATCH_SIZE, 100])
        with tf.GradientTape(persistent=True) as tape:
            fakes = self.generator(noise, training=True)
            real = self.discriminator(images, training=True)
            fake = self.discriminator(fakes, training=True)
            generator_loss = self.cross_entropy(tf.ones_like(fake), fake)
            discriminator_loss = self.cross_entropy(tf.ones_like(real), real)
            discriminator_loss += self.cross_entropy(tf.zeros_like(fake), fake)
        for loss, model, optimizer in (
            (generator_loss, self.generator, self.generator_optimizer),
            (discriminator_loss, self.discriminator, self.discriminator_optimizer),
        ):
            weights = model.trainable_variables
            optimizer.apply(tape.gradient(loss, weights), weights)
        return {"generator_loss": generator_loss, "discriminator_loss": discriminator_loss}


def fit_steps(images: tf.Tensor, jit_compile: bool) -> Callable[[], object]:
    gan = FitGAN()
    gan.compile(jit_compile=jit_compile)
    dataset = tf.data.Dataset.from_tensors(images).repeat(FIT_STEPS)
    return lambda: gan.fit(dataset, shuffle=False, verbose=0)


def matrix_product(dtype: str) -> Callable[[], object]:
    a, b = (tf.cast(tf.random.normal((MATRIX_SIZE, MATRIX_SIZE)), dtype) for _ in range(2))
    product = tf.function(lambda: tf.reduce_sum((a @ b)[:1]))  # few numbers to wait for
    return lambda: float(product())


def flop(layer: keras.Layer) -> int:
    """FLOP of one image's way through a layer: two for each product with a weight."""
    if isinstance(layer, keras.layers.Dense):
        return 2 * layer.kernel.shape.num_elements()
    _, height, width, _ = (
        layer.input.shape if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output.shape
    )
    return 2 * layer.kernel.shape.num_elements() * height * width


def flop_of_an_image() -> int:
    """FLOP of a whole step: each layer forwards, and backwards to its weights and its input."""
    generator, discriminator = (
        [flop(layer) for layer in model.layers if hasattr(layer, "kernel")]
        for model in (dcgan.make_generator_model(), dcgan.make_discriminator_model())
    )
    return (
        3 * sum(generator) - generator[0]  # no gradient is wanted of the noise
        + 3 * sum(discriminator) - discriminator[0]  # real images, nor of these
        + 4 * sum(discriminator) - discriminator[0]  # fakes: two losses go back, one to the images
    )  # fmt: skip


def main() -> None:
    images = dcgan.normalize(dcgan.load_mnist().train_images[:BATCH_SIZE])
    batch = tf.constant(images)
    steps = {
        TUTORIAL: tutorial_step(batch),
        "ours, float32, fourier=False": our_step(batch, "float32", fourier=False),
        "ours, float32": our_step(batch, "float32"),
        "ours, bfloat16, fourier=False": our_step(batch, "mixed_bfloat16", fourier=False),
        "ours, bfloat16": our_step(batch, "mixed_bfloat16"),
        "Keras `fit` (XLA, its default)": fit_steps(batch, jit_compile=True),
        "Keras `fit`, jit_compile=False": fit_steps(batch, jit_compile=False),
    }
    if torch is None:
        print_machine()
        print("PyTorch is not installed: left out.\n")
    else:
        print_machine(f"PyTorch {torch.__version__}")
        steps |= _torch_step.steps(images)
    products = {dtype: matrix_product(dtype) for dtype in ("float32", "bfloat16")}
    times = times_in_turn({**steps, **products}, ROUNDS)
    for name in times:
        if "`fit`" in name:
            times[name] = Times(*([s / FIT_STEPS for s in seconds] for seconds in times[name]))

    step_flop = BATCH_SIZE * flop_of_an_image()
    peaks = {dtype: 2 * MATRIX_SIZE**3 / min(times[dtype].wall) for dtype in products}
    tutorial = times[TUTORIAL]
    rows = []
    for name in steps:
        wall, cpu = times[name]
        speed = step_flop / min(wall)
        peak = peaks["bfloat16" if "bfloat16" in name else "float32"]
        rows.append((
            name, f"{1e3 * min(wall):.0f}", f"{1e3 * statistics.median(wall):.0f}",
            f"{1e3 * statistics.median(cpu):.0f}", f"{BATCH_SIZE / min(wall):.0f}",
            f"{min(tutorial.wall) / min(wall):.2f}", f"{ratio(tutorial.wall, wall):.2f}",
            f"{ratio(tutorial.cpu, cpu):.2f}", f"{speed / 1e9:.0f}", f"{speed / peak:.0%}",
        ))  # fmt: skip
    print_table(
        ["step", "ms, fastest", "ms, median", "CPU ms", "images/s", "× tutorial, fastest",
         "× tutorial, median", "× tutorial, CPU", "GFLOP/s", "of the peak"], rows,
    )  # fmt: skip
    print(f"A step is {step_flop / 1e9:.0f} GFLOP, counted densely. Peaks of a matrix product:")
    print(", ".join(f"{peak / 1e9:.0f} GFLOP/s in {dtype}" for dtype, peak in peaks.items()) + ".")


if __name__ == "__main__":
    main()
