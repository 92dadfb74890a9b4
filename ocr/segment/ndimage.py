"""The part of scipy.ndimage that reading needs, on NumPy alone.

Importing scipy.ndimage takes 0.29 s, longer than reading a page. Names, argument order and
results are scipy's; arrays have two axes, and windows are square.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ocr.segment.runs import find_runs, label_runs, paint_runs

Array = TypeVar("Array", bound=NDArray[np.generic])
Gray = NDArray[np.float32]
Mask = NDArray[np.bool_]

EIGHT_NEIGHBORS = np.ones((3, 3), np.bool_)  # structure in which pixels touch at corners too
NUMPY_MODES: dict[str, Literal["symmetric", "edge"]] = {"reflect": "symmetric", "nearest": "edge"}


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
    """Largest value in a window around each pixel; the modes reflect and nearest agree.

    Examples
    --------
    >>> maximum_filter(np.array([[0, 0, 5, 0, 0]]), 3).tolist()
    [[0, 5, 5, 5, 0]]
    """
    return _filter_axis(_filter_axis(image, size, 0, np.maximum), size, 1, np.maximum)


def minimum_filter(image: Array, size: int) -> Array:
    """Smallest value in a window around each pixel; the modes reflect and nearest agree."""
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


def grey_closing(image: Array, size: int) -> Array:
    """Fill what is darker than its surroundings and narrower than an odd window."""
    return minimum_filter(maximum_filter(image, size), size)


def uniform_filter(
    image: Gray, size: int = 3, *, mode: Literal["reflect", "nearest"] = "reflect"
) -> Gray:
    """Mean over a window around each pixel.

    Examples
    --------
    >>> uniform_filter(np.array([[0, 0, 3, 0, 0]], np.float32)).tolist()
    [[0.0, 1.0, 1.0, 1.0, 0.0]]
    """
    for axis in (0, 1):
        padded = np.pad(image, _padding(size, axis, extra=1), mode=NUMPY_MODES[mode])
        sums = np.moveaxis(np.cumsum(padded, axis=axis, dtype=np.float64), axis, 0)
        means = ((sums[size:] - sums[:-size]) / size).astype(np.float32)
        image = np.moveaxis(means, 0, axis)
    return image


def _padding(size: int, axis: int, extra: int = 0) -> list[tuple[int, int]]:
    """Return how far a window reaches beyond each end of both axes."""
    padding = [(0, 0), (0, 0)]
    padding[axis] = (size // 2 + extra, (size - 1) // 2)
    return padding


def label(mask: Mask, structure: ArrayLike | None = None) -> tuple[NDArray[np.int32], int]:
    """Number the connected components of a mask.

    Parameters
    ----------
    mask : ndarray, bool [h, w]
    structure : ndarray, bool [3, 3], optional
        `EIGHT_NEIGHBORS` if pixels connect at corners too; by default they connect at sides.

    Returns
    -------
    labels : ndarray, int32 [h, w]
        0 outside the mask, else 1 to count, in the order of the components' first pixels.
    count : int

    Examples
    --------
    >>> label(np.array([[1, 0, 0, 1], [0, 1, 0, 1]], bool), EIGHT_NEIGHBORS)[0].tolist()
    [[1, 0, 0, 2], [0, 1, 0, 2]]
    """
    runs = find_runs(mask)
    numbers, count = label_runs(runs, corners=structure is not None and bool(np.all(structure)))
    return paint_runs(runs, numbers + 1, mask.shape), count


def binary_fill_holes(mask: Mask, structure: ArrayLike | None = None) -> Mask:
    """Fill every hole that is not connected, by the structure, with the border."""
    holes, count = label(~mask, structure)
    is_open = np.zeros(count + 1, np.bool_)
    is_open[np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])] = True
    return mask | ~is_open[holes]
