"""Trains a GAN in one command: ``python -m dcgan_helpers --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ._checks import check_folder
from ._files import write_whole
from ._messages import say, shown
from ._plan import FRAME_IMAGES
from .data import denormalize, load_mnist
from .gan import DCGAN
from .generator import sample_noise
from .gif import make_gif
from .grids import image_grid
from .history import History
from .image_folders import load_image_folder
from .recipes import RECIPES
from .training import train

STEPS = 3750  # with the quick recipe: an epoch of MNIST
FRAME_EVERY = 75
MOST_FRAMES = 100  # in the animation
SIDE = 32  # pixels of an image of one's own
SAMPLES = 64

DESCRIPTION = f"""
Train a DCGAN, and write into a folder: dcgan.gif, how its images came to be; images.png, {SAMPLES}
of them; generator.keras, a Keras model from noise to images; checkpoints, with which the same
command goes on where it was stopped (Ctrl-C stops it, and keeps what was done). Without options:
MNIST, the quick recipe, {STEPS} steps, which take a minute or a few on a laptop.
"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m dcgan_helpers", description=DESCRIPTION, allow_abbrev=False
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--epochs", type=int, metavar="N", help="train for N epochs in all")
    amount.add_argument(
        "--steps", type=int, metavar="N", help=f"train for N steps in all (default: {STEPS})"
    )
    parser.add_argument(
        "--images",
        metavar="FOLDER",
        help=f"pictures to learn from, cropped and resized to {SIDE} × {SIDE} pixels in colour "
        "(default: the digits of MNIST)",
    )
    parser.add_argument(
        "--recipe", default="quick", help=f"{' or '.join(RECIPES)} (default: quick)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    parser.add_argument(
        "--out", default="dcgan-run", metavar="FOLDER", help="where to write (default: dcgan-run)"
    )
    return parser


def animation(gan: DCGAN, history: History) -> tuple[list[np.ndarray], list[str]]:
    """Return the frames of a run with their labels, with the last state."""
    steps, frames = list(history.frame_steps), list(history.frames)
    if steps[-1] != int(gan.step):
        noise = sample_noise(FRAME_IMAGES, gan.seed, gan.noise_dim)
        steps.append(int(gan.step))
        frames.append(denormalize(gan.generate(noise)))
    chosen = np.unique(np.linspace(0, len(frames) - 1, MOST_FRAMES).round().astype(int))
    return [frames[i] for i in chosen], [f"step {steps[i]}" for i in chosen]


def run(arguments: argparse.Namespace) -> None:
    """Train as the command line says, and write the results."""
    out = check_folder("--out", arguments.out)
    if arguments.images is None:
        images = load_mnist().train_images
    else:
        if out.resolve().is_relative_to(check_folder("--images", arguments.images).resolve()):
            raise ValueError(f"--out must not be in --images, to be learnt from, got {shown(out)}")
        images = load_image_folder(arguments.images, image_size=(SIDE, SIDE), channels=3)
    steps = arguments.steps
    if arguments.epochs is None and steps is None:
        steps = STEPS
    shape = images.shape[1:]
    gan = DCGAN(recipe=arguments.recipe, seed=arguments.seed, image_shape=shape)
    history = train(
        gan,
        images,
        arguments.epochs,
        steps=steps,
        batch_size=min(len(images), gan.recipe.batch_size),
        checkpoint_dir=out / "checkpoints",
        frame_every=FRAME_EVERY,
    )
    frames, labels = animation(gan, history)
    written = [make_gif(frames, out / "dcgan.gif", labels=labels), out / "images.png"]
    samples = gan.generate(sample_noise(SAMPLES, gan.seed, gan.noise_dim))
    with write_whole(written[-1]) as file:
        Image.fromarray(image_grid(samples)).save(file, format="PNG")
    written.append(out / "generator.keras")
    gan.sampling_generator().save(written[-1])
    say(f"{int(gan.step)} steps done. Written: {', '.join(map(shown, written))}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what cannot be done is said in one line, without a traceback."""
    parser = make_parser()
    try:
        run(parser.parse_args(arguments))
    except (OSError, ValueError, FloatingPointError) as error:
        sys.exit(f"{parser.prog}: error: {error}")


if __name__ == "__main__":
    main()
