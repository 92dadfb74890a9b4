"""The contract of every reader of rows: rows of a page in, hypotheses with boxes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ocr.decode.language import Ngrams
from ocr.page import Line, Page
from ocr.segment.page import SegmentedPage
from ocr.segment.resolution import to_original

# Of 380 lines of real pages 5 had less confidence than MIN_CONFIDENCE, of 185 rows of noise 160.
MIN_CONFIDENCE = 0.25
SHORT_LINE_MARGIN = 0.4  # more confidence that a line needs, divided by its number of letters
STROKES = "Il1ij"  # characters that scratches are read as


@dataclass(frozen=True)
class Hypothesis:
    """One reading of a row.

    Attributes
    ----------
    line : Line
        Boxes in working pixels; each glyph has its alternatives and confidence.
    score : float
        Log-probability, up to a constant that all hypotheses of the row share.
    candidates : tuple of int
        Index into the row's lattice of each glyph; empty from a reader that uses no lattice.
    """

    line: Line
    score: float
    candidates: tuple[int, ...] = ()


class RowReader(Protocol):
    """A way to read the rows of a page."""

    def __call__(self, page: SegmentedPage, language: Ngrams | None) -> Iterable[list[Hypothesis]]:
        """Return the hypotheses of each row, best first; none for a row without a letter."""


def choose_lines(rows: Iterable[Sequence[Hypothesis]]) -> list[tuple[int, Hypothesis]]:
    """Choose the best hypothesis of each row that is likely to be writing, with its row."""
    best = [(number, hypotheses[0]) for number, hypotheses in enumerate(rows) if hypotheses]
    return [(number, hypothesis) for number, hypothesis in best if is_writing(hypothesis.line)]


def is_writing(line: Line) -> bool:
    """Whether a line is sure enough to be more than the grain of wood or the edge of a shadow.

    A short line must be surer: a single letter, or any number of strokes, may be scratches.
    """
    letters = [g.character for w in line.words for g in w.glyphs if g.character.isalnum()]
    distinct = sum(c not in STROKES for c in letters)
    return line.confidence >= MIN_CONFIDENCE + SHORT_LINE_MARGIN / max(distinct, 1)


def to_page(page: SegmentedPage, lines: Iterable[Line]) -> Page:
    """Return lines as a page, boxes in pixels of the original image."""
    width, height = page.image.size
    return Page(width, height, tuple(to_original(line, page.image) for line in lines))
