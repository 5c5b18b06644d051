"""What the library tells the reader of a run."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path


def say(line: str) -> None:
    """Print a line; what the output cannot encode, in the name of a file, is printed as escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # there may be no output at all
    print(line.encode(encoding, "backslashreplace").decode(encoding))


def shown(path: Path) -> str:
    """A path as people write it: from the working directory on, if it lies there."""
    with contextlib.suppress(ValueError):  # it lies elsewhere, on Windows perhaps on another drive
        return str(path.absolute().relative_to(Path.cwd()))
    return str(path)
