"""Settings of Python and the C library for a process that reads and ends."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
KEPT = 8 << 20  # bytes; the arrays of a usual page are smaller, and those of a large one go back

#: Where the libraries that compute look for how many threads they may use.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


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


def use_threads(count: int | None) -> None:
    """Bound the threads of libraries not yet imported; None leaves the classifier all cores."""
    # threads that spin while they wait cost several times the work on a busy machine
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # NumPy's products are small here: to start its threads takes longer than they save
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if count is not None:
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(at_most_cores(count))))
