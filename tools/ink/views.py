"""Views of pages, drawn by worker processes and kept in one tensor where the training runs.

A view is one row of bytes, so that a batch is one indexing of the pool. Each worker has a
few slots of shared memory: it fills the empty ones, the trainer empties the full ones.
A worker that dies is started again with another seed.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from tools.ink.drawing import View

SLOTS = 12  # views that a worker draws ahead
EMPTY, TRAINING, HELD_OUT = 0, 1, 2  # what is in a slot
HEIGHT_STEPS = 32  # steps of the stored height for each doubling: 2 % each
MOST_RESTARTS = 50  # of dead workers, altogether
BAD_VIEWS = 20  # errors in a row after which a worker ends

Bytes = NDArray[np.uint8]


Draw = Callable[[np.random.Generator], "View"]
Split = Literal["train", "held_out"]
Open = Callable[[Split], Draw]


class Layout(NamedTuple):
    """Where each map lies in the bytes of a view of `size` x `size` pixels."""

    size: int

    @property
    def parts(self) -> dict[str, tuple[slice, int]]:
        """Place in the record and side of each map, by name."""
        parts, start = {}, 0
        sides = {"gray": 1, "ink": 1, "rule": 1, "valid": 1, "core": 2, "height": 8}
        for name, divisor in sides.items():
            side = self.size // divisor
            parts[name] = slice(start, start + side * side), side
            start += side * side
        return parts

    @property
    def bytes(self) -> int:
        """Length of a record; its last byte tells whether the view shows which side is up."""
        return self.size**2 * 4 + (self.size // 2) ** 2 + (self.size // 8) ** 2 + 1

    def pack(self, view: View, out: Bytes) -> None:
        """Write a view into a record, uint8 [bytes]."""
        for name, (place, side) in self.parts.items():
            values = getattr(view, name)
            if values.shape != (side, side):
                raise ValueError(f"{name} is {values.shape}, expected {side} x {side}")
            out[place] = (coded_height(values) if name == "height" else values).ravel()
        out[-1] = view.turn == 0

    def maps(self, records: Tensor, name: str) -> Tensor:
        """One map of some records, uint8 [N, bytes], as uint8 [N, 1, side, side]."""
        place, side = self.parts[name]
        return records[:, place].reshape(len(records), 1, side, side)


def coded_height(height: NDArray[np.float32]) -> Bytes:
    """Height in px as a byte: 1 + 32 log2(height), 0 for none.

    Examples
    --------
    >>> coded_height(np.array([0, 1, 16], np.float32)).tolist()
    [0, 1, 129]
    """
    code = 1 + HEIGHT_STEPS * np.log2(np.maximum(height, 1))
    return np.where(height > 0, np.clip(code.round(), 1, 255), 0).astype(np.uint8)


class Pool:
    """The latest views, on the device; older ones make room for newer ones.

    Parameters
    ----------
    layout : Layout
    capacity : int
        Most training views that are kept.
    held_out : int
        Views that are kept apart, the first ones of each worker.
    workers : int
    opener : callable
        Called in a worker with the name of a split; returns the function that draws.
    seed : int
    device : torch.device
    """

    def __init__(
        self, layout: Layout, *, capacity: int, held_out: int, workers: int, opener: Open,
        seed: int, device: torch.device,
    ) -> None:  # fmt: skip
        self.layout, self.device = layout, device
        self._opener, self._seed = opener, seed
        self._context = multiprocessing.get_context("fork")
        self._slots = _shared((workers, SLOTS, layout.bytes))
        self._states = _shared((workers, SLOTS))
        self._share = -(-held_out // workers)  # held-out views of each worker
        self.restarts = 0
        self.drawn = 0  # training views so far
        self._processes = [self._start(i) for i in range(workers)]
        # the device is first touched after the workers were forked
        self.records = torch.zeros((capacity, layout.bytes), dtype=torch.uint8, device=device)
        self.held_out = torch.zeros(
            (self._share * workers, layout.bytes), dtype=torch.uint8, device=device
        )
        self.held = 0

    @property
    def filled(self) -> int:
        """Training views in the pool."""
        return min(self.drawn, len(self.records))

    def collect(self) -> int:
        """Move the views that were drawn since the last call to the device; how many."""
        full = np.argwhere(self._states != EMPTY)
        if not len(full):
            return 0
        kinds = self._states[tuple(full.T)]
        records = self._slots[tuple(full.T)]
        for kind in (TRAINING, HELD_OUT):
            if (kinds == kind).any():
                self._store(torch.from_numpy(records[kinds == kind]).to(self.device), kind)
        self._states[tuple(full.T)] = EMPTY
        return len(full)

    def _store(self, records: Tensor, kind: int) -> None:
        count = len(records)
        if kind == TRAINING:
            places = torch.arange(self.drawn, self.drawn + count) % len(self.records)
            self.records[places.to(self.device)] = records
            self.drawn += count
        elif self.held < len(self.held_out):
            records = records[: len(self.held_out) - self.held]
            self.held_out[self.held : self.held + len(records)] = records
            self.held += len(records)

    def wait_for(self, count: int, *, held_out: bool, seconds: float) -> None:
        """Wait until so many views were drawn, and all that are kept apart, or time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.collect()
            self.restart_dead()
            ready = not held_out or self.held == len(self.held_out)
            if self.filled >= count and ready:
                return
            time.sleep(0.02)

    def restart_dead(self) -> None:
        """Start workers that ended again."""
        for i, process in enumerate(self._processes):
            if not process.is_alive() and self.restarts < MOST_RESTARTS:
                self.restarts += 1
                self._processes[i] = self._start(i)

    def alive(self) -> int:
        """Workers that are running."""
        return sum(process.is_alive() for process in self._processes)

    def close(self) -> None:
        """End the workers."""
        for process in self._processes:
            process.kill()

    def _start(self, worker: int) -> Any:
        seed = (self._seed, worker, self.restarts)
        held = self._share if self.restarts == 0 else 0
        process = self._context.Process(
            target=_draw_forever, daemon=True,
            args=(self._opener, self.layout, seed, held, self._slots[worker], self._states[worker]),
        )  # fmt: skip
        process.start()
        return process


def _shared(shape: tuple[int, ...]) -> Bytes:
    """Zeros that forked processes share; anonymous, as /dev/shm may be small."""
    memory = mmap.mmap(-1, int(np.prod(shape)))
    return np.frombuffer(memory, np.uint8).reshape(shape)


def _draw_forever(
    opener: Open, layout: Layout, seed: tuple[int, ...], held: int, slots: Bytes, states: Bytes
) -> None:
    """Fill empty slots: first the views that are kept apart, then views to train on."""
    parent = os.getppid()
    os.nice(5)  # the trainer comes first
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(0)
    rng = np.random.default_rng([1, *seed])
    draw, kind, errors = opener("held_out" if held else "train"), TRAINING, 0
    if held:
        rng, kind = np.random.default_rng([2, *seed]), HELD_OUT
    while os.getppid() == parent:
        empty = np.flatnonzero(states == EMPTY)
        if not len(empty):
            time.sleep(0.005)
            continue
        try:
            layout.pack(draw(rng), slots[empty[0]])
        except Exception:
            errors += 1
            if errors <= 3:
                traceback.print_exc()
            if errors > BAD_VIEWS:
                raise
            continue
        errors = 0
        states[empty[0]] = kind
        if kind == HELD_OUT:
            held -= 1
            if held == 0:
                rng, kind = np.random.default_rng([1, *seed]), TRAINING
                draw = opener("train")


def open_pack(pack: Path, size: int) -> Open:
    """Views drawn by `tools.ink.drawing` from a pack of hands, fonts and pictures."""

    def opener(split: Split) -> Draw:
        from tools.ink.drawing import Sources, draw_view

        sources = Sources.load(pack, split=split)
        return lambda rng: draw_view(rng, sources, size=size)

    return opener
