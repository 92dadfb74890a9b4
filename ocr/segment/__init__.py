"""An image to rows of glyphs: binarize, rules, components, columns, rows, in this order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.binarize import Ink, find_ink
from ocr.segment.columns import reading_order
from ocr.segment.components import Components, drop_non_text, find_components
from ocr.segment.ndimage import maximum_filter
from ocr.segment.rows import Row, find_rows
from ocr.segment.rules import find_rules

__all__ = ["Components", "Ink", "Row", "Segmentation", "arranged", "find_letters", "segment"]

MEETING = 9  # px around a rule, as it is thicker where it meets another and is not followed there


class Segmentation(NamedTuple):
    """What was found on a page, in pixels of the array that was given."""

    ink: Ink
    components: Components
    rows: list[Row]


def segment(gray: NDArray[np.uint8] | NDArray[np.float32]) -> Segmentation:
    """Find the rows of writing on a page.

    Parameters
    ----------
    gray : ndarray, uint8 or float32 [h, w]
        0 black to 255 or 1.0 white, upright; ink may be the lighter side.

    Returns
    -------
    Segmentation
        Without rows for a blank page.
    """
    return arranged(*find_letters(gray))


def find_letters(gray: NDArray[np.uint8] | NDArray[np.float32]) -> tuple[Ink, Components]:
    """Ink of a page, and what of it can be writing: all of `segment` but the rows."""
    ink = find_ink(gray)
    across = find_rules(ink.mask)
    ink = ink.without(across)
    if across.any():  # squared paper, forms and margins have both
        ink = ink.without(find_rules(ink.mask.T, met=maximum_filter(across, MEETING).T).T)
    return ink, drop_non_text(find_components(ink.mask))


def arranged(ink: Ink, components: Components) -> Segmentation:
    """Put what `find_letters` found into rows, in the order in which they are read."""
    rows = [
        Row(block[row.members], row.slope)
        for block in reading_order(components)
        for row in find_rows(components.take(block))
    ]
    return Segmentation(ink, components, rows)
