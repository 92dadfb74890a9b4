"""Ruled lines that letters stand on: followed across the page, to be taken out of the ink.

A rule is found where it runs free, in the margin or between words, and followed from there
through the writing. Where it meets a letter the ink is thicker, and stays.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from ocr.segment.runs import Runs, bounding_boxes, find_runs, label_runs, paint_runs

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

THICKEST = 1 / 150  # of the longer side of the page
FREE = 0.03  # of the width: a rule runs free for so long somewhere
LONG = 0.05  # of the width, of a piece that is no dash of print
NEAR = 4  # px above and below it that are free there
RIM = 4  # px from the border of the image, within which a rule leaves it
STEEPEST = 0.2  # slope of a rule that is looked for
ASTRAY = 1.6  # px that a rule may be off where it is expected
COVERED = 0.2  # of the width, in which a rule shows between letters ...
LEAVING = 0.1  # ... and of one that leaves the image
UNBROKEN = 0.88  # of the length of one that letters cover for the most part; print has 0.84
SLENDER = 80  # times longer than thick: no stroke of a letter is


def find_rules(mask: Mask, *, met: Mask | None = None) -> Mask:
    """Pixels of ruled lines and underlines that are of nothing else.

    Parameters
    ----------
    mask : ndarray, bool [h, w]
        Ink.
    met : ndarray, bool [h, w], optional
        Rules down the page, one of which each has to meet; by default it need not.

    Returns
    -------
    ndarray, bool [h, w]
    """
    marks = thin_marks(mask)
    middles = (marks.start + marks.stop - 1) / 2
    columns = np.arange(mask.shape[1] + 1)
    firsts = np.searchsorted(marks.y, columns)
    chosen = np.zeros(len(marks.y), np.int32)
    for left, top, right, bottom in free_pieces(marks, mask):
        piece = np.arange(firsts[left], firsts[right])
        piece = piece[(marks.start[piece] >= top) & (marks.stop[piece] <= bottom)]
        at = marks.y[piece]  # ascending
        if not len(at) or at[0] == at[-1] or chosen[piece].any():
            continue  # no line at all, or followed from another piece
        line = np.polyfit(at, middles[piece], 1)
        thin = as_thick(marks, piece)
        alike = np.flatnonzero(thin)  # where a rule merges with a foot it would go astray
        places = np.searchsorted(marks.y[alike], columns).tolist(), middles[alike].tolist()
        after = alike[follow(*places, line, range(right, mask.shape[1]))]
        before = alike[follow(*places, line, range(left - 1, -1, -1))]
        rule = np.concatenate([piece[thin[piece]], after, before])
        known = chosen[rule].mean() > 0.5  # a stem or a bar that a rule passes
        if known or not is_rule(marks, rule, mask, (left, right)):
            continue
        if met is None or beside(marks, rule, met).any():
            chosen[rule] = 1
    return painted(marks, chosen, mask)


def thin_marks(mask: Mask) -> Runs:
    """Vertical runs of ink no longer than a rule is thick: their `y` is a column."""
    runs = find_runs(np.ascontiguousarray(mask.T))
    thin = runs.stop - runs.start <= max(3, THICKEST * max(mask.shape))
    return Runs(runs.y[thin], runs.start[thin], runs.stop[thin])


def painted(marks: Runs, values: NDArray[np.int32], mask: Mask) -> Mask:
    """Pixels of the marks whose value is not 0, as large as the mask."""
    down = paint_runs(marks, values, mask.T.shape) > 0
    return np.ascontiguousarray(down.T)  # else all that is done with it takes ten times as long


def free_pieces(marks: Runs, mask: Mask) -> list[list[int]]:
    """Boxes of long level pieces of thin ink with nothing above or below, longest first."""
    thin = painted(marks, np.ones(len(marks.y), np.int32), mask)
    runs = find_runs(bridged(thin, mask))
    boxes = bounding_boxes(runs, *label_runs(runs))
    wide, tall = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    long = (wide > FREE * mask.shape[1]) & (tall < STEEPEST * wide + THICKEST * max(mask.shape))
    pieces: list[list[int]] = boxes[long][np.argsort(-wide[long])].tolist()
    return [piece for piece in pieces if is_free(thin, mask, piece)]


def bridged(thin: Mask, mask: Mask) -> Mask:
    """Thin ink with white of up to 4 px between filled, as pale rules break up into dashes."""
    wider = thin.copy()
    for step in (1, 2):
        wider[:, step:] |= thin[:, :-step]
        wider[:, :-step] |= thin[:, step:]
    wider &= thin | ~mask
    return wider


def is_free(thin: Mask, mask: Mask, piece: list[int]) -> bool:
    """Whether there is no ink around but thin ink: the feet of printed letters are in a row too."""
    left, top, right, bottom = piece
    around = (slice(max(top - NEAR, 0), bottom + NEAR), slice(left, right))
    return bool(thin[around].sum() >= 0.9 * mask[around].sum())


def follow(firsts: list[int], middles: list[float], line: Floats, columns: range) -> Indices:
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
    ndarray, intp [n]
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
    return np.array(found, np.intp)


def as_thick(marks: Runs, piece: Indices) -> NDArray[np.bool_]:
    """Which marks are about as thick as the piece that runs free: others are bars of letters."""
    thickness = marks.stop - marks.start
    usual = thickness[piece].mean()
    alike: NDArray[np.bool_] = (thickness <= 1.6 * usual + 1) & (usual <= 2 * thickness + 1)
    return alike


def is_rule(marks: Runs, rule: Indices, mask: Mask, piece: tuple[int, int]) -> bool:
    """Whether marks of a line are long enough, and slender as no stroke is.

    The less of them shows, the more must speak for it: that it leaves the image, as print
    does not, or that it is seen wherever no letter covers it.
    """
    width: int = mask.shape[1]
    slender = SLENDER * float((marks.stop[rule] - marks.start[rule]).mean())
    shown = len(rule)
    if piece[0] <= RIM or piece[1] >= width - RIM:
        return shown > max(LEAVING * width, slender)
    if piece[1] - piece[0] > LONG * width and shown > max(COVERED * width, slender):
        return True
    extent = int(np.ptp(marks.y[rule])) + 1
    if extent <= max(COVERED * width, slender):
        return False
    return bool(beside(marks, rule, mask).mean() >= UNBROKEN)  # in print there is white between


def beside(marks: Runs, rule: Indices, mask: Mask) -> NDArray[np.bool_]:
    """Whether the mask is set at most a pixel off, for each column from end to end of a rule."""
    rule = rule[np.argsort(marks.y[rule])]
    columns = np.arange(marks.y[rule[0]], marks.y[rule[-1]] + 1)
    middles = (marks.start[rule] + marks.stop[rule] - 1) / 2
    path = np.interp(columns, marks.y[rule], middles).round().astype(np.intp)
    near = np.clip(path + [[-1], [0], [1]], 0, len(mask) - 1)  # (3, n)
    found: NDArray[np.bool_] = mask[near, columns].any(0)
    return found
