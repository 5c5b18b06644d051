"""A lock on a folder, for one process at a time."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ModuleNotFoundError:  # on Windows
    fcntl = None  # type: ignore[assignment]

NAME = ".lock"


@contextmanager
def locked(folder: Path, name: str = NAME) -> Iterator[None]:
    """Hold the lock on `folder`, which exists, or on what `name` stands for in it.

    The system releases it when the process ends, however it ends, so no lock is ever stale. On
    Windows, and on file systems without locks, there is none.

    Raises:
        BlockingIOError: another process, or another thread, holds it; the message says who.
        OSError: nothing can be written into the folder.
    """
    with open(folder / name, "a+") as file:
        _lock(file, folder)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        with tempfile.TemporaryFile(dir=folder, buffering=0) as another:
            another.write(b"0")  # a full disk is noticed now
        yield


def _lock(file: IO[str], folder: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read() or "another process"
        raise BlockingIOError(f"{folder} is in use by {holder}, which writes there") from None
    except OSError:
        return  # a file system without locks, as some of networks are
