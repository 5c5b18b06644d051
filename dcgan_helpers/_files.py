"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".unfinished"  # how the name of a file ends while it is written


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write, which appears as `path` when it is complete and on the disk.

    If the block raises, or the process dies, `path` is as it was before: renaming is atomic. A
    link at `path` stays one, and the file has the permissions that the system gives to new files.
    """
    path = Path(os.path.realpath(path))
    # Of a long name, the whole would be too long; id, since another's may begin alike.
    unfinished = path.with_name(f".{path.name[:50]}.{os.getpid()}-{id(path)}{UNFINISHED}")
    try:
        with open(unfinished, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    if os.name != "nt":  # the folder's list of names, too; Windows opens no folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
