"""Candidate glyphs to the 32×32 crops that every classifier reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components, Ink
from ocr.segment.lattice import Candidate, Lattice, union
from ocr.segment.ndimage import maximum_filter

SIZE = 32  # px, side of a crop
EXTENT = 24  # px, longer side of the ink in it; the margin leaves room for augmentation
MIN_STRENGTH = 38  # of 255, a full stroke; fainter ink is the grain of the paper


def crop_candidates(
    ink: Ink, components: Components, lattices: Sequence[Lattice]
) -> NDArray[np.float32]:
    """Crop every candidate of every row, in order.

    Returns
    -------
    ndarray, float32 [N, 32, 32]
        Ink 1.0 on paper 0.0.
    """
    count = sum(len(lattice.candidates) for lattice in lattices)
    crops = np.zeros((count, SIZE, SIZE), np.float32)
    done = 0
    for lattice in lattices:
        owners = find_owners(components, lattice)
        for candidate in lattice.candidates:
            crops[done] = fit(candidate_ink(ink, components, owners, lattice, candidate))
            done += 1
    return crops


def trim(ink: NDArray[np.float32], faintest: float) -> NDArray[np.float32]:
    """Cut ink to the bounding box of what is darker than `faintest`; unchanged if none is."""
    rows, columns = np.nonzero(ink > faintest)
    if not len(rows):
        return ink
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


@dataclass(frozen=True)
class Owners:
    """The component that each pixel around a row belongs to.

    Attributes
    ----------
    labels : ndarray, int32 [h, w]
        Labels of `Components`, each grown by the soft rim of one pixel around it.
    left, top : int
        Position of the array on the page.
    """

    labels: NDArray[np.int32]
    left: int
    top: int


def find_owners(components: Components, lattice: Lattice) -> Owners:
    """Find which component owns each pixel around a row.

    This is done for each row because the array of a whole page would double the memory that
    reading needs.
    """
    left, top, right, bottom = union(lattice.atoms)
    left, top = max(left - 2, 0), max(top - 2, 0)  # the rim, and neighbors that may own it
    return Owners(grow_labels(components.labels[top : bottom + 2, left : right + 2]), left, top)


def grow_labels(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Grow each component by its soft rim of one pixel; labels are int32 [h, w]."""
    ink = labels > 0
    grown = np.pad(labels, 1)
    rim = np.flatnonzero(np.pad(maximum_filter(ink, 3) & ~ink, 1))
    width = grown.shape[1]
    around = [row + column for row in (-width, 0, width) for column in (-1, 0, 1)]
    # neighbors that are rim themselves still have the label 0 here
    flat = grown.ravel()
    nearest = np.zeros(len(rim), np.int32)
    for step in around:
        np.maximum(nearest, flat[rim + step], out=nearest)
    flat[rim] = nearest
    return grown[1:-1, 1:-1]


def candidate_ink(
    ink: Ink, components: Components, owners: Owners, lattice: Lattice, candidate: Candidate
) -> NDArray[np.float32]:
    """Copy the ink of a candidate's atoms alone, float32 [h, w], with a rim of one pixel."""
    height, width = ink.mask.shape
    left, top, right, bottom = candidate.box
    left, top = max(left - 1, 0), max(top - 1, 0)
    right, bottom = min(right + 1, width), min(bottom + 1, height)
    x, y = owners.left, owners.top
    area = owners.labels[top - y : bottom - y, left - x : right - x]
    ids = components.ids
    strength = ink.strength[top:bottom, left:right]
    mine = strength > MIN_STRENGTH
    if candidate.last == candidate.first + 1:
        mine &= area == ids[lattice.atoms[candidate.first].component]
        return np.float32(1 / 255) * strength * mine
    owned = np.zeros(area.shape, np.bool_)
    for atom in lattice.atoms[candidate.first : candidate.last]:
        columns = slice(max(atom.box[0] - 1 - left, 0), atom.box[2] + 1 - left)
        owned[:, columns] |= area[:, columns] == ids[atom.component]
    mine &= owned
    return np.float32(1 / 255) * strength * mine


def fit(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale the ink [h, w] of a glyph, cut to its bounding box, to a crop [32, 32].

    The longer side gets 24 px and the aspect ratio is kept. Thin strokes of a large glyph stay
    dark because the darkest point is scaled to 1. The crop is all zero if `ink` is.
    """
    height, width = ink.shape
    scale = EXTENT / max(height, width)
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    small = weights(height, new_height) @ ink @ weights(width, new_width).T
    crop = np.zeros((SIZE, SIZE), np.float32)
    top, left = (SIZE - new_height) // 2, (SIZE - new_width) // 2
    peak = small.max()
    if peak > 0:
        np.divide(small, peak, out=crop[top : top + new_height, left : left + new_width])
    return crop


@lru_cache(maxsize=1024)
def weights(size: int, new_size: int) -> NDArray[np.float32]:
    """Compute the weight of each old pixel in each new one, for antialiased bilinear scaling.

    Two matrix products with such an array [new_size, size] are faster than Pillow's `resize` for
    pieces as small as letters.
    """
    scale = size / new_size
    middles = (np.arange(new_size)[:, None] + 0.5) * scale
    away = np.abs(np.arange(size) + 0.5 - middles) / max(scale, 1.0)
    shares = np.maximum(1 - away, 0)
    parts: NDArray[np.float32] = (shares / shares.sum(1, keepdims=True)).astype(np.float32)
    return parts
