"""Readings of a row, and the choice of those that are likely to be writing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ocr.page import Line

# Of 380 lines of real pages 5 had less confidence than MIN_CONFIDENCE, of 185 rows of noise 160.
MIN_CONFIDENCE = 0.25
SHORT_LINE_MARGIN = 0.4  # more confidence that a line needs, divided by its number of letters
STROKES = "Il1ij"  # characters that scratches are read as


@dataclass(frozen=True)
class Hypothesis:
    """One reading of a row."""

    line: Line  # boxes in working pixels
    score: float  # log-probability, up to a constant that all hypotheses of the row share
    candidates: tuple[int, ...] = ()  # of each glyph, in the row's lattice; none without lattice


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
