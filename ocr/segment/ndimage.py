"""The part of scipy.ndimage that reading needs, on NumPy alone.

Importing scipy.ndimage takes 0.29 s, longer than reading a page. Names and results are scipy's
with `mode="nearest"`; arrays have two axes, windows are square, and pixels connect at corners too.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr.segment.runs import find_runs, label_runs, paint_runs

Array = TypeVar("Array", bound=NDArray[np.generic])
Gray = NDArray[np.float32]
Mask = NDArray[np.bool_]


def median(values: NDArray[Any]) -> float:
    """Median of at least one value; `np.median` imports masked arrays, which takes 8 ms.

    Examples
    --------
    >>> median(np.array([3, 1, 9])), median(np.array([[3, 1], [9, 4]]))
    (3.0, 3.5)
    """
    upper = values.size // 2
    lower = (values.size - 1) // 2
    ordered = np.partition(values, [lower, upper], axis=None)
    return (float(ordered[lower]) + float(ordered[upper])) / 2


def maximum_filter(image: Array, size: int) -> Array:
    """Largest value in a window around each pixel.

    Examples
    --------
    >>> maximum_filter(np.array([[0, 0, 5, 0, 0]]), 3).tolist()
    [[0, 5, 5, 5, 0]]
    """
    return maximum_filter1d(_filter_axis(image, size, 1, np.maximum), size, axis=0)


def maximum_filter1d(image: Array, size: int, *, axis: int) -> Array:
    """Largest value in a window along one axis."""
    return _filter_axis(image, size, axis, np.maximum)


def minimum_filter(image: Array, size: int) -> Array:
    """Smallest value in a window around each pixel."""
    return _filter_axis(_filter_axis(image, size, 0, np.minimum), size, 1, np.minimum)


def _filter_axis(image: Array, size: int, axis: int, choose: np.ufunc) -> Array:
    """Return the running maximum or minimum along an axis, by doubling: log2(size) passes."""
    moved = np.moveaxis(np.pad(image, _padding(size, axis), mode="edge"), axis, 0)
    covered = 1
    while covered < size:
        step = min(covered, size - covered)
        moved = choose(moved[: len(moved) - step], moved[step:])
        covered += step
    return np.moveaxis(moved, 0, axis)  # type: ignore[return-value]


def uniform_filter(image: Gray, size: int) -> Gray:
    """Mean over a window around each pixel.

    Examples
    --------
    >>> uniform_filter(np.array([[0, 0, 3, 0, 0]], np.float32), 3).tolist()
    [[0.0, 1.0, 1.0, 1.0, 0.0]]
    """
    return uniform_filter1d(uniform_filter1d(image, size, axis=0), size, axis=1)


def uniform_filter1d(image: Gray, size: int, *, axis: int) -> Gray:
    """Mean over a window along one axis."""
    padded = np.pad(image, _padding(size, axis, extra=1), mode="edge")
    sums = np.moveaxis(np.cumsum(padded, axis=axis, dtype=np.float64), axis, 0)
    means = ((sums[size:] - sums[:-size]) / size).astype(np.float32)
    return np.moveaxis(means, 0, axis)


def _padding(size: int, axis: int, extra: int = 0) -> list[tuple[int, int]]:
    """Return how far a window reaches beyond each end of both axes."""
    padding = [(0, 0), (0, 0)]
    padding[axis] = (size // 2 + extra, (size - 1) // 2)
    return padding


def label(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """Number the connected components of a mask.

    Returns
    -------
    labels : ndarray, int32 [h, w]
        0 outside the mask, else 1 to count, in the order of the components' first pixels.
    count : int

    Examples
    --------
    >>> label(np.array([[1, 0, 0, 1], [0, 1, 0, 1]], bool))[0].tolist()
    [[1, 0, 0, 2], [0, 1, 0, 2]]
    """
    runs = find_runs(mask)
    numbers, count = label_runs(runs)
    return paint_runs(runs, numbers + 1, mask.shape), count
