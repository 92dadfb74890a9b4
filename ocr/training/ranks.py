"""The processes that train one model together, and sums over all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import MissingExtraError


@dataclass(frozen=True)
class Ranks:
    """One process among those that train together."""

    rank: int = 0  # number of this process
    world: int = 1  # number of processes

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and prints."""
        return self.rank == 0

    def part(self, batch: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the indices of a batch that are this process's; none of a batch that is too small.

        Examples
        --------
        >>> Ranks(1, 2).part(np.arange(5))
        array([1, 3])
        """
        return batch[self.rank :: self.world]

    def total(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the sum of an array over all processes, bit for bit the same in each."""
        if self.world == 1:
            return values
        import torch
        import torch.distributed

        tensor = torch.from_numpy(values.copy())
        torch.distributed.all_reduce(tensor)
        return np.asarray(tensor.numpy())

    def mean(self, value: float) -> float:
        """Return the mean of a number over all processes."""
        return float(self.total(np.array([value], np.float64))[0]) / self.world


ALONE = Ranks()


def world_size() -> int:
    """Return how many processes `torchrun` has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def join_processes() -> Iterator[Ranks]:
    """Connect to the other processes that `torchrun` has started, and disconnect at the end."""
    if world_size() == 1:
        yield ALONE
        return
    try:
        import torch.distributed
    except ModuleNotFoundError as error:
        raise MissingExtraError("training in several processes", "torch") from error

    torch.distributed.init_process_group("gloo")
    try:
        yield Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size())
    finally:
        torch.distributed.destroy_process_group()
