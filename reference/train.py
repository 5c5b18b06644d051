"""Train the reference generator: the tutorial's recipe, unchanged, for 50 epochs.

    python reference/train.py FOLDER

Everything goes through the package's public API. The run keeps its checkpoints in FOLDER and the
generator's weights after each epoch of `MILESTONES`. Interrupted, it goes on where it was when it
is started again, and ends with the same bits. Then `reference/publish.py` measures the snapshots.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import dcgan_helpers as dcgan

SEED = 0
MILESTONES = (1, 2, 3, *range(5, 51, 5))


def train(folder: Path) -> dcgan.DCGAN:
    """Train to each milestone in turn, and keep the generator's weights there."""
    images = dcgan.load_mnist().train_images
    gan = dcgan.DCGAN(seed=SEED)
    for epoch in MILESTONES:
        start = time.perf_counter()
        history = dcgan.train(
            gan,
            images,
            epochs=epoch,
            checkpoint_dir=folder / "checkpoints",
            fourier=False,  # the tutorial's step, not one that is the same but for rounding
        )
        snapshot = folder / f"generator-{epoch:02d}.weights.h5"
        if int(gan.step) == epoch * history.steps_per_epoch and not snapshot.exists():
            unfinished = folder / "unfinished.weights.h5"
            gan.generator.save_weights(unfinished)
            unfinished.rename(snapshot)
            seconds = {"epoch": epoch, "seconds": round(time.perf_counter() - start, 1)}
            with (folder / "seconds.jsonl").open("a") as log:
                log.write(json.dumps(seconds) + "\n")
    return gan


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    train(folder)
