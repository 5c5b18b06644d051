"""Checkpoints: files that hold all of a run's state, each whole or not there at all.

The file `step-00000234.npz` holds the arrays of `DCGAN.get_state` after 234 steps, uncompressed, as
`numpy.savez` writes them. It is written under another name and renamed when it is complete. The
comment at its end is the SHA-256 of all that stands before, and is compared before anything is
restored. It holds numbers only: nothing in it is executed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._checks import check_folder, check_instance, check_integer
from ._files import UNFINISHED, write_whole
from ._lock import locked
from ._messages import shown
from ._replicas import is_chief
from ._run_config import differences
from .gan import DCGAN, HISTORY, history_in
from .history import History

_NAME = re.compile(r"step-(\d{8,})\.npz")
_DIGEST_LENGTH = 64  # hexadecimal digits
_FORMAT = 2  # 1, a folder for each checkpoint, was never published


class Restored(NamedTuple):
    """What `Checkpoints.restore` restored.

    Attributes:
        path: the checkpoint's file.
        step: training steps done at its time.
        epoch: epochs finished by then.
        values: how many variables were restored: each variable of the run, each array of the file.
    """

    path: Path
    step: int
    epoch: int
    values: int

    def __str__(self) -> str:
        """One line for people."""
        where = f"{self.values} values from {shown(self.path)}"
        epoch = f"epoch {self.epoch} done" if self.epoch else "in the first epoch"
        return f"step {self.step} ({epoch}), {where}"


class Checkpoints:
    """The checkpoints of one run, in a folder of their own.

    Args:
        gan: the `DCGAN` whose state is saved and restored.
        directory: the folder; made at the first save.
        max_to_keep: how many checkpoints stay; older ones are removed after a save.

    Raises:
        NotADirectoryError: `directory` is a file.

    Example:
        >>> import tempfile
        >>> from dcgan_helpers import DCGAN
        >>> gan = DCGAN(seed=0)
        >>> checkpoints = Checkpoints(gan, tempfile.mkdtemp())
        >>> checkpoints.save().name
        'step-00000000.npz'
        >>> checkpoints.restore().step
        0
    """

    def __init__(
        self, gan: DCGAN, directory: str | os.PathLike[str], *, max_to_keep: int = 3
    ) -> None:
        check_instance("gan", gan, DCGAN)
        self._gan, self._locked, self._same_run = gan, False, False
        # Absolute, so that a later change of the working directory does not split the run.
        self.directory = check_folder("directory", directory).absolute()
        self._max_to_keep = check_integer("max_to_keep", max_to_keep, minimum=1)

    @property
    def all(self) -> list[Path]:
        """The files of the checkpoints, oldest first. Files of other names are left alone."""
        if not self.directory.is_dir():
            return []
        found = [(_NAME.fullmatch(path.name), path) for path in self.directory.iterdir()]
        return [path for _, path in sorted((int(m[1]), path) for m, path in found if m)]

    @property
    def latest(self) -> Path | None:
        """The file of the newest checkpoint, or None."""
        return next(reversed(self.all), None)

    def save(self) -> Path:
        """Save the whole state of the run; of several workers, the chief does so alone.

        Returns:
            The new checkpoint's file. One of the same step is replaced.

        Raises:
            FloatingPointError: the state holds NaN or infinity; a good checkpoint is not to be
                replaced by such a state.
            ValueError: the folder holds checkpoints of a run with other settings.
            OSError: it could not be written (no space, no permission). What was there before is
                unchanged, and so is the state in memory.
        """
        state = self._gan.get_state()
        step = int(state["step"])
        for name, array in state.items():
            if array.dtype.kind not in "iu" and not np.isfinite(array).all():
                raise FloatingPointError(f"not saved at step {step}: {name} holds NaN or infinity")
        path = self.directory / f"step-{step:08d}.npz"
        if not is_chief(self._gan.strategy):
            return path
        try:
            with self.lock():
                if not self._same_run and self.latest:  # a save would delete the oldest
                    with contextlib.suppress(OSError):  # all are damaged: nothing to lose
                        self._newest_of_run(self._gan.history.config)
                self._same_run = True
                self._remove_unfinished()
                with write_whole(path) as file:
                    file.write(_pack(state))
        except OSError as error:
            raise OSError(
                f"could not save a checkpoint of step {step} in {shown(self.directory)}: {error}; "
                f"the one before is {self.latest}, the state in memory is unchanged"
            ) from error
        for old in self.all[: -self._max_to_keep]:
            if old != path:
                old.unlink(missing_ok=True)
        return path

    def restore(self) -> Restored:
        """Restore the newest checkpoint that is whole; warn about each newer one that is not.

        Returns:
            What was restored.

        Raises:
            FileNotFoundError: there is no checkpoint.
            ValueError: the checkpoint is of a run with other settings; each difference is named.
            OSError: every checkpoint is damaged. Nothing was changed.
        """
        return self._set_state(self._newest_of_run(self._gan.history.config))

    def restore_newer(self, config: Mapping[str, Any]) -> Restored | None:
        """Restore as `restore` does, but only what is ahead of the state in memory.

        Args:
            config: the settings of the run, as in `gan.history.config`.
        """
        saved = self._newest_of_run(config)
        if 0 < int(self._gan.step) >= int(saved.state["step"]):
            return None
        return self._set_state(saved)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from saving in the folder, which is made if need be.

        Raises:
            BlockingIOError: another process does; it is named.
            OSError: nothing can be written into the folder.
        """
        if self._locked or not is_chief(self._gan.strategy):
            yield
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        with locked(self.directory):
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def _newest_of_run(self, config: Mapping[str, Any]) -> _Saved:
        """The newest checkpoint that is whole, which has to be of a run with these settings."""
        saved = self._newest_whole()
        differing = differences(saved.history.config, config, "in the checkpoint")
        if differing:
            raise ValueError(f"{shown(saved.path)} is of a run with other settings: {differing}")
        self._same_run = True
        return saved

    def _newest_whole(self) -> _Saved:
        problems = []
        for path in reversed(self.all):
            try:
                saved = _read(path)
            except OSError as error:
                problems.append(str(error))
                continue
            for problem in problems:
                warnings.warn(f"damaged checkpoint passed over: {problem}", stacklevel=4)
            return saved
        if problems:
            raise OSError(
                f"every checkpoint in {shown(self.directory)} is damaged: {'; '.join(problems)}"
            )
        raise FileNotFoundError(f"no checkpoint in {shown(self.directory)}")

    def _set_state(self, saved: _Saved) -> Restored:
        self._gan.set_state(saved.state)
        step, steps_per_epoch = int(self._gan.step), saved.history.steps_per_epoch
        return Restored(
            path=saved.path,
            step=step,
            epoch=step // steps_per_epoch if steps_per_epoch else 0,
            values=sum(not name.startswith(HISTORY) for name in saved.state),
        )

    def _remove_unfinished(self) -> None:
        for leftover in self.directory.glob(f".step-*{UNFINISHED}"):
            leftover.unlink(missing_ok=True)


class _Saved(NamedTuple):
    """The content of a checkpoint."""

    path: Path
    state: dict[str, np.ndarray]
    history: History


def _pack(state: Mapping[str, np.ndarray]) -> memoryview:
    """The content of a checkpoint's file."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {"format": _FORMAT, **state}  # Any: `savez` has an option, too
    np.savez(file, **arrays)
    # The last two bytes of a zip file are the length of its comment, which follows them.
    file.seek(-2, os.SEEK_END)
    file.write(_DIGEST_LENGTH.to_bytes(2, "little"))
    file.write(_digest(file.getbuffer()))
    return file.getbuffer()


def _read(path: Path) -> _Saved:
    """Read a checkpoint whose every byte is as it was written; raise `OSError` if one is not."""
    try:
        content = memoryview(path.read_bytes())
        if _digest(content[:-_DIGEST_LENGTH]) != content[-_DIGEST_LENGTH:]:
            raise ValueError("its checksum does not match")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            if sum(member.file_size for member in file.zip.infolist()) > len(content):
                raise ValueError("it is compressed")  # to whatever size
            state = dict(file)
        if int(state.pop("format")) != _FORMAT:
            raise ValueError(f"it is not of format {_FORMAT}, which this version reads")
        return _Saved(path, state, history_in(state))
    # Of a file that was not written here, NumPy, zipfile and json raise whatever they meet:
    # KeyError, EOFError, NotImplementedError, MemoryError, RecursionError, ...
    except Exception as error:
        raise OSError(f"{shown(path)}: {error}") from error


def _digest(content: memoryview) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
