"""Lines for people, on any output."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Print a line; what the output cannot encode, in the name of a file, is printed as escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # there may be no output at all
    print(line.encode(encoding, "backslashreplace").decode(encoding))
