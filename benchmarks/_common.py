"""What the benchmarks share: times taken in turn, rows of results, a table, the machine's name."""

from __future__ import annotations

import itertools
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import tensorflow as tf

import dcgan_helpers
from dcgan_helpers._devices import processor_flags


class Times(NamedTuple):
    """Seconds of a function, one value a round."""

    wall: list[float]
    cpu: list[float]  # of all cores: hardly depends on what else the machine does


def times_in_turn(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Time each function in each round; one round that is not timed comes first.

    In each round every function has its turn, so that whatever else the machine does meanwhile
    falls on all of them alike.
    """
    times = {name: Times([], []) for name in functions}
    for i in range(rounds + 1):
        for name, function in functions.items():
            wall, cpu = time.perf_counter(), time.process_time()
            function()
            if i > 0:
                times[name].wall.append(time.perf_counter() - wall)
                times[name].cpu.append(time.process_time() - cpu)
    return times


def ratio(base: Sequence[float], other: Sequence[float]) -> float:
    """How many times as fast `other` is as `base`: the median over the rounds."""
    return statistics.median(a / b for a, b in zip(base, other, strict=True))


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The results that a file holds, a JSON object a line; none, where there is no file yet."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def append_row(file: Path, row: Mapping[str, Any]) -> None:
    """Keep a result, so that a run that is stopped loses none."""
    with file.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


def measure_missing(
    log: Path,
    runs: Iterable[str],
    seeds: int,
    seconds: Iterable[int],
    measured: Callable[[str, int, list[int]], Iterable[Mapping[str, Any]]],
) -> list[dict[str, Any]]:
    """Each run from each seed after so many seconds: what `log` has, and what it lacks measured."""
    rows = read_rows(log)
    for seed, name in itertools.product(range(seeds), runs):
        done = {row["seconds"] for row in rows if (row["run"], row["seed"]) == (name, seed)}
        missing = sorted(set(seconds) - done)
        for row in measured(name, seed, missing) if missing else ():
            rows.append(dict(row))
            append_row(log, row)
            distance = f"{row['frechet_distance']:.1f}"
            print(f"{name}, seed {seed}, {row['seconds']} s: {distance}", flush=True)
    return rows


def median_and_range(values: Sequence[float], digits: int) -> str:
    """The median of some seeds, with the least and the largest if there are several."""
    middle, low, high = (f"{of(values):.{digits}f}" for of in (statistics.median, min, max))
    return f"{middle} ({low} to {high})" if len(values) > 1 else middle


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    for row in (header, ["---"] * len(header), *rows):
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def print_machine(*more: str) -> None:
    """Print what the times depend on: processor, GPUs, versions."""
    gpus = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
            for gpu in tf.config.list_physical_devices("GPU")]  # fmt: skip
    print(f"{_processor()}, {os.cpu_count()} cores, {', '.join(gpus) or 'no GPU'}.")
    versions = [
        f"Python {platform.python_version()}",
        f"TensorFlow {tf.__version__}",
        f"Keras {keras.__version__}",
        f"dcgan_helpers {dcgan_helpers.__version__}",
        *more,
    ]
    print(", ".join(versions) + ".\n", flush=True)


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    bfloat16 = " with AVX-512 BF16" if "avx512_bf16" in processor_flags() else ""
    return (names or [platform.processor()])[0] + bfloat16
