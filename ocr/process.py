"""Settings of Python and the C library for a process that reads and ends."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8  # of malloc.h
HEAP = 64 << 20  # bytes that the heap grows to at once, and keeps; what is not used is free
LARGE = 4 << 20  # bytes; larger arrays, for which NumPy itself asks for huge pages, go back
HUGE = 2 << 20  # bytes of a huge page

#: Where the libraries that compute look for how many threads they may use.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def hurry() -> None:
    """Save what Python and the C library do for processes that live long."""
    # most of what a command allocates lives as long as it does: looking through it finds nothing
    gc.set_threshold(50_000)
    in_own_process = threading.current_thread() is threading.main_thread()  # no guest's thread
    if sys.platform == "linux" and in_own_process:
        with contextlib.suppress(AttributeError, ImportError, OSError):  # no glibc, or no ctypes
            _enlarge_heap()


def _enlarge_heap() -> None:
    """Have glibc keep the memory it has freed, and the kernel give out its heap 2 MiB at a time.

    Given out by 4 KiB, to read a page takes 20,000 page faults, and a sixth of its time.
    """
    import ctypes  # NumPy does so too
    import mmap

    libc = ctypes.CDLL(None)
    libc.sbrk.restype = libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    libc.mallopt(M_ARENA_MAX, 1)  # threads share the heap
    libc.mallopt(M_MMAP_THRESHOLD, LARGE)
    libc.mallopt(M_TRIM_THRESHOLD, HEAP + LARGE)
    libc.mallopt(M_TOP_PAD, HEAP)
    start = -(-libc.sbrk(0) // HUGE) * HUGE
    libc.free(libc.malloc(HUGE))  # grows the heap
    libc.mallopt(M_TOP_PAD, HUGE)
    libc.madvise(start, max(libc.sbrk(0) - start, 0), mmap.MADV_HUGEPAGE)


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
