"""What the tests share: tiny models and tiny data, so that logic is tested in milliseconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import dcgan_helpers as dcgan  # before keras: it quiets TensorFlow's start

# isort: split
import keras
import numpy as np
import pytest

IMAGE_SHAPE = (8, 8, 1)
NOISE_DIM = 3


def flip_a_bit(file: Path) -> None:
    """Damage a file as a failing disk does: one bit, in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def seed_global_random_state(seed: int) -> None:
    """`keras.utils.set_random_seed`, which in older Keras keeps the state of an earlier seed."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)


def make_tiny_gan(seed: int = 0, **arguments: object) -> dcgan.DCGAN:
    """A DCGAN of two tiny models with every kind of layer that has state."""
    layers = keras.layers

    def kernel(number: int) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=10 * seed + number)

    models = {
        "generator": keras.Sequential(
            [
                keras.Input((NOISE_DIM,)),
                layers.Dense(4 * 4 * 2, use_bias=False, kernel_initializer=kernel(1)),
                layers.BatchNormalization(),
                layers.LeakyReLU(),
                layers.Reshape((4, 4, 2)),
                layers.Conv2DTranspose(
                    1, 3, 2, padding="same", activation="tanh", kernel_initializer=kernel(2)
                ),
            ]
        ),
        "discriminator": keras.Sequential(
            [
                keras.Input(IMAGE_SHAPE),
                layers.Conv2D(4, 3, 2, padding="same", kernel_initializer=kernel(3)),
                layers.LeakyReLU(),
                layers.Dropout(0.3, seed=seed),
                layers.Flatten(),
                layers.Dense(1, kernel_initializer=kernel(4)),
            ]
        ),
    }
    return dcgan.DCGAN(seed=seed, **{**models, **arguments})  # type: ignore[arg-type]


def state_of(gan: dcgan.DCGAN) -> dict[str, np.ndarray]:
    """Every number that a run ends with: weights, moments, dropout, history and frames."""
    parts = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
    return {
        "step": gan.step.numpy(),
        **{f"averages/{i}": average.numpy() for i, average in enumerate(gan.averages)},
        **{
            f"{part}/{i}": np.asarray(variable)
            for part in parts
            for i, variable in enumerate(getattr(gan, part).variables)
        },
        **{f"history/{name}": array for name, array in gan.history.to_arrays().items()},
    }


def assert_same_state(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    """Compare two results of `state_of`, to the last bit."""
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


@pytest.fixture(scope="session")
def tiny_gan() -> Callable[..., dcgan.DCGAN]:
    """The function that makes a tiny DCGAN."""
    return make_tiny_gan


@pytest.fixture(scope="session")
def tiny_images() -> np.ndarray:
    """22 random images: 5 batches of 4, and 2 images left over."""
    images = np.random.default_rng(0).integers(0, 256, (22, *IMAGE_SHAPE), dtype=np.uint8)
    images.setflags(write=False)  # all tests share them
    return images


@pytest.fixture(scope="session")
def mnist() -> dcgan.MNIST:
    """The real digits."""
    return dcgan.load_mnist()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print where the time went, by test file and by notebook."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.split("::")[0]] += report.duration
    terminalreporter.section("slowest files")
    for file, duration in seconds.most_common(15):
        terminalreporter.write_line(f"{duration:7.1f} s  {file}")
