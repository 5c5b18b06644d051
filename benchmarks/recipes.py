"""How good are the digits after so many seconds? The recipes, and each change by itself.

    python benchmarks/recipes.py FOLDER [--runs NAME ...] [--seeds 5] [--seconds 30 60 120 300]

trains each run from each seed and measures its digits (`dcgan.evaluate`, 10,000 images) whenever it
has trained for so many seconds. FOLDER keeps what was measured: run again, the script does what is
missing, and prints the tables anew. All of it takes hours; choose.

Seconds of training are counted in steps: before all else, when nothing else should be running, the
script measures how long a step of each run takes, and keeps that in FOLDER, too. What the machine
does besides later on, or how long measuring takes, then changes no result.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from _common import print_machine, print_table

import dcgan_helpers as dcgan

TUTORIAL, QUICK = dcgan.RECIPES["tutorial"], dcgan.RECIPES["quick"]
# "quick" with one of its settings as the tutorial has it.
BACK = {
    "quick, batches of 256": {"batch_size": 256},
    "quick, learning rates 1e-4": {
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 1e-4,
    },
    "quick, beta_1 0.9": {"beta_1": 0.9},
    "quick, dropout 0.3": {"dropout": 0.3},
    "quick, float32": {"dtype": "float32"},
    "quick, no averages": {"averaging": None},
}
RUNS = {
    "tutorial": TUTORIAL,
    "quick": QUICK,
    **{name: dataclasses.replace(QUICK, **changes) for name, changes in BACK.items()},
}


def batches(gan: dcgan.DCGAN, images: np.ndarray) -> Iterator[tf.Tensor]:
    epoch = 0
    while True:
        yield from dcgan.make_dataset(images, gan.recipe.batch_size, seed=gan.seed, epoch=epoch)
        epoch += 1


def seconds_a_step(recipe: dcgan.Recipe, images: np.ndarray) -> float:
    """The shortest of twenty times, of a second each or so."""
    gan = dcgan.DCGAN(recipe=recipe)
    step, data, times = dcgan.make_train_step(gan).function, batches(gan, images), []
    n = max(2, 512 // recipe.batch_size)
    for _ in range(21):
        start = time.perf_counter()
        for _ in range(n):
            losses = step(next(data))
        float(losses["generator_loss"])
        times.append((time.perf_counter() - start) / n)
    return min(times[1:])


def kept_seconds(file: Path, names: list[str], images: np.ndarray) -> dict[str, float]:
    kept: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        if name not in kept:
            kept[name] = seconds_a_step(RUNS[name], images)
            file.write_text(json.dumps(kept, indent=1))
    return kept


def measured_run(
    name: str, seed: int, marks: dict[int, int], images: np.ndarray, folder: Path
) -> Iterator[dict[str, Any]]:
    """Train to each mark, `{steps: seconds}`, and measure there."""
    gan = dcgan.DCGAN(recipe=RUNS[name], seed=seed)
    step = dcgan.make_train_step(gan).function
    for number, batch in enumerate(batches(gan, images), 1):
        step(batch)
        if number in marks:
            evaluation = dcgan.evaluate(gan, progress=False)
            np.save(
                folder / f"{name}-{seed}-{marks[number]}.npy",
                dcgan.denormalize(gan.generate(dcgan.sample_noise(16, seed))),
            )
            yield {
                "run": name,
                "seed": seed,
                "seconds": marks[number],
                "steps": number,
                **dataclasses.asdict(evaluation),
            }
        if number == max(marks):
            return


def print_distances(rows: list[dict[str, Any]]) -> None:
    """The median distance of the seeds, and the smallest and the largest, of each run and time."""
    seconds = sorted({row["seconds"] for row in rows})
    table = []
    for name in RUNS:
        cells = []
        for mark in seconds:
            found = sorted(
                row["frechet_distance"]
                for row in rows
                if (row["run"], row["seconds"]) == (name, mark)
            )
            cells.append(
                f"{statistics.median(found):.0f} ({found[0]:.0f} to {found[-1]:.0f})"
                if found
                else ""
            )
        seeds = {row["seed"] for row in rows if row["run"] == name}
        if seeds:
            table.append([name, len(seeds), *cells])
    print_table(["run", "seeds", *(f"{mark} s" for mark in seconds)], table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=["tutorial", "quick"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=int, nargs="+", default=[30, 60, 120, 300])
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    images = dcgan.load_mnist().train_images
    step_seconds = kept_seconds(options.folder / "step_seconds.json", options.runs, images)

    log = options.folder / "rows.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for seed in range(options.seeds):
        for name in options.runs:
            done = {row["seconds"] for row in rows if (row["run"], row["seed"]) == (name, seed)}
            if done >= set(options.seconds):
                continue
            marks = {round(s / step_seconds[name]): s for s in options.seconds}
            for row in measured_run(name, seed, marks, images, options.folder):
                if row["seconds"] not in done:
                    rows.append(row)
                    with log.open("a") as file:
                        file.write(json.dumps(row) + "\n")
                print(f"{name}, seed {seed}, {row['seconds']} s: {row['frechet_distance']:.1f}")
    print_machine()
    print_table(
        ["run", "batch", "ms a step"],
        [
            [name, RUNS[name].batch_size, f"{1e3 * seconds:.1f}"]
            for name, seconds in step_seconds.items()
        ],
    )
    print_distances(rows)


if __name__ == "__main__":
    main()
