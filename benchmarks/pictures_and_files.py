"""Samples, pictures and files: ours against the way of TensorFlow's DCGAN tutorial.

    python benchmarks/pictures_and_files.py

The two ways take turns. The goals are for two CPU cores.
"""

from __future__ import annotations

import io
import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import imageio
import matplotlib
import numpy as np
import tensorflow as tf
from _common import print_machine, print_table, times_in_turn

import dcgan_helpers as dcgan

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROUNDS = 5
N_SAMPLES, N_FRAMES = 10_000, 50


def tutorial_grid(images: np.ndarray, path: Path) -> None:
    """Sixteen axes in a figure, saved as a file, as the tutorial does after each epoch."""
    figure = plt.figure(figsize=(4, 4))
    for i in range(len(images)):
        plt.subplot(4, 4, i + 1)
        plt.imshow(images[i, :, :, 0] * 127.5 + 127.5, cmap="gray")
        plt.axis("off")
    plt.savefig(path)
    plt.close(figure)


def tutorial_gif(folder: Path, path: Path) -> None:
    """The saved files, read one by one in the order of their names."""
    with imageio.get_writer(path, mode="I") as writer:
        for file in sorted(folder.glob("image*.png")):
            writer.append_data(imageio.v2.imread(file))


def mover(slider: object, values: Iterable[float]) -> Callable[[], None]:
    """A function that moves a slider on by one value, so that its picture is drawn anew."""
    turns = itertools.cycle(values)
    return lambda: setattr(slider, "value", next(turns))


def main() -> None:
    print_machine()
    folder = Path(tempfile.mkdtemp())
    gan = dcgan.DCGAN()
    dcgan.make_train_step(gan)(np.zeros((2, 28, 28, 1), np.float32))  # so that Adam has state
    noise = dcgan.sample_noise(N_SAMPLES, seed=0)
    samples = gan.generate(noise[:16])
    frames = [dcgan.denormalize(samples)] * N_FRAMES
    for i in range(N_FRAMES):
        tutorial_grid(samples, folder / f"image_at_epoch_{i:04d}.png")
    checkpoint = tf.train.Checkpoint(
        generator_optimizer=gan.generator_optimizer,
        discriminator_optimizer=gan.discriminator_optimizer,
        generator=gan.generator,
        discriminator=gan.discriminator,
    )
    checkpoints = dcgan.Checkpoints(gan, folder / "ours", max_to_keep=1)

    latent, loss, balance = dcgan.LatentExplorer(gan), dcgan.LossExplorer(), dcgan.BalanceExplorer()
    rates = [rate for _, rate in balance.learning_rate.options]

    what: dict[str, tuple[str, Callable[[], object], Callable[[], object] | None]] = {
        f"{N_SAMPLES:,} samples": (
            "", lambda: gan.generate(noise), lambda: gan.generator(noise, training=False).numpy(),
        ),
        "a grid of 16, as an array": (
            "50 ms", lambda: dcgan.image_grid(samples),
            lambda: tutorial_grid(samples, folder / "a.png"),
        ),
        "a grid of 16, as a figure in a notebook": (
            "50 ms",
            lambda: dcgan.show_images(samples).savefig(io.BytesIO(), bbox_inches="tight"),
            lambda: tutorial_grid(samples, folder / "a.png"),
        ),
        f"a GIF of {N_FRAMES} frames": (
            "1 s", lambda: dcgan.make_gif(frames, folder / "ours.gif"),
            lambda: tutorial_gif(folder, folder / "tutorial.gif"),
        ),
        "`LatentExplorer`: a move of the slider": (
            "150 ms", mover(latent.position, (0.25, 0.5, 0.75)), None,
        ),
        "`LossExplorer`: a move of the slider": ("150 ms", mover(loss.logit, range(-8, 9)), None),
        "`BalanceExplorer`: a move of the slider": (
            "150 ms", mover(balance.learning_rate, rates), None,
        ),
        "`load_mnist()`": ("0.5 s", dcgan.load_mnist, None),
        "a checkpoint": (
            "0.3 s", checkpoints.save, lambda: checkpoint.save(str(folder / "ckpt")),
        ),
    }  # fmt: skip
    rows = []
    for name, (goal, ours, tutorial) in what.items():
        ways = {"ours": ours} if tutorial is None else {"ours": ours, "tutorial": tutorial}
        wall = {way: times.wall for way, times in times_in_turn(ways, ROUNDS).items()}
        cells = [
            f"{1e3 * function(wall[way]):.3g}" if way in wall else ""
            for way in ("ours", "tutorial")
            for function in (min, statistics.median)
        ]
        ratio = f"{min(wall['tutorial']) / min(wall['ours']):.3g}" if tutorial else ""
        rows.append((name, goal, *cells, ratio))
    print_table(
        ["what", "goal", "ours: ms, fastest", "median", "tutorial: ms, fastest", "median",
         "× the tutorial's"], rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
