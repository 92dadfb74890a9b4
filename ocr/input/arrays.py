"""Images given as Python objects: arrays, Pillow images, bytes, open files and paths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.errors import ImageError
from ocr.input import loading
from ocr.input.page_image import MAX_PIXELS, PageImage
from ocr.input.page_numbers import PageNumbers

#: What can be read: a file, its content, an open file, pixels, or a Pillow image.
Source: TypeAlias = (
    str | Path | bytes | bytearray | memoryview | BinaryIO | NDArray[Any] | Image.Image
)

SUPPORTED_VALUES = "(give uint8, bool, or floats from 0 to 1)"


def load_pages(
    source: Source, *, select: PageNumbers | None = None, max_pixels: int = MAX_PIXELS
) -> Iterator[PageImage]:
    """Yield the pages of any source; see `ocr.input.loading.pages`."""
    if isinstance(source, np.ndarray):
        source = image_from_array(source)
    if isinstance(source, Image.Image):
        if select is not None:
            select.check(1, "the picture")
        yield loading.load_image(source, max_pixels=max_pixels)
        return
    if isinstance(source, (bytearray, memoryview)):
        source = bytes(source)
    if not isinstance(source, (str, Path, bytes)) and not hasattr(source, "read"):
        raise ImageError(
            f"cannot read a {type(source).__name__} (give a path, bytes, a binary file, "
            "an array or a Pillow image)"
        )
    yield from loading.pages(source, select=select, max_pixels=max_pixels)


def image_from_array(array: NDArray[Any]) -> Image.Image:
    """Convert an array of uint8, bool or fractions, gray [h, w], RGB or RGBA, to a Pillow image.

    >>> image_from_array(np.array([[0.0, 1.0]])).getpixel((1, 0))
    255
    """
    shape = array.shape
    is_gray, is_color = len(shape) == 2, len(shape) == 3 and shape[2] in (3, 4)
    if 0 in shape or not (is_gray or is_color):
        sides = ", ".join(map(str, shape))
        raise ImageError(
            f"cannot read an array of shape [{sides}] (give [h, w], [h, w, 3] or [h, w, 4])"
        )
    if array.dtype == np.uint8:
        return Image.fromarray(array)
    if array.dtype == bool:
        return Image.fromarray(np.where(array, np.uint8(255), np.uint8(0)))
    if np.issubdtype(array.dtype, np.floating):
        return Image.fromarray(_bytes_from_fractions(array))
    raise ImageError(f"cannot read an array of {array.dtype} {SUPPORTED_VALUES}")


def _bytes_from_fractions(array: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # NaN is refused as well
        raise ImageError(
            f"cannot read an array of floats from {low:g} to {high:g} {SUPPORTED_VALUES}"
        )
    pixels: NDArray[np.uint8] = np.rint(array * 255).astype(np.uint8)
    return pixels
