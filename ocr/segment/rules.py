"""Find ruled lines that letters stand on, so that they can be removed from the ink.

A rule is found where nothing touches it, in the margin or between words, and followed from
there through the writing. Where it meets a letter the ink is thicker, and is kept.
"""

from __future__ import annotations

import math
from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from ocr.segment.runs import Runs, bounding_boxes, find_runs, label_runs, paint_runs

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

MAX_THICKNESS = 1 / 150  # of the longer side of the page
MIN_FREE = 0.03  # of the width: length of the piece from which a rule is followed
MIN_LONG_PIECE = 0.05  # of the width; a longer piece is not a printed dash
CLEARANCE = 4  # px above and below a free piece that have no other ink
BORDER = 4  # px from the border of the image, within which a rule reaches it
MAX_SLOPE = 0.2  # of a rule
MAX_DEVIATION = 1.6  # px between a rule and where it is expected
MIN_VISIBLE = 0.2  # of the width, visible between letters
MIN_VISIBLE_AT_BORDER = 0.1  # the same for a rule that reaches the border
MIN_UNBROKEN = 0.88  # of the length, if letters cover most of the rule; print has 0.84
MIN_ASPECT = 80  # length over thickness; no stroke of a letter has it


def find_rules(mask: Mask, *, met: Mask | None = None) -> Mask:
    """Find pixels of ink that belong to ruled lines and underlines and to nothing else.

    If rules in the other direction are given in `met`, each rule must meet one of them.
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
            continue  # not a line, or already followed from another piece
        line = np.polyfit(at, middles[piece], 1)
        thin = as_thick(marks, piece)
        # the foot of a letter that merges with the rule would lead astray
        alike = np.flatnonzero(thin)
        places = np.searchsorted(marks.y[alike], columns).tolist(), middles[alike].tolist()
        after = alike[follow(*places, line, range(right, mask.shape[1]))]
        before = alike[follow(*places, line, range(left - 1, -1, -1))]
        rule = np.concatenate([piece[thin[piece]], after, before])
        known = chosen[rule].mean() > 0.5  # mostly found before
        if known or not is_rule(marks, rule, mask, (left, right)):
            continue
        if met is None or touches_mask(marks, rule, met).any():
            chosen[rule] = 1
    return painted(marks, chosen, mask)


def thin_marks(mask: Mask) -> Runs:
    """Find vertical runs of ink that are no longer than a rule is thick; their `y` is a column."""
    runs = find_runs(np.ascontiguousarray(mask.T))
    thin = runs.stop - runs.start <= max(3, MAX_THICKNESS * max(mask.shape))
    return Runs(runs.y[thin], runs.start[thin], runs.stop[thin])


def painted(marks: Runs, values: NDArray[np.int32], mask: Mask) -> Mask:
    """Paint the marks whose value is not 0 into an array of the shape of the mask."""
    down = paint_runs(marks, values, mask.T.shape) > 0
    return np.ascontiguousarray(down.T)  # what follows is ten times faster on contiguous rows


def free_pieces(marks: Runs, mask: Mask) -> list[list[int]]:
    """Find boxes of long level pieces of thin ink with nothing above or below, longest first."""
    thin = painted(marks, np.ones(len(marks.y), np.int32), mask)
    runs = find_runs(bridged(thin, mask))
    boxes = bounding_boxes(runs, *label_runs(runs))
    wide, tall = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    level = tall < MAX_SLOPE * wide + MAX_THICKNESS * max(mask.shape)
    long = (wide > MIN_FREE * mask.shape[1]) & level
    pieces: list[list[int]] = boxes[long][np.argsort(-wide[long])].tolist()
    return [piece for piece in pieces if is_free(thin, mask, piece)]


def bridged(thin: Mask, mask: Mask) -> Mask:
    """Fill gaps of up to 4 px in thin ink, because pale rules break up into dashes."""
    wider = thin.copy()
    for step in (1, 2):
        wider[:, step:] |= thin[:, :-step]
        wider[:, :-step] |= thin[:, step:]
    wider &= thin | ~mask
    return wider


def is_free(thin: Mask, mask: Mask, piece: list[int]) -> bool:
    """Whether there is only thin ink around; the feet of printed letters lie in a row too."""
    left, top, right, bottom = piece
    around = (slice(max(top - CLEARANCE, 0), bottom + CLEARANCE), slice(left, right))
    return bool(thin[around].sum() >= 0.9 * mask[around].sum())


def follow(firsts: list[int], middles: list[float], line: Floats, columns: range) -> Indices:
    """Follow a line column by column, as it bends with the paper; return indices of marks.

    `firsts` has the first mark of each column, and one more; `middles` the ordinate of each mark,
    ascending within a column; `line` a slope and the ordinate at column 0. `columns` leads from
    the end of a piece to a border of the page.
    """
    slope, y = float(line[0]), float(np.polyval(line, columns.start))
    found = []
    for x in columns:
        first, last = firsts[x], firsts[x + 1]
        if first < last:
            nearest = bisect_left(middles, y, first, last)
            before = y - middles[nearest - 1] if nearest > first else math.inf
            if nearest == last or before <= middles[nearest] - y:
                nearest -= 1
            away = middles[nearest] - y
            if abs(away) <= MAX_DEVIATION:
                found.append(nearest)
                y += 0.3 * away
                slope += 0.003 * away * columns.step
        y += slope * columns.step
    return np.array(found, np.intp)


def as_thick(marks: Runs, piece: Indices) -> NDArray[np.bool_]:
    """Mark those about as thick as the free piece; the others are bars of letters."""
    thickness = marks.stop - marks.start
    usual = thickness[piece].mean()
    alike: NDArray[np.bool_] = (thickness <= 1.6 * usual + 1) & (usual <= 2 * thickness + 1)
    return alike


def is_rule(marks: Runs, rule: Indices, mask: Mask, piece: tuple[int, int]) -> bool:
    """Whether the marks of a line are long enough, and more slender than any stroke.

    The less of the line is visible, the stronger the other evidence must be: it reaches the
    border, as print does not, or it is visible wherever no letter covers it.
    """
    width: int = mask.shape[1]
    slender = MIN_ASPECT * float((marks.stop[rule] - marks.start[rule]).mean())
    shown = len(rule)
    if piece[0] <= BORDER or piece[1] >= width - BORDER:
        return shown > max(MIN_VISIBLE_AT_BORDER * width, slender)
    if piece[1] - piece[0] > MIN_LONG_PIECE * width and shown > max(MIN_VISIBLE * width, slender):
        return True
    extent = int(np.ptp(marks.y[rule])) + 1
    if extent <= max(MIN_VISIBLE * width, slender):
        return False
    return bool(touches_mask(marks, rule, mask).mean() >= MIN_UNBROKEN)  # print has white gaps


def touches_mask(marks: Runs, rule: Indices, mask: Mask) -> NDArray[np.bool_]:
    """Whether the mask is set within a pixel of a rule, for each of its columns."""
    rule = rule[np.argsort(marks.y[rule])]
    columns = np.arange(marks.y[rule[0]], marks.y[rule[-1]] + 1)
    middles = (marks.start[rule] + marks.stop[rule] - 1) / 2
    path = np.interp(columns, marks.y[rule], middles).round().astype(np.intp)
    near = np.clip(path + [[-1], [0], [1]], 0, len(mask) - 1)  # (3, n)
    found: NDArray[np.bool_] = mask[near, columns].any(0)
    return found
