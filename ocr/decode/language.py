"""A character n-gram model: which character is likely after which.

Case is folded and digits are one symbol, so that the model knows words and the places of
digits and punctuation, not which digit. Probabilities are smoothed by Witten and Bell's
interpolation (1991; Chen and Goodman 1998, section 2.6).
"""

from __future__ import annotations

import math
import string
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError, ModelError
from ocr.files import read_arrays, write_arrays

SYMBOLS = " " + string.ascii_lowercase + "0" + string.punctuation
ORDER = 5  # characters of an n-gram: four tell the fifth
STEP = 0.05  # nats, of the quantized log-probabilities
DIGIT = math.log(10)  # nats, to tell which digit it is

_INDEX = {c: i for i, c in enumerate(SYMBOLS)}


def fold(text: str) -> str:
    """Text in the model's symbols: lower case, digits as 0, the unknown left out.

    Examples
    --------
    >>> fold("Room 217é")
    'room 000'
    """
    return "".join(c for c in ("0" if c.isdigit() else c.lower() for c in text) if c in _INDEX)


class Ngrams:
    """A character n-gram model.

    Parameters
    ----------
    contexts : list of str
        Folded contexts of zero to four symbols; "" must be among them.
    costs : ndarray, uint8 [len(contexts), len(SYMBOLS)]
        Negative log-probability of each next symbol, in `STEP`s.
    """

    def __init__(self, contexts: list[str], costs: NDArray[np.uint8]) -> None:
        self._contexts = contexts
        self._costs = costs
        self._rows = {c: i for i, c in enumerate(contexts)}
        self._known: dict[str, list[float]] = {}

    def __len__(self) -> int:
        """Count the contexts."""
        return len(self._contexts)

    def log_probs(self, context: str) -> list[float]:
        """Log-probability of each of `SYMBOLS` after a folded context of any length."""
        context = context[1 - ORDER :]
        if context not in self._known:
            row = next(
                self._rows[context[i:]]
                for i in range(len(context) + 1)
                if context[i:] in self._rows
            )
            self._known[context] = (-STEP * self._costs[row].astype(np.float64)).tolist()
        return self._known[context]

    def log_prob(self, character: str, context: str) -> float:
        """Log-probability of a character after a folded context; a fixed one if unknown."""
        index = _INDEX.get("0" if character.isdigit() else character.lower())
        if index is None:
            return -math.log(len(SYMBOLS))
        return self.log_probs(context)[index] - (DIGIT if character.isdigit() else 0.0)

    def save(self, path: Path) -> None:
        """Write a compressed .npz file; OutputError if that cannot be done."""
        joined = np.array("\n".join(self._contexts))
        write_arrays(path, {"contexts": joined, "costs": self._costs}, compressed=True)

    @classmethod
    def load(cls, path: Path) -> Ngrams:
        """Read what `save` wrote; ModelError if the file is anything else."""
        try:
            arrays = read_arrays(path)
            contexts, costs = str(arrays["contexts"]).split("\n"), arrays["costs"]
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror} (check the path)") from error
        except (ValueError, KeyError) as error:
            raise ModelError(
                f"cannot use {path}: not a language model of ocr (build it again)"
            ) from error
        if costs.shape != (len(contexts), len(SYMBOLS)) or "" not in contexts:
            raise ModelError(
                f"cannot use {path}: its tables do not fit each other (build it again)"
            )
        return cls(contexts, costs)


def build(lines: Iterable[str], *, most_contexts: int = 24_000) -> Ngrams:
    """Count n-grams and smooth them.

    Parameters
    ----------
    lines : iterable of str
        Running text; a repeated line counts as often as it stands there.
    most_contexts : int
        The commonest so many contexts are kept: 24,000 make a file of about 1 MB.

    Raises
    ------
    DataError
        If the text is empty.
    """
    counts = _counted(lines)
    if not counts:
        raise DataError("no text to build a language model from (name files that have some)")
    totals = {context: sum(after.values()) for context, after in counts.items()}
    kept = sorted(totals, key=lambda c: (-totals[c], len(c), c))[:most_contexts]
    smoothed = _smoothed(counts, sorted({"", *kept}, key=len))
    costs = -np.log(np.stack(list(smoothed.values()))) / STEP
    return Ngrams(list(smoothed), np.clip(np.rint(costs), 0, 255).astype(np.uint8))


def _counted(lines: Iterable[str]) -> dict[str, Counter[str]]:
    """How often each symbol follows each context."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        text = f" {' '.join(fold(line).split())} "
        for end in range(1, len(text) if text.strip() else 0):
            for length in range(min(ORDER - 1, end) + 1):
                counts[text[end - length : end]][text[end]] += 1
    return counts


def _smoothed(
    counts: dict[str, Counter[str]], contexts: list[str]
) -> dict[str, NDArray[np.float64]]:
    """Probability of each symbol after each context; a context's suffixes come before it."""
    smoothed: dict[str, NDArray[np.float64]] = {}
    for context in contexts:
        after = np.zeros(len(SYMBOLS))
        after[[_INDEX[c] for c in counts[context]]] = list(counts[context].values())
        # a suffix is at least as common and sorts first, so it was kept and is done
        shorter = smoothed[context[1:]] if context else np.full(len(SYMBOLS), 1 / len(SYMBOLS))
        kinds = np.count_nonzero(after)
        smoothed[context] = (after + kinds * shorter) / (after.sum() + kinds)
    return smoothed
