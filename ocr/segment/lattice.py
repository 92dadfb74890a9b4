"""The lattice of a row: atoms of ink, and the candidate glyphs that runs of atoms form.

An atom is a component, or a piece of one that may hold several letters. A candidate is a run
of neighboring atoms: one component, a joined pair (i, =, %, a broken stroke), or a piece
between two cuts. All candidates are classified, and the best path through the row wins (LeCun
et al. 1998, "Gradient-based learning applied to document recognition", sections V-VII).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components
from ocr.segment.rows import Row, straighten

MAX_ATOMS = 5  # in a candidate: a percent sign with two cuts through it
MAX_WIDTH = 1.9  # row heights, of a candidate: a W in wide print
MAX_BREAK = 0.08  # row heights of white inside a broken letter
MAX_PART_GAP = 0.3  # row heights of white inside ", or between a stem and its dot
MAX_MARK = 0.52  # row heights, of a dot or a stroke of a quotation mark
MIN_STEM_HEIGHT = 0.6  # row heights, of a stem that stands apart from its letter
MAX_STEM_WIDTH = 0.2  # row heights
MIN_CUT_WIDTH = 0.6  # row heights; a narrower component is one letter
CUT_SPACING = 0.2  # row heights between cuts: less than the width of an l with its white
MAX_CUT_INK = 3.5  # stroke widths of ink that a cut may go through


class Atom(NamedTuple):
    """A component, or a piece of one between two of its columns."""

    component: int  # index into the components of the page
    box: tuple[int, int, int, int]  # left, top, right, bottom; half-open working pixels


class Candidate(NamedTuple):
    """Atoms first..last-1 of a row as one glyph; `box` is in working pixels."""

    first: int
    last: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Lattice:
    """The atoms of a row, left to right, and its candidate glyphs."""

    atoms: list[Atom]
    candidates: list[Candidate]
    height: float  # px, typical of the row's taller letters
    slope: float  # pixels down for each pixel to the right


def build_lattice(components: Components, row: Row, stroke: float) -> Lattice:
    """Cut wide components into atoms, and list the runs of atoms that may be letters.

    `components` are all of the page, and `stroke` is the mean width of its strokes in pixels.
    """
    height = row_height(components.heights[row.members])
    atoms: list[Atom] = []
    for member in row.members.tolist():
        atoms += cut_atoms(components, member, height, stroke)
    atoms.sort(key=lambda a: a.box[0] + a.box[2])
    boxes = straighten(np.array([a.box for a in atoms], np.int32), row.slope)
    return Lattice(atoms, list_candidates(atoms, boxes, height), height, row.slope)


def row_height(heights: NDArray[np.int32]) -> float:
    """Estimate the height of the taller letters: capitals if there are any, else lower case."""
    heights = np.sort(heights)
    large = heights[heights >= 0.4 * heights[-1]]
    # the 60th percentile; np.percentile is slow for so few values
    return float(np.interp(0.6 * (len(large) - 1), np.arange(len(large)), large))


def cut_atoms(components: Components, member: int, height: float, stroke: float) -> list[Atom]:
    """Return a narrow component as one atom, a wide one as the pieces between possible cuts."""
    left, top, right, bottom = components.boxes[member].tolist()
    if right - left < MIN_CUT_WIDTH * height or bottom - top < 0.4 * height:
        return [Atom(member, (left, top, right, bottom))]
    ink = components.labels[top:bottom, left:right] == components.ids[member]
    borders = [0, *find_cuts(ink, height, stroke), right - left]
    atoms = []
    for start, stop in zip(borders, borders[1:], strict=False):
        rows = np.flatnonzero(ink[:, start:stop].any(1))
        if not len(rows):  # between the parts of a component that was split from another row
            continue
        box = (left + start, top + int(rows[0]), left + stop, top + int(rows[-1]) + 1)
        atoms.append(Atom(member, box))
    return atoms


def find_cuts(ink: NDArray[np.bool_], height: float, stroke: float) -> list[int]:
    """Find columns at which a component may be cut: minima of its vertical profile."""
    sums = ink.sum(0)
    sums = np.concatenate([sums[:1], sums, sums[-1:]])
    profile: list[float] = np.convolve(sums, np.full(3, 1 / 3), mode="valid").tolist()
    spacing = max(2, round(CUT_SPACING * height))
    half = spacing // 2
    columns = [
        x
        for x, depth in enumerate(profile)
        if depth <= MAX_CUT_INK * stroke and depth == min(profile[max(x - half, 0) : x + half + 1])
    ]
    chosen = [0, ink.shape[1]]
    for column in sorted(columns, key=profile.__getitem__):
        if min(abs(column - other) for other in chosen) >= spacing:
            chosen.append(column)
    return sorted(chosen[2:])


def list_candidates(
    atoms: list[Atom], boxes: NDArray[np.float64], height: float
) -> list[Candidate]:
    """List the runs of neighboring atoms that are close and narrow enough to be one letter."""
    candidates = []
    corners: list[list[float]] = boxes.tolist()
    pieces = Counter(atom.component for atom in atoms)
    for first, (left, _, right, _) in enumerate(corners):
        for last in range(first + 1, min(first + MAX_ATOMS, len(atoms)) + 1):
            if last > first + 1:
                is_whole = pieces[atoms[last - 1].component] == 1
                near = may_join(corners[first : last - 1], corners[last - 1], height, is_whole)
                left, right = min(left, corners[last - 1][0]), max(right, corners[last - 1][2])
                if not near or right - left > MAX_WIDTH * height:
                    break
            candidates.append(Candidate(first, last, union(atoms[first:last])))
    return candidates


def may_join(parts: list[list[float]], part: list[float], height: float, is_whole: bool) -> bool:
    """Whether one more atom may belong to the letter that the atoms with boxes `parts` form.

    Only a whole component may be joined across white, not a piece that was cut off one.
    """
    gap = part[0] - max(box[2] for box in parts)
    if gap <= MAX_BREAK * height:
        return True
    if gap > MAX_PART_GAP * height or not is_whole:
        return False
    if part[3] - part[1] >= MAX_MARK * height:
        return len(parts) == 1 and has_stem_apart(parts[0], part, height)
    dot = part[3] < min(box[1] for box in parts) + 0.2 * height  # above the other parts
    return dot or all(box[3] - box[1] < MAX_MARK * height for box in parts)


def has_stem_apart(one: list[float], other: list[float], height: float) -> bool:
    """Whether two parts may be a letter whose stem does not touch the rest, as in H, K or D."""
    thinner = min(box[2] - box[0] for box in (one, other))
    lower = min(box[3] - box[1] for box in (one, other))
    return thinner < MAX_STEM_WIDTH * height and lower > MIN_STEM_HEIGHT * height


def union(atoms: list[Atom]) -> tuple[int, int, int, int]:
    """Return the smallest box around atoms."""
    lefts, tops, rights, bottoms = zip(*(a.box for a in atoms), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def best_cut(lattice: Lattice, scores: list[float]) -> list[int]:
    """Choose the candidates that cover the atoms of a row with the highest sum of scores."""
    best = [0.0] + [-math.inf] * len(lattice.atoms)
    last = [0] * len(best)
    for i, (candidate, score) in enumerate(zip(lattice.candidates, scores, strict=True)):
        total = best[candidate.first] + score
        if total > best[candidate.last]:
            best[candidate.last], last[candidate.last] = total, i
    cut = []
    place = len(lattice.atoms)
    while place:
        cut.append(last[place])
        place = lattice.candidates[cut[-1]].first
    return cut[::-1]
