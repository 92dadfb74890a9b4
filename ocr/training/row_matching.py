"""Matching of a page's rows, as they are read, to the lines of its known text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from ocr.alphabet import Alphabet

MIN_SIMILARITY = 0.4  # of a row's text and its line: two lines of English share about a quarter
MIN_LENGTH_RATIO = 0.7  # of the shorter to the longer: letters that are misread are cut and joined


def match_rows(rows: Sequence[str], lines: Sequence[str], alphabet: Alphabet) -> dict[int, int]:
    """Return the index of the row of each line that has one; both are in reading order.

    Of all pairings that keep the order, the one with the highest sum of `score_pair` is chosen.

    Examples
    --------
    >>> match_rows(["HELLQ", "|", "W0RLD"], ["Hello", "my", "World"], Alphabet("HELOWRDMYQ0"))
    {0: 0, 2: 2}
    """
    scores = np.array([[score_pair(row, line, alphabet) for line in lines] for row in rows])
    scores = scores.reshape(len(rows), len(lines))
    best = np.zeros((len(rows) + 1, len(lines) + 1))
    for r in range(len(rows)):
        for k in range(len(lines)):
            paired = best[r, k] + scores[r, k] if scores[r, k] > 0 else -np.inf
            best[r + 1, k + 1] = max(paired, best[r, k + 1], best[r + 1, k])
    r, k = len(rows), len(lines)
    found = {}
    while r and k:
        if best[r, k] == best[r - 1, k]:
            r -= 1
        elif best[r, k] == best[r, k - 1]:
            k -= 1
        else:
            r, k = r - 1, k - 1
            found[k] = r
    return dict(sorted((found | match_remaining(found, rows, lines)).items()))


def match_remaining(
    found: dict[int, int], rows: Sequence[str], lines: Sequence[str]
) -> dict[int, int]:
    """Match rows that were misread to lines by their place and length.

    Between two matched rows, before the first or after the last, as many rows as lines must
    be left, each about as long as its line.

    Examples
    --------
    >>> match_remaining({0: 0, 2: 3}, ["one", "", "tvv0", "three"], ["one", "two", "three"])
    {1: 2}
    >>> match_remaining({0: 0}, ["one", "tvv0", "x"], ["one", "two", "three"])
    {}
    """
    matched = sorted(found.items())
    ends = [(-1, -1), *matched, (len(lines), len(rows))] if matched else []
    more = dict[int, int]()
    for (k, r), (next_k, next_r) in zip(ends, ends[1:], strict=False):
        free = [i for i in range(r + 1, next_r) if rows[i]]
        placed = list(zip(range(k + 1, next_k), free, strict=False))
        if len(free) == next_k - k - 1 and all(
            is_about_as_long(rows[i], lines[n]) for n, i in placed
        ):
            more |= dict(placed)
    return more


def is_about_as_long(row: str, line: str) -> bool:
    """Return whether a row's text has about as many letters as a line."""
    got, want = (len("".join(text.split())) for text in (row, line))
    return min(got, want) >= MIN_LENGTH_RATIO * max(got, want)


def score_pair(row: str, line: str, alphabet: Alphabet) -> float:
    """Return how well a row's text fits a line, in characters; at most 0 where it does not."""
    got, want = ("".join(text.casefold().split()) for text in (row, line))
    if not got or not want:
        return 0.0
    known = sum(c in alphabet or c.swapcase() in alphabet for c in "".join(line.split()))
    if 2 * known < len(want):  # a foreign script: only the length of the text means anything
        similarity = min(len(got), len(want)) / max(len(got), len(want))
    else:
        similarity = Levenshtein.normalized_similarity(got, want)
    return (similarity - MIN_SIMILARITY) * len(want)
