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
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _common import measure_missing, median_and_range, print_machine, print_table

import dcgan_helpers as dcgan

TUTORIAL, QUICK = dcgan.RECIPES["tutorial"], dcgan.RECIPES["quick"]
# The quick recipe as it was, and that with one of its settings as the tutorial has it.
NO_R1 = dataclasses.replace(QUICK, r1_gamma=None)
BACK = {
    "batches of 256": {"batch_size": 256},
    "learning rates 1e-4": {
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 1e-4,
    },
    "beta_1 0.9": {"beta_1": 0.9},
    "dropout 0.3": {"dropout": 0.3},
    "float32": {"dtype": "float32"},
    "no averages": {"ema_gamma": None},
}
RUNS = {
    "tutorial": TUTORIAL,
    "quick": QUICK,
    "quick, no R1": NO_R1,
    **{f"quick, no R1, {k}": dataclasses.replace(NO_R1, **change) for k, change in BACK.items()},
}
# What the tutorial's recipe reaches in a minute is what the tutorial does: with its own step.
FOURIER = {"tutorial": False}


def seconds_a_step(name: str, images: np.ndarray) -> float:
    """The shortest of twenty times, of a second each or so."""
    gan = dcgan.DCGAN(recipe=RUNS[name])
    step, times = dcgan.make_train_step(gan, fourier=FOURIER.get(name)).function, []
    batches = iter(dcgan.make_dataset(images, gan.recipe.batch_size, seed=0))
    n = max(2, 512 // gan.recipe.batch_size)
    for _ in range(21):
        start = time.perf_counter()
        for _ in range(n):
            losses = step(next(batches))
        float(losses["generator_loss"])
        times.append((time.perf_counter() - start) / n)
    return min(times[1:])


def kept_seconds(file: Path, names: list[str], images: np.ndarray) -> dict[str, float]:
    kept: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        if name not in kept:
            kept[name] = seconds_a_step(name, images)
            file.write_text(json.dumps(kept, indent=1))
    return kept


def measured_run(
    name: str, seed: int, marks: dict[int, int], images: np.ndarray, folder: Path
) -> Iterator[dict[str, Any]]:
    """Train to each mark, `{seconds: steps}`, and measure there."""
    gan = dcgan.DCGAN(recipe=RUNS[name], seed=seed)
    for seconds, steps in marks.items():
        dcgan.train(gan, images, steps=steps, progress=False, fourier=FOURIER.get(name))
        evaluation = dcgan.evaluate(gan, progress=False)
        np.save(
            folder / f"{name}-{seed}-{seconds}.npy",
            dcgan.denormalize(gan.generate(dcgan.sample_noise(16, seed))),
        )
        yield {
            "run": name,
            "seed": seed,
            "seconds": seconds,
            "steps": steps,
            **dataclasses.asdict(evaluation),
        }


def print_distances(rows: list[dict[str, Any]], step_seconds: dict[str, float]) -> None:
    """For each run and time, how many seeds, and the median of their distances (and its range)."""

    def cells(name: str, seconds: int) -> tuple[object, str]:
        wanted = (name, seconds)
        found = [r["frechet_distance"] for r in rows if (r["run"], r["seconds"]) == wanted]
        return (len(found), median_and_range(found, 0)) if found else ("", "")

    marks = sorted({row["seconds"] for row in rows})
    print_table(
        ["run", "ms a step", *(cell for mark in marks for cell in ("seeds", f"{mark} s"))],
        [
            [name, f"{1e3 * step_seconds[name]:.1f}", *(c for m in marks for c in cells(name, m))]
            for name in RUNS
            if name in step_seconds
        ],
    )


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

    def measured(name: str, seed: int, missing: list[int]) -> Iterator[dict[str, Any]]:
        marks = {seconds: round(seconds / step_seconds[name]) for seconds in missing}
        return measured_run(name, seed, marks, images, options.folder)

    log = options.folder / "rows.jsonl"
    rows = measure_missing(log, options.runs, options.seeds, options.seconds, measured)
    print_machine()
    print_distances(rows, step_seconds)


if __name__ == "__main__":
    main()
