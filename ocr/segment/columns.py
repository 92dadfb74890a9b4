"""Columns of running text, so that each is read to its foot before the next.

A gutter is a white strip from top to bottom with running text on both sides; a table or a
list has white strips too, and is read across, so where the text beside a strip does not run
the page stays whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components, letter_height
from ocr.segment.ndimage import median
from ocr.segment.rows import SMALL, find_rows, find_slope, straightened

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

GUTTER = 1.5  # letter heights of white; a word space in print has 0.5
NARROWEST = 10  # letter heights, of a column
CROSSED = 0.2  # share of a gutter's height that headings and captions may cover
LONG = 6  # letter heights, of text side by side: about four rows
DENSE = 8  # letters a row, of running text; a table's cells have fewer ...
SPARSE = 0.7  # ... in most rows,
FEWEST = 4  # and in so many at least
EVEN = 3.0  # letter heights by which a line of running text ends before or after the next
WIDE = 2.5  # letter heights of white, that running text has in few rows: set flush, it has 1.9
TORN = 0.2  # share of those rows
SPANNING = 0.6  # of the width of the text, of a heading over the columns; a caption has less


def reading_order(components: Components) -> list[Indices]:
    """Blocks of components in the order in which they are read.

    Parameters
    ----------
    components : Components
        Without pictures and rules.

    Returns
    -------
    list of ndarray, intp [n]
        Indices into the components, each in one block. One block unless there are columns.
    """
    if not len(components):
        return []
    height = letter_height(components)
    boxes = straightened(components.boxes, find_slope(components, height)) / height
    large = components.heights >= SMALL * height  # small marks open and close no gutter
    return ordered(boxes, np.arange(len(components)), large, components)


def ordered(boxes: Floats, block: Indices, large: Mask, components: Components) -> list[Indices]:
    """Split a block at its gutters and at headings over them, and the parts likewise.

    `boxes` [n, 4] are those of `components`, straightened, in letter heights.
    """
    gutters = find_gutters(boxes[block[large[block]]])
    if not gutters:
        return [block] if len(block) else []
    crossing = np.any([in_crossing(boxes, block, x) for x in gutters], axis=0)
    beside = block[~crossing]
    if not len(beside):
        return [block]
    column_of = np.digitize((boxes[beside, 0] + boxes[beside, 2]) / 2, gutters)
    columns = [beside[column_of == k] for k in range(len(gutters) + 1)]
    if not all(runs(components.take(column[large[column]])) for column in columns):
        return [block]
    left, _, right, _ = extent(boxes[beside])
    before = []
    after = []
    for group in stacked(boxes, block[crossing]):
        start, highest, end, _ = extent(boxes[group])
        if not (boxes[beside, 3] <= highest + 0.5).any():
            before.append(group)
        elif end - start >= SPANNING * (right - left):
            is_other = np.ones(len(boxes), np.bool_)
            is_other[group] = False
            others = block[is_other[block]]
            below = boxes[others, 1] >= highest
            parts = [others[~below], others[below]]
            above, under = (ordered(boxes, part, large, components) for part in parts)
            return [*above, group, *under]
        else:
            after.append(group)
    return [*before, *columns, *after]


def extent(boxes: Floats) -> tuple[float, float, float, float]:
    """Smallest box around boxes [n, 4]; n >= 1."""
    left, top = boxes[:, :2].min(0)
    right, bottom = boxes[:, 2:].max(0)
    return float(left), float(top), float(right), float(bottom)


def find_gutters(boxes: Floats) -> list[float]:
    """Abscissas of the white strips between long stretches of text, each crossed by little."""
    if not len(boxes):
        return []
    left, _, right, _ = extent(boxes)
    slabs = np.floor((boxes[:, 1] + boxes[:, 3]) / 2).astype(np.intp)
    slabs -= slabs.min()
    tall = int(slabs.max()) + 1
    places = np.arange(left + NARROWEST, right - NARROWEST, 0.25)
    # each box crosses from one place to another: ups and downs, summed over the places
    changes = np.zeros((len(places) + 1, tall), np.int32)
    np.add.at(changes, (np.searchsorted(places, boxes[:, 0] - GUTTER / 2, "right"), slabs), 1)
    np.add.at(changes, (np.searchsorted(places, boxes[:, 2] + GUTTER / 2), slabs), -1)
    crossed = changes.cumsum(0)[:-1] > 0  # (places, slabs)
    ends, starts = np.full(tall, np.inf), np.full(tall, -np.inf)
    np.minimum.at(ends, slabs, boxes[:, 2])
    np.maximum.at(starts, slabs, boxes[:, 0])
    beside = (ends <= places[:, None]) & (starts >= places[:, None]) & ~crossed
    share = crossed.sum(1) / np.isfinite(ends).sum()
    strips: list[list[tuple[float, float]]] = []  # how much each place is crossed, and where
    for i in np.flatnonzero((share <= CROSSED) & (beside.sum(1) >= LONG)):
        if not strips or places[i] - strips[-1][-1][1] > NARROWEST:
            strips.append([])
        strips[-1].append((float(share[i]), float(places[i])))
    return [min(strip)[1] for strip in strips]


def runs(column: Components) -> bool:
    """Whether text runs on: most rows are of many letters, without gaps, and end about evenly."""
    height = letter_height(column)
    rows = [column.boxes[row.members] / height for row in find_rows(column)]
    full = [row for row in rows if len(row) >= DENSE]
    if len(full) < max(FEWEST, SPARSE * len(rows)):
        return False
    torn = sum(widest_gap(row) > WIDE for row in full)
    ends = np.array([row[:, 2].max() for row in full])
    return torn <= TORN * len(full) and median(np.abs(np.diff(ends))) <= EVEN


def widest_gap(row: Floats) -> float:
    """Widest white between boxes of one row."""
    row = row[np.argsort(row[:, 0])]
    gaps = row[1:, 0] - np.maximum.accumulate(row[:-1, 2])
    return float(gaps.max()) if len(gaps) else 0.0


def in_crossing(boxes: Floats, block: Indices, gutter: float) -> NDArray[np.bool_]:
    """Which of a block's components stand in words that cross the gutter, bool [len(block)]."""
    own = boxes[block]
    chosen = (own[:, 0] < gutter + GUTTER / 2) & (own[:, 2] > gutter - GUTTER / 2)
    for _ in range(len(own)):
        grown = chosen.copy()
        for group in stacked(own, np.flatnonzero(chosen)):
            left, top, right, bottom = extent(own[group])
            middle = (own[:, 1] + own[:, 3]) / 2
            near = (own[:, 0] < right + GUTTER) & (own[:, 2] > left - GUTTER)
            grown |= near & (middle > top) & (middle < bottom)
        if (grown == chosen).all():
            break
        chosen = grown
    return chosen


def stacked(boxes: Floats, which: Indices) -> list[Indices]:
    """Group components that follow each other downward without much white."""
    if not len(which):
        return []
    order = which[np.argsort(boxes[which, 1])]
    reach = np.maximum.accumulate(boxes[order, 3])
    breaks = np.flatnonzero(boxes[order[1:], 1] > reach[:-1] + 2 * GUTTER) + 1
    return [np.sort(group) for group in np.split(order, breaks)]
