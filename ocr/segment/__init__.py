"""A page image to rows of candidate glyphs, and those to 32×32 crops.

`segment` binarizes the page at a resolution that suits its letters, removes ruled lines, keeps
the connected components that can be writing, arranges them in rows, and cuts each row into
candidate glyphs. `crop` makes the picture of each candidate that a classifier reads.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr.input.page_image import PageImage
from ocr.segment.binarize import Ink
from ocr.segment.columns import reading_order
from ocr.segment.components import Components, stroke_width
from ocr.segment.crops import crop_candidates
from ocr.segment.ink_network import InkNetwork
from ocr.segment.ink_scale import find_scale, reading_scale, scale_image
from ocr.segment.ink_strokes import find_writing
from ocr.segment.lattice import Lattice, build_lattice
from ocr.segment.page import SegmentedPage
from ocr.segment.resolution import find_letters_at_working_size
from ocr.segment.rows import Row, find_rows

__all__ = ["Components", "Ink", "Lattice", "Row", "SegmentedPage", "arrange", "crop", "segment"]


def segment(image: PageImage, network: InkNetwork | None = None) -> SegmentedPage:
    """Find the rows of writing on an upright page, and the candidate glyphs of each.

    A network finds the ink, or rules do if there is none. Ink may be lighter than paper. A blank
    page has no rows.
    """
    if network is None:
        return arrange(*find_letters_at_working_size(image))
    found = find_scale(image.gray, network)
    scale = reading_scale(found, image.gray)
    image = replace(image, gray=scale_image(image.gray, scale), scale=scale * image.scale)
    return arrange(image, *find_writing(image.gray, found.maps))


def arrange(image: PageImage, ink: Ink, components: Components) -> SegmentedPage:
    """Arrange components in rows, in reading order, and build the lattice of each row."""
    rows = tuple(
        Row(block[row.members], row.slope)
        for block in reading_order(components)
        for row in find_rows(components.take(block))
    )
    stroke = stroke_width(ink.mask) if rows else 0.0
    lattices = tuple(build_lattice(components, row, stroke) for row in rows)
    return SegmentedPage(image, ink, components, rows, lattices)


def crop(page: SegmentedPage) -> NDArray[np.float32]:
    """Make the crop [N, 32, 32] of every candidate glyph of a page, row by row; see `crops`."""
    return crop_candidates(page.ink, page.components, page.lattices)
