"""Score pages one by one and all together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ocr.evaluation import normalize
from ocr.evaluation.alignment import Alignment, Confusion, align, total
from ocr.evaluation.reliability import (
    Bin,
    ScoredLetter,
    bin_by_confidence,
    calibration_error,
    score_letters,
)


@dataclass(frozen=True)
class PageScore:
    """Alignment of a page's truth and text under each normalization."""

    strict: Alignment  # of characters, as are the next two
    letters: Alignment  # under `normalize.letters_of`
    nocase: Alignment  # under `normalize.case_insensitive`
    words: Alignment  # of the strict text
    scored_letters: tuple[ScoredLetter, ...] = ()
    name: str = ""
    error: str = ""  # why the page could not be read; it then counts as empty text


#: Alignment of a `PageScore` by the name of its error rate.
RATES: dict[str, Callable[[PageScore], Alignment]] = {
    "cer_strict": lambda page: page.strict,
    "cer_letters": lambda page: page.letters,
    "cer_nocase": lambda page: page.nocase,
    "wer_strict": lambda page: page.words,
}


def score_page(
    truth: str,
    text: str,
    letters: Sequence[tuple[str, float]] = (),
    *,
    name: str = "",
    error: str = "",
) -> PageScore:
    """Score a page's text, and the confidence of its letters, against its ground truth.

    Examples
    --------
    >>> page = score_page("To do list", "TO D0 LIST")
    >>> page.strict.edits, page.letters.edits, page.nocase.edits, page.words.error_rate
    (7, 1, 1, 1.0)
    """
    want, got = normalize.strict(truth), normalize.strict(text)
    letters_of = normalize.letters_of(want)
    return PageScore(
        strict=align(want, got),
        letters=align(letters_of(truth), letters_of(text)),
        nocase=align(normalize.case_insensitive(truth), normalize.case_insensitive(text)),
        words=align(want.split(), got.split()),
        scored_letters=score_letters(truth, letters),
        name=name,
        error=error,
    )


@dataclass(frozen=True)
class Report:
    """Scores of several pages."""

    pages: tuple[PageScore, ...]

    @cached_property
    def total(self) -> PageScore:
        """All pages added up; its error rates are micro-averages."""
        return PageScore(
            strict=total(page.strict for page in self.pages),
            letters=total(page.letters for page in self.pages),
            nocase=total(page.nocase for page in self.pages),
            words=total(page.words for page in self.pages),
            scored_letters=tuple(letter for page in self.pages for letter in page.scored_letters),
            name="all pages",
        )

    def mean(self, rate: str) -> float | None:
        """Mean over pages of one of `RATES`, where each page counts as at most 1.

        So one page of garbage cannot dominate. Pages whose truth is empty under the
        normalization are left out; None if all are.
        """
        rates = [RATES[rate](page).error_rate for page in self.pages]
        capped = [min(1.0, r) for r in rates if r is not None]
        return sum(capped) / len(capped) if capped else None

    @property
    def reliability(self) -> tuple[Bin, ...]:
        """Accuracy of the letters by their confidence."""
        return bin_by_confidence(self.total.scored_letters)

    @property
    def confusions(self) -> tuple[Confusion, ...]:
        """Errors in the strict texts, most frequent first."""
        return self.total.strict.confusions

    def worst(self, count: int) -> tuple[PageScore, ...]:
        """Return the pages with the highest strict CER, highest first."""
        return tuple(sorted(self.pages, key=lambda p: -(p.strict.error_rate or 0))[:count])

    def to_json(self) -> dict[str, Any]:
        """Return values for `json.dumps`: every page, mean, total and confusions."""
        return {
            "pages": [_json(page) for page in self.pages],
            "mean": {rate: self.mean(rate) for rate in RATES},
            "total": _json(self.total),
            "reliability": [asdict(b) for b in self.reliability],
            "calibration_error": calibration_error(self.reliability),
            "confusions": [asdict(c) for c in self.confusions],
        }


def _json(page: PageScore) -> dict[str, Any]:
    return {
        "name": page.name,
        "error": page.error or None,
        **{rate: alignment(page).error_rate for rate, alignment in RATES.items()},
        "characters": page.strict.length,
        "insertions": page.strict.insertions,
        "deletions": page.strict.deletions,
        "substitutions": page.strict.substitutions,
    }
