"""Split a page into columns of running text, so that each is read to its end before the next.

A gutter is a white strip from top to bottom with running text on both sides. Tables and lists
have white strips too, but are read across, so a page is split only where the text on both sides
is running text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components, letter_height
from ocr.segment.ndimage import median
from ocr.segment.rows import SMALL_MARK, find_rows, find_slope, straighten

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

MIN_GUTTER = 1.5  # letter heights of white; a word space in print has 0.5
MIN_COLUMN = 10  # letter heights, width of a column
MAX_CROSSED = 0.2  # share of the height of a gutter that headings and captions may cover
MIN_HEIGHT = 6  # letter heights of text on both sides: about four rows
MIN_LETTERS = 8  # in a full row of running text; cells of a table have fewer
MIN_FULL_SHARE = 0.7  # of the rows of running text are full
MIN_FULL_ROWS = 4
MAX_RAGGED = 3.0  # letter heights by which a row of running text ends before or after the next
WIDE_GAP = 2.5  # letter heights of white; justified text has up to 1.9
MAX_WIDE_GAP_SHARE = 0.2  # of the rows of running text have such a gap
MIN_HEADING = 0.6  # of the width of the text, of a heading across columns; a caption is narrower


def reading_order(components: Components) -> list[Indices]:
    """Group components, without pictures and rules, into blocks in the order of reading.

    Each block lists indices into the components; there is one block unless there are columns.
    """
    if not len(components):
        return []
    height = letter_height(components)
    boxes = straighten(components.boxes, find_slope(components, height)) / height
    large = components.heights >= SMALL_MARK * height  # small marks neither open nor close a gutter
    return split_block(boxes, np.arange(len(components)), large, components)


def split_block(
    boxes: Floats, block: Indices, large: Mask, components: Components
) -> list[Indices]:
    """Split a block at its gutters and at headings across them, and its parts in the same way.

    `boxes` [n, 4] belong to `components`, straightened, in letter heights.
    """
    gutters = find_gutters(boxes[block[large[block]]])
    # a strip that words leave white by chance must not hide a true gutter next to it
    for chosen in [gutters, *([x] for x in gutters)]:
        columns, crossing = split_at(chosen, boxes, block)
        if len(columns) > 1 and all(
            len(column) and is_running_text(components.take(column[large[column]]))
            for column in columns
        ):
            break
    else:
        return [block] if len(block) else []
    in_columns = block[~crossing]
    left, _, right, _ = extent(boxes[in_columns])
    before = []
    after = []
    for group in stacked(boxes, block[crossing]):
        start, highest, end, _ = extent(boxes[group])
        if not (boxes[in_columns, 3] <= highest + 0.5).any():
            before.append(group)
        elif end - start >= MIN_HEADING * (right - left):
            is_other = np.ones(len(boxes), np.bool_)
            is_other[group] = False
            others = block[is_other[block]]
            below = boxes[others, 1] >= highest
            parts = [others[~below], others[below]]
            above, under = (split_block(boxes, part, large, components) for part in parts)
            return [*above, group, *under]
        else:
            after.append(group)
    return [*before, *columns, *after]


def split_at(gutters: list[float], boxes: Floats, block: Indices) -> tuple[list[Indices], Mask]:
    """Return the columns between gutters, and which of the components lie across one."""
    crossing = np.zeros(len(block), np.bool_)
    for x in gutters:
        crossing |= in_crossing(boxes, block, x)
    inside = block[~crossing]
    column_of = np.digitize((boxes[inside, 0] + boxes[inside, 2]) / 2, gutters)
    return [inside[column_of == k] for k in range(len(gutters) + 1)], crossing


def extent(boxes: Floats) -> tuple[float, float, float, float]:
    """Return the smallest box around boxes [n, 4]; n >= 1."""
    left, top = boxes[:, :2].min(0)
    right, bottom = boxes[:, 2:].max(0)
    return float(left), float(top), float(right), float(bottom)


def find_gutters(boxes: Floats) -> list[float]:
    """Find the abscissas of white strips with tall text on both sides and little across."""
    if not len(boxes):
        return []
    left, _, right, _ = extent(boxes)
    slabs = np.floor((boxes[:, 1] + boxes[:, 3]) / 2).astype(np.intp)
    slabs -= slabs.min()
    tall = int(slabs.max()) + 1
    places = np.arange(left + MIN_COLUMN, right - MIN_COLUMN, 0.25)
    # each box adds 1 where it begins to cover a place and -1 where it ends; sum over the places
    changes = np.zeros((len(places) + 1, tall), np.int32)
    np.add.at(changes, (np.searchsorted(places, boxes[:, 0] - MIN_GUTTER / 2, "right"), slabs), 1)
    np.add.at(changes, (np.searchsorted(places, boxes[:, 2] + MIN_GUTTER / 2), slabs), -1)
    crossed = changes.cumsum(0)[:-1] > 0  # (places, slabs)
    ends, starts = np.full(tall, np.inf), np.full(tall, -np.inf)
    np.minimum.at(ends, slabs, boxes[:, 2])
    np.maximum.at(starts, slabs, boxes[:, 0])
    in_columns = (ends <= places[:, None]) & (starts >= places[:, None]) & ~crossed
    share = crossed.sum(1) / np.isfinite(ends).sum()
    strips: list[list[tuple[float, float]]] = []  # (share crossed, place)
    for i in np.flatnonzero((share <= MAX_CROSSED) & (in_columns.sum(1) >= MIN_HEIGHT)):
        if not strips or places[i] - strips[-1][-1][1] > MIN_COLUMN:
            strips.append([])
        strips[-1].append((float(share[i]), float(places[i])))
    return [min(strip)[1] for strip in strips]


def is_running_text(column: Components) -> bool:
    """Whether most rows have many letters, no wide gaps, and end at about the same place."""
    height = letter_height(column)
    rows = [column.boxes[row.members] / height for row in find_rows(column)]
    full = [row for row in rows if len(row) >= MIN_LETTERS]
    if len(full) < max(MIN_FULL_ROWS, MIN_FULL_SHARE * len(rows)):
        return False
    with_gap = sum(widest_gap(row) > WIDE_GAP for row in full)
    ends = np.array([row[:, 2].max() for row in full])
    return (
        with_gap <= MAX_WIDE_GAP_SHARE * len(full) and median(np.abs(np.diff(ends))) <= MAX_RAGGED
    )


def widest_gap(row: Floats) -> float:
    """Return the widest white between the boxes of one row."""
    row = row[np.argsort(row[:, 0])]
    gaps = row[1:, 0] - np.maximum.accumulate(row[:-1, 2])
    return float(gaps.max()) if len(gaps) else 0.0


def in_crossing(boxes: Floats, block: Indices, gutter: float) -> NDArray[np.bool_]:
    """Mark the components of a block that are in words across the gutter, bool [len(block)]."""
    own = boxes[block]
    chosen = (own[:, 0] < gutter + MIN_GUTTER / 2) & (own[:, 2] > gutter - MIN_GUTTER / 2)
    for _ in range(len(own)):
        grown = chosen.copy()
        for group in stacked(own, np.flatnonzero(chosen)):
            left, top, right, bottom = extent(own[group])
            middle = (own[:, 1] + own[:, 3]) / 2
            near = (own[:, 0] < right + MIN_GUTTER) & (own[:, 2] > left - MIN_GUTTER)
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
    breaks = np.flatnonzero(boxes[order[1:], 1] > reach[:-1] + 2 * MIN_GUTTER) + 1
    return [np.sort(group) for group in np.split(order, breaks)]
