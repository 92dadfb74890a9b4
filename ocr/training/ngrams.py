"""A language model of character n-grams from text.

Probabilities are smoothed by Witten and Bell's interpolation (1991; Chen and Goodman 1998,
section 2.6) and put in back-off form, from which n-grams are pruned whose probability hardly
differs from that of their suffix (Stolcke 1998, "Entropy-based pruning of backoff language
models").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.decode.language import ORDER, STEP, SYMBOLS, Ngrams, fold
from ocr.errors import DataError

MIN_PROBABILITY = 1e-5  # of backing off to the shorter context
NEW_SYMBOL_COUNT = 8.0  # pseudo-count of each distinct symbol after a context; by held-out text

Codes = NDArray[np.uint64]
Ints = NDArray[np.intp]
Floats = NDArray[np.float64]

COUNT = np.uint64(len(SYMBOLS))
BASE = np.uint64(len(SYMBOLS) + 1)  # of the code of a context, in which the digit 0 is no symbol


@dataclass(frozen=True)
class Table:
    """N-grams of one length, sorted by context and then symbol, with a value each."""

    contexts: Codes  # `ocr.decode.language.code` of all symbols but the last
    symbols: Codes  # index of the last symbol in `SYMBOLS`
    values: Floats  # counts or probabilities


def build(lines: Iterable[str], *, most: int = 500_000) -> Ngrams:
    """Return a model of which character is likely after which; DataError without text.

    Parameters
    ----------
    lines : iterable of str
        Running text. A repeated line counts each time.
    most : int
        N-grams to keep: those that change the probability of the text most, and all single
        symbols. 500,000 make a file of about 1.3 MB.
    """
    text, places = _encode(lines)
    if not len(text):
        raise DataError("no text to build a language model from (name files that have some)")
    kept = _prune([_count(text, places, n) for n in range(ORDER)], most)
    weights: list[Floats] = []
    for length in range(ORDER):
        weights.append(_backoff_weights(kept, weights, length))
    starts = [_context_starts(table) for table in kept]
    contexts = np.concatenate([t.contexts[s] for t, s in zip(kept, starts, strict=True)])
    counts = np.concatenate(
        [np.diff(s, append=len(t.symbols)) for t, s in zip(kept, starts, strict=True)]
    )
    # a code shows the length of its context, so that sorting keeps the lengths apart
    order = np.argsort(np.concatenate([t.contexts for t in kept]), kind="stable")
    by_context = np.argsort(contexts)
    return Ngrams(
        contexts[by_context].astype(np.uint32),
        np.cumsum(counts[by_context], dtype=np.uint32),
        _quantize(-np.log(np.concatenate(weights)))[by_context],
        np.concatenate([t.symbols for t in kept])[order].astype(np.uint8),
        _quantize(-np.log(np.concatenate([t.values for t in kept])))[order],
    )


def _encode(lines: Iterable[str]) -> tuple[Codes, Ints]:
    """Return the symbol indices of all lines, each between spaces, and their place in the line."""
    texts = [" ".join(fold(line).split()) for line in lines]
    texts = [f" {text} " for text in texts if text]
    table = np.zeros(128, np.uint64)
    table[[ord(s) for s in SYMBOLS]] = np.arange(len(SYMBOLS))
    text = table[np.frombuffer("".join(texts).encode("ascii"), np.uint8)]
    lengths = np.array([len(t) for t in texts], np.intp)
    places = np.arange(len(text)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return text, places


def _count(text: Codes, places: Ints, length: int) -> Table:
    """Count how often each symbol follows each context of `length` symbols."""
    ends = np.flatnonzero(places >= max(length, 1))  # a line's first space follows nothing
    contexts = np.zeros(len(ends), np.uint64)
    for back in range(length, 0, -1):
        contexts = contexts * BASE + text[ends - back] + np.uint64(1)
    codes, counts = np.unique(contexts * COUNT + text[ends], return_counts=True)
    return Table(codes // COUNT, codes % COUNT, counts.astype(np.float64))


def _prune(counted: list[Table], most: int) -> list[Table]:
    """Smooth the counts; keep the n-grams without which the text would lose most probability."""
    tables: list[Table] = []
    gains: list[Floats] = []
    for length, table in enumerate(counted):
        contexts, symbols, counts = table.contexts, table.symbols, table.values
        shorter = np.full(len(counts), 1 / len(SYMBOLS))
        if length:
            shorter = _look_up(tables[-1], _suffix(contexts, length), symbols)[0]
        starts = _context_starts(table)
        sizes = np.diff(starts, append=len(counts))
        kinds = NEW_SYMBOL_COUNT * np.repeat(sizes, sizes)
        totals = np.repeat(np.add.reduceat(counts, starts), sizes)
        smoothed = (counts + kinds * shorter) / (totals + kinds)
        tables.append(Table(contexts, symbols, smoothed))
        # all single symbols stay: longer n-grams that are pruned fall back on them
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


def _backoff_weights(kept: list[Table], shorter_weights: list[Floats], length: int) -> Floats:
    """Return the factor of each context for probabilities that come from its suffix."""
    table = kept[length]
    if not len(table.values):
        return np.zeros(0)
    starts = _context_starts(table)
    suffixes = _suffix(table.contexts, length)
    shorter = _probabilities(kept, shorter_weights, suffixes, table.symbols, length)
    left = np.maximum(1 - np.add.reduceat(table.values, starts), MIN_PROBABILITY)
    backed_off = np.maximum(1 - np.add.reduceat(shorter, starts), MIN_PROBABILITY)
    weights: Floats = np.clip(left / backed_off, MIN_PROBABILITY, 1)
    return weights


def _probabilities(
    kept: list[Table], weights: list[Floats], contexts: Codes, symbols: Codes, length: int
) -> Floats:
    """Return the probability of n-grams whose contexts have fewer than `length` symbols."""
    probability = np.full(len(symbols), 1 / len(SYMBOLS))
    for n in range(length):
        suffix = contexts % BASE ** np.uint64(n)
        value, is_listed = _look_up(kept[n], suffix, symbols)
        place, is_known = _search(kept[n].contexts[_context_starts(kept[n])], suffix)
        backed_off = probability * np.where(is_known, np.append(weights[n], 1.0)[place], 1.0)
        probability = np.where(is_listed, value, backed_off)
    return probability


def _look_up(table: Table, contexts: Codes, symbols: Codes) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the values of n-grams, and which of them the table has; other values are undefined."""
    place, is_known = _search(table.contexts * COUNT + table.symbols, contexts * COUNT + symbols)
    return np.append(table.values, 0.0)[place], is_known


def _search(among: Codes, codes: Codes) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the places of codes in a sorted array, and which are in it."""
    place = np.searchsorted(among, codes)
    is_known = np.append(among, np.uint64(2**64 - 1))[place] == codes  # no code is that large
    return place, is_known


def _suffix(contexts: Codes, length: int) -> Codes:
    """Return contexts of `length` symbols without their first symbol."""
    return contexts % BASE ** np.uint64(max(length - 1, 0))


def _context_starts(table: Table) -> Ints:
    """Return where the n-grams of each context begin."""
    return np.flatnonzero(np.diff(table.contexts, prepend=np.uint64(2**64 - 1)))


def _quantize(nats: Floats) -> NDArray[np.uint8]:
    return np.clip(np.rint(nats / STEP), 0, 255).astype(np.uint8)
