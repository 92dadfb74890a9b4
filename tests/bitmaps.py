"""Small pictures written as text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.input.page_image import PageImage
from ocr.segment import FoundInk, SegmentedPage, arrange
from ocr.segment.components import Ink, find_components


def bitmap(drawing: str) -> NDArray[np.bool_]:
    """Mask [h, w] of the words of a text: ``#`` is ink, short rows end in paper."""
    rows = drawing.split()
    width = max(len(row) for row in rows)
    return np.array([[c == "#" for c in row.ljust(width, ".")] for row in rows])


def enlarged(mask: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    """Each pixel as a square of pixels."""
    return mask.repeat(times, 0).repeat(times, 1)


def segmented(mask: NDArray[np.bool_]) -> SegmentedPage:
    """Rows of a mask, in which all components are writing."""
    ink = Ink(mask, 255 * mask.astype(np.uint8))
    page = array_page(255 - 255 * mask.astype(np.uint8))
    return arrange(FoundInk(page, ink, find_components(mask)))


def segmented_at_full_size(gray: NDArray[np.uint8]) -> SegmentedPage:
    """Rows of a page of dark ink on light paper, at the resolution that it has."""
    mask = gray < 128
    ink = Ink(mask, 255 - gray)
    return arrange(FoundInk(array_page(gray), ink, find_components(mask)))


def array_page(gray: NDArray[np.uint8]) -> PageImage:
    """Page of an array, which is not scaled."""
    height, width = gray.shape
    return PageImage(gray, 1.0, (width, height), "array")
