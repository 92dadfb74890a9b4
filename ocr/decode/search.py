"""The best path through a row's lattice, by beam search."""

from __future__ import annotations

import math
import unicodedata
from functools import cache
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.decode.language import DIGIT, ORDER, SYMBOLS, Ngrams, fold
from ocr.decode.lattice import Atom, Lattice

BEAM = 8  # hypotheses kept at each atom
CHOICES = 5  # characters considered for each candidate
BEHIND = 8.0  # nats behind the best hypothesis at an atom at which others are dropped
WITHIN = 6.0  # nats behind a candidate's best character at which others are dropped
LANGUAGE_WEIGHT = 0.6
LANGUAGE_BONUS = 1.8  # nats a character: about what text costs, so that length does not matter
SKIP = -1.0  # nats, to leave an atom out as no letter ...
SKIP_SIZE = -6.0  # ... and more for one as large as the row's letters

MIXED = math.log(0.2)  # for a digit next to a letter

#: What any language has: the log-probability of a letter's case, or of a digit, first in a
#: word, after one capital, after two, after a small letter, after a digit.
CASES = {
    "": {"upper": math.log(0.35), "lower": math.log(0.65), "digit": 0.0, "other": 0.0},
    "U": {"upper": math.log(0.5), "lower": math.log(0.5), "digit": MIXED, "other": 0.0},
    "UU": {"upper": math.log(0.92), "lower": math.log(0.08), "digit": MIXED, "other": 0.0},
    "l": {"upper": math.log(0.05), "lower": math.log(0.95), "digit": MIXED, "other": 0.0},
    "0": {"upper": math.log(0.1), "lower": math.log(0.1), "digit": 0.0, "other": 0.0},
}
_NEXT_CASE = {"upper": "U", "lower": "l", "digit": "0", "other": ""}
_CASE_AFTER = {
    case: {**_NEXT_CASE, "upper": "UU"} if case in ("U", "UU") else _NEXT_CASE for case in CASES
}
ACCENT = math.log(30)  # nats, that a letter bears an accent
UNKNOWN = -math.log(len(SYMBOLS))  # nats, for a character that the language model lacks
SPACE = SYMBOLS.index(" ")


class Step(NamedTuple):
    """A glyph on a path: which candidate, read as which character, after a space or not."""

    candidate: int
    output: int
    space: bool


class _Hypothesis(NamedTuple):
    score: float
    context: str
    case: str
    candidate: int  # of the last step; -1 before the first
    output: int
    space: bool
    previous: _Hypothesis | None


_Beam = dict[tuple[str, str], _Hypothesis]
_score = attrgetter("score")


def best_path(
    lattice: Lattice,
    scores: NDArray[np.float64],
    reject: NDArray[np.float64],
    space_odds: NDArray[np.float64],
    characters: str,
    language: Ngrams | None,
) -> list[Step]:
    """Glyphs of the likeliest reading of a row.

    Parameters
    ----------
    lattice : Lattice
    scores : ndarray, float64 [N, C]
        Of each candidate as each character.
    reject : ndarray, float64 [N]
        Log-probability that a candidate is no letter.
    space_odds : ndarray, float64 [atoms - 1]
        Log-odds of a space after each atom.
    characters : str
    language : Ngrams or None

    Returns
    -------
    list of Step
        Empty where everything is left out.
    """
    choices = _choices(scores, _letters(characters), language is not None)
    skips = [_skip(atom, lattice.height) for atom in lattice.atoms]
    starting: list[list[int]] = [[] for _ in lattice.atoms]
    for i, candidate in enumerate(lattice.candidates):
        starting[candidate.first].append(i)
    beams: list[_Beam] = [{} for _ in range(len(lattice.atoms) + 1)]
    beams[0][(" ", "")] = _Hypothesis(0.0, " ", "", -1, -1, False, None)
    tops = [-math.inf] * len(beams)  # the best score at each place, as far as it is known
    for place, starts in enumerate(starting):
        kept = sorted(beams[place].values(), key=_score, reverse=True)[:BEAM]
        ahead = [(i, lattice.candidates[i].last, choices[i]) for i in starts]
        odds = float(space_odds[place - 1]) if place else 0.0
        alone = next(i for i in starts if lattice.candidates[i].last == place + 1)
        skip = skips[place] + float(reject[alone])
        for hypothesis in kept:
            if hypothesis.score < kept[0].score - BEHIND:
                break
            for variant in _with_and_without_space(hypothesis, odds, language):
                _extend(hypothesis, variant, ahead, beams, tops, language)
            _keep(beams[place + 1], hypothesis, hypothesis.score + skip)
    return _trace(max(beams[-1].values(), key=_score))


class _Letter(NamedTuple):
    """What the search needs to know of a character."""

    symbol: str
    column: int
    kind: str
    cost: float


@cache
def _letters(characters: str) -> list[_Letter]:
    return [_letter(c) for c in characters]


def _letter(character: str) -> _Letter:
    # the language knows no accents: é is an e that is seldom met
    symbol = fold(unicodedata.normalize("NFD", character)[0])
    rare = ACCENT if symbol and not character.isascii() else 0.0
    kind = "other"
    if character.isalpha():
        kind = "upper" if character.isupper() else "lower"
    elif character.isdigit():
        kind = "digit"
    return _Letter(
        symbol,
        SYMBOLS.index(symbol) if symbol else -1,
        kind,
        DIGIT if kind == "digit" else rare,
    )


def _skip(atom: Atom, height: float) -> float:
    left, top, right, bottom = atom.box
    return SKIP + SKIP_SIZE * min(1.0, max(right - left, bottom - top) / height)


class _Choice(NamedTuple):
    """A character that a candidate may be: its output, and its score without a context."""

    output: int
    score: float
    symbol: str
    column: int
    kind: str


def _choices(
    scores: NDArray[np.float64], letters: list[_Letter], with_language: bool
) -> list[list[_Choice]]:
    """Likeliest characters of each candidate."""
    order = np.argsort(scores, axis=1)[:, ::-1][:, :CHOICES]
    likely = np.take_along_axis(scores, order, axis=1)
    chosen = []
    for outputs, values in zip(order.tolist(), likely.tolist(), strict=True):
        least = values[0] - WITHIN
        own = []
        for output, value in zip(outputs, values, strict=True):
            letter = letters[output]
            if value >= least:
                said = (
                    LANGUAGE_BONUS - letter.cost if letter.column >= 0 else LANGUAGE_BONUS + UNKNOWN
                )
                value += LANGUAGE_WEIGHT * said if with_language else 0.0
                own.append(_Choice(output, value, letter.symbol, letter.column, letter.kind))
        chosen.append(own)
    return chosen


def _with_and_without_space(
    hypothesis: _Hypothesis, odds: float, language: Ngrams | None
) -> list[tuple[float, str, str, bool]]:
    """Score, context, case and space: go on in the word, or end it; what the gap leaves open."""
    if hypothesis.candidate < 0:
        return [(hypothesis.score, hypothesis.context, hypothesis.case, False)]
    variants = []
    if odds < 5:
        stay = hypothesis.score - math.log1p(math.exp(odds))
        variants.append((stay, hypothesis.context, hypothesis.case, False))
    if odds > -5:
        end = hypothesis.score - math.log1p(math.exp(-odds))
        if language is not None:
            end += LANGUAGE_WEIGHT * language.log_probs(hypothesis.context)[SPACE]
        context = (hypothesis.context + " ")[1 - ORDER :]
        variants.append((end, context, "", True))
    return variants


def _extend(
    origin: _Hypothesis,
    variant: tuple[float, str, str, bool],
    ahead: list[tuple[int, int, list[_Choice]]],
    beams: list[_Beam],
    tops: list[float],
    language: Ngrams | None,
) -> None:
    """Go on from a hypothesis with each choice for each candidate that starts where it ends.

    `ahead` has the candidates, where they end, and their choices.
    """
    score, context, case, space = variant
    after = language.log_probs(context) if language is not None else None
    costs, cases = CASES[case], _CASE_AFTER[case]
    for candidate, place, choices in ahead:
        beam, top = beams[place], tops[place]
        for output, total, symbol, column, kind in choices:
            total += score
            if after is not None:
                total += costs[kind]
                if column >= 0:
                    total += LANGUAGE_WEIGHT * after[column]
            if total < top - BEHIND:
                continue
            key = ((context + symbol)[1 - ORDER :], cases[kind])
            known = beam.get(key)
            if known is None or known.score < total:
                beam[key] = _Hypothesis(total, *key, candidate, output, space, origin)
                top = max(top, total)
        tops[place] = top


def _keep(beam: _Beam, hypothesis: _Hypothesis, score: float) -> None:
    """Leave an atom out: the hypothesis goes on as it is, for less."""
    key = (hypothesis.context, hypothesis.case)
    if key not in beam or beam[key].score < score:
        beam[key] = _Hypothesis(score, *hypothesis[1:])


def _trace(hypothesis: _Hypothesis) -> list[Step]:
    steps = []
    node: _Hypothesis | None = hypothesis
    while node is not None and node.candidate >= 0:
        steps.append(Step(node.candidate, node.output, node.space))
        node = node.previous
    return steps[::-1]
