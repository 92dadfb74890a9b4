"""Label connected components by the horizontal runs of a mask.

He, Chao and Suzuki 2008, "A run-based two-scan labeling algorithm", with the equivalences
solved by pointer jumping on whole arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """Horizontal runs of ink in reading order: row y, columns start..stop-1, int64 [n]."""

    y: Ints
    start: Ints
    stop: Ints


def find_runs(mask: NDArray[np.bool_]) -> Runs:
    """Return the horizontal runs of a mask [h, w]."""
    height, width = mask.shape
    steps = np.zeros((height, width + 1), np.bool_)
    steps[:, 0] = mask[:, 0]
    steps[:, -1] = mask[:, -1]
    np.not_equal(mask[:, 1:], mask[:, :-1], out=steps[:, 1:-1])
    y, x = np.divmod(np.flatnonzero(steps), width + 1)
    return Runs(y[::2], x[::2], x[1::2])


def label_runs(runs: Runs, *, branching: bool = True) -> tuple[NDArray[np.int32], int]:
    """Number the components that runs form by touching at sides or corners.

    Without branching a component ends where its run touches two of the next row.

    Returns
    -------
    numbers : ndarray, int32 [n]
        Component of each run, 0 to count - 1 in the order of their first runs.
    count : int
    """
    upper, lower = _touching_pairs(runs)
    if not branching:
        alone = (np.bincount(upper)[upper] == 1) & (np.bincount(lower)[lower] == 1)
        upper, lower = upper[alone], lower[alone]
    roots = _connect(len(runs.y), upper, lower)
    is_first = roots == np.arange(len(roots))  # a root is the first run of its component
    numbers = np.cumsum(is_first, dtype=np.int32) - 1
    return numbers[roots], int(is_first.sum())


def _touching_pairs(runs: Runs) -> tuple[Ints, Ints]:
    """Return the pairs of runs of neighboring rows that touch."""
    # pixels are numbered row by row, so that one search serves the whole page
    width = int(runs.stop.max(initial=0)) + 2
    starts, stops = runs.y * width + runs.start, runs.y * width + runs.stop
    first = np.searchsorted(stops, starts - width, side="left")  # ends after our start
    last = np.searchsorted(starts, stops - width, side="right")  # starts before our end
    counts = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(len(counts)), counts)
    upper = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(len(lower))
    near = runs.y[upper] == runs.y[lower] - 1
    return upper[near], lower[near]


def _connect(count: int, one: Ints, other: Ints) -> Ints:
    """Return the smallest node each of `count` nodes is connected with, given pairs of them."""
    root = np.arange(count)
    while len(one):
        low, high = np.minimum(root[one], root[other]), np.maximum(root[one], root[other])
        apart = low != high
        if not apart.any():
            break
        one, other, low, high = one[apart], other[apart], low[apart], high[apart]
        np.minimum.at(root, high, low)
        while (root[root] != root).any():
            root = root[root]
    return root


def paint_runs(runs: Runs, values: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return an image in which each run has its value, and the rest is 0."""
    height, width = shape
    lengths = runs.stop - runs.start
    ends = np.cumsum(lengths)
    places = np.repeat(runs.y * width + runs.start - ends + lengths, lengths)
    image = np.zeros(height * width, np.int32)
    image[places + np.arange(len(places))] = np.repeat(values, lengths)
    return image.reshape(shape)


def bounding_boxes(runs: Runs, numbers: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Return left, top, right, bottom (half-open) of each component, int32 [count, 4]."""
    boxes = np.empty((4, count), np.int64)
    boxes[:2], boxes[2:] = np.iinfo(np.int32).max, 0
    np.minimum.at(boxes[0], numbers, runs.start)
    np.minimum.at(boxes[1], numbers, runs.y)
    np.maximum.at(boxes[2], numbers, runs.stop)
    np.maximum.at(boxes[3], numbers, runs.y + 1)
    return boxes.T.astype(np.int32)
