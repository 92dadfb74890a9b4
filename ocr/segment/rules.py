"""Ruled lines that letters stand on: followed across the page, to be taken out of the ink.

A rule is found where it runs free, in the margin or between words, and followed from there
through the writing. Where it meets a letter the ink is thicker, and stays.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from ocr.segment.labels import Runs, bounding_boxes, find_runs, label, paint

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

THICKEST = 1 / 150  # of the longer side of the page
FREE = 0.05  # of the width: a rule runs free for so long somewhere
NEAR = 4  # px above and below it that are free there
STEEPEST = 0.1  # slope of a rule that is looked for
ASTRAY = 1.6  # px that a rule may be off where it is expected
COVERED = 0.2  # of the width, in which a rule shows between letters
SLENDER = 80  # times longer than thick: no stroke of a letter is


def find_rules(mask: Mask) -> Mask:
    """Pixels of ruled lines and underlines that are of nothing else.

    Parameters
    ----------
    mask : ndarray, bool [h, w]
        Ink.

    Returns
    -------
    ndarray, bool [h, w]
    """
    marks = thin_marks(mask)
    middles = (marks.start + marks.stop - 1) / 2
    firsts = np.searchsorted(marks.y, np.arange(mask.shape[1] + 1))
    chosen = np.zeros(len(marks.y), np.int32)
    places = firsts.tolist(), middles.tolist()
    for left, top, right, bottom in free_pieces(marks, mask):
        piece = np.arange(firsts[left], firsts[right])
        piece = piece[(marks.start[piece] >= top) & (marks.stop[piece] <= bottom)]
        if chosen[piece].any():
            continue  # followed from another piece
        line = np.polyfit(marks.y[piece], middles[piece], 1)
        after = follow(*places, line, range(right, mask.shape[1]))
        before = follow(*places, line, range(left - 1, -1, -1))
        rule = as_thick(marks, np.array([*piece, *after, *before], np.intp), piece)
        if is_rule(marks, rule, mask.shape[1]):
            chosen[rule] = 1
    return painted(marks, chosen, mask)


def thin_marks(mask: Mask) -> Runs:
    """Vertical runs of ink no longer than a rule is thick: their `y` is a column."""
    runs = find_runs(mask.T)
    thin = runs.stop - runs.start <= max(3, THICKEST * max(mask.shape))
    return Runs(runs.y[thin], runs.start[thin], runs.stop[thin])


def painted(marks: Runs, values: NDArray[np.int32], mask: Mask) -> Mask:
    """Pixels of the marks whose value is not 0, as large as the mask."""
    return paint(marks, values, mask.T.shape).T > 0


def free_pieces(marks: Runs, mask: Mask) -> list[list[int]]:
    """Boxes of long level pieces of thin ink with nothing above or below, longest first."""
    thin = painted(marks, np.ones(len(marks.y), np.int32), mask)
    labels, count = label(bridged(thin) & (thin | ~mask))
    boxes = bounding_boxes(labels, count)
    wide, tall = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    long = (wide > FREE * mask.shape[1]) & (tall < STEEPEST * wide + THICKEST * max(mask.shape))
    pieces: list[list[int]] = boxes[long][np.argsort(-wide[long])].tolist()
    return [piece for piece in pieces if is_free(thin, mask, piece)]


def bridged(thin: Mask) -> Mask:
    """Thin ink with gaps of up to 4 px filled, as pale rules break up into dashes."""
    wider = thin.copy()
    for step in (1, 2):
        wider[:, step:] |= thin[:, :-step]
        wider[:, :-step] |= thin[:, step:]
    return wider


def is_free(thin: Mask, mask: Mask, piece: list[int]) -> bool:
    """Whether there is no ink around but thin ink: the feet of printed letters are in a row too."""
    left, top, right, bottom = piece
    around = (slice(max(top - NEAR, 0), bottom + NEAR), slice(left, right))
    return bool(thin[around].sum() >= 0.9 * mask[around].sum())


def follow(firsts: list[int], middles: list[float], line: Floats, columns: range) -> list[int]:
    """Marks along a line, column by column: it bends with the paper.

    Parameters
    ----------
    firsts : list of int
        First mark of each column, and one more.
    middles : list of float
        Ordinate of each mark, ascending within a column.
    line : ndarray, float64 [2]
        Slope, and ordinate at column 0.
    columns : range
        From the end of a piece to a border of the page.

    Returns
    -------
    list of int
        Indices of marks.
    """
    slope, y = float(line[0]), float(np.polyval(line, columns.start))
    found = []
    for x in columns:
        first, last = firsts[x], firsts[x + 1]
        if first < last:
            nearest = bisect_left(middles, y, first, last)
            if nearest == last or (
                nearest > first and y - middles[nearest - 1] <= middles[nearest] - y
            ):
                nearest -= 1
            away = middles[nearest] - y
            if abs(away) <= ASTRAY:
                found.append(nearest)
                y += 0.3 * away
                slope += 0.003 * away * columns.step
        y += slope * columns.step
    return found


def as_thick(marks: Runs, rule: Indices, piece: Indices) -> Indices:
    """Marks of a rule about as thick as the piece that runs free: others are bars of letters."""
    thickness = marks.stop - marks.start
    kept: Indices = rule[thickness[rule] <= 1.6 * thickness[piece].mean() + 1]
    return kept


def is_rule(marks: Runs, rule: Indices, width: int) -> bool:
    """Whether marks of a line are long enough, and slender as no stroke is."""
    thickness = float((marks.stop[rule] - marks.start[rule]).mean())
    return len(rule) > max(COVERED * width, SLENDER * thickness)
