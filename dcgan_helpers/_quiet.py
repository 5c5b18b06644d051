"""Keep what TensorFlow's C++ side says while it loads out of a notebook's first cell.

TensorFlow announces on stderr that there is no GPU, and which instructions its CPU has. A notebook
shows that in red above its first result, on one machine and not on another. Its own switch,
`TF_CPP_MIN_LOG_LEVEL`, works only once its logging is set up, which is after the first of these
lines (tensorflow/tensorflow issue 79029). So stderr is set aside while TensorFlow is imported, and
given back if the import fails. Python's errors and warnings are not affected. Whoever sets the
variable before, to whatever value, gets just what it says.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_SWITCH = "TF_CPP_MIN_LOG_LEVEL"


def import_tensorflow() -> None:
    """Import TensorFlow without its announcements."""
    if _SWITCH in os.environ or "tensorflow" in sys.modules:
        return
    os.environ[_SWITCH] = "3"
    try:
        with _stderr_set_aside():
            import tensorflow  # noqa: F401
    finally:
        del os.environ[_SWITCH]  # TensorFlow has read it; a child process is to decide for itself


@contextmanager
def _stderr_set_aside() -> Iterator[None]:
    """Send file descriptor 2 to a file; if the block raises, write its content to stderr."""
    with ExitStack() as stack:
        try:
            aside = stack.enter_context(tempfile.TemporaryFile())
            stderr = os.dup(2)
        except OSError:  # no folder for such a file, or stderr is closed
            yield
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            with open(stderr, "wb", closefd=False) as original:
                shutil.copyfileobj(aside, original)
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
