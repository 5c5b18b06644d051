"""Checkpoints that hold everything, become visible only when whole, and are checked on restore.

A checkpoint is a folder of its own:

    step-00000234/
        state.index, state.data-…   networks, optimizers, step, dropout state, averages
        history.npz                 losses and frames
        manifest.json               settings, versions, and the SHA-256 of each file

It is written under another name and renamed when it is complete, so that a folder with the name
`step-…` is a whole checkpoint, whenever the process was killed. Where that name is taken (the same
step is saved again), the new one is called `step-….again` until the old one is gone. Files hold
tensors and JSON only: nothing in them is executed on restore.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from .checks import check_folder, check_integer

if TYPE_CHECKING:
    from .training import DCGAN

_PREFIX = "step-"
_UNFINISHED = ".unfinished-"
_AGAIN = ".again"  # of two folders of one step, the one whose name sorts last is the newer
_NAME = re.compile(rf"{_PREFIX}(\d{{8,}})(?:{re.escape(_AGAIN)})?")
_FORMAT = 1
_ON_WINDOWS = os.name == "nt"


class Restored(NamedTuple):
    """What `Checkpoints.restore` restored.

    Attributes:
        path: the checkpoint's folder.
        step: training steps done at its time.
        epoch: epochs finished by then.
        values: how many tensors were restored, every one of them matched.
    """

    path: Path
    step: int
    epoch: int
    values: int

    def __str__(self) -> str:
        """One line for people."""
        return f"step {self.step} (epoch {self.epoch} done), {self.values} values from {self.path}"


class Checkpoints:
    """The checkpoints of one run, in a folder of their own.

    Args:
        gan: the `DCGAN` whose state is saved and restored.
        directory: the folder; made at the first save.
        max_to_keep: how many checkpoints stay; older ones are removed after a save.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `max_to_keep` is below 1.
        NotADirectoryError: `directory` is a file.

    Example:
        >>> import tempfile
        >>> from dcgan_helpers import DCGAN
        >>> gan = DCGAN(seed=0)
        >>> checkpoints = Checkpoints(gan, tempfile.mkdtemp())
        >>> checkpoints.save().name
        'step-00000000'
        >>> checkpoints.restore().step
        0
    """

    def __init__(
        self, gan: DCGAN, directory: str | os.PathLike[str], *, max_to_keep: int = 3
    ) -> None:
        if not hasattr(gan, "random_states"):
            raise TypeError(f"gan must be a DCGAN, got {type(gan).__name__}")
        self._gan = gan
        self.directory = check_folder("directory", directory)
        self._max_to_keep = check_integer("max_to_keep", max_to_keep, minimum=1)
        self._checkpoint = tf.train.Checkpoint(
            generator=gan.generator,
            discriminator=gan.discriminator,
            generator_optimizer=gan.generator_optimizer,
            discriminator_optimizer=gan.discriminator_optimizer,
            step=gan.step,
            random_states=gan.random_states,
            averages=gan.averages,
        )

    @property
    def all(self) -> list[Path]:
        """The folders of the checkpoints, oldest first. Folders of other names are left alone."""
        if not self.directory.is_dir():
            return []
        found = [(_NAME.fullmatch(p.name), p) for p in self.directory.iterdir() if p.is_dir()]
        return [p for _, p in sorted((int(m[1]), p) for m, p in found if m)]

    @property
    def latest(self) -> Path | None:
        """The folder of the newest checkpoint, or None."""
        return self.all[-1] if self.all else None

    def save(self) -> Path:
        """Save the whole state of the run.

        Returns:
            The new checkpoint's folder.

        Raises:
            FloatingPointError: a weight is NaN or infinite; a good checkpoint is not to be replaced
                by such a state.
            OSError: it could not be written (no space, no permission). What was there before is
                unchanged, and so is the state in memory.
        """
        gan = self._gan
        for model in (gan.generator, gan.discriminator):
            for weight in model.weights:
                if not np.isfinite(weight.numpy()).all():
                    raise FloatingPointError(
                        f"not saved at step {int(gan.step)}: {weight.path} holds NaN or infinity; "
                        f"the last good checkpoint is {self.latest}"
                    )
        path = self.directory / f"{_PREFIX}{int(gan.step):08d}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._remove_unfinished()
            unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.directory))
            try:
                self._write(unfinished)
                self._make_visible(unfinished, path)
                _sync(self.directory)
            finally:
                self._remove_unfinished()
        except (OSError, tf.errors.OpError) as error:
            raise OSError(
                f"could not save a checkpoint of step {int(gan.step)} in {self.directory}: "
                f"{error}; the one before is {self.latest}, the state in memory is unchanged"
            ) from error
        for old in self.all[: -self._max_to_keep]:
            if old != path:
                shutil.rmtree(old, ignore_errors=True)
        return path

    def restore(self) -> Restored:
        """Restore the newest checkpoint that is whole; warn about each newer one that is not.

        Returns:
            What was restored. Every value in `gan` was matched by one in the file, and vice versa.

        Raises:
            FileNotFoundError: there is no checkpoint.
            ValueError: the checkpoint is of a run with other settings; each difference is named.
            OSError: every checkpoint is damaged. Nothing was changed.
        """
        path, manifest = self._newest_whole()
        self._check_settings(path, manifest)
        return self._read(path, manifest)

    def restore_newer(self) -> Restored | None:
        """Restore as `restore` does, but only if that is ahead of the state in memory."""
        path, manifest = self._newest_whole()
        self._check_settings(path, manifest)
        if 0 < int(self._gan.step) >= manifest["step"]:
            return None
        return self._read(path, manifest)

    def check_writable(self) -> None:
        """Make the folder if need be, and raise `OSError` if nothing can be written into it."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.directory, buffering=0) as file:
                file.write(b"0")
        except OSError as error:
            raise OSError(
                f"checkpoint_dir: cannot save checkpoints in {self.directory}: {error}"
            ) from error

    def _write(self, folder: Path) -> None:
        gan = self._gan
        self._checkpoint.write(str(folder / "state"))
        arrays: dict[str, Any] = gan.history.to_arrays()  # Any: `savez` takes an option, too
        with open(folder / "history.npz", "wb") as file:
            np.savez(file, **arrays)
        manifest = {
            "format": _FORMAT,
            "step": int(gan.step),
            "settings": gan.settings,
            "run": gan.run,
            "versions": {m.__name__: m.__version__ for m in (tf, keras, np)},
            "files": {file.name: _sha256(file) for file in sorted(folder.iterdir())},
        }
        manifest["sha256"] = _digest(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
        for written in folder.iterdir():
            _sync(written)
        _sync(folder)

    def _make_visible(self, unfinished: Path, path: Path) -> None:
        """Give a complete checkpoint its name; at no moment is there none of its step."""
        again = path.with_name(path.name + _AGAIN)
        if path.exists() and again.exists():  # what a killed save left; `again` is the whole one
            shutil.rmtree(path)
        if path.exists():  # the same step again, or a damaged one
            unfinished.rename(again)
            shutil.rmtree(path)
            again.rename(path)
        else:
            unfinished.rename(path)
            shutil.rmtree(again, ignore_errors=True)

    def _newest_whole(self) -> tuple[Path, dict[str, Any]]:
        """The newest checkpoint that is not damaged, and its manifest."""
        problems = []
        for path in reversed(self.all):
            try:
                manifest = self._verify(path)
            except OSError as error:
                problems.append(str(error))
                continue
            for problem in problems:
                warnings.warn(f"damaged checkpoint passed over: {problem}", stacklevel=3)
            return path, manifest
        if problems:
            raise OSError(f"every checkpoint in {self.directory} is damaged: {'; '.join(problems)}")
        raise FileNotFoundError(f"no checkpoint in {self.directory}")

    def _verify(self, path: Path) -> dict[str, Any]:
        """Return the manifest of a checkpoint whose every byte is as it was written, or raise."""
        try:
            manifest = json.loads((path / "manifest.json").read_text())
            if manifest.pop("sha256") != _digest(manifest):
                raise ValueError("its checksum does not match")
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise OSError(f"{path}: manifest.json cannot be read: {error}") from error
        for name, digest in manifest["files"].items():
            try:
                if _sha256(path / name) != digest:
                    raise OSError(f"{path}: {name} is damaged: its checksum does not match")
            except FileNotFoundError as error:
                raise OSError(f"{path}: {name} is missing") from error
        return manifest

    def _check_settings(self, path: Path, manifest: dict[str, Any]) -> None:
        if manifest["format"] != _FORMAT:
            raise ValueError(
                f"{path} has the format {manifest['format']!r}; this version reads {_FORMAT}"
            )
        saved, settings = manifest["settings"], self._gan.settings
        differing = [
            f"{key}: {saved[key]} in the checkpoint, {settings[key]} now"
            for key in settings
            if key in saved and saved[key] != settings[key]
        ]
        if differing:
            raise ValueError(f"{path} is of a run with other settings: {'; '.join(differing)}")

    def _read(self, path: Path, manifest: dict[str, Any]) -> Restored:
        gan = self._gan
        with np.load(path / "history.npz", allow_pickle=False) as arrays:
            history = type(gan.history).from_arrays(arrays)
        self._checkpoint.read(str(path / "state")).assert_consumed()
        gan.take_over(history, manifest["run"])
        step = int(gan.step)
        return Restored(
            path=path,
            step=step,
            epoch=step // history.steps_per_epoch if history.steps_per_epoch else 0,
            values=sum(
                not name.startswith("_CHECKPOINTABLE")
                for name, _ in tf.train.list_variables(str(path / "state"))
            ),
        )

    def _remove_unfinished(self) -> None:
        for leftover in self.directory.glob(_UNFINISHED + "*"):
            shutil.rmtree(leftover, ignore_errors=True)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _digest(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _sync(path: Path) -> None:
    """Have the system write a file, or a folder's list of names, to the disk now."""
    is_folder = path.is_dir()
    if is_folder and _ON_WINDOWS:
        return  # it opens no folder
    # Windows syncs no file that is open for reading only; no system opens a folder for writing.
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
