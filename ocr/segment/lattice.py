"""Every row as a lattice: atoms of ink, and the candidate glyphs that runs of atoms form.

An atom is a component, or a piece of one that may hold several letters. A candidate is a run
of neighbouring atoms: one component, a joined pair (i, =, %, a broken stroke), or a piece
between two cuts. All are classified; the best path through the row wins (LeCun et al. 1998,
"Gradient-based learning applied to document recognition", sections V-VII).
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.segment import Segmentation
from ocr.segment.components import Components
from ocr.segment.crops import SIZE, fit
from ocr.segment.ndimage import maximum_filter
from ocr.segment.rows import Row, straightened

MOST_ATOMS = 5  # in one candidate: a percent sign that two cuts went through
WIDEST = 1.9  # row heights, of a candidate: a W in wide print
BROKEN = 0.08  # row heights of white in a broken letter
APART = 0.3  # row heights of white in a quotation mark, from a stem to its dot or to its letter
SMALL = 0.52  # row heights; a dot, a stroke of a quotation mark
TALL = 0.6  # row heights of a stem that stands apart, and of what it belongs to ...
THIN = 0.2  # ... and of its width
CUT_FROM = 0.6  # row heights; a narrower component is one letter
CUT_SPACING = 0.2  # row heights between cuts: narrower than an l with its white
CUT_DEPTH = 3.5  # stroke widths of ink that a cut may go through
TILTED = 0.05  # slope from which letters are turned upright: smaller tilts are in the training
FAINT = 0.15  # strength of ink below which it is the grain of the paper


class Atom(NamedTuple):
    """A component, or the columns first..last-1 of one.

    Attributes
    ----------
    component : int
        Index into the components of the page.
    box : tuple of int
        Left, top, right, bottom; half-open working pixels.
    """

    component: int
    box: tuple[int, int, int, int]


class Candidate(NamedTuple):
    """Atoms first..last-1 of a row, taken as one glyph."""

    first: int
    last: int
    box: tuple[int, int, int, int]


class Lattice(NamedTuple):
    """A row's atoms, left to right, and its candidates.

    Attributes
    ----------
    atoms : list of Atom
    candidates : list of Candidate
    height : float
        Typical height in pixels of the row's letters.
    slope : float
        Of the row.
    """

    atoms: list[Atom]
    candidates: list[Candidate]
    height: float
    slope: float


def build_lattice(page: Segmentation, row: Row, stroke: float) -> Lattice:
    """Cut wide components into atoms, and list the runs of atoms that may be letters.

    Parameters
    ----------
    page : Segmentation
    row : Row
    stroke : float
        Mean width of a stroke on the page, in pixels.
    """
    components = page.components.take(row.members)
    height = row_height(components)
    atoms: list[Atom] = []
    for i, member in enumerate(row.members):
        atoms += cut_atoms(components, i, int(member), height, stroke)
    atoms.sort(key=lambda a: a.box[0] + a.box[2])
    boxes = straightened(np.array([a.box for a in atoms], np.int32), row.slope)
    return Lattice(atoms, list_candidates(atoms, boxes, height), height, row.slope)


def row_height(components: Components) -> float:
    """Height of the row's taller letters: capitals where there are any, else lower case."""
    heights = np.sort(components.heights)
    large = heights[heights >= 0.4 * heights[-1]]
    # of the sorted heights, as np.percentile has it, which is slow for so few
    return float(np.interp(0.6 * (len(large) - 1), np.arange(len(large)), large))


def cut_atoms(
    components: Components, index: int, member: int, height: float, stroke: float
) -> list[Atom]:
    """One atom for a narrow component; for a wide one, the pieces between possible cuts."""
    left, top, right, bottom = (int(v) for v in components.boxes[index])
    if right - left < CUT_FROM * height or bottom - top < 0.4 * height:
        return [Atom(member, (left, top, right, bottom))]
    ink = components.labels[top:bottom, left:right] == components.ids[index]
    borders = [0, *find_cuts(ink, height, stroke), right - left]
    atoms = []
    for start, stop in zip(borders, borders[1:], strict=False):
        rows = np.flatnonzero(ink[:, start:stop].any(1))
        box = (left + start, top + int(rows[0]), left + stop, top + int(rows[-1]) + 1)
        atoms.append(Atom(member, box))
    return atoms


def find_cuts(ink: NDArray[np.bool_], height: float, stroke: float) -> list[int]:
    """Columns at which a component may be cut: thin places of its vertical profile."""
    sums = ink.sum(0)
    sums = np.concatenate([sums[:1], sums, sums[-1:]])
    profile: list[float] = np.convolve(sums, np.full(3, 1 / 3), mode="valid").tolist()
    spacing = max(2, round(CUT_SPACING * height))
    half = spacing // 2
    columns = [
        x
        for x, depth in enumerate(profile)
        if depth <= CUT_DEPTH * stroke and depth == min(profile[max(x - half, 0) : x + half + 1])
    ]
    chosen = [0, ink.shape[1]]
    for column in sorted(columns, key=profile.__getitem__):
        if min(abs(column - other) for other in chosen) >= spacing:
            chosen.append(column)
    return sorted(chosen[2:])


def list_candidates(
    atoms: list[Atom], boxes: NDArray[np.float64], height: float
) -> list[Candidate]:
    """Runs of neighbouring atoms that are near enough and narrow enough to be one letter."""
    candidates = []
    corners: list[list[float]] = boxes.tolist()
    pieces = Counter(atom.component for atom in atoms)
    for first, (left, _, right, _) in enumerate(corners):
        for last in range(first + 1, min(first + MOST_ATOMS, len(atoms)) + 1):
            if last > first + 1:
                is_whole = pieces[atoms[last - 1].component] == 1
                near = may_join(corners[first : last - 1], corners[last - 1], height, is_whole)
                left, right = min(left, corners[last - 1][0]), max(right, corners[last - 1][2])
                if not near or right - left > WIDEST * height:
                    break
            candidates.append(Candidate(first, last, union(atoms[first:last])))
    return candidates


def may_join(parts: list[list[float]], part: list[float], height: float, is_whole: bool) -> bool:
    """Whether one more atom may belong to the letter that the atoms with boxes `parts` form.

    Over white it may where it is a whole component, not a piece that was cut off one.
    """
    gap = part[0] - max(box[2] for box in parts)
    if gap <= BROKEN * height:
        return True
    if gap > APART * height or not is_whole:
        return False
    if part[3] - part[1] >= SMALL * height:
        return len(parts) == 1 and has_stem_apart(parts[0], part, height)
    dot = part[3] < min(box[1] for box in parts) + 0.2 * height  # above what it would belong to
    return dot or all(box[3] - box[1] < SMALL * height for box in parts)


def has_stem_apart(one: list[float], other: list[float], height: float) -> bool:
    """Whether two parts may be a letter whose stem the hand did not join to the rest: H, K, D."""
    thinner = min(box[2] - box[0] for box in (one, other))
    lower = min(box[3] - box[1] for box in (one, other))
    return thinner < THIN * height and lower > TALL * height


def union(atoms: list[Atom]) -> tuple[int, int, int, int]:
    """Smallest box around atoms."""
    lefts, tops, rights, bottoms = zip(*(a.box for a in atoms), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def best_cut(lattice: Lattice, scores: list[float]) -> list[int]:
    """Indices of the candidates that cover the row's atoms with the highest sum of scores."""
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


def crop_candidates(page: Segmentation, lattices: list[Lattice]) -> NDArray[np.float32]:
    """Crops of all candidates of all rows, in order, float32 [N, 32, 32]."""
    count = sum(len(lattice.candidates) for lattice in lattices)
    crops = np.zeros((count, SIZE, SIZE), np.float32)
    done = 0
    for lattice in lattices:
        owners = owners_of(page, lattice)
        for candidate in lattice.candidates:
            ink = candidate_ink(page, owners, lattice, candidate)
            crops[done] = fit(level(ink, lattice.slope) if abs(lattice.slope) > TILTED else ink)
            done += 1
    return crops


def level(ink: NDArray[np.float32], slope: float) -> NDArray[np.float32]:
    """Turn ink upright that stands on a row of some slope, and cut it to its box again."""
    height, width = ink.shape
    cos, sin = np.cos(np.arctan(slope)), np.sin(np.arctan(slope))
    new_width = int(np.ceil(width * cos + height * abs(sin)))
    new_height = int(np.ceil(height * cos + width * abs(sin)))
    x, y = new_width / 2, new_height / 2
    matrix = (cos, -sin, width / 2 - cos * x + sin * y, sin, cos, height / 2 - sin * x - cos * y)
    turned = Image.fromarray(ink).transform(
        (new_width, new_height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    ink = np.asarray(turned)
    rows, columns = np.nonzero(ink > FAINT)
    if not len(rows):
        return ink
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


class Owners(NamedTuple):
    """The component that each pixel around a row belongs to.

    Attributes
    ----------
    labels : ndarray, int32 [h, w]
        As of `Components`, the soft rims of one pixel included.
    left, top : int
        Where they lie on the page.
    """

    labels: NDArray[np.int32]
    left: int
    top: int


def owners_of(page: Segmentation, lattice: Lattice) -> Owners:
    """Owners of the pixels around a row: of a page they would take as much memory as all else."""
    left, top, right, bottom = union(lattice.atoms)
    left, top = max(left - 2, 0), max(top - 2, 0)  # a rim, and whose ink it may be else
    return Owners(
        grown_labels(page.components.labels[top : bottom + 2, left : right + 2]), left, top
    )


def grown_labels(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels in which each component owns its soft rim of one pixel too, int32 [h, w]."""
    ink = labels > 0
    grown = np.pad(labels, 1)
    rim = np.flatnonzero(np.pad(maximum_filter(ink, 3) & ~ink, 1))
    width = grown.shape[1]
    around = [row + column for row in (-width, 0, width) for column in (-1, 0, 1)]
    # the neighbours that are rim too are still 0 when they are asked
    flat = grown.ravel()
    nearest = np.zeros(len(rim), np.int32)
    for step in around:
        np.maximum(nearest, flat[rim + step], out=nearest)
    flat[rim] = nearest
    return grown[1:-1, 1:-1]


def candidate_ink(
    page: Segmentation, owners: Owners, lattice: Lattice, candidate: Candidate
) -> NDArray[np.float32]:
    """Ink of the candidate's atoms alone, float32 [h, w], with a rim of one pixel."""
    height, width = page.ink.mask.shape
    left, top, right, bottom = candidate.box
    left, top = max(left - 1, 0), max(top - 1, 0)
    right, bottom = min(right + 1, width), min(bottom + 1, height)
    x, y = owners.left, owners.top
    area = owners.labels[top - y : bottom - y, left - x : right - x]
    ids = page.components.ids
    strength = page.ink.strength[top:bottom, left:right]
    mine = strength > FAINT
    if candidate.last == candidate.first + 1:
        mine &= area == ids[lattice.atoms[candidate.first].component]
        return strength * mine
    owned = np.zeros(area.shape, np.bool_)
    for atom in lattice.atoms[candidate.first : candidate.last]:
        columns = slice(max(atom.box[0] - 1 - left, 0), atom.box[2] + 1 - left)
        owned[:, columns] |= area[:, columns] == ids[atom.component]
    mine &= owned
    return strength * mine
