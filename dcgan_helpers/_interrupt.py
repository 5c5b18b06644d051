"""Ctrl-C as a wish to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_after_step() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish that the loop asks for between steps.

    An exception in the middle of a step would leave weights updated whose losses are not recorded.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop.is_set  # Python delivers signals to the main thread alone
        return

    previous = signal.getsignal(signal.SIGINT)

    def handle(signal_number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, previous)
