"""The training loop."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._checks import check_folder, check_images, check_instance, check_integer
from ._interrupt import stop_after_step
from ._recorder import Recorder
from ._run_config import differences, fingerprint_images
from .checkpoints import Checkpoints
from .data import check_batch_size, denormalize, endless_batches
from .gan import DCGAN
from .generator import sample_noise
from .history import History
from .train_step import make_train_step

FRAME_IMAGES = 16  # a grid of 4 × 4, as in the tutorial


def train(
    gan: DCGAN,
    images: ArrayLike,
    epochs: int | None = None,
    *,
    steps: int | None = None,
    batch_size: int | None = None,
    checkpoint_dir: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = True,
    frame_every: int | None = None,
    progress: bool = True,
    jit_compile: bool | None = None,
    fourier: bool | None = None,
) -> History:
    """Train `gan` until it has done this many epochs, or steps, in total.

    "In total" means that the same call again goes on where the last one stopped, and returns at
    once when the run is finished. With `checkpoint_dir` that holds across processes, too: the run
    goes on from the newest whole checkpoint of that folder, in the middle of an epoch if need be,
    and ends with the very bits (in float32, on the same machine and versions) of a run that was
    never interrupted.

    Ctrl-C, or a notebook's stop button, ends the run after the step in progress; what was done is
    kept, in `gan` and (with `checkpoint_dir`) on disk. Press it twice to stop without saving.

    Args:
        gan: the state to train; changed in place.
        images: the data, `uint8` pixels or floats in [-1, 1], `(n, height, width, channels)`.
        epochs: how many epochs in total. Give this or `steps`, not both.
        steps: how many training steps in total.
        batch_size: real images in a step; None takes the recipe's.
        checkpoint_dir: folder for checkpoints (made if need be); None keeps none.
        checkpoint_every: steps between two checkpoints; None means an epoch.
        resume: False starts a new run: it refuses a folder that holds checkpoints, and a `gan` that
            was trained before.
        frame_every: steps between two frames of the history; None means an epoch.
        progress: whether to show a progress bar with the losses and images a second.
        jit_compile: as in `make_train_step`.
        fourier: as in `make_train_step`.

    Returns:
        The `History` of the whole run, which is also `gan.history`.

    Raises:
        ValueError: the images do not fit the models, or the run was begun with other settings
            (each one that differs is named).
        FileExistsError: `resume` is False and the folder holds checkpoints.
        FloatingPointError: a loss is NaN or infinite; the last good checkpoint is named and kept.
        OSError: a checkpoint could not be written, or every one in the folder is damaged.
    """
    # What was asked for
    check_instance("gan", gan, DCGAN)
    images = check_images("images", images, shape=gan.image_shape)
    if (epochs is None) == (steps is None):
        raise ValueError(f"give exactly one of epochs and steps, got {epochs=} and {steps=}")
    if batch_size is None:
        batch_size = gan.recipe.batch_size
    batch_size = check_batch_size(batch_size, len(images))
    steps_per_epoch = len(images) // batch_size
    if steps is None:
        target = check_integer("epochs", epochs, minimum=1) * steps_per_epoch
    else:
        target = check_integer("steps", steps, minimum=1)
    if frame_every is None:
        frame_every = steps_per_epoch
    frame_every = check_integer("frame_every", frame_every, minimum=1)
    if checkpoint_every is None:
        checkpoint_every = steps_per_epoch
    checkpoint_every = check_integer("checkpoint_every", checkpoint_every, minimum=1)
    if checkpoint_dir is not None:
        checkpoint_dir = check_folder("checkpoint_dir", checkpoint_dir)
    step = make_train_step(gan, jit_compile=jit_compile, fourier=fourier)

    # Where the run stands
    config = {
        "batch_size": batch_size,
        "frame_every": frame_every,
        "images": fingerprint_images(images),
    }
    checkpoints = None if checkpoint_dir is None else Checkpoints(gan, checkpoint_dir)
    _resume(gan, config, checkpoints, resume)
    history = gan.history
    history.config |= config
    history.steps_per_epoch = steps_per_epoch
    done = int(gan.step)
    if done >= target:
        return history
    if checkpoints is not None:
        checkpoints.check_writable()
    fixed_noise = sample_noise(FRAME_IMAGES, gan.seed, gan.noise_dim)
    if not history.frames:
        _add_frame(gan, fixed_noise)

    # The loop
    batches = endless_batches(images, batch_size, seed=gan.seed, step=done)
    recorder = Recorder(history, done, target, batch_size, progress=progress)
    finished = False
    try:
        with recorder, stop_after_step() as stopped:
            while not finished:
                recorder.add(step.function(next(batches)))
                if recorder.done % frame_every == 0:
                    _add_frame(gan, fixed_noise)
                finished = recorder.done >= target or stopped()
                if checkpoints is not None and (finished or recorder.done % checkpoint_every == 0):
                    recorder.fetch()
                    checkpoints.save()
    except FloatingPointError as error:
        last = None if checkpoints is None else checkpoints.latest
        kept = "no checkpoint was kept" if last is None else f"the last good checkpoint is {last}"
        raise FloatingPointError(f"{error}; {kept}") from None
    if stopped():
        where = "" if checkpoints is None else f", saved in {checkpoints.directory}"
        how = "the same call" if resume else "the same call with resume=True"
        print(f"Stopped after step {recorder.done} of {target}{where}; {how} goes on.")
    return history


def _resume(
    gan: DCGAN, config: dict[str, Any], checkpoints: Checkpoints | None, resume: bool
) -> None:
    """Bring `gan` to where the run stopped, after checking that it is the same run."""
    done = int(gan.step)
    if done and not resume:
        raise ValueError(
            f"resume=False starts a new run, but gan has done {done} steps; make a new one"
        )
    differing = differences(gan.history.config, config, "before")
    if done and differing:
        raise ValueError(f"gan was trained with other settings ({differing}); start a new DCGAN")
    if checkpoints is None or checkpoints.latest is None:
        return
    if not resume:
        raise FileExistsError(
            f"checkpoint_dir holds the checkpoints of a run: {checkpoints.directory}; "
            "give another folder, or resume=True to go on with that run"
        )
    restored = checkpoints.restore_newer({**gan.history.config, **config})
    if restored is not None:
        print(f"Resuming: {restored}")


def _add_frame(gan: DCGAN, noise: np.ndarray) -> None:
    frame = gan.generate(noise)
    if np.isfinite(frame).all():  # a run that diverged stops at its losses, with a better message
        low, high = float(frame.min()), float(frame.max())
        if low < -1 or high > 1:
            raise ValueError(
                "generator must make images in [-1, 1], as tanh does at its end, got values from "
                f"{low:g} to {high:g}"
            )
        gan.history.frames.append(denormalize(frame))
        gan.history.frame_steps.append(int(gan.step))
