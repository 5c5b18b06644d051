"""The training loop."""

from __future__ import annotations

import contextlib
import json
import os
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._checks import check_callable, check_folder, check_images, check_instance
from ._environment import describe_environment
from ._interrupt import interrupts_counted
from ._messages import say, shown
from ._plan import FRAME_IMAGES, Plan, make_plan
from ._recorder import Recorder
from ._replicas import (
    check_agreement,
    check_rows,
    failures_explained,
    has_several_workers,
    is_chief,
    replicas,
)
from ._run_config import differences, fingerprint_images
from .checkpoints import Checkpoints
from .data import denormalize, endless_batches
from .gan import DCGAN
from .generator import sample_noise
from .history import History
from .train_step import TrainStep, make_train_step

XLA_STEPS = 2000  # a shorter run ends before XLA's compiling has paid (benchmarks/README.md)
_in_training: weakref.WeakSet[DCGAN] = weakref.WeakSet()


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
    after_epoch: Callable[[DCGAN], object] | None = None,
    jit_compile: bool | None = None,
    fourier: bool | None = None,
) -> History:
    """Train `gan` until it has done this many epochs, or steps, in total.

    "In total" means that the same call again goes on where the last one stopped, and returns at
    once when the run is finished. With `checkpoint_dir` that holds across processes, too: the run
    goes on from the newest whole checkpoint of that folder, in the middle of an epoch if need be,
    and ends with the very bits of a run that was never interrupted.

    Equal bits need the same machine, versions and options. Where one of them is another than
    before, the run goes on all the same, and says in one line what differs.

    Ctrl-C, or a notebook's stop button, ends the run after the step in progress; what was done is
    kept, in `gan` and (with `checkpoint_dir`) on disk. Press it twice to stop without saving.

    With a strategy of several workers, each makes the same call. One of them, the chief, writes
    the checkpoints and shows the progress bar; all read them, so `checkpoint_dir` is one folder
    that all of them see. Where one ends, by Ctrl-C or otherwise, the others end with an error, and
    the same call on all of them goes on from the last checkpoint.

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
        frame_every: steps between two frames of the history; None means an epoch. All frames of a
            run may have 256 MB (20,000 frames of MNIST).
        progress: whether to show a progress bar with the losses and images a second.
        after_epoch: a function that is called with `gan` at the end of each epoch, when its losses
            and frames are in `gan.history`, and before a checkpoint is saved: what it changes in
            `gan`, such as a learning rate, is saved, too. After a resume from the middle of an
            epoch it is called again for that epoch's end; with several workers, on each of them.
        jit_compile: as in `make_train_step`, but None means no for fewer than 2,000 steps in all:
            they are done before compiling, which takes seconds, has paid.
        fourier: as in `make_train_step`.

    Returns:
        The `History` of the whole run, which is also `gan.history`.

    Raises:
        ValueError: the images do not fit the models, or the run was begun with other settings
            (each one that differs is named).
        RuntimeError: this very `gan` is being trained already, or `after_epoch` restored a state.
        FileExistsError: `resume` is False and the folder holds checkpoints.
        BlockingIOError: another process saves its run in the folder; it is named.
        ConnectionError: another worker of the strategy has ended.
        FloatingPointError: a loss is NaN or infinite; the last good checkpoint is named and kept.
        OSError: a checkpoint could not be written, or every one in the folder is damaged.
    """
    check_instance("gan", gan, DCGAN)
    images = check_images("images", images, shape=gan.image_shape)
    check_callable("after_epoch", after_epoch)
    check_instance("resume", resume, bool)
    plan = make_plan(gan, images, epochs, steps, batch_size, frame_every, checkpoint_every)
    check_rows(gan.strategy, plan.batch_size)
    if jit_compile is None and plan.target < XLA_STEPS:
        jit_compile = False
    step = make_train_step(gan, jit_compile=jit_compile, fourier=fourier)
    checkpoints = None
    if checkpoint_dir is not None:
        checkpoints = Checkpoints(gan, check_folder("checkpoint_dir", checkpoint_dir))
    config = {
        "batch_size": plan.batch_size,
        "frame_every": plan.frame_every,
        "images": fingerprint_images(images),
    }
    with _alone_with(gan), failures_explained(gan.strategy):
        _resume(gan, config, checkpoints, resume)
        gan.history.config |= config
        gan.history.steps_per_epoch = plan.steps_per_epoch
        done = int(gan.step)
        # Seen before the workers meet: after that, the chief may have saved already.
        unsaved = checkpoints is not None and checkpoints.latest is None
        check_agreement(gan.strategy, done, json.dumps(gan.history.config, sort_keys=True))
        if done < plan.target:
            with contextlib.nullcontext() if checkpoints is None else _locked(checkpoints):
                _note_environment(gan, step)
                done = _train(gan, images, plan, step, checkpoints, after_epoch, progress)
        elif checkpoints and unsaved:  # the run was finished without any
            checkpoints.save()
    if done < plan.target:
        where = f", saved in {shown(checkpoints.directory)}" if checkpoints else ""
        how = "the same call" if resume else "the same call with resume=True"
        say(f"Stopped after step {done} of {plan.target}{where}; {how} goes on.")
    return gan.history


def _train(
    gan: DCGAN,
    images: np.ndarray,
    plan: Plan,
    step: TrainStep,
    checkpoints: Checkpoints | None,
    after_epoch: Callable[[DCGAN], object] | None,
    progress: bool,
) -> int:
    """The loop: returns the steps done, which are fewer than planned after Ctrl-C."""
    done, history = int(gan.step), gan.history
    fixed_noise = sample_noise(FRAME_IMAGES, gan.seed, gan.noise_dim)
    if not gan.history.frames:
        _add_frame(gan, fixed_noise)
    batches = endless_batches(images, plan.batch_size, seed=gan.seed, step=done)
    recorder = Recorder(
        history,
        done,
        plan.target,
        plan.batch_size,
        progress=progress and is_chief(gan.strategy),
    )
    # Others cannot stop after the very same step, so with them the first Ctrl-C is the last.
    at_most = 0 if has_several_workers(gan.strategy) else 2
    finished = False
    try:
        with recorder, interrupts_counted(at_most) as presses:
            while not finished:
                recorder.add(step.function(next(batches)))
                if presses.count > 1:
                    raise KeyboardInterrupt
                if recorder.done % plan.frame_every == 0:
                    _add_frame(gan, fixed_noise)
                if after_epoch is not None and recorder.done % plan.steps_per_epoch == 0:
                    recorder.fetch()
                    after_epoch(gan)
                    if gan.history is not history or int(gan.step) != recorder.done:
                        raise RuntimeError("after_epoch must not restore or set the gan's state")
                finished = recorder.done >= plan.target or presses.count > 0
                if checkpoints and (finished or recorder.done % plan.checkpoint_every == 0):
                    recorder.fetch()
                    checkpoints.save()
    except FloatingPointError as error:
        last = checkpoints and checkpoints.latest
        kept = f"the last good checkpoint is {shown(last)}" if last else "no checkpoint was kept"
        raise FloatingPointError(f"{error}; {kept}") from None
    return recorder.done


@contextlib.contextmanager
def _alone_with(gan: DCGAN) -> Iterator[None]:
    """Refuse a second call of `train` with the same `gan` while the first one runs."""
    if gan in _in_training:
        raise RuntimeError(
            "gan is being trained already, by another thread or by the call that called after_epoch"
        )
    _in_training.add(gan)
    try:
        yield
    finally:
        _in_training.discard(gan)


@contextlib.contextmanager
def _locked(checkpoints: Checkpoints) -> Iterator[None]:
    """Lock the run's folder; where nothing can be written, no step is wasted."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(checkpoints.lock())
        except BlockingIOError:
            raise
        except OSError as error:
            folder = shown(checkpoints.directory)
            raise OSError(
                f"checkpoint_dir: cannot save checkpoints in {folder}: {error}"
            ) from error
        yield


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
            f"checkpoint_dir holds the checkpoints of a run: {shown(checkpoints.directory)}; "
            "give another folder, or resume=True to go on with that run"
        )
    rates = gan.changed_learning_rates()
    restored = checkpoints.restore_newer({**gan.history.config, **config})
    if restored is None:
        return
    lines = [f"Resuming: {restored}"]
    for name, rate in rates.items():
        getattr(gan, name).learning_rate = rate
        lines.append(
            f"{name}.learning_rate stays {rate:g}, as it was set; the checkpoint's is not taken."
        )
    if is_chief(gan.strategy):
        say("\n".join(lines))


def _note_environment(gan: DCGAN, step: TrainStep) -> None:
    """Record what decides the bits of the next steps, and say so if it is not what it was."""
    options: dict[str, object] = {"replicas": replicas(gan.strategy), "dtype": gan.dtype}
    options |= {"jit_compile": step.jit_compile, "fourier": step.fourier}
    environment = describe_environment() | {name: str(value) for name, value in options.items()}
    differing = differences(gan.history.environment, environment, "before")
    if differing and int(gan.step) and is_chief(gan.strategy):
        say(
            f"From step {int(gan.step) + 1} on, the bits are not those of an uninterrupted run "
            f"({differing})."
        )
    gan.history.environment = environment


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
