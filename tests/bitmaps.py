"""Small pictures written as text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.segment import Ink, Segmentation
from ocr.segment.components import find_components
from ocr.segment.rows import find_rows


def bitmap(drawing: str) -> NDArray[np.bool_]:
    """Mask [h, w] of the words of a text: ``#`` is ink, short rows end in paper."""
    rows = drawing.split()
    width = max(len(row) for row in rows)
    return np.array([[c == "#" for c in row.ljust(width, ".")] for row in rows])


def enlarged(mask: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    """Each pixel as a square of pixels."""
    return mask.repeat(times, 0).repeat(times, 1)


def segmented(mask: NDArray[np.bool_]) -> Segmentation:
    """Rows of a mask, nothing left out."""
    components = find_components(mask)
    return Segmentation(Ink(mask, mask.astype(np.float32)), components, find_rows(components))
