"""How likely a text is before its ink is seen: language, capitals, digits next to letters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.decode.language import ORDER, SYMBOLS, Ngrams
from ocr.decode.search import (
    CASES,
    FIRST,
    LANGUAGE_BONUS,
    LANGUAGE_WEIGHT,
    ROW_END_BONUS,
    SPACE,
    UNKNOWN,
    expect_fractions,
    first_case,
    letters_of,
    next_case,
)

Floats = NDArray[np.float64]


class Context(NamedTuple):
    """What the next character depends on: folded characters before it, and a row of `CASES`."""

    text: str = " "
    case: int = FIRST


class Expectation:
    """Scores of texts in nats, as in the search through a lattice; all 0 without a language model.

    Parameters
    ----------
    characters : str
        All that texts are made of, the space too.
    language : Ngrams or None
    """

    def __init__(self, characters: str, language: Ngrams | None) -> None:
        self._language = language
        self._letters = letters_of(characters)
        self._indices = {c: i for i, c in enumerate(characters)}
        self._space = self._indices.get(" ")
        self._known: dict[Context, Floats] = {}

    def after(self, context: Context) -> Floats:
        """Return the score of each character after others, float64 [C]."""
        if self._language is None:
            return np.zeros(len(self._indices))
        scores = self._known.get(context)
        if scores is None:
            scores = self._known[context] = self._compute(context, self._language)
        return scores

    def _compute(self, context: Context, language: Ngrams) -> Floats:
        predicted = np.full((1, len(SYMBOLS) + 1), UNKNOWN)
        predicted[0, :-1] = language.log_probs(context.text)
        expect_fractions(predicted, [context.text])
        letters = self._letters
        likely = predicted[0, letters.columns] - letters.costs + LANGUAGE_BONUS
        scores: Floats = LANGUAGE_WEIGHT * likely + CASES[context.case, letters.kinds]
        if self._space is not None:  # has no bonus, as it has no ink
            scores[self._space] = LANGUAGE_WEIGHT * predicted[0, SPACE]
        return scores

    def extend(self, context: Context, index: int) -> Context:
        """Return the context after one more character."""
        text = (context.text + self._letters.symbols[index])[1 - ORDER :]
        if index == self._space:
            return Context(text, first_case(context.case))
        return Context(text, next_case(context.case, int(self._letters.kinds[index])))

    def score(self, text: str) -> float:
        """Return the score of a row's text; characters that are not known are passed over."""
        if self._language is None:
            return 0.0
        context, total = Context(), ROW_END_BONUS.get(text[-1:], 0.0)
        for character in text:
            index = self._indices.get(character)
            if index is not None:
                total += float(self.after(context)[index])
                context = self.extend(context, index)
        return total
