"""Settings of Python and the C library for a process that reads and ends."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
KEPT = 8 << 20  # bytes; the arrays of a usual page are smaller, and those of a large one go back


def hurry() -> None:
    """Save what Python and the C library do for processes that live long."""
    # most of what a command allocates lives as long as it does: looking through it finds nothing
    gc.set_threshold(50_000)
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Have glibc keep what large arrays leave: taking it anew costs a tenth of a page's time."""
    if sys.platform == "linux":
        import ctypes  # NumPy does so too

        with contextlib.suppress(AttributeError):  # another C library has no such settings
            for setting in M_TRIM_THRESHOLD, M_MMAP_THRESHOLD:
                ctypes.CDLL(None).mallopt(setting, KEPT)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def at_most_cores(threads: int) -> int:
    """So many threads, or one for each core: of more, a library may make all before it works."""
    return min(threads, os.cpu_count() or 1)
