"""The few image filters that reading needs, on plain arrays.

They stand here because importing scipy.ndimage takes as long as reading a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = TypeVar("Array", bound=NDArray[np.generic])
Gray = NDArray[np.float32]

STRIP = 32  # rows of a page, whose intermediate values stay in the processor's cache


def median(values: NDArray[Any]) -> float:
    """Middle of some values, at least one; `np.median` imports masked arrays, for 8 ms.

    Examples
    --------
    >>> median(np.array([3, 1, 9])), median(np.array([[3, 1], [9, 4]]))
    (3.0, 3.5)
    """
    upper = values.size // 2
    lower = (values.size - 1) // 2
    ordered = np.partition(values, [lower, upper], axis=None)
    return (float(ordered[lower]) + float(ordered[upper])) / 2


def maximum(image: Array, side: int) -> Array:
    """Largest value in a square window of odd side around each pixel; borders repeat.

    Examples
    --------
    >>> maximum(np.array([[0, 0, 5, 0, 0]]), 3).tolist()
    [[0, 5, 5, 5, 0]]
    """
    return _extreme(_extreme(image, side, 0, np.maximum), side, 1, np.maximum)


def minimum(image: Array, side: int) -> Array:
    """Smallest value in a square window of odd side around each pixel; borders repeat."""
    return _extreme(_extreme(image, side, 0, np.minimum), side, 1, np.minimum)


def _extreme(image: Array, side: int, axis: int, choose: np.ufunc) -> Array:
    """Running maximum or minimum along an axis, by doubling: log2(side) passes."""
    padding = [(0, 0)] * image.ndim
    padding[axis] = (side // 2, side // 2)
    moved = np.moveaxis(np.pad(image, padding, mode="edge"), axis, 0)
    covered = 1
    while covered < side:
        step = min(covered, side - covered)
        moved = choose(moved[: len(moved) - step], moved[step:])
        covered += step
    return np.moveaxis(moved, 0, axis)  # type: ignore[return-value]


def closing(image: Array, side: int) -> Array:
    """Fill what is darker than its surroundings and narrower than an odd side."""
    return minimum(maximum(image, side), side)


def box_mean(image: Gray, side: int) -> Gray:
    """Mean over a square window of odd side around each pixel; borders repeat.

    Examples
    --------
    >>> box_mean(np.array([[0, 0, 3, 0, 0]], np.float32), 3).tolist()
    [[0.0, 1.0, 1.0, 1.0, 0.0]]
    """
    half = side // 2
    for axis in (0, 1):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (half + 1, half)
        sums = np.cumsum(np.pad(image, padding, mode="edge"), axis=axis, dtype=np.float64)
        sums = np.moveaxis(sums, axis, 0)
        means = ((sums[side:] - sums[:-side]) / side).astype(np.float32)
        image = np.moveaxis(means, 0, axis)
    return image


def shrink(image: NDArray[Any], factor: int) -> Gray:
    """Mean of each block of factor × factor pixels; a remainder at the far borders is left."""
    if factor < 2 or min(image.shape) < factor:
        return image.astype(np.float32)
    height, width = (n // factor for n in image.shape)
    # whole rows are added, then whole columns: NumPy's sums over short axes are far slower
    small = image.dtype in (np.uint8, np.bool_) and factor < 256
    sums: NDArray[Any] = image[: height * factor : factor].astype(
        np.uint16 if small else np.float32
    )
    for i in range(1, factor):
        sums += image[i : height * factor : factor]
    means = sums[:, : width * factor : factor].astype(np.float32)
    for i in range(1, factor):
        means += sums[:, i : width * factor : factor]
    means /= np.float32(factor**2)
    return means


def resize(image: Array, shape: tuple[int, ...]) -> Array:
    """Scale to a shape, bilinearly."""
    if image.shape == shape:
        return image
    scaled = Image.fromarray(image).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(scaled)  # type: ignore[return-value]


def enlarged(image: Gray, shape: tuple[int, ...]) -> Iterator[tuple[slice, Gray]]:
    """Scale up to a shape, bilinearly, some rows at a time.

    Yields
    ------
    rows : slice
        Of the large image.
    strip : ndarray, float32 [n, w]
        Those rows; to be overwritten as one likes.

    Examples
    --------
    >>> [(rows, strip)] = enlarged(np.array([[0], [4]], np.float32), (4, 1))
    >>> strip.ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    wide = resize(image, (len(image), shape[1]))
    places = (np.arange(shape[0]) + 0.5) * (len(image) / shape[0]) - 0.5
    places = np.clip(places, 0, len(image) - 1)
    above = places.astype(np.intp)
    below = np.minimum(above + 1, len(image) - 1)
    share = (places - above).astype(np.float32)[:, None]
    for start in range(0, shape[0], STRIP):
        rows = slice(start, start + STRIP)
        upper, strip = wide[above[rows]], wide[below[rows]]
        strip -= upper
        strip *= share[rows]
        strip += upper
        yield rows, strip
