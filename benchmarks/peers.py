"""How good are the digits of different DCGANs after as much time as ours?

    python benchmarks/peers.py FOLDER [--runs NAME ...] [--seeds 2] [--seconds 60 300]

trains what a reader might pick instead of this package, each with the networks, the preparation of
the data and the settings of its own description and in its own framework, and measures its digits
by `dcgan.evaluate_images`, 10,000 of them. Run again, the script does what FOLDER lacks (it has a
line and 16 images of each), and prints the table, beside the rows of `recipes.jsonl`. PyTorch has
to be installed separately, in its build for CPUs: with that for GPUs TensorFlow can crash.

The peers draw colour pictures, all but one of 64 × 64 pixels. Here they draw one channel; for
64 × 64, digits get a margin and each pixel is drawn as four, and what a peer draws is reduced by
area and loses the margin before it is measured: real digits come back unchanged. Images are made as
the peer makes them: its batch normalisation takes the means of the batch.

Seconds are counted in steps: before all else the CPU time of a step of each peer is compared, in
turns, with that of the tutorial's, of which `recipes.jsonl` has so many in a minute of two idle
cores. So a busy machine changes no result.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import torch
from _common import (
    measure_missing,
    median_and_range,
    print_machine,
    print_table,
    ratio,
    read_rows,
    times_in_turn,
)
from _keras_peer import KerasPeer, KerasRun
from _torch_peer import TorchPeer, TorchRun

import dcgan_helpers as dcgan
from dcgan_helpers.data import endless_batches

N = 10_000
PEERS: dict[str, TorchPeer | KerasPeer] = {
    # github.com/pytorch/tutorials, beginner_source/dcgan_faces_tutorial.py
    "PyTorch's tutorial": TorchPeer(),
    # github.com/keras-team/keras-io, guides/custom_train_step_in_tensorflow.py, which is for MNIST
    "Keras' guide": KerasPeer(
        side=28,
        batch_size=64,
        learning_rate=3e-4,
        start=7,
        early_activation=True,
        up=(128, 128),
        last_kernel=7,
        down=(64, 128),
        down_kernel=3,
        pooled=True,
    ),
    # github.com/keras-team/keras-io, examples/generative/dcgan_overriding_train_step.py
    "Keras' DCGAN": KerasPeer(
        side=64,
        batch_size=32,
        learning_rate=1e-4,
        start=8,
        early_activation=False,
        up=(128, 256, 512),
        last_kernel=5,
        down=(64, 128, 128),
        down_kernel=4,
        pooled=False,
    ),
    # arXiv:1511.06434, section 4 and figure 1
    "DCGAN paper": TorchPeer(filters=128, kernel=5, uniform=True),
    # github.com/d2l-ai/d2l-en, chapter_generative-adversarial-networks/dcgan.md
    "d2l": TorchPeer(batch_size=256, learning_rate=0.005, unit_scales=False, normalised_input=True),
}


def start(name: str, seed: int, digits: np.ndarray) -> tuple[TorchRun | KerasRun, Iterator]:
    """A peer at the beginning of its training, and its batches."""
    peer = PEERS[name]
    run = TorchRun(peer, seed) if isinstance(peer, TorchPeer) else KerasRun(peer, seed)
    images = digits if peer.side == 28 else enlarge(digits)
    return run, endless_batches(images, peer.batch_size, seed=seed, step=0)


def enlarge(digits: np.ndarray) -> np.ndarray:
    """From 28 × 28 to 64 × 64: a black margin of two pixels, then each pixel as four."""
    return np.pad(digits, ((0, 0), (2, 2), (2, 2), (0, 0))).repeat(2, axis=1).repeat(2, axis=2)


def reduce(images: np.ndarray) -> np.ndarray:
    """From 64 × 64 to 28 × 28: the mean of each four pixels, without the margin."""
    return images.reshape(-1, 32, 2, 32, 2, 1).mean((2, 4))[:, 2:-2, 2:-2]


def measure(images: np.ndarray) -> dict[str, Any]:
    """All measures of images in [-1, 1]."""
    digits = images if images.shape[1] == 28 else reduce(images)
    return dataclasses.asdict(dcgan.evaluate_images(digits, progress=False))


def kept_ratios(file: Path, names: list[str], digits: np.ndarray, rounds: int) -> dict[str, float]:
    """How much more CPU time a step of each peer takes than one of the tutorial."""
    kept: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in names if name not in kept]
    if missing:
        step = dcgan.make_train_step(dcgan.DCGAN(recipe="tutorial"), fourier=False)
        batches = endless_batches(digits, 256, seed=0, step=0)
        steps: dict[str, Callable[[], object]] = {"tutorial": lambda: step(next(batches))}
        for name in missing:
            run, source = start(name, 0, digits[:1000])
            steps[name] = lambda run=run, source=source: run.step(next(source))
        times = times_in_turn(steps, rounds)
        kept |= {name: ratio(times[name].cpu, times["tutorial"].cpu) for name in missing}
        file.write_text(json.dumps(kept, indent=1))
    return kept


def measured_run(
    name: str, seed: int, marks: dict[int, int], digits: np.ndarray, folder: Path
) -> Iterator[dict[str, Any]]:
    """Train to each mark, `{seconds: steps}`, and measure there."""
    (run, source), done = start(name, seed, digits), 0
    for seconds, steps in marks.items():
        for batch in itertools.islice(source, steps - done):
            run.step(batch)
        done, images = steps, run.images(N)
        picture = dcgan.image_grid(dcgan.denormalize(images[:16]))
        iio.imwrite(folder / f"{name}-{seed}-{seconds}.png", picture)
        yield {"run": name, "seed": seed, "seconds": seconds, "steps": steps, **measure(images)}


def table(rows: list[dict[str, Any]]) -> list[list[object]]:
    """Of each run after each time how many steps and seeds, and the medians of its measures."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["seconds"], row["run"]), []).append(row)
    lines: list[list[object]] = []
    for (seconds, name), some in sorted(found.items(), key=lambda item: item[0][0]):
        distance = median_and_range([row["frechet_distance"] for row in some], 0)
        two = (f"{statistics.median(row[k] for row in some):.2f}" for k in ("precision", "recall"))
        lines.append([f"{seconds} s", name, some[0]["steps"], len(some), distance, *two])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--seconds", type=int, nargs="+", default=[60, 300])
    parser.add_argument("--rounds", type=int, default=10, help="of comparing the times of a step")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    digits = dcgan.load_mnist().train_images
    file = options.folder / "ratios.json"
    ratios = kept_ratios(file, options.runs, digits, options.rounds)

    ours = read_rows(Path(__file__).with_name("recipes.jsonl"))
    ours = [row for row in ours if row["run"] in ("tutorial", "quick") and row["seconds"] >= 60]
    a_second = next(row["steps"] / row["seconds"] for row in ours if row["run"] == "tutorial")

    def measured(name: str, seed: int, missing: list[int]) -> Iterator[dict[str, Any]]:
        marks = {seconds: max(1, round(seconds * a_second / ratios[name])) for seconds in missing}
        return measured_run(name, seed, marks, digits, options.folder)

    log = options.folder / "rows.jsonl"
    rows = measure_missing(log, options.runs, options.seeds, options.seconds, measured)
    print_machine(f"PyTorch {torch.__version__}")
    print_table(["peer", "a step / the tutorial's"], [[k, f"{r:.2f}"] for k, r in ratios.items()])
    header = ["time", "run", "steps", "seeds", "distance", "precision", "recall"]
    print_table(header, table(rows + ours))


if __name__ == "__main__":
    main()
