"""The picture of a row that the row reader reads: level, with letters of one size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.page import Box
from ocr.segment.lattice import row_height
from ocr.segment.ndimage import maximum_filter
from ocr.segment.page import SegmentedPage
from ocr.segment.rows import Row

HEIGHT = 40  # px, of a row
LETTER = 19.0  # px, height of its taller letters: room for ascenders, descenders and a curve
MIN_LETTER = 0.62  # of LETTER; a row that would need smaller letters to fit is cut at its edges
FREE = 4  # px of the height that a row of ordinary letters leaves free
MARGIN = 6  # px of paper on the left and on the right
FAINT = 0.3  # of a full stroke; fainter ink does not count as the row's edge

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RowImage:
    """The picture of a row, and how it lies on the page.

    Attributes
    ----------
    pixels : ndarray, uint8 [40, w]
        Ink 255 on paper 0.
    scale : float
        Its pixels per pixel of the working image.
    left, top : float
        Working pixels at its upper left corner, `top` at the abscissa 0 of the page.
    slope : float
        Working pixels down for each pixel to the right that were taken out.
    """

    pixels: NDArray[np.uint8]
    scale: float
    left: float
    top: float
    slope: float

    def to_page(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Return the box in the working image of a part of the picture."""
        first, last = self.left + left / self.scale, self.left + right / self.scale
        climb = self.top + self.slope * (first + last) / 2
        return Box(
            max(math.floor(first), 0),
            max(math.floor(climb + top / self.scale), 0),
            max(math.ceil(last), 1),
            max(math.ceil(climb + bottom / self.scale), 1),
        )


def row_image(page: SegmentedPage, row: Row) -> RowImage | None:
    """Draw a row by the ink of its own components; None if that is too faint.

    This is the only place where pictures of rows are made.
    """
    own = page.components.take(row.members)
    left, top = np.maximum(own.boxes[:, :2].min(0) - 2, 0).tolist()
    right, bottom = (own.boxes[:, 2:].max(0) + 2).tolist()
    labels = page.components.labels[top:bottom, left:right]
    is_own = np.zeros(int(labels.max()) + 1, np.bool_)
    is_own[own.ids] = True
    mine = maximum_filter(is_own[labels], 3)
    ink = np.float32(1 / 255) * page.ink.strength[top:bottom, left:right] * mine
    ink, above = _level(ink, row.slope)
    inked = np.flatnonzero((ink > FAINT).any(1))
    if not len(inked):
        return None
    ink = ink[inked[0] : inked[-1] + 1]
    scale = LETTER / row_height(own.heights)
    scale = min(scale, max((HEIGHT - FREE) / len(ink), MIN_LETTER * scale))
    ink, cut = _cut(_scale(ink, scale))
    offset = (HEIGHT - len(ink)) // 2
    pixels = np.zeros((HEIGHT, ink.shape[1] + 2 * MARGIN), np.uint8)
    pixels[offset : offset + len(ink), MARGIN:-MARGIN] = (ink * 255).clip(0, 255)
    # ordinate on the page of the picture's top, where the page's abscissa is `left`
    highest = top - above + int(inked[0]) + (cut - offset) / scale
    return RowImage(
        pixels, scale, left - MARGIN / scale, highest - row.slope * left, row.slope
    )  # fmt: skip


def _level(ink: Floats, slope: float) -> tuple[Floats, float]:
    """Shear a sloping row level; also return by how much its left end was moved down."""
    height, width = ink.shape
    above = max(slope * width, 0.0)
    shape = width, int(height + abs(slope) * width + 1)
    sheared = Image.fromarray(ink).transform(
        shape, Image.Transform.AFFINE, (1, 0, 0, slope, 1, -above), Image.Resampling.BILINEAR
    )
    return np.asarray(sheared), above


def _scale(ink: Floats, scale: float) -> Floats:
    shape = max(4, round(ink.shape[1] * scale)), max(4, round(len(ink) * scale))
    return np.asarray(Image.fromarray(ink).resize(shape, Image.Resampling.BILINEAR))


def _cut(ink: Floats) -> tuple[Floats, int]:
    """Cut a row that is too high to the part with most ink; also return where that begins."""
    if len(ink) <= HEIGHT:
        return ink, 0
    sums = np.cumsum((ink > FAINT).sum(1))
    first = int(np.argmax(sums[HEIGHT - 1 :] - np.r_[0, sums[:-HEIGHT]]))
    return ink[first : first + HEIGHT], first
