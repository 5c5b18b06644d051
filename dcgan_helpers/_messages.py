"""What the library tells the reader of a run."""

from __future__ import annotations

import os
from pathlib import Path


def say(text: str) -> None:
    """Print `text`, whatever the output can encode."""
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.encode("ascii", "backslashreplace").decode())


def shown(path: Path) -> str:
    """A path as people write it: from the working directory on, if it lies there."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
