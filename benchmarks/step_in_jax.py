"""The training step in JAX, for a machine with a GPU but no TensorFlow: a whole run is one program.

    python benchmarks/step_in_jax.py train FOLDER     # each of `SETTINGS`, for 11,555 steps
    python benchmarks/step_in_jax.py measure FOLDER   # what they reached, where the package is

The networks, losses, Adam, the averages and R1 are those of `dcgan_helpers`, written anew;
`check()` compares them with the library's where both are installed. What differs: a batch is drawn
with replacement, JAX draws the random numbers, and images are made in bfloat16, too.
"""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

FILES = Path(__file__).resolve().parents[1] / "dcgan_helpers" / "files"
# The names of the weights, in the order of the Keras models' trainable weights.
GENERATOR = (
    "dense", "gamma_0", "beta_0", "kernel_1", "gamma_1", "beta_1", "kernel_2", "gamma_2", "beta_2",
    "kernel_3",
)  # fmt: skip
DISCRIMINATOR = ("kernel_1", "bias_1", "kernel_2", "bias_2", "dense", "bias")
QUICK: dict[str, float] = {
    "generator_learning_rate": 1e-3, "discriminator_learning_rate": 5e-4,
    "beta_1": 0.0, "beta_2": 0.999,
    "falling_from": 1.0,  # the fraction of the run after which the rates fall linearly to zero
    "ema_gamma": 5.0, "dropout": 0.0, "r1_gamma": 0.0, "top_k": 1.0, "hinge": 0.0,
}  # fmt: skip
R1_INTERVAL = 8
SETTINGS: dict[str, dict[str, float]] = {
    "as it was": {},
    "R1 0.1": {"r1_gamma": 0.1},
    "R1 1": {"r1_gamma": 1.0},
    "R1 0.1, falling from half-way": {"r1_gamma": 0.1, "falling_from": 0.5},
    "falling from the start": {"falling_from": 0.0},
    "beta_1 0.5": {"beta_1": 0.5},
    "dropout 0.3": {"dropout": 0.3},
    "rates doubled, falling from the start": {
        "generator_learning_rate": 2e-3, "discriminator_learning_rate": 1e-3, "falling_from": 0.0,
    },
    "the better half of the fakes": {"top_k": 0.5},
    "discriminator's rate 1e-3": {"discriminator_learning_rate": 1e-3},
    "hinge loss": {"hinge": 1.0},
    "ema_gamma 10": {"ema_gamma": 10.0},
}  # fmt: skip
COMPUTE: Any = jnp.bfloat16  # as Keras' "mixed_bfloat16"
_Weights = dict[str, jax.Array]


class State(NamedTuple):
    """All that a step changes."""

    generator: _Weights
    discriminator: _Weights
    moments: tuple[_Weights, _Weights, _Weights, _Weights]  # two for each network
    average: _Weights
    key: jax.Array


def load_images() -> jax.Array:
    """MNIST's 60,000 training digits, `uint8`."""
    with np.load(FILES / "mnist.npz") as file:
        return jnp.asarray(file["train_images"][..., None])


def convolve(x: jax.Array, kernel: jax.Array, stride: int, padding: tuple[int, int]) -> jax.Array:
    return jax.lax.conv_general_dilated(
        x.astype(COMPUTE), kernel.astype(COMPUTE), (stride, stride), (padding, padding),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip


def convolve_transposed(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """What Keras' Conv2DTranspose with "same" padding does with its kernel (k, k, filters, n)."""
    padding = (2, 2) if stride == 1 else (3, 2)
    return jax.lax.conv_general_dilated(
        x.astype(COMPUTE), kernel[::-1, ::-1].transpose(0, 1, 3, 2).astype(COMPUTE), (1, 1),
        (padding, padding), (stride, stride), dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip


def normalize(x: jax.Array, gamma: jax.Array, beta: jax.Array, statistics: Any) -> tuple[Any, Any]:
    """Batch normalisation, with the batch's own statistics if none are given; in float32."""
    values = x.astype(jnp.float32)
    if statistics is None:
        axes = tuple(range(x.ndim - 1))
        mean = values.mean(axes)
        statistics = mean, jnp.maximum(jnp.square(values).mean(axes) - mean**2, 0)
    mean, variance = statistics
    scale = gamma * jax.lax.rsqrt(variance + 1e-3)
    return (values * scale + (beta - mean * scale)).astype(x.dtype), statistics


def leaky_relu(x: jax.Array) -> jax.Array:
    return jnp.where(x >= 0, x, x * jnp.asarray(0.3, x.dtype))


def generate(w: _Weights, noise: jax.Array, statistics: Any = None) -> tuple[jax.Array, Any]:
    """Images `(n, 28, 28, 1)`, and the statistics of the three normalisations."""
    known = [None] * 3 if statistics is None else statistics
    x = noise.astype(COMPUTE) @ w["dense"].astype(COMPUTE)
    x, first = normalize(x, w["gamma_0"], w["beta_0"], known[0])
    x = convolve_transposed(leaky_relu(x).reshape(-1, 7, 7, 256), w["kernel_1"], 1)
    x, second = normalize(x, w["gamma_1"], w["beta_1"], known[1])
    x = convolve_transposed(leaky_relu(x), w["kernel_2"], 2)
    x, third = normalize(x, w["gamma_2"], w["beta_2"], known[2])
    return jnp.tanh(convolve_transposed(leaky_relu(x), w["kernel_3"], 2)), [first, second, third]


def discriminate(w: _Weights, images: jax.Array, key: jax.Array, dropout: Any) -> jax.Array:
    """A logit for each image, `float32`."""
    x = images
    for layer, layer_key in zip("12", jax.random.split(key), strict=True):
        x = convolve(x, w[f"kernel_{layer}"], 2, (1, 2)) + w[f"bias_{layer}"].astype(COMPUTE)
        kept = jax.random.bernoulli(layer_key, 1 - dropout, x.shape)
        x = jnp.where(kept, leaky_relu(x) / jnp.asarray(1 - dropout, x.dtype), 0)
    logits = x.reshape(len(x), -1) @ w["dense"].astype(COMPUTE) + w["bias"].astype(COMPUTE)
    return logits[:, 0].astype(jnp.float32)


def generator_loss(logits: jax.Array, s: dict[str, Any], progress: jax.Array) -> jax.Array:
    """Non-saturating, or the hinge loss's; of the best fakes alone, ever fewer until half-way."""
    fraction = 1 - (1 - s["top_k"]) * jnp.minimum(2 * progress, 1)
    ranks = jnp.argsort(jnp.argsort(-logits))
    counted = (ranks < jnp.maximum(jnp.round(fraction * len(logits)), 1)).astype(jnp.float32)
    losses = jnp.where(s["hinge"] > 0, -logits, jax.nn.softplus(-logits))
    return (counted * losses).sum() / counted.sum()


def discriminator_loss(real: jax.Array, fake: jax.Array, s: dict[str, Any]) -> jax.Array:
    entropy = jax.nn.softplus(-real).mean() + jax.nn.softplus(fake).mean()
    hinge = jax.nn.relu(1 - real).mean() + jax.nn.relu(1 + fake).mean()
    return jnp.where(s["hinge"] > 0, hinge, entropy)


def adam(w: _Weights, g: _Weights, m: _Weights, v: _Weights, t: Any, rate: Any, s: Any) -> Any:
    b1, b2 = s["beta_1"], s["beta_2"]
    step = rate * jnp.sqrt(1 - b2**t) / (1 - b1**t)
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, g)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, g)
    return jax.tree.map(lambda w, m, v: w - step * m / (jnp.sqrt(v) + 1e-7), w, m, v), m, v


def train_step(
    batch_size: int, state: State, s: dict[str, Any], images: jax.Array, t: Any, total: Any
) -> State:
    """One step, number `t` from 0 of `total`."""
    g, d, (gm, gv, dm, dv), average, key = state
    keys = jax.random.split(jax.random.fold_in(key, t), 4)
    noise = jax.random.normal(keys[0], (batch_size, 100))
    batch = images[jax.random.randint(keys[1], (batch_size,), 0, len(images))]
    real_images = (batch.astype(jnp.float32) - 127.5) / 127.5
    count, progress = t + 1.0, t / total
    rate = jnp.minimum(1, (1 - progress) / jnp.maximum(1 - s["falling_from"], 1e-6))

    def of_generator(g: _Weights) -> tuple[jax.Array, jax.Array]:
        fakes, _ = generate(g, noise)
        logits = discriminate(d, fakes, keys[3], s["dropout"])
        return generator_loss(logits, s, progress), fakes

    def of_discriminator(d: _Weights) -> jax.Array:
        real = discriminate(d, real_images, keys[2], s["dropout"])
        return discriminator_loss(real, discriminate(d, fakes, keys[3], s["dropout"]), s)

    def penalty(d: _Weights) -> jax.Array:
        logits = lambda x: discriminate(d, x, keys[2], s["dropout"]).sum()  # noqa: E731
        slopes = jax.grad(logits)(real_images)
        return R1_INTERVAL * s["r1_gamma"] * jnp.square(slopes).sum((1, 2, 3)).mean() / 2

    generator_gradient, fakes = jax.grad(of_generator, has_aux=True)(g)
    added = jax.lax.cond(
        t % R1_INTERVAL == 0, jax.grad(penalty), lambda d: jax.tree.map(jnp.zeros_like, d), d
    )
    gradient = jax.tree.map(jnp.add, jax.grad(of_discriminator)(d), added)
    g, gm, gv = adam(g, generator_gradient, gm, gv, count, rate * s["generator_learning_rate"], s)
    d, dm, dv = adam(d, gradient, dm, dv, count, rate * s["discriminator_learning_rate"], s)
    decay = jnp.where(t > 0, (1 - 1 / jnp.maximum(count, 2)) ** (s["ema_gamma"] + 1), 0)
    average = jax.tree.map(lambda a, w: w + decay * (a - w), average, g)
    return State(g, d, (gm, gv, dm, dv), average, key)


def start(seed: int) -> State:
    """Weights as Keras draws them (Glorot and Bengio's rule), by JAX."""
    key = jax.random.PRNGKey(seed)
    shapes = {
        "generator": {"dense": (100, 12544), "kernel_1": (5, 5, 128, 256),
                      "kernel_2": (5, 5, 64, 128), "kernel_3": (5, 5, 1, 64)},
        "discriminator": {"kernel_1": (5, 5, 1, 64), "kernel_2": (5, 5, 64, 128),
                          "dense": (6272, 1)},
    }  # fmt: skip
    networks = []
    for i, kernels in enumerate(shapes.values()):
        keys = jax.random.split(jax.random.fold_in(key, i), len(kernels))
        weights = {}
        for (name, shape), kernel_key in zip(kernels.items(), keys, strict=True):
            limit = (6 / (np.prod(shape[:-2]) * sum(shape[-2:]))) ** 0.5
            weights[name] = jax.random.uniform(kernel_key, shape, minval=-limit, maxval=limit)
        networks.append(weights)
    g, d = networks
    g |= {f"gamma_{i}": jnp.ones(n) for i, n in enumerate((12544, 128, 64))}
    g |= {f"beta_{i}": jnp.zeros(n) for i, n in enumerate((12544, 128, 64))}
    d |= {"bias_1": jnp.zeros(64), "bias_2": jnp.zeros(128), "bias": jnp.zeros(1)}
    zeros = [jax.tree.map(jnp.zeros_like, w) for w in (g, g, d, d)]
    return State(g, d, tuple(zeros), jax.tree.map(jnp.copy, g), jax.random.fold_in(key, 2))


@functools.lru_cache
def _runner(batch_size: int) -> Any:
    @jax.jit
    def run(state: State, s: Any, images: jax.Array, first: Any, end: Any, total: Any) -> State:
        return jax.lax.fori_loop(
            first, end, lambda t, state: train_step(batch_size, state, s, images, t, total), state
        )

    return run


def train(
    settings: dict[str, float], seed: int, batch_size: int, steps: int, images: jax.Array
) -> State:
    """A whole run of `steps` steps, as one program."""
    state = jax.jit(start)(seed)
    return _runner(batch_size)(state, settings, images, 0, steps, float(steps))


def features(images: jax.Array) -> np.ndarray:
    """What the book's judge sees: `dcgan_helpers.classifier_features`."""
    with np.load(FILES / "mnist_classifier.npz") as file:
        w = {name: jnp.asarray(file[name].astype(np.float32)) for name in file.files}
    exact = jax.lax.Precision.HIGHEST

    @jax.jit
    def of(x: jax.Array) -> jax.Array:
        for name in ("first", "second", "third"):
            x = jax.lax.conv_general_dilated(
                x, w[f"{name}_convolution/kernel"], (1, 1), "SAME", precision=exact,
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )  # fmt: skip
            mean, variance, gamma, beta = (
                w[f"{name}_normalization/{k}"]
                for k in ("moving_mean", "moving_variance", "gamma", "beta")
            )
            x = jax.nn.relu((x - mean) * jax.lax.rsqrt(variance + 1e-3) * gamma + beta)
            window = (1, 2, 2, 1)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
        x = x.reshape(len(x), -1)
        return jnp.matmul(x, w["features/kernel"], precision=exact) + w["features/bias"]

    return np.concatenate([np.asarray(of(images[i : i + 500])) for i in range(0, len(images), 500)])


def sample(weights: _Weights, n: int) -> jax.Array:
    """Images of the averaged weights, with standing statistics."""
    rng = np.random.default_rng(0)
    statistics = generate(weights, jnp.asarray(rng.standard_normal((1000, 100)), jnp.float32))[1]
    draw = jax.jit(lambda noise: generate(weights, noise, statistics)[0].astype(jnp.float32))
    noise = jnp.asarray(rng.standard_normal((n, 100)), jnp.float32)
    return jnp.concatenate([draw(noise[i : i + 500]) for i in range(0, n, 500)])


def check() -> float:
    """The largest difference of the two networks from the library's, in float32."""
    import tensorflow as tf

    import dcgan_helpers as dcgan

    global COMPUTE
    COMPUTE, before = jnp.float32, COMPUTE
    noise = dcgan.sample_noise(4, seed=0)
    generator = dcgan.make_generator_model(seed=0, dtype="float32")
    discriminator = dcgan.make_discriminator_model(seed=1, dropout=0.0, dtype="float32")
    g, d = (
        {n: jnp.asarray(v.numpy()) for n, v in zip(names, model.trainable_variables, strict=True)}
        for names, model in ((GENERATOR, generator), (DISCRIMINATOR, discriminator))
    )
    images = generator(noise, training=True)
    penalty = float(dcgan.gradient_penalty(discriminator, images))
    logits = lambda x: discriminate(d, x, jax.random.PRNGKey(0), 0.0).sum()  # noqa: E731
    slopes = jax.grad(logits)(jnp.asarray(images.numpy()))
    differences = [
        np.abs(generate(g, jnp.asarray(noise))[0] - images.numpy()).max(),
        abs(logits(images.numpy()) - tf.reduce_sum(discriminator(images)).numpy()),
        abs(float(jnp.square(slopes).sum((1, 2, 3)).mean() / 2) - penalty),
        np.abs(features(jnp.asarray(images.numpy())) - dcgan.classifier_features(images)).max(),
    ]
    COMPUTE = before
    return float(max(differences))


def train_settings(folder: Path) -> None:
    """Train each of `SETTINGS` that is missing, and keep the features of its images."""
    images = load_images()
    for name, changes in SETTINGS.items():
        file = folder / f"{name}.npy"
        if not file.exists():
            begin = time.time()
            state = train({**QUICK, **changes}, 0, 16, 11_555, images)
            np.save(file, features(sample(state.average, 10_000)))
            print(f"{name}: {time.time() - begin:.0f} s", flush=True)


def measure_settings(folder: Path) -> None:
    """Print what they reached."""
    import dcgan_helpers as dcgan

    real = dcgan.classifier_features(dcgan.load_mnist().test_images)
    print("| settings | distance | precision | recall |\n| --- | --: | --: | --: |")
    for name in SETTINGS:
        fake = np.load(folder / f"{name}.npy")
        both = dcgan.precision_recall(real, fake)
        distance = dcgan.frechet_distance(real, fake)
        print(f"| {name} | {distance:.1f} | {both.precision:.3f} | {both.recall:.3f} |", flush=True)


if __name__ == "__main__":
    commands = {"train": train_settings, "measure": measure_settings}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    commands[sys.argv[1]](target)
