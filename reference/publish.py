"""Measure the reference run's snapshots, and write what the package and the book show of it.

    python reference/publish.py FOLDER

FOLDER is that of `reference/train.py`, whose run must be finished. Written are, beside this script,
`config.json`, `metrics.json`, `losses.csv` and `dcgan.gif`, and in `dcgan_helpers/files/`
`reference_generator.npz` (float16) and `reference_run.npz` (losses, frames, metrics), with their
SHA-256 in `SHA256SUMS`.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from results import FILES, write, write_arrays
from train import MILESTONES, SEED

import dcgan_helpers as dcgan
from dcgan_helpers._devices import processor_flags

HERE = Path(__file__).resolve().parent
N = 10_000


def load_run(folder: Path) -> tuple[dcgan.DCGAN, dict[int, keras.Model]]:
    """Return the finished run, and the generator after each milestone."""
    gan = dcgan.DCGAN(seed=SEED)
    restored = dcgan.Checkpoints(gan, folder / "checkpoints").restore()
    if restored.epoch != MILESTONES[-1]:
        raise SystemExit(f"the run has done {restored.epoch} epochs of {MILESTONES[-1]}")
    generators = {}
    for epoch in MILESTONES:
        generators[epoch] = dcgan.make_generator_model(seed=0)
        generators[epoch].load_weights(folder / f"generator-{epoch:02d}.weights.h5")
    return gan, generators


def rounded(generator: keras.Model) -> keras.Model:
    """Return a copy whose weights went through float16, as the shipped file's do."""
    copy = dcgan.make_generator_model(seed=0)
    copy.set_weights(
        [weight.astype(np.float16).astype(np.float32) for weight in generator.get_weights()]
    )
    return copy


def measure(generators: dict[int, keras.Model]) -> dict[str, Any]:
    """Evaluate every generator, the shipped form of the last one, and real digits."""
    last = generators[MILESTONES[-1]]
    rows = []
    for epoch, generator in generators.items():
        print(f"epoch {epoch}", flush=True)
        evaluation = dcgan.evaluate(generator, n=N)
        rows.append({"epoch": epoch, **dataclasses.asdict(evaluation)})
    return {
        "epochs": rows,
        "shipped": dataclasses.asdict(dcgan.evaluate(rounded(last), n=N)),
        "other_noise": dataclasses.asdict(dcgan.evaluate(last, n=N, seed=1)),
        "real": dataclasses.asdict(dcgan.evaluate_images(dcgan.load_mnist().train_images[:N])),
    }


def config(gan: dcgan.DCGAN, folder: Path) -> dict[str, Any]:
    """Describe the run: settings, versions, machine, and how long it took."""
    seconds = [json.loads(line) for line in (folder / "seconds.jsonl").read_text().splitlines()]
    return {
        "settings": gan.history.config,
        "epochs": MILESTONES[-1],
        "steps": int(gan.step),
        "seconds_until_epoch": {row["epoch"]: row["seconds"] for row in seconds},
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.system()},
    }


def losses(history: dcgan.History) -> str:
    """Return the mean losses of each epoch as a table."""
    table = io.StringIO(newline="")
    rows = csv.writer(table)
    names = ("generator_loss", "discriminator_loss")
    rows.writerow(["epoch", *names])
    columns = (history.epoch_losses[name] for name in names)
    for epoch, *means in zip(history.epochs, *columns, strict=True):
        rows.writerow([epoch, *(f"{mean:.6f}" for mean in means)])
    return table.getvalue()


def processor() -> str:
    """Return what the processor calls itself, or its architecture where it does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    facts = dict(line.split("\t: ", 1) for line in lines if "\t: " in line)
    bfloat16 = " with AVX-512 BF16" if "avx512_bf16" in processor_flags() else ""
    return facts.get("model name", platform.machine()) + bfloat16


def main(folder: Path) -> None:
    """Measure and write everything."""
    gan, generators = load_run(folder)
    history = gan.history
    metrics = measure(generators)
    text = (json.dumps(metrics, indent=1) + "\n").encode()
    write(HERE / "metrics.json", text)
    write(HERE / "config.json", (json.dumps(config(gan, folder), indent=1) + "\n").encode())
    write(HERE / "losses.csv", losses(history).encode())
    dcgan.make_gif(history.frames, HERE / "dcgan.gif", labels=history.frame_labels)
    write_arrays(
        FILES / "reference_run.npz",
        {**history.to_arrays(), "metrics": np.frombuffer(text, np.uint8)},
    )
    weights = generators[MILESTONES[-1]].get_weights()
    write_arrays(
        FILES / "reference_generator.npz",
        {str(i): weight.astype(np.float16) for i, weight in enumerate(weights)},
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
