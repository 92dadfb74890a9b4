"""The order of reading: pieces to rows, columns one after the other, tables row by row.

A gutter is white from top to bottom of a part of the page (Breuel 2002, "Two geometric
algorithms for layout analysis"). What is on its sides is read as columns if each has several rows
of text that are wide; cells of tables and prices on receipts are narrow. Tables and forms with
wide cells are told by the corners of their ruled lines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.segment.ndimage import median
from ocr.segment.rows import HALF_CORE, MIN_GUTTER, Piece, join, white_between

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

# Cap heights:
MAX_STEP = 0.7  # up or down from one piece of a row to the next; rows are at least 1.1 apart
MIN_COLUMN = 8.0  # width of most rows of a column: two words
MAX_SPACE = 2.5  # white between words, and around the text of a cell
GUTTER_RATIO = 1.25  # between the white of the narrowest gutter and that of a wide word space
MIN_ROWS = 4  # in a column; white meets in three rows of words by chance


def reading_order(pieces: Sequence[Piece], white: Floats, corners: Floats) -> list[Piece]:
    """Join pieces to rows, in the order of reading.

    `white` are the widths of the gaps between letters in the pieces, in cap heights, and
    `corners` [n, 2] are the points of the page where ruled lines meet.
    """
    if not pieces:
        return []
    layout = Layout(pieces, white, corners)
    return [join([pieces[i] for i in row]) for row in layout.split(np.arange(len(pieces)))]


class Layout:
    """Pieces of rows on a page that is turned so that rows are level, in typical cap heights.

    Attributes
    ----------
    gutter : float
        The narrowest white between columns.
    heights : ndarray, float64 [n]
        Of capitals.
    ends : ndarray, float64 [n, 2, 2]
        Ordinate and slope of the left and the right end.
    boxes : ndarray, float64 [n, 4]
        Around the cores of pieces, from the first letter to the last.
    is_cell : ndarray, bool [n]
        Whether there is the corner of a box or of a table's cell around a piece.
    """

    def __init__(self, pieces: Sequence[Piece], white: Floats, corners: Floats) -> None:
        lengths = [len(p.x) for p in pieces]
        slope = float(np.average([p.ends[:, 1].mean() for p in pieces], weights=lengths))
        height = median(np.repeat([p.height for p in pieces], lengths))
        self.heights = np.array([p.height for p in pieces]) / height
        sides = np.array([(p.left, p.right) for p in pieces]) / height
        self.ends = np.array([p.ends for p in pieces]) / (height, 1) - (0, slope)
        self.ends[..., 0] -= slope * sides
        middles = np.array([(p.y - slope * p.x).mean() for p in pieces]) / height
        sides += (slope * middles)[:, None]
        half = HALF_CORE * self.heights
        self.boxes = np.column_stack([sides[:, 0], middles - half, sides[:, 1], middles + half])
        x, y = (corners @ [[1, -slope], [slope, 1]] / height).T
        self.is_cell = np.array(
            [
                ((x > left) & (y > top) & (x < right) & (y < bottom)).any()
                for left, top, right, bottom in self.boxes + np.repeat([-MAX_SPACE, MAX_SPACE], 2)
            ]
        )

        rows = self.link(np.arange(len(pieces)))
        gaps = np.sort(np.concatenate([white, *(white_between(self.boxes[row]) for row in rows)]))
        # one gap in six is between words, so this is a wide one
        wide = float(gaps[int(0.9 * len(gaps))]) if len(gaps) else 0.0
        self.gutter = max(MIN_GUTTER, GUTTER_RATIO * wide)

    def split(self, which: Indices) -> list[list[int]]:
        """Split a block into columns, and what is above and below; return rows in order."""
        columns = self.find_columns(which)
        if not columns:
            return sorted(self.link(which), key=self.middle)
        tops = self.boxes[:, 1]
        others = which[~np.isin(which, np.concatenate(columns))]
        above = tops[others] < min(tops[column].min() for column in columns)
        parts = [others[above], *columns, others[~above]]
        return [row for part in parts if len(part) for row in self.split(part)]

    def middle(self, row: list[int]) -> float:
        """Return the mean ordinate of a row."""
        left, top, right, bottom = self.boxes[row].T
        return float(np.average((top + bottom) / 2, weights=right - left))

    def find_columns(self, which: Indices) -> list[Indices]:
        """Find the largest part of a block that is in columns, and return its columns."""
        left, top, right, bottom = self.boxes[which].T
        middle = (top + bottom) / 2
        phrase, is_caption = self.find_phrases(which)
        zones: dict[tuple[int, ...], int] = {}
        for x in sorted(set(right.tolist())):
            across = np.isin(phrase, phrase[(right > x) & (left < x + self.gutter)])
            # headings across part a gutter; captions of pictures are left out
            zone = np.searchsorted(np.sort(middle[across & ~is_caption]), middle)
            sides = (zone[~across & side] for side in (right <= x, right > x))
            counts = np.minimum(*(np.bincount(side, minlength=len(which) + 1) for side in sides))
            for number in np.flatnonzero(counts >= MIN_ROWS):
                inside = tuple(which[(zone == number) & ~across].tolist())
                zones[inside] = max(zones.get(inside, 0), int(counts[number]))
        for inside in sorted(zones, key=lambda z: (zones[z], len(z)), reverse=True):
            columns = self.split_at_gutters(np.array(inside))
            if len(columns) > 1 and all(self.is_text(column) for column in columns):
                return columns
        return []

    def find_phrases(self, which: Indices) -> tuple[Indices, NDArray[np.bool_]]:
        """Number the phrase of each piece, and mark phrases with others on both sides."""
        rows = self.link(which)
        phrases = [phrase for row in rows for phrase in self.parts(row, 1.5 * self.gutter)]
        numbers = np.empty(len(self.boxes), np.intp)
        for number, phrase in enumerate(phrases):
            numbers[phrase] = number
        left, top, right, bottom = np.array(
            [(*self.boxes[p, :2].min(0), *self.boxes[p, 2:].max(0)) for p in phrases]
        ).T
        is_caption = [
            all((level & side).any() for side in (right < left[i], left > right[i]))
            for i in range(len(phrases))
            for level in [(top < bottom[i] + 0.5) & (bottom > top[i] - 0.5)]
        ]
        return numbers[which], np.array(is_caption)[numbers[which]]

    def split_at_gutters(self, which: Indices) -> list[Indices]:
        """Split a block, unless it is a table or a form, at white from top to bottom."""
        if self.is_cell[which].mean() > 0.5:
            return [which]
        order = which[np.argsort(self.boxes[which, 0])]
        return np.split(order, np.flatnonzero(white_between(self.boxes[order]) >= self.gutter) + 1)

    def is_text(self, which: Indices) -> bool:
        """Whether a block has several rows that are wider than the cells of tables."""
        rows = self.link(which)
        parts = [self.parts(row, MAX_SPACE) for row in rows]
        widths = [max(np.ptp(self.boxes[p][:, [0, 2]]) for p in row) for row in parts]
        return len(rows) >= MIN_ROWS and median(np.array(widths)) >= MIN_COLUMN

    def parts(self, row: list[int], gap: float) -> list[Indices]:
        """Split a row where more than `gap` is white."""
        return np.split(row, np.flatnonzero(white_between(self.boxes[row]) > gap) + 1)

    def link(self, which: Indices) -> list[list[int]]:
        """Link pieces to rows, from left to right, each to the row that leads to it."""
        rows: list[list[int]] = []
        right, y, slopes = np.empty((3, len(which)))  # of the end of each row
        for i in which[np.argsort(self.boxes[which, 0])].tolist():
            (start, slope_before), (end, slope_after) = self.ends[i]
            left, _, stop, _ = self.boxes[i]
            n, height, shift = len(rows), self.heights[i], 0.0
            gaps = left - right[:n]
            steps = y[:n] + (slopes[:n] + slope_before) / 2 * gaps - start
            # a piece may begin before the last one ends, but not far
            away = np.where(gaps < -height, np.inf, np.abs(steps))
            row = int(away.argmin()) if n else 0
            if n and away[row] <= MAX_STEP * height:
                shift = steps[row] * height / (height + stop - left)  # a short piece may be a dot
            else:
                row = n
                rows.append([])
            rows[row].append(i)
            right[row], y[row], slopes[row] = stop, end + shift, slope_after
        return rows
