"""Measure calibration: whether letters with a confidence of 90 % are right nine times in ten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from ocr.evaluation import normalize

BINS = 10


@dataclass(frozen=True)
class ScoredLetter:
    """Confidence of a letter that was read, and whether it is right."""

    confidence: float
    right: bool


@dataclass(frozen=True)
class Bin:
    """Letters of similar confidence."""

    low: float  # bounds of their confidence
    high: float
    count: int
    confidence: float  # mean
    accuracy: float  # share of the letters that is right


def score_letters(truth: str, letters: Sequence[tuple[str, float]]) -> tuple[ScoredLetter, ...]:
    """Decide which letters of a page are right, by an alignment with the truth without spaces.

    `letters` are characters in reading order, with their confidence.

    Examples
    --------
    >>> score_letters("A CAT", [("A", 0.9), ("C", 0.8), ("U", 0.4), ("T", 0.9)])[2]
    ScoredLetter(confidence=0.4, right=False)
    """
    want = "".join(normalize.strict(truth).split())
    read = "".join(character for character, _ in letters)
    wrong = {edit.dest_pos for edit in Levenshtein.editops(want, read) if edit.tag != "delete"}
    return tuple(ScoredLetter(c, i not in wrong) for i, (_, c) in enumerate(letters))


def bin_by_confidence(letters: Iterable[ScoredLetter]) -> tuple[Bin, ...]:
    """Group letters into `BINS` bins of equal width; empty bins are left out."""
    bins: list[list[ScoredLetter]] = [[] for _ in range(BINS)]
    for letter in letters:
        bins[min(int(letter.confidence * BINS), BINS - 1)].append(letter)
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            count=len(members),
            confidence=sum(letter.confidence for letter in members) / len(members),
            accuracy=sum(letter.right for letter in members) / len(members),
        )
        for number, members in enumerate(bins)
        if members
    )


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error (Naeini et al. 2015); None without letters.

    It is the mean distance between confidence and accuracy, each bin weighted by its letters.
    """
    count = sum(b.count for b in bins)
    if not count:
        return None
    return sum(b.count * abs(b.confidence - b.accuracy) for b in bins) / count
