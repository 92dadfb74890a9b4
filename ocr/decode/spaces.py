"""Decide which gaps between glyphs are spaces, from all gaps of the page."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components
from ocr.segment.lattice import Atom, Lattice
from ocr.segment.ndimage import median
from ocr.segment.page import SegmentedPage
from ocr.segment.ruling import Ruling

Floats = NDArray[np.float64]

PAGE_WEIGHT = 15.0  # gaps that the threshold of the page counts as, against those of a row
MIN_GAPS = 20  # fewer gaps may fall into two groups by chance
USUAL_THRESHOLD = 0.42  # row heights, if the gaps do not fall into two groups
MIN_GAP = 0.02  # row heights; narrower gaps are clipped, so that they do not outweigh the others
MAX_GAP = 1.6  # row heights; wider gaps are clipped, or gaps of columns would hide those of words
MIN_RATIO = 2.2  # between the mean gap of words and that of letters
SHARPNESS = 2.6  # slope of the log-odds at the threshold, in units of the threshold
CLEAR_SHARPNESS = 5.4  # added to it if all gaps have one of two widths
SURE = 8.0  # log-odds of a space that a ruled line decides
MAX_BOX = 1.8  # row heights, of a box for one letter
MAX_CELL = 2.2  # times the width of such a box; a line between two boxes may be missed
LEVEL_SLOPE = 0.02  # below this slope a letter leans by less than a pixel
UNCLEAR = 0.8  # Otsu's criterion of gaps of a single kind


def page_space_odds(page: SegmentedPage) -> list[Floats]:
    """Compute the log-odds that a space follows each atom of each row; see `space_log_odds`.

    Cells of a table are words, and boxes of a form that each take one letter are not.
    """
    odds = space_log_odds([atom_gaps(page.components, lattice) for lattice in page.lattices])
    for own, lattice in zip(odds, page.lattices, strict=True):
        for place, is_space in spaces_at_walls(page.ruling, lattice):
            own[place] = own[place] + SURE / 2 if is_space else -SURE
    return odds


def spaces_at_walls(ruling: Ruling, lattice: Lattice) -> list[tuple[int, bool]]:
    """Find the gaps of a row that ruled lines cross, and whether they are spaces.

    They are between the cells of a table, but not between boxes that take one letter each, unless
    a box is empty.
    """
    walls = find_walls(ruling, lattice)
    inner = np.array([after.left - before.right for before, after in pairwise(walls)])
    is_box = inner < MAX_BOX * lattice.height
    box = median(inner) if is_box.sum() > 0.5 * len(inner) else 0.0
    boxes = np.array([atom.box for atom in lattice.atoms])
    first = [wall.right for wall in walls[:1] if wall.gap < 0] or [boxes[0, 0]]
    last = [wall.left for wall in walls[-1:] if wall.gap == len(boxes) - 1] or [boxes[:, 2].max()]
    between = [wall for wall in walls if 0 <= wall.gap < len(boxes) - 1]
    lefts = [*first, *(wall.right for wall in between)]
    rights = [*(wall.left for wall in between), *last]
    cells = [right - left for left, right in zip(lefts, rights, strict=True)]
    return [
        (wall.gap, max(sides) > MAX_CELL * box or wall.right - wall.left > box / 2)
        for wall, sides in zip(between, pairwise(cells), strict=True)
    ]


class Wall(NamedTuple):
    """Ruled lines in a gap of a row."""

    gap: int  # after which atom; -1 before the first
    left: float  # px, of the first line
    right: float  # px, of the last line


def find_walls(ruling: Ruling, lattice: Lattice) -> list[Wall]:
    """Find the ruled lines in the gaps of a row, and next to its ends."""
    boxes = np.array([atom.box for atom in lattice.atoms], np.float64)
    reach, pad = MAX_BOX * lattice.height, 0.1 * lattice.height  # a line may touch a letter
    ends = np.maximum.accumulate(boxes[:, 2])
    starts = np.append(boxes[0, 0] - reach, ends - pad)
    stops = np.append(boxes[:, 0] + pad, ends[-1] + reach)
    middles = boxes[:, [1, 3]].mean(1)
    middles = (np.append(middles[0], middles) + np.append(middles, middles[-1])) / 2
    walls = []
    for gap, place in enumerate(zip(middles, starts, stops, strict=True), -1):
        y, start, stop = (max(0, int(n * ruling.scale)) for n in place)
        columns = slice(min(start, stop), max(start, stop) + 1)
        lines = columns.start + np.flatnonzero(ruling.walls[y : y + 1, columns].any(0))
        if len(lines):
            walls.append(Wall(gap, lines[0] / ruling.scale, lines[-1] / ruling.scale))
    return walls


def atom_gaps(components: Components, lattice: Lattice) -> Floats:
    """Measure the white between neighboring atoms in row heights, float64 [atoms - 1]."""
    extents = np.array([extent(components, atom, lattice.slope) for atom in lattice.atoms])
    reach = np.maximum.accumulate(extents[:, 1])
    return (extents[1:, 0] - reach[:-1]) / lattice.height


def extent(components: Components, atom: Atom, slope: float) -> tuple[float, float]:
    """Find where an atom's ink begins and ends along a row of some slope.

    On a tilted row this takes the ink itself, as boxes overlap where letters lean.
    """
    left, top, right, bottom = atom.box
    if abs(slope) < LEVEL_SLOPE:
        return left, right
    ink = components.labels[top:bottom, left:right] == components.ids[atom.component]
    y, x = np.nonzero(ink)
    along = left + x + slope * (top + y)
    return float(along.min()), float(along.max()) + 1


def space_log_odds(rows: list[Floats]) -> list[Floats]:
    """Compute the log-odds that each gap is a space.

    Gaps between neighboring atoms are in row heights, and negative where atoms overlap.
    """
    together = np.concatenate([*rows, np.zeros(0)])
    page = threshold(together, USUAL_THRESHOLD)
    sharpness = SHARPNESS + CLEAR_SHARPNESS * clearness(together)
    odds = []
    for gaps in rows:
        own = len(gaps) / (len(gaps) + PAGE_WEIGHT)
        level = threshold(gaps, page) ** own * page ** (1 - own)
        odds.append(np.clip(sharpness * (gaps - level) / (0.5 * level + 0.1), -SURE, SURE))
    return odds


def threshold(gaps: Floats, usual: float) -> float:
    """Find the width between the gaps of letters and those of words; `usual` if there is none.

    Examples
    --------
    >>> 0.2 < threshold(np.array([0.1] * 8 + [0.9] * 3), USUAL_THRESHOLD) < 0.8
    True
    """
    white = np.sort(gaps[gaps > 0])
    if len(white) < 2:
        return usual
    gaps = np.clip(white, MIN_GAP, MAX_GAP)
    count = split(gaps)[0]
    narrow, wide = float(gaps[:count].mean()), float(gaps[count:].mean())
    if wide > MIN_RATIO * narrow and wide - narrow > 0.25 and count >= 0.4 * len(gaps):
        return math.sqrt(narrow * wide)
    return max(usual, 1.8 * median(white))


def clearness(gaps: Floats) -> float:
    """Measure how clearly gaps fall into two groups: 1 for exactly two widths, 0 for few gaps.

    Examples
    --------
    >>> clearness(np.array([0.1] * 80 + [0.9] * 20)) > 0.99
    True
    >>> clearness(np.linspace(0.1, 0.9, 100))
    0.0
    """
    white = np.sort(gaps[gaps > 0])
    if len(white) < MIN_GAPS:
        return 0.0
    criterion = split(np.clip(white, MIN_GAP, MAX_GAP))[1]
    return max(0.0, (criterion - UNCLEAR) / (1 - UNCLEAR))


def split(gaps: Floats) -> tuple[int, float]:
    """Split ascending gaps where Otsu's criterion (1979) is highest.

    Returns the number of gaps below, and the share of the variance that the split explains.
    """
    counts = np.arange(1, len(gaps))
    sums = np.cumsum(gaps)
    apart = sums[:-1] / counts - (sums[-1] - sums[:-1]) / counts[::-1]
    between = counts * counts[::-1] * apart**2 / len(gaps) ** 2
    best = int(between.argmax())
    return best + 1, float(between[best] / max(gaps.var(), 1e-12))
