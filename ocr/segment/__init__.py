"""A page image to rows of candidate glyphs, and those to 32×32 crops.

`segment` finds the ink that is writing, arranges its connected components in rows, and cuts each
row into candidate glyphs. `crop` makes the picture of each candidate that a classifier reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr.input.page_image import PageImage
from ocr.segment.columns import reading_order
from ocr.segment.components import stroke_width
from ocr.segment.crops import crop_candidates
from ocr.segment.ink import Binarizer, FoundInk, find_ink, load_binarizer
from ocr.segment.lattice import Lattice, build_lattice
from ocr.segment.page import SegmentedPage
from ocr.segment.rows import Row, find_pieces, make_row
from ocr.segment.ruling import drop_walls, find_ruling
from ocr.segment.touching import split_touching

__all__ = [
    "Binarizer",
    "FoundInk",
    "Row",
    "SegmentedPage",
    "arrange",
    "crop",
    "crop_in_parts",
    "load_binarizer",
    "segment",
]

CROPS_IN_PART = 2048  # 8 MB; classifiers are no faster with more


def segment(image: PageImage, binarizer: Binarizer, *, rotate: bool = True) -> SegmentedPage:
    """Find the rows of writing on a page, and the candidate glyphs of each.

    `binarizer` is one that `load_binarizer` returns. A blank page has no rows. With a network, a
    tilted page is levelled, and with `rotate` one on its side or upside down is turned upright.
    """
    first, *others = (arrange(found) for found in find_ink(image, binarizer, rotate=rotate))
    return replace(first, other_ways=tuple(others))


def arrange(found: FoundInk) -> SegmentedPage:
    """Arrange components in rows, in reading order, and build the lattice of each row."""
    ruling = find_ruling(found.maps, found.image.gray.shape)
    components = drop_walls(found.components, ruling)
    lines = reading_order(*find_pieces(components, found.maps), ruling.corners)
    components, lines = split_touching(components, lines)
    rows = tuple(make_row(components, line) for line in lines)
    stroke = stroke_width(found.ink.mask) if rows else 0.0
    lattices = tuple(build_lattice(components, row, stroke) for row in rows)
    return SegmentedPage(found.image, found.ink, components, ruling, rows, lattices)


def crop(page: SegmentedPage) -> NDArray[np.float32]:
    """Make the crop [N, 32, 32] of every candidate glyph of a page, row by row; see `crops`."""
    return crop_candidates(page.ink, page.components, page.lattices)


def crop_in_parts(page: SegmentedPage) -> Iterator[NDArray[np.float32]]:
    """Make the same crops a few rows at a time: those of a newspaper page take 400 MB."""
    rows: list[Lattice] = []
    for lattice in page.lattices:
        rows.append(lattice)
        if sum(len(row.candidates) for row in rows) >= CROPS_IN_PART:
            yield crop_candidates(page.ink, page.components, rows)
            rows = []
    yield crop_candidates(page.ink, page.components, rows)
