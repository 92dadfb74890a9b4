"""A language model from text: n-grams counted, smoothed, and cut down to those that tell most.

Probabilities are smoothed by Witten and Bell's interpolation (1991; Chen and Goodman 1998,
section 2.6), and put in back-off form, from which n-grams that say hardly more than their
endings are left out (Stolcke 1998, "Entropy-based pruning of backoff language models").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.decode.language import ORDER, STEP, SYMBOLS, Ngrams, fold
from ocr.errors import DataError

LEAST = 1e-5  # probability that an ending is asked
TRUST = 8.0  # in endings: symbols seen once that a new one counts as, by held-out text

Codes = NDArray[np.uint64]
Ints = NDArray[np.intp]
Floats = NDArray[np.float64]

COUNT = np.uint64(len(SYMBOLS))
BASE = np.uint64(len(SYMBOLS) + 1)  # of a context's number, in which 0 is no symbol


class Table(NamedTuple):
    """N-grams of one length, by context and then symbol, and what is known of each.

    Attributes
    ----------
    contexts : ndarray, uint64 [n]
        `ocr.decode.language.code` of all but the last symbol.
    symbols : ndarray, uint64 [n]
        Index into `SYMBOLS` of the last.
    values : ndarray, float64 [n]
        Counts or probabilities.
    """

    contexts: Codes
    symbols: Codes
    values: Floats


def build(lines: Iterable[str], *, most: int = 500_000) -> Ngrams:
    """Learn which character is likely after which.

    Parameters
    ----------
    lines : iterable of str
        Running text; a repeated line counts as often as it stands there.
    most : int
        Of more n-grams than that, those that tell most are kept, and single symbols in any
        case: 500,000 make a file of about 1.3 MB.

    Raises
    ------
    DataError
        If the text is empty.
    """
    text, places = _encoded(lines)
    if not len(text):
        raise DataError("no text to build a language model from (name files that have some)")
    kept = _most_telling([_counted(text, places, n) for n in range(ORDER)], most)
    prices: list[Floats] = []
    for length in range(ORDER):
        prices.append(_prices(kept, prices, length))
    starts = [_starts(table) for table in kept]
    contexts = np.concatenate([t.contexts[s] for t, s in zip(kept, starts, strict=True)])
    counts = np.concatenate(
        [np.diff(s, append=len(t.symbols)) for t, s in zip(kept, starts, strict=True)]
    )
    # a number says how long its context is, so that sorting keeps the lengths apart
    order = np.argsort(np.concatenate([t.contexts for t in kept]), kind="stable")
    by_context = np.argsort(contexts)
    return Ngrams(
        contexts[by_context].astype(np.uint32),
        np.cumsum(counts[by_context], dtype=np.uint32),
        _steps(-np.log(np.concatenate(prices)))[by_context],
        np.concatenate([t.symbols for t in kept])[order].astype(np.uint8),
        _steps(-np.log(np.concatenate([t.values for t in kept])))[order],
    )


def _encoded(lines: Iterable[str]) -> tuple[Codes, Ints]:
    """Indices of all lines' symbols, and the place of each in its line; spaces at both ends."""
    texts = [" ".join(fold(line).split()) for line in lines]
    texts = [f" {text} " for text in texts if text]
    table = np.zeros(128, np.uint64)
    table[[ord(s) for s in SYMBOLS]] = np.arange(len(SYMBOLS))
    text = table[np.frombuffer("".join(texts).encode("ascii"), np.uint8)]
    lengths = np.array([len(t) for t in texts], np.intp)
    places = np.arange(len(text)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return text, places


def _counted(text: Codes, places: Ints, length: int) -> Table:
    """How often each symbol follows each context of so many symbols."""
    ends = np.flatnonzero(places >= max(length, 1))  # a line's first space follows nothing
    contexts = np.zeros(len(ends), np.uint64)
    for back in range(length, 0, -1):
        contexts = contexts * BASE + text[ends - back] + np.uint64(1)
    codes, counts = np.unique(contexts * COUNT + text[ends], return_counts=True)
    return Table(codes // COUNT, codes % COUNT, counts.astype(np.float64))


def _most_telling(counted: list[Table], most: int) -> list[Table]:
    """Smoothed probabilities of the n-grams that would cost the text most if they were not."""
    tables: list[Table] = []
    gains: list[Floats] = []
    for length, (contexts, symbols, counts) in enumerate(counted):
        shorter = np.full(len(counts), 1 / len(SYMBOLS))
        if length:
            shorter = _found(tables[-1], _ending(contexts, length), symbols)[0]
        starts = _starts(counted[length])
        sizes = np.diff(starts, append=len(counts))
        kinds = TRUST * np.repeat(sizes, sizes)
        totals = np.repeat(np.add.reduceat(counts, starts), sizes)
        smoothed = (counts + kinds * shorter) / (totals + kinds)
        tables.append(Table(contexts, symbols, smoothed))
        # single symbols all stay: whatever is left out is theirs to say
        gains.append(
            counts * np.log(smoothed / shorter) if length else np.full(len(counts), np.inf)
        )
    longer = np.sort(np.concatenate(gains[1:]))
    room = max(most - len(gains[0]), 0)
    least = float(longer[-room - 1]) if len(longer) > room else 0.0
    keep = [gain > max(least, 0.0) for gain in gains]
    return [
        Table(t.contexts[k], t.symbols[k], t.values[k]) for t, k in zip(tables, keep, strict=True)
    ]


def _prices(kept: list[Table], known: list[Floats], length: int) -> Floats:
    """By what the probability that a context's ending gives is multiplied, for each context."""
    contexts, symbols, values = kept[length]
    if not len(values):
        return np.zeros(0)
    starts = _starts(kept[length])
    shorter = _probabilities(kept, known, _ending(contexts, length), symbols, length)
    left = np.maximum(1 - np.add.reduceat(values, starts), LEAST)
    asked = np.maximum(1 - np.add.reduceat(shorter, starts), LEAST)
    prices: Floats = np.clip(left / asked, LEAST, 1)
    return prices


def _probabilities(
    kept: list[Table], prices: list[Floats], contexts: Codes, symbols: Codes, length: int
) -> Floats:
    """What the model says of n-grams whose contexts have fewer than `length` symbols."""
    probability = np.full(len(symbols), 1 / len(SYMBOLS))
    for n in range(length):
        ending = contexts % BASE ** np.uint64(n)
        value, listed = _found(kept[n], ending, symbols)
        place, known = _place(kept[n].contexts[_starts(kept[n])], ending)
        asked = probability * np.where(known, np.append(prices[n], 1.0)[place], 1.0)
        probability = np.where(listed, value, asked)
    return probability


def _found(table: Table, contexts: Codes, symbols: Codes) -> tuple[Floats, NDArray[np.bool_]]:
    """Values of some n-grams, and which of them the table has; the others' mean nothing."""
    place, known = _place(table.contexts * COUNT + table.symbols, contexts * COUNT + symbols)
    return np.append(table.values, 0.0)[place], known


def _place(among: Codes, codes: Codes) -> tuple[Ints, NDArray[np.bool_]]:
    """Where codes are in a sorted array, and which are in it at all."""
    place = np.searchsorted(among, codes)
    known = np.append(among, np.uint64(2**64 - 1))[place] == codes  # no code is as large as that
    return place, known


def _ending(contexts: Codes, length: int) -> Codes:
    """Contexts of `length` symbols without their first."""
    return contexts % BASE ** np.uint64(max(length - 1, 0))


def _starts(table: Table) -> Ints:
    """Where each context's n-grams begin."""
    return np.flatnonzero(np.diff(table.contexts, prepend=np.uint64(2**64 - 1)))


def _steps(nats: Floats) -> NDArray[np.uint8]:
    return np.clip(np.rint(nats / STEP), 0, 255).astype(np.uint8)
