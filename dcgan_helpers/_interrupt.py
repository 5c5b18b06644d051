"""Ctrl-C at moments when nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Presses:
    """How often Ctrl-C was pressed."""

    count = 0


@contextmanager
def interrupts_counted(at_most: int) -> Iterator[Presses]:
    """Count Ctrl-C instead of raising, for a block that asks for the count where it can end.

    One press more than `at_most` does raise `KeyboardInterrupt`, should the block be stuck.
    """
    presses = Presses()
    if threading.current_thread() is not threading.main_thread():
        yield presses  # Python delivers signals to the main thread alone
        return

    previous = signal.getsignal(signal.SIGINT)

    def handle(signal_number: int, frame: FrameType | None) -> None:
        presses.count += 1
        if presses.count > at_most:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the end of a block that must not be left half done."""
    with interrupts_counted(at_most=1) as presses:
        yield
    if presses.count:
        raise KeyboardInterrupt
