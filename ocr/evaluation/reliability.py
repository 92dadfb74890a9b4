"""Whether letters that are said to be 90 % sure are right nine times of ten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from ocr.evaluation import normalize

BINS = 10


class Judged(NamedTuple):
    """A letter that was read: how sure it was said to be, and whether it is right."""

    confidence: float
    right: bool


@dataclass(frozen=True)
class Bin:
    """Letters of about the same confidence.

    Attributes
    ----------
    low, high : float
        Bounds of their confidence.
    count : int
    confidence : float
        Its mean.
    accuracy : float
        Share of them that is right.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def judge(truth: str, letters: Sequence[tuple[str, float]]) -> tuple[Judged, ...]:
    """Tell which letters of a page are right, by the alignment of fewest edits without spaces.

    Parameters
    ----------
    truth : str
    letters : sequence of (str, float)
        Characters in reading order, with their confidence.

    Examples
    --------
    >>> judge("A CAT", [("A", 0.9), ("C", 0.8), ("U", 0.4), ("T", 0.9)])[2]
    Judged(confidence=0.4, right=False)
    """
    want = "".join(normalize.strict(truth).split())
    read = "".join(character for character, _ in letters)
    wrong = {edit.dest_pos for edit in Levenshtein.editops(want, read) if edit.tag != "delete"}
    return tuple(Judged(c, i not in wrong) for i, (_, c) in enumerate(letters))


def reliability(judged: Iterable[Judged]) -> tuple[Bin, ...]:
    """Sort letters by confidence into bins of equal width; empty ones are left out."""
    bins: list[list[Judged]] = [[] for _ in range(BINS)]
    for letter in judged:
        bins[min(int(letter.confidence * BINS), BINS - 1)].append(letter)
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            count=len(letters),
            confidence=sum(letter.confidence for letter in letters) / len(letters),
            accuracy=sum(letter.right for letter in letters) / len(letters),
        )
        for number, letters in enumerate(bins)
        if letters
    )


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error (Naeini et al. 2015); None without letters.

    Mean distance of confidence and accuracy over bins, weighted by their letters.
    """
    count = sum(b.count for b in bins)
    if not count:
        return None
    return sum(b.count * abs(b.confidence - b.accuracy) for b in bins) / count
