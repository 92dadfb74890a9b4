"""The result of segmentation: a page's ink, rows and candidate glyphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ocr.input.page_image import PageImage
from ocr.segment.components import Components, Ink
from ocr.segment.lattice import Lattice
from ocr.segment.rows import Row
from ocr.segment.ruling import Ruling


@dataclass(frozen=True)
class SegmentedPage:
    """A page ready to be read, in pixels of its working image.

    Attributes
    ----------
    image : PageImage
        At the working resolution.
    ink : Ink
    components : Components
    ruling : Ruling
    rows : tuple of Row
        In reading order; empty for a blank page.
    lattices : tuple of Lattice
        Of the rows, in the same order.
    other_ways : tuple of SegmentedPage
        The same page turned other ways up, if it is in doubt which one is right.
    """

    image: PageImage
    ink: Ink
    components: Components
    ruling: Ruling
    rows: tuple[Row, ...]
    lattices: tuple[Lattice, ...]
    other_ways: tuple[SegmentedPage, ...] = ()

    @property
    def ink_probabilities(self) -> list[float]:
        """Probability that the components of each row are ink, weighted by their areas."""
        probabilities, areas = self.components.probabilities, self.components.areas
        return [
            float(np.average(probabilities[row.members], weights=areas[row.members]))
            for row in self.rows
        ]

    @property
    def row_ends(self) -> list[int]:
        """End of each row in the sequence of all candidates of the page."""
        ends, total = [], 0
        for lattice in self.lattices:
            total += len(lattice.candidates)
            ends.append(total)
        return ends
