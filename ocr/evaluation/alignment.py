"""Align true and read text; every count and error rate is derived from this alignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

#: (truth, read) to its count: equal if correct; a deletion is (truth, ""), an insertion ("", read).
Pairs = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Confusion:
    """Number of times that something was read as something else; "" stands for nothing."""

    truth: str
    read: str
    times: int


@dataclass(frozen=True)
class Alignment:
    """Counts of what each unit of the truth, a character or a word, was read as."""

    pairs: Pairs

    @property
    def length(self) -> int:
        """Number of units of the truth."""
        return sum(n for (truth, _), n in self.pairs.items() if truth)

    @property
    def edits(self) -> int:
        """Levenshtein distance of truth and text."""
        return self.insertions + self.deletions + self.substitutions

    @property
    def insertions(self) -> int:
        """Number of units that were read where the truth has none."""
        return sum(n for (truth, _), n in self.pairs.items() if not truth)

    @property
    def deletions(self) -> int:
        """Number of units of the truth that were not read."""
        return sum(n for (_, read), n in self.pairs.items() if not read)

    @property
    def substitutions(self) -> int:
        """Number of units of the truth that were read as another."""
        return sum(n for (truth, read), n in self.pairs.items() if truth and read and truth != read)

    @property
    def error_rate(self) -> float | None:
        """Edits per unit of the truth, possibly above 1; None if the truth is empty."""
        return self.edits / self.length if self.length else None

    @property
    def confusions(self) -> tuple[Confusion, ...]:
        """Errors, most frequent first."""
        return most_frequent(self.pairs)


def align(truth: Sequence[str], read: Sequence[str]) -> Alignment:
    """Align two strings, or two lists of words, with the fewest edits.

    Examples
    --------
    >>> align("CAT", "CUTE").confusions
    (Confusion(truth='', read='E', times=1), Confusion(truth='A', read='U', times=1))
    """
    pairs = Counter((unit, unit) for unit in truth)
    for edit in Levenshtein.editops(truth, read):
        want = "" if edit.tag == "insert" else truth[edit.src_pos]
        got = "" if edit.tag == "delete" else read[edit.dest_pos]
        pairs[want, got] += 1
        if want:
            pairs[want, want] -= 1
    return Alignment(+pairs)


def total(alignments: Iterable[Alignment]) -> Alignment:
    """Add up the alignments of several texts."""
    pairs: Counter[tuple[str, str]] = Counter()
    for alignment in alignments:
        pairs.update(alignment.pairs)
    return Alignment(pairs)


def most_frequent(pairs: Pairs) -> tuple[Confusion, ...]:
    """Return the pairs that differ, most frequent first, then in alphabetical order."""
    wrong = [Confusion(*pair, count) for pair, count in pairs.items() if pair[0] != pair[1]]
    return tuple(sorted(wrong, key=lambda c: (-c.times, c.truth, c.read)))
