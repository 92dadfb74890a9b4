"""The best path through a row's lattice, by beam search."""

from __future__ import annotations

import math
import unicodedata
from functools import cache
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
    step: Step | None
    previous: _Hypothesis | None


_Beam = dict[tuple[str, str], _Hypothesis]


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
    letters = _letters(characters)
    choices = [_choices(row) for row in scores]
    skips = [_skip(atom, lattice.height) for atom in lattice.atoms]
    starting: list[list[int]] = [[] for _ in lattice.atoms]
    for i, candidate in enumerate(lattice.candidates):
        starting[candidate.first].append(i)
    beams: list[_Beam] = [{} for _ in range(len(lattice.atoms) + 1)]
    beams[0][(" ", "")] = _Hypothesis(0.0, " ", "", None, None)
    for place, starts in enumerate(starting):
        kept = sorted(beams[place].values(), key=lambda h: -h.score)[:BEAM]
        odds = float(space_odds[place - 1]) if place else 0.0
        alone = next(i for i in starts if lattice.candidates[i].last == place + 1)
        skip = skips[place] + float(reject[alone])
        for hypothesis in kept:
            if hypothesis.score < kept[0].score - BEHIND:
                break
            for base, space in _with_and_without_space(hypothesis, odds, language):
                after = language.log_probs(base.context) if language is not None else None
                for i in starts:
                    beam = beams[lattice.candidates[i].last]
                    _extend(beam, base, i, space, choices[i], letters, after)
            _keep(beams[place + 1], hypothesis._replace(score=hypothesis.score + skip))
    return _trace(max(beams[-1].values(), key=lambda h: h.score))


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


def _choices(scores: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Likeliest outputs of one candidate, with their scores."""
    order = np.argsort(scores)[::-1][:CHOICES]
    least = scores[order[0]] - WITHIN
    return [(int(i), float(scores[i])) for i in order if scores[i] >= least]


def _with_and_without_space(
    hypothesis: _Hypothesis, odds: float, language: Ngrams | None
) -> list[tuple[_Hypothesis, bool]]:
    """Go on in the word, or end it; only what the gap leaves possible."""
    if hypothesis.step is None:
        return [(hypothesis, False)]
    variants = []
    if odds < 5:
        stay = hypothesis.score - math.log1p(math.exp(odds))
        variants.append((hypothesis._replace(score=stay), False))
    if odds > -5:
        end = hypothesis.score - math.log1p(math.exp(-odds))
        if language is not None:
            end += LANGUAGE_WEIGHT * language.log_probs(hypothesis.context)[SPACE]
        context = (hypothesis.context + " ")[1 - ORDER :]
        variants.append((hypothesis._replace(score=end, context=context, case=""), True))
    return variants


def _extend(
    beam: _Beam,
    base: _Hypothesis,
    candidate: int,
    space: bool,
    choices: list[tuple[int, float]],
    letters: list[_Letter],
    after: list[float] | None,
) -> None:
    """Go on from `base` with each choice for a candidate; `after` is the language's opinion."""
    for output, score in choices:
        symbol, column, kind, cost = letters[output]
        total = base.score + score
        if after is not None:
            said = after[column] - cost if column >= 0 else UNKNOWN
            total += LANGUAGE_WEIGHT * (said + LANGUAGE_BONUS) + CASES[base.case][kind]
        case = _NEXT_CASE[kind]
        if kind == "upper" and base.case in ("U", "UU"):
            case = "UU"
        key = ((base.context + symbol)[1 - ORDER :], case)
        if key not in beam or beam[key].score < total:
            # `base` differs from its origin in its score alone, so the steps hang on it
            step = Step(candidate, output, space)
            beam[key] = _Hypothesis(total, *key, step, base)


def _keep(beam: _Beam, hypothesis: _Hypothesis) -> None:
    key = (hypothesis.context, hypothesis.case)
    if key not in beam or beam[key].score < hypothesis.score:
        beam[key] = hypothesis


def _trace(hypothesis: _Hypothesis) -> list[Step]:
    steps = []
    node: _Hypothesis | None = hypothesis
    while node is not None and node.step is not None:
        steps.append(node.step)
        node = node.previous
    return steps[::-1]
