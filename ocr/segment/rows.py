"""Pieces of rows: the cores of rows, and the components on each.

The core of a row lies between its baseline and its x-height. Cores stay apart where the letters
of two rows touch, and follow rows that climb and bend. The ink network marks them; without it
they are where rows have the most ink. Each component belongs to the nearest core, which is cut
into pieces where there may be white between columns; `columns` joins the pieces to rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components
from ocr.segment.ink_network import InkMaps
from ocr.segment.ink_scale import MIN_CORE
from ocr.segment.ink_strokes import ALONG_ROW
from ocr.segment.runs import find_runs, label_runs
from ocr.segment.threshold import smear

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

# Cap heights:
HALF_CORE = 0.34  # from the middle of a core to its edge: half the x-height
MAX_DISTANCE = 1.0  # from the middle of a core to that of a component; an accent is at 0.9
MAX_MARK = 0.55  # height of a mark above or below a core: a dot, an accent, a quotation mark
MIN_GUTTER = 1.2  # white between columns; a word space in print has 0.5, widely set letters 1.0
REACH = 5.0  # along a row, within which its slope hardly changes


@dataclass(frozen=True)
class Row:
    """Components of one row."""

    members: Indices  # indices into the components, left to right by their middles
    slope: float  # pixels down for each pixel to the right


class Piece(NamedTuple):
    """Components of a row, or of a part of one, and the middle line of its core, in pixels."""

    members: Indices
    left: float  # where its ink begins
    right: float
    x: Floats  # abscissas of the middle line, ascending, [n]
    y: Floats  # its ordinates, [n]
    height: float  # of capitals
    ends: Floats  # ordinate and slope of the left and the right end, [2, 2]

    def at(self, x: Floats) -> Floats:
        """Return the ordinates of the middle line at some abscissas; level beyond its ends."""
        middle: Floats = np.interp(x, self.x, self.y)
        return middle


def find_pieces(components: Components, maps: InkMaps | None) -> tuple[list[Piece], Floats]:
    """Find the pieces of rows, and the widths of all gaps between letters in them."""
    mask, heights = (maps.core >= MIN_CORE, maps.height) if maps else smear(components)
    cores = find_cores(mask, heights, components.labels.shape[1])
    nearest = assign(components, cores)
    pieces, white = [], [np.zeros(0)]
    for k, core in enumerate(cores):
        members = np.flatnonzero(nearest == k)
        members = members[np.argsort(components.boxes[members, 0])]
        gaps = white_between(components.boxes[members]) / core.height
        white.append(gaps[gaps <= MIN_GUTTER])
        for part in np.split(members, np.flatnonzero(gaps > MIN_GUTTER) + 1):
            if len(part):
                pieces.append(cut_out(core, part, components.boxes[part]))
    return fit_ends(pieces), np.concatenate(white)


def find_cores(mask: NDArray[np.bool_], heights: NDArray[np.float32], width: int) -> list[Piece]:
    """Find the cores of rows on a page of some width, without components; see `InkMaps`.

    Where two rows run into each other a core ends. A hole of one pixel in large joined writing is
    no white between rows.
    """
    mask = mask.copy()
    mask[1:-1] |= mask[:-2] & mask[2:]
    # runs of the transposed map are the columns of cores, top to bottom
    runs = find_runs(mask.T)
    numbers, count = label_runs(runs, branching=False)
    scale = width / mask.shape[1]  # pixels of the page per pixel of the core
    x, y = scale * (runs.y + 0.5), scale * (runs.start + runs.stop) / 2
    tall = scale / 2 * heights[(runs.start + runs.stop) // 8, runs.y // 4]
    order = np.argsort(numbers, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(numbers, minlength=count))[:-1]) if count else []
    return [
        Piece(own[:0], x[own[0]], x[own[-1]], x[own], y[own], float(tall[own].mean()), np.zeros(0))
        for own in parts
    ]


def assign(components: Components, cores: Sequence[Piece]) -> Indices:
    """Return the number of the nearest core for each component, -1 if there is none.

    Marks above and below cores belong to the nearest letter.
    """
    left, top, right, bottom = boxes = components.boxes.T.astype(np.float64)
    x, y = (left + right) / 2, (top + bottom) / 2
    best, nearest = np.full(len(x), MAX_DISTANCE), np.full(len(x), -1)
    is_letter, is_mark = np.zeros((2, len(x)), np.bool_)
    for k, core in enumerate(cores):
        beyond = np.maximum(np.maximum(core.left - x, x - core.right), 0)
        middle, half = core.at(x), HALF_CORE * core.height
        away = np.hypot(middle - y, beyond / ALONG_ROW) / core.height
        nearer = away < best
        nearest[nearer], best[nearer] = k, away[nearer]
        is_letter[nearer] = ((top < middle + half) & (bottom > middle - half))[nearer]
        is_mark[nearer] = (bottom - top < MAX_MARK * core.height)[nearer]
    nearest[~is_letter] = -1
    letters = np.flatnonzero(is_letter)
    for i in np.flatnonzero(is_mark & ~is_letter) if len(letters) else ():
        nearest[i] = nearest[letters[distances(boxes[:, i], boxes[:, letters]).argmin()]]
    return nearest


def distances(box: Floats, others: Floats) -> Floats:
    """Measure the white from a box [4] to others [4, n]."""
    before, after = others[:2] - box[2:, None], box[:2, None] - others[2:]
    x, y = np.maximum(np.maximum(before, after), 0)
    white: Floats = np.hypot(x, y)
    return white


def white_between(boxes: NDArray[Any]) -> Floats:
    """Measure the white between boxes [n, 4] that are sorted by their left edges, [n - 1]."""
    white: Floats = boxes[1:, 0] - np.maximum.accumulate(boxes[:, 2])[:-1]
    return white


def cut_out(core: Piece, members: Indices, boxes: NDArray[np.int32]) -> Piece:
    """Return the part of a core at some of its components."""
    left, right = float(boxes[:, 0].min()), float(boxes[:, 2].max())
    inside = (core.x >= left) & (core.x <= right)
    x = core.x[inside] if inside.any() else np.array([(left + right) / 2])
    return core._replace(members=members, left=left, right=right, x=x, y=core.at(x))


def fit_ends(pieces: list[Piece]) -> list[Piece]:
    """Fit lines to both ends of each piece; long pieces nearby decide their slopes."""
    fits = [fit_end(piece, end) for piece in pieces for end in (0, -1)]
    x, y, slopes, weights = np.array(fits).reshape(-1, 4).T
    ends = np.empty((len(pieces), 2, 2))
    for k, piece in enumerate(pieces):
        for end, place in enumerate((piece.left, piece.right)):
            i = 2 * k + end
            away = np.hypot(x - x[i], y - y[i]) / (REACH * piece.height)
            near = np.exp(-away) * weights
            slope = near @ slopes / (near.sum() + 1)  # level, if there is nothing long
            ends[k, end] = y[i] + slope * (place - x[i]), slope
    return [piece._replace(ends=own) for piece, own in zip(pieces, ends, strict=True)]


def fit_end(piece: Piece, end: int) -> tuple[float, float, float, float]:
    """Return the middle of an end of a piece, its slope, and a weight: 1 for two letters."""
    near = np.abs(piece.x - piece.x[end]) <= REACH * piece.height
    x, y = piece.x[near], piece.y[near]
    away = x - x.mean()
    squares = float(away @ away)
    slope = float(away @ y) / max(squares, 1e-9)
    weight = squares / len(x) * float(np.ptp(x)) / piece.height**3
    return float(x.mean()), float(y.mean()), slope, weight


def join(pieces: Sequence[Piece]) -> Piece:
    """Join the pieces of a row; its two slopes are their means."""
    x, y, members = (
        np.concatenate(part) for part in zip(*((p.x, p.y, p.members) for p in pieces), strict=True)
    )
    order = np.argsort(x)
    lengths = [len(p.x) for p in pieces]
    left, right = min(p.left for p in pieces), max(p.right for p in pieces)
    height, ends = (
        np.average(part, axis=0, weights=lengths)
        for part in zip(*((p.height, p.ends) for p in pieces), strict=True)
    )
    return Piece(members, left, right, x[order], y[order], float(height), ends)


def make_row(components: Components, line: Piece) -> Row:
    """Make a row of a line, with its members from left to right."""
    slope = float(line.ends[:, 1].mean())
    boxes = straighten(components.boxes[line.members], slope)
    return Row(line.members[np.argsort(boxes[:, 0] + boxes[:, 2], kind="stable")], slope)


def straighten(boxes: NDArray[np.int32], slope: float) -> Floats:
    """Move boxes to where they would be if the rows were level, float64 [n, 4]."""
    left, top, right, bottom = boxes.T.astype(np.float64)
    x, y = (left + right) / 2, (top + bottom) / 2
    dx, dy = slope * y, -slope * x
    return np.stack([left + dx, top + dy, right + dx, bottom + dy], 1)
