"""Draw views in worker processes, in an order that the seed and the number of workers determine.

Worker w of W draws the views w, w + W, w + 2 W ... Each has a few slots of shared memory that it
fills in turn and that the trainer empties in turn.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ocr.drawing.materials import Materials
from ocr.drawing.records import Bytes, Layout
from ocr.drawing.view import draw_views
from ocr.errors import DataError

SLOTS = 8  # views that a worker draws ahead, 0.6 MB each
TIMEOUT = 1.0  # s after which a waiting process looks whether the other one still runs
HELD_OUT_SEED = 0  # whatever the seed of a run is, so that runs can be compared


@dataclass(frozen=True)
class Work:
    """What workers draw: first `held_out_views` from `held_out`, then others from `training`.

    `first` is the number of the first training view; `workers` divides `held_out_views`.
    """

    training: Materials
    held_out: Materials
    held_out_views: int
    layout: Layout
    workers: int
    seed: int
    first: int = 0


class Workers:
    """Processes that draw views until they are closed."""

    def __init__(self, work: Work) -> None:
        self.work = work
        context = multiprocessing.get_context("spawn")  # a fork would copy torch's locked threads
        # not a named segment of /dev/shm, which may be small, and which a kill would leave behind
        self._memory = context.RawArray("B", work.workers * SLOTS * work.layout.bytes)
        self._empty = [context.Semaphore(SLOTS) for _ in range(work.workers)]
        self._full = [context.Semaphore(0) for _ in range(work.workers)]
        self._errors = context.SimpleQueue()
        self._taken = [0] * work.workers
        numbers = itertools.chain(range(work.held_out_views), itertools.count(work.first))
        self._order = (number % work.workers for number in numbers)
        self._processes = [
            context.Process(
                target=_draw, daemon=True,
                args=(work, i, self._memory, self._empty[i], self._full[i], self._errors),
            )
            for i in range(work.workers)
        ]  # fmt: skip
        for process in self._processes:
            process.start()

    def take(self, out: Bytes) -> None:
        """Fill `out`, uint8 [N, bytes], with the next views as soon as they are drawn.

        Raises DataError if a worker cannot go on.
        """
        slots = _as_slots(self._memory, self.work)
        for record in out:
            worker = next(self._order)
            while not self._full[worker].acquire(timeout=TIMEOUT):
                if not self._processes[worker].is_alive():
                    error = "it was killed" if self._errors.empty() else self._errors.get()
                    raise DataError(f"a process that draws pages ended: {error}")
            record[:] = slots[worker, self._taken[worker] % SLOTS]
            self._taken[worker] += 1
            self._empty[worker].release()

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()


def _as_slots(memory: Any, work: Work) -> Bytes:
    """Return shared memory as an array, uint8 [workers, SLOTS, bytes]."""
    return np.frombuffer(memory, np.uint8).reshape(work.workers, SLOTS, work.layout.bytes)


def _draw(work: Work, worker: int, memory: Any, empty: Any, full: Any, errors: Any) -> None:
    """Draw one worker's views into its slots until the process is killed, or its parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer ends its workers
    if hasattr(os, "nice"):
        os.nice(5)  # the trainer comes first
    cv2.setNumThreads(0)
    slots = _as_slots(memory, work)[worker]
    parent = multiprocessing.parent_process()
    size = work.layout.size
    first = len(range(worker, work.first, work.workers))
    try:
        views = itertools.chain(
            itertools.islice(
                draw_views(work.held_out, seed=(0, HELD_OUT_SEED, worker), size=size),
                work.held_out_views // work.workers,
            ),
            draw_views(work.training, seed=(1, work.seed, worker), size=size, first=first),
        )
        for number, view in enumerate(views):
            while not empty.acquire(timeout=TIMEOUT):
                if parent is not None and not parent.is_alive():
                    return
            work.layout.pack(view, slots[number % SLOTS])
            full.release()
    except Exception as error:
        errors.put(f"{type(error).__name__}: {error}")
