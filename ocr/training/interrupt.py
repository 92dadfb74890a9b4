"""Ctrl-C that waits until nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def held_interrupts() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back: it is raised when the function that this gives is called.

    Outside the main thread, where Python allows no handlers, nothing is held.

    Raises
    ------
    KeyboardInterrupt
        From the function, and at the end for what came after its last call.
    """
    caught: list[int] = []

    def release() -> None:
        if caught:
            caught.clear()
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield release
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield release
    finally:
        signal.signal(signal.SIGINT, before)
    release()
