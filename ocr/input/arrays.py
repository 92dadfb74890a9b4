"""Arrays of pixels as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.errors import ImageError

WANTED = "(give uint8, bool, or floats from 0 to 1)"


def picture_of(array: NDArray[Any]) -> Image.Image:
    """Picture of an array of pixels.

    Parameters
    ----------
    array : ndarray, uint8, bool or float, [h, w], [h, w, 3] or [h, w, 4]
        Grey, RGB or RGBA; black is 0 or False, white is 255, True or 1.0.

    Raises
    ------
    ImageError
        If its shape, type or values are others.

    Examples
    --------
    >>> picture_of(np.array([[0.0, 1.0]])).getpixel((1, 0))
    255
    """
    _check_shape(array.shape)
    if array.dtype == np.uint8:
        return Image.fromarray(array)
    if array.dtype == bool:
        return Image.fromarray(np.where(array, np.uint8(255), np.uint8(0)))
    if np.issubdtype(array.dtype, np.floating):
        return Image.fromarray(_from_fractions(array))
    raise ImageError(f"cannot read an array of {array.dtype} {WANTED}")


def _check_shape(shape: tuple[int, ...]) -> None:
    is_gray, is_colour = len(shape) == 2, len(shape) == 3 and shape[2] in (3, 4)
    if 0 in shape or not (is_gray or is_colour):
        sides = ", ".join(map(str, shape))
        raise ImageError(
            f"cannot read an array of shape [{sides}] (give [h, w], [h, w, 3] or [h, w, 4])"
        )


def _from_fractions(array: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # true of NaN, too
        raise ImageError(f"cannot read an array of floats from {low:g} to {high:g} {WANTED}")
    pixels: NDArray[np.uint8] = np.rint(array * 255).astype(np.uint8)
    return pixels
