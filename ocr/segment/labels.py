"""Connected components by runs: the horizontal runs of ink that touch are one component.

He, Chao and Suzuki 2008, "A run-based two-scan labeling algorithm", with the equivalences
solved by pointer jumping on whole arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Runs(NamedTuple):
    """Horizontal runs of ink in reading order: row y, columns start..stop-1, int64 [n]."""

    y: Ints
    start: Ints
    stop: Ints


def label(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Number the parts of a mask that hang together, diagonals included.

    Parameters
    ----------
    mask : ndarray, bool [h, w]

    Returns
    -------
    labels : ndarray, int32 [h, w]
        0 outside the mask, else 1 to count, in the order of the parts' first pixels.
    count : int

    Examples
    --------
    >>> label(np.array([[1, 0, 0, 1], [0, 1, 0, 1]], bool))[0].tolist()
    [[1, 0, 0, 2], [0, 1, 0, 2]]
    """
    runs = find_runs(mask)
    parts, count = numbered(runs)
    return paint(runs, parts + 1, mask.shape), count


def numbered(runs: Runs) -> tuple[NDArray[np.int32], int]:
    """Part of each run, 0 to count - 1 in the order of their first runs, and the count."""
    roots = connect(len(runs.y), *touching(runs))
    first = roots == np.arange(len(roots))  # a root is the first run of its part
    numbers = np.cumsum(first, dtype=np.int32) - 1
    return numbers[roots], int(first.sum())


def find_runs(mask: NDArray[np.bool_]) -> Runs:
    """Horizontal runs of a mask."""
    height, width = mask.shape
    steps = np.zeros((height, width + 1), np.bool_)
    steps[:, 0] = mask[:, 0]
    steps[:, -1] = mask[:, -1]
    np.not_equal(mask[:, 1:], mask[:, :-1], out=steps[:, 1:-1])
    y, x = np.divmod(np.flatnonzero(steps), width + 1)
    return Runs(y[::2], x[::2], x[1::2])


def touching(runs: Runs) -> tuple[Ints, Ints]:
    """Pairs of runs of neighbouring rows that touch at a side or a corner."""
    # one number a place, row by row, so that one search serves the whole page
    width = int(runs.stop.max(initial=0)) + 2
    starts, stops = runs.y * width + runs.start, runs.y * width + runs.stop
    first = np.searchsorted(stops, starts - width, side="left")  # ends at or after our start
    last = np.searchsorted(starts, stops - width, side="right")  # starts at or before our end
    counts = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(len(counts)), counts)
    upper = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(len(lower))
    near = runs.y[upper] == runs.y[lower] - 1
    return upper[near], lower[near]


def connect(count: int, one: Ints, other: Ints) -> Ints:
    """Smallest member of each of `count` nodes' parts, given the pairs that are connected."""
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


def paint(runs: Runs, values: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Image in which each run has its value, and the rest is 0."""
    height, width = shape
    lengths = runs.stop - runs.start
    ends = np.cumsum(lengths)
    places = np.repeat(runs.y * width + runs.start - ends + lengths, lengths)
    image = np.zeros(height * width, np.int32)
    image[places + np.arange(len(places))] = np.repeat(values, lengths)
    return image.reshape(shape)


def bounding_boxes(labels: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Left, top, right, bottom of each part, half-open, int32 [count, 4]."""
    runs = find_runs(labels > 0)
    return boxes_of(runs, labels[runs.y, runs.start] - 1, count)


def boxes_of(runs: Runs, part: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Left, top, right, bottom of each part, given the part of each run, int32 [count, 4]."""
    boxes = np.empty((4, count), np.int64)
    boxes[:2], boxes[2:] = np.iinfo(np.int32).max, 0
    np.minimum.at(boxes[0], part, runs.start)
    np.minimum.at(boxes[1], part, runs.y)
    np.maximum.at(boxes[2], part, runs.stop)
    np.maximum.at(boxes[3], part, runs.y + 1)
    return boxes.T.astype(np.int32)


def fill_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask with every hole filled that does not reach the border."""
    holes, count = label(~mask)
    rim = np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])
    open_ = np.zeros(count + 1, np.bool_)
    open_[rim] = True
    return mask | ~open_[holes]
