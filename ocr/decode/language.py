"""Character n-gram model: the probability of each character after those before it.

Case is folded and all digits are one symbol, so the model knows words and the places of digits
and punctuation, but not which digit.
"""

from __future__ import annotations

import math
import string
import unicodedata
from bisect import bisect_left
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import ModelError
from ocr.files import read_arrays, write_arrays
from ocr.models_dir import models_dir

SYMBOLS = " " + string.ascii_lowercase + "0" + string.punctuation
ORDER = 6  # characters of an n-gram: five predict the sixth
STEP = 0.05  # nats, of the quantized log-probabilities
DIGIT = math.log(10)  # nats, the cost of a particular digit
CACHE_SIZE = 20_000  # contexts whose distributions are cached, about 25 MB
SURPRISE = 0.02  # weight of the uniform distribution: names, codes, other languages

PARTS = ("contexts", "counts", "prices", "symbols", "costs")  # of a file

_INDEX = {c: i for i, c in enumerate(SYMBOLS)}

Bytes = NDArray[np.uint8]
Codes = NDArray[np.uint32]
Floats = NDArray[np.float64]

UNIFORM: Floats = np.full(len(SYMBOLS), 1 / len(SYMBOLS))


def fold(text: str) -> str:
    """Convert text to the symbols of the model: lower case, digits as 0, others left out.

    Examples
    --------
    >>> fold("Room 217é")
    'room 000'
    """
    return "".join(c for c in ("0" if c.isdigit() else c.lower() for c in text) if c in _INDEX)


@cache
def knows_script(characters: str) -> bool:
    """Whether language models know a letter of an alphabet: they have ASCII without accents.

    Otherwise each letter would cost the same, and every space more than none.

    Examples
    --------
    >>> knows_script("αβγ"), knows_script("αβγé"), knows_script("12-")
    (False, True, True)
    """
    letters = [c for c in characters if c.isalpha()]
    return not letters or any(fold(unicodedata.normalize("NFD", c)[0]) for c in letters)


class Ngrams:
    """Character n-gram model in back-off form (Katz 1987).

    Each context lists the symbols that are likelier after it than after its suffix; the others
    get the probability after the suffix, times a back-off weight.

    Parameters
    ----------
    contexts : ndarray, uint32 [n]
        `code` of each context, ascending.
    ends : ndarray, uint32 [n]
        End of each context's part of `symbols`.
    prices : ndarray, uint8 [n]
        Negative log of the back-off weight of each context, in steps of `STEP`.
    symbols : ndarray, uint8 [ends[-1]]
        Indices into `SYMBOLS`, context by context.
    costs : ndarray, uint8 [ends[-1]]
        Negative log-probabilities of those symbols, in steps of `STEP`.
    """

    def __init__(
        self, contexts: Codes, ends: Codes, prices: Bytes, symbols: Bytes, costs: Bytes
    ) -> None:
        self._tables = contexts, ends, prices, symbols, costs
        self._symbols, self._costs = symbols, costs
        # a memoryview returns single numbers faster than an array
        self._contexts, self._ends, self._prices = contexts.data, ends.data, prices.data
        self._probabilities = np.exp(-STEP * np.arange(256))  # by cost or back-off price
        self._rows: dict[str, Floats] = {}
        self._answers: dict[str, Floats] = {}

    def __len__(self) -> int:
        """Count the n-grams."""
        return len(self._symbols)

    def log_probs(self, context: str) -> Floats:
        """Return the log-probability of each of `SYMBOLS` after a folded context, float64 [60]."""
        context = context[1 - ORDER :]
        answer = self._answers.get(context)
        if answer is None:
            if len(self._answers) >= CACHE_SIZE:
                self._answers.clear()
                self._rows.clear()
            answer = np.log((1 - SURPRISE) * self._row(context) + SURPRISE / len(SYMBOLS))
            self._answers[context] = answer
        return answer

    def log_prob(self, character: str, context: str) -> float:
        """Return the log-probability of a character after a folded context."""
        index = _INDEX.get("0" if character.isdigit() else character.lower())
        if index is None:
            return -math.log(len(SYMBOLS))
        return float(self.log_probs(context)[index]) - (DIGIT if character.isdigit() else 0.0)

    def _row(self, context: str) -> Floats:
        """Return the probabilities without the uniform share, float64 [60]."""
        row = self._rows.get(context)
        if row is None:
            shorter = self._row(context[1:]) if context else UNIFORM
            row = self._rows[context] = self._own_row(context, shorter)
        return row

    def _own_row(self, context: str, shorter: Floats) -> Floats:
        number = code(context)
        place = bisect_left(self._contexts, number)
        if place == len(self._contexts) or self._contexts[place] != number:
            return shorter
        row: Floats = shorter * self._probabilities[self._prices[place]]
        own = slice(self._ends[place - 1] if place else 0, self._ends[place])
        row[self._symbols[own]] = self._probabilities[self._costs[own]]
        return row

    def __reduce__(self) -> tuple[type[Ngrams], tuple[NDArray[Any], ...]]:
        """Let pickle keep only the tables."""
        return Ngrams, self._tables

    def save(self, path: Path) -> None:
        """Write a compressed .npz file; OutputError if that cannot be done."""
        contexts, ends, prices, symbols, costs = self._tables
        steps = np.diff(contexts, prepend=np.uint32(0))  # differences compress better
        counts = np.diff(ends, prepend=np.uint32(0)).astype(np.uint8)
        tables = (steps, counts, prices, symbols, costs)
        write_arrays(path, dict(zip(PARTS, tables, strict=True)), compressed=True)

    @classmethod
    def load(cls, path: Path) -> Ngrams:
        """Read what `save` wrote; ModelError if the file is anything else."""
        try:
            arrays = read_arrays(path)
            steps, counts, prices, symbols, costs = (arrays[name] for name in PARTS)
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror} (check the path)") from error
        except (ValueError, KeyError) as error:
            raise ModelError(
                f"cannot use {path}: not a language model of ocr (build it again)"
            ) from error
        fit = (
            all(a.ndim == 1 and a.dtype == np.uint8 for a in (counts, prices, symbols, costs))
            and len(steps) == len(counts) == len(prices)
            and counts.sum(dtype=np.uint32) == len(symbols) == len(costs)
            and (symbols < len(SYMBOLS)).all()
        )
        if not fit:
            raise ModelError(
                f"cannot use {path}: its tables do not fit each other (build it again)"
            )
        contexts, ends = (np.cumsum(a, dtype=np.uint32) for a in (steps, counts))
        return cls(contexts, ends, prices, symbols, costs)


def language_model(name_or_path: str | Path | None) -> Ngrams | None:
    """Load a language model: "english", a file that `ocr language` wrote, or None for none.

    Raises
    ------
    ModelError
        If there is no such file, or it is not a language model.
    """
    if name_or_path is None:
        return None
    if name_or_path == "english":
        return english()
    if not Path(name_or_path).exists():
        raise ModelError(
            f"no language model {name_or_path} (there are english and none; ocr language makes "
            "one from your own texts)"
        )
    return Ngrams.load(Path(name_or_path))


@cache
def english() -> Ngrams:
    """Return the language model that ships with ocr."""
    return Ngrams.load(models_dir() / "english.ngrams.npz")


def code(context: str) -> int:
    """Encode a folded context of up to five symbols as a number; "" is 0.

    Examples
    --------
    >>> code(" "), code("a "), code(" a")
    (1, 123, 63)
    """
    number = 0
    for symbol in context:
        number = number * (len(SYMBOLS) + 1) + _INDEX[symbol] + 1
    return number
