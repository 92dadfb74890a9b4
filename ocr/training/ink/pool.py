"""The latest drawn views, on the device, from which batches are made.

Every few steps a batch of new views takes the place of the oldest ones, so that each is used
about `REUSE` times. What the pool holds at a step depends on the number of the step alone.
"""

from __future__ import annotations

from random import Random

import torch

from ocr.drawing.materials import Materials
from ocr.drawing.records import Layout
from ocr.drawing.workers import Work, Workers
from ocr.training.ink.batches import Batch, augment, plain_batch

REUSE = 4  # steps for each batch of new views; drawing takes as long as so many steps on a GPU
CAPACITY = 16  # batches; a resumed run draws so many again
AT_FIRST = 4  # batches before the first step
HELD_OUT = 128  # views


class Pool:
    """Views for the steps of a run from the number `step` on; close it at the end."""

    def __init__(
        self, training: Materials, held_out: Materials, *, size: int, batch_size: int,
        workers: int, seed: int, step: int, device: torch.device,
    ) -> None:  # fmt: skip
        self.layout = Layout(size)
        self.batch_size = batch_size
        self._seed, self._generator = seed, torch.Generator(device)
        self.batches = max(0, count_batches(step) - CAPACITY)  # number of those taken so far
        share = -(-HELD_OUT // workers)  # of each worker
        self._workers = Workers(
            Work(
                training, held_out, share * workers, self.layout, workers, seed,
                first=self.batches * batch_size,
            )
        )  # fmt: skip
        self._new = torch.empty(
            (max(batch_size, share * workers), self.layout.bytes),
            dtype=torch.uint8,
            pin_memory=device.type == "cuda",  # several times as fast to copy
        )
        self.held_out = self._take(share * workers).to(device, copy=True)[:HELD_OUT]
        self.records = torch.zeros(
            (CAPACITY * batch_size, self.layout.bytes), dtype=torch.uint8, device=device
        )
        self.refill(step)

    def refill(self, step: int) -> None:
        """Add the views that a step needs; wait until they are drawn."""
        while self.batches < count_batches(step):
            start = self.batches % CAPACITY * self.batch_size
            self.records[start : start + self.batch_size].copy_(self._take(self.batch_size))
            self.batches += 1

    def batch(self, number: int, size: int) -> Batch:
        """Return a batch of augmented views of `size` px, chosen at random.

        One of the same number is the same, as long as the pool is.
        """
        dice = Random(f"{self._seed} {number}")
        self._generator.manual_seed(dice.getrandbits(60))
        chosen = torch.randint(
            min(self.batches, CAPACITY) * self.batch_size, (self.batch_size,),
            device=self.records.device, generator=self._generator,
        )  # fmt: skip
        batch = plain_batch(self.records[chosen], self.layout)
        return augment(batch, size, dice, self._generator)

    def _take(self, count: int) -> torch.Tensor:
        self._workers.take(self._new[:count].numpy())
        return self._new[:count]

    def close(self) -> None:
        """End the processes that draw."""
        self._workers.close()


def count_batches(step: int) -> int:
    """Return how many batches of views are drawn before a step."""
    return AT_FIRST + step // REUSE
