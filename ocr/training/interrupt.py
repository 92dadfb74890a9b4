"""Ctrl-C that waits until nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def held_interrupts() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back: it is raised when the function that this gives is called.

    Nothing is held outside the main thread, where Python allows no handlers, nor where
    Ctrl-C does not raise anyway, as in a job in the background.

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

    before = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or before is not signal.default_int_handler:
        yield release
        return
    signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield release
    finally:
        signal.signal(signal.SIGINT, before)
    release()
