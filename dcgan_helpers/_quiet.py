"""Keep what TensorFlow's C++ side says while it starts out of a notebook's cells.

TensorFlow announces on stderr that there is no GPU, or which one, and which instructions its CPU
has; XLA, that it has compiled something. A notebook shows that in red above its first result, on
one machine and not on another. Their own switch, `TF_CPP_MIN_LOG_LEVEL`, works only once their
logging is set up, which is after the first of these lines (tensorflow/tensorflow issue 79029), and
before version 2.21 never for the GPU's and XLA's. So stderr is set aside while they start, and
given back if they fail. Python's errors and warnings are not affected. Whoever sets the variable
before, to whatever value, gets just what it says.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_SWITCH = "TF_CPP_MIN_LOG_LEVEL"
_lock = threading.RLock()  # what one thread sets aside, another would take for stderr


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
    _start_devices_quietly()


def _start_devices_quietly() -> None:
    """Have TensorFlow start its devices, whenever that is, without their announcements.

    That is at the first operation, of whomever. Until then a program may still choose its devices,
    so they cannot be started here.
    """
    try:
        from tensorflow.python.eager.context import context as current
    except ImportError:  # it is not public
        return
    context = current()

    def ensure_initialized() -> None:
        with _stderr_set_aside():
            type(context).ensure_initialized(context)
        vars(context).pop("ensure_initialized", None)

    context.ensure_initialized = ensure_initialized


@functools.cache  # XLA announces itself once in a process
def start_xla() -> None:
    """Have XLA compile a small convolution, which on a GPU loads cuDNN, too."""
    if _SWITCH in os.environ:
        return
    import tensorflow as tf

    def convolve() -> tf.Tensor:
        return tf.nn.conv2d(tf.zeros((1, 4, 4, 1)), tf.zeros((3, 3, 1, 1)), 1, "SAME")

    # Here rather than around a real step: if that crashes, it may say why.
    with _stderr_set_aside():
        tf.function(convolve, jit_compile=True)()


@contextmanager
def _stderr_set_aside() -> Iterator[None]:
    """Send file descriptor 2 to a file; if the block raises, write its content to stderr."""
    with ExitStack() as stack:
        stack.enter_context(_lock)
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
