"""What the tests share: tiny models and tiny data, so that logic is tested in milliseconds."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dcgan_helpers as dcgan  # before keras: it quiets TensorFlow's start

# isort: split
import keras
import numpy as np
import pytest
from built_book import browser, firefox, server, tab  # noqa: F401 (fixtures)

from tools.address import ROOT

IMAGE_SHAPE = (8, 8, 1)
NOISE_DIM = 3


def flip_a_bit(file: Path, position: float = 0.5) -> None:
    """Damage a file as a failing disk does: one bit, by default in the middle."""
    content = bytearray(file.read_bytes())
    content[int(position * len(content))] ^= 1
    file.write_bytes(content)


def seed_global_random_state(seed: int) -> None:
    """`keras.utils.set_random_seed`, which in older Keras keeps the state of an earlier seed."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Keras' global dtype policy, for the layers that the block makes."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@pytest.fixture
def float64() -> Iterator[None]:
    """Layers are made in float64."""
    with dtype_policy("float64"):
        yield


def make_tiny_gan(seed: int = 0, *, dropout: float = 0.3, **arguments: object) -> dcgan.DCGAN:
    """A DCGAN of two tiny models with every kind of layer that has state."""
    strategy = arguments.get("strategy")
    with strategy.scope() if strategy else contextlib.nullcontext():  # type: ignore[attr-defined]
        models = make_tiny_models(seed, dropout)
    return dcgan.DCGAN(seed=seed, **{**models, **arguments})  # type: ignore[arg-type]


def make_tiny_models(seed: int, dropout: float) -> dict[str, keras.Model]:
    """The two models of `make_tiny_gan`."""
    layers = keras.layers

    def kernel(number: int) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=10 * seed + number)

    return {
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
                layers.Dropout(dropout, seed=seed),
                layers.Flatten(),
                layers.Dense(1, kernel_initializer=kernel(4)),
            ]
        ),
    }


def make_averaging_gan(**arguments: object) -> dcgan.DCGAN:
    """A tiny DCGAN that makes its images with averaged weights."""
    recipe = dataclasses.replace(
        dcgan.RECIPES["tutorial"], generator_learning_rate=0.01, ema_gamma=2.0
    )
    return make_tiny_gan(recipe=recipe, **arguments)


def train_tiny(
    gan: dcgan.DCGAN, images: np.ndarray, epochs: int | None = None, **options: object
) -> dcgan.History:
    """`train` for tiny data: batches of 4, no progress bar."""
    return dcgan.train(gan, images, epochs, **{"batch_size": 4, "progress": False, **options})


def state_of(gan: dcgan.DCGAN) -> dict[str, np.ndarray]:
    """Every number that a run ends with, listed apart from the library's own list of them."""
    parts = {
        "generator": gan.generator.weights,
        "discriminator": gan.discriminator.weights,
        "generator_optimizer": gan.generator_optimizer.variables,
        "discriminator_optimizer": gan.discriminator_optimizer.variables,
        "random_states": gan.random_states,
        "ema": gan.ema.weights if gan.ema else [],
        "step": [gan.step],
    }
    return {
        **{f"{k}/{i}": v.numpy() for k, part in parts.items() for i, v in enumerate(part)},
        **{f"history/{name}": array for name, array in gan.history.to_arrays().items()},
    }


def assert_same_state(first: dcgan.DCGAN, second: dcgan.DCGAN) -> None:
    """Compare all that two runs ended with, to the last bit."""
    assert_same_arrays(state_of(first), state_of(second))


def assert_same_arrays(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> None:
    """Compare two results of `state_of`, to the last bit."""
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def assert_resumes_exactly(
    make_gan: Callable[[], dcgan.DCGAN],
    images: np.ndarray,
    folder: Path,
    *,
    stop_at: int,
    steps: int,
    **options: object,
) -> tuple[dcgan.DCGAN, dcgan.DCGAN]:
    """Train in one go, and in two with a checkpoint between; return both, which are the same."""
    whole, first, second = make_gan(), make_gan(), make_gan()
    train_tiny(whole, images, steps=steps, **options)
    train_tiny(first, images, steps=stop_at, checkpoint_dir=folder, **options)
    train_tiny(second, images, steps=steps, checkpoint_dir=folder, **options)
    assert_same_state(whole, second)
    return whole, second


def recorded_rows(name: str) -> list[dict[str, Any]]:
    """What a script in `benchmarks/` measured, in the order in which it did."""
    text = (ROOT / "benchmarks" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def recorded_runs() -> dict[tuple[str, int], list[dict[str, Any]]]:
    """What `benchmarks/recipes.py` measured, a row a seed, of each run after so many seconds."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in recorded_rows("recipes"):
        found.setdefault((row["run"], row["seconds"]), []).append(row)
    return found


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


def pytest_configure() -> None:
    """Let the processes of `-n`, and the kernels of their notebooks, share the cores.

    With more threads than cores everything takes an eighth more time.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    threads = max(1, (os.cpu_count() or 1) // processes)
    if processes > 1:
        for kind in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(kind, str(threads))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: compressed ones hold the time, and would differ by process."""
    return argname if isinstance(val, bytes) else None


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
