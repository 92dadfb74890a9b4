"""A language model from text: n-grams counted, smoothed, and cut down to the common ones.

Probabilities are smoothed by Witten and Bell's interpolation (1991; Chen and Goodman 1998,
section 2.6) and then put in back-off form, in which rare n-grams can be left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ocr.decode.language import ORDER, STEP, SYMBOLS, Ngrams, code, fold
from ocr.errors import DataError

_INDEX = {c: i for i, c in enumerate(SYMBOLS)}
LEAST = 1e-5  # probability that an ending is asked

Counts = dict[str, Counter[str]]
Floats = NDArray[np.float64]


def build(lines: Iterable[str], *, most: int = 500_000) -> Ngrams:
    """Learn which character is likely after which.

    Parameters
    ----------
    lines : iterable of str
        Running text; a repeated line counts as often as it stands there.
    most : int
        Of more n-grams than that, the commonest are kept: 500,000 make a file of about 1 MB.

    Raises
    ------
    DataError
        If the text is empty.
    """
    counts = _counted(lines)
    if not counts:
        raise DataError("no text to build a language model from (name files that have some)")
    least = _least_count(counts, most)
    smoothed: dict[str, Floats] = {}
    tables: list[tuple[int, list[int], float, Floats]] = []
    for context in sorted(counts, key=len):  # a context's endings come before it
        listed = [_INDEX[s] for s, n in sorted(counts[context].items()) if n >= least]
        if listed or not context:
            smoothed[context] = _smoothed(counts[context], _shorter(smoothed, context))
            price = _cut_down(smoothed[context], _shorter(smoothed, context), listed)
            tables.append((code(context), listed, price, -np.log(smoothed[context][listed])))
    tables.sort(key=lambda t: t[0])
    return Ngrams(
        np.array([number for number, _, _, _ in tables], np.uint32),
        np.array([len(symbols) for _, symbols, _, _ in tables], np.uint8),
        _steps(np.array([price for _, _, price, _ in tables])),
        np.concatenate([symbols for _, symbols, _, _ in tables]).astype(np.uint8),
        _steps(np.concatenate([costs for _, _, _, costs in tables])),
    )


def _counted(lines: Iterable[str]) -> Counts:
    """How often each symbol follows each context."""
    counts: Counts = defaultdict(Counter)
    for line in lines:
        text = f" {' '.join(fold(line).split())} "
        for end in range(1, len(text) if text.strip() else 0):
            for length in range(min(ORDER - 1, end) + 1):
                counts[text[end - length : end]][text[end]] += 1
    return counts


def _least_count(counts: Counts, most: int) -> int:
    """Count from which no more than so many n-grams are left; an n-gram's endings have it too."""
    every = np.array([n for after in counts.values() for n in after.values()])
    if len(every) <= most:
        return 1
    return int(np.partition(every, -most)[-most]) + 1


def _shorter(smoothed: dict[str, Floats], context: str) -> Floats:
    """What the longest ending of a context that was kept says."""
    return smoothed[context[1:]] if context else np.full(len(SYMBOLS), 1 / len(SYMBOLS))


def _smoothed(after: Counter[str], shorter: Floats) -> Floats:
    """Probability of each symbol, of which the shorter context says what was not seen."""
    seen = np.zeros(len(SYMBOLS))
    seen[[_INDEX[s] for s in after]] = list(after.values())
    kinds = np.count_nonzero(seen)
    smoothed: Floats = (seen + kinds * shorter) / (seen.sum() + kinds)
    return smoothed


def _cut_down(smoothed: Floats, shorter: Floats, listed: list[int]) -> float:
    """Leave all but the listed symbols to the shorter context; the price of asking it, in nats."""
    others = np.ones(len(SYMBOLS), np.bool_)
    others[listed] = False
    share = smoothed[others].sum() / max(shorter[others].sum(), LEAST)
    smoothed[others] = share * shorter[others]
    return -float(np.log(max(share, LEAST)))


def _steps(nats: Floats) -> NDArray[np.uint8]:
    return np.clip(np.rint(nats / STEP), 0, 255).astype(np.uint8)
