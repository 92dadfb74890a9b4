"""Limit the number of threads that numeric libraries use."""

from __future__ import annotations

import os

#: Environment variables from which OpenMP, OpenBLAS and MKL take their number of threads.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def at_most_cores(threads: int) -> int:
    """Limit a number of threads to that of the cores: some libraries start all they may use."""
    return min(threads, os.cpu_count() or 1)


def use_threads(count: int | None) -> None:
    """Limit the threads of numeric libraries; call it before they are imported.

    With None the classifier may use every core. Values that the user has set are kept then.
    """
    # OpenMP's threads spin while they wait, which on a busy machine costs more than the work
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # NumPy multiplies small matrices here: starting OpenBLAS's threads takes longer than that
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if count is not None:
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(at_most_cores(count))))
