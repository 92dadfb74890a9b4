"""Make images smaller by averaging blocks, and larger bilinearly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = TypeVar("Array", bound=NDArray[np.generic])
Gray = NDArray[np.float32]

ROWS_PER_STRIP = 32  # the intermediate values of so many rows stay in the processor's cache


def reduce_blocks(image: NDArray[Any], factor: int) -> Gray:
    """Mean of each block of factor × factor pixels; a remainder at the far borders is left out."""
    if factor < 2 or min(image.shape) < factor:
        return image.astype(np.float32)
    height, width = (n // factor for n in image.shape)
    # whole rows are added, then whole columns: NumPy's sums over short axes are far slower
    sum_type = np.uint16 if image.dtype in (np.uint8, np.bool_) and factor < 256 else np.float32
    sums: NDArray[Any] = image[: height * factor : factor].astype(sum_type)
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


def resize_mask(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Scale a mask to a shape, bilinearly."""
    return resize(mask * np.uint8(255), shape) > 127


def enlarge_by_strips(image: Gray, shape: tuple[int, ...]) -> Iterator[tuple[slice, Gray]]:
    """Scale up to a shape, bilinearly, one strip of rows at a time; the caller may overwrite it.

    Examples
    --------
    >>> [(rows, strip)] = enlarge_by_strips(np.array([[0], [4]], np.float32), (4, 1))
    >>> strip.ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    wide = resize(image, (len(image), shape[1]))
    positions = (np.arange(shape[0]) + 0.5) * (len(image) / shape[0]) - 0.5
    positions = np.clip(positions, 0, len(image) - 1)
    above = positions.astype(np.intp)
    below = np.minimum(above + 1, len(image) - 1)
    weight = (positions - above).astype(np.float32)[:, None]
    for start in range(0, shape[0], ROWS_PER_STRIP):
        rows = slice(start, start + ROWS_PER_STRIP)
        upper, strip = wide[above[rows]], wide[below[rows]]
        strip -= upper
        strip *= weight[rows]
        strip += upper
        yield rows, strip


def scale_image(gray: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Scale an image by a factor: averaged if it gets much smaller, else bicubic."""
    shape = tuple(max(1, round(n * scale)) for n in gray.shape)
    if shape == gray.shape:
        return gray
    method = Image.Resampling.BOX if scale <= 0.5 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(gray).resize((shape[1], shape[0]), method))
