"""The best path through a row's lattice, by beam search."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.decode.language import ORDER, Ngrams, fold
from ocr.decode.lattice import Atom, Lattice

BEAM = 10  # hypotheses kept at each atom
CHOICES = 6  # characters considered for each candidate
WITHIN = 9.0  # nats behind a candidate's best character at which others are dropped
LANGUAGE_WEIGHT = 0.6
LANGUAGE_BONUS = 2.5  # nats a character: about what text costs, so that length does not matter
SKIP = -2.0  # nats, to leave an atom out as no letter ...
SKIP_SIZE = -6.0  # ... and more for one as large as the row's letters

MIXED = math.log(0.2)  # for a digit next to a letter

#: Log-probability of a letter's case, or of a digit: first of a word, after one capital, after
#: two, after a small letter, after a digit.
CASES = {
    "": {"upper": math.log(0.35), "lower": math.log(0.65), "digit": 0.0},
    "U": {"upper": math.log(0.5), "lower": math.log(0.5), "digit": MIXED},
    "UU": {"upper": math.log(0.92), "lower": math.log(0.08), "digit": MIXED},
    "l": {"upper": math.log(0.05), "lower": math.log(0.95), "digit": MIXED},
    "0": {"upper": math.log(0.5) + MIXED, "lower": math.log(0.5) + MIXED, "digit": 0.0},
}


@dataclass(frozen=True)
class Step:
    """A glyph on a path: which candidate, read as which character, after a space or not."""

    candidate: int
    output: int
    space: bool


@dataclass(frozen=True)
class _Hypothesis:
    score: float
    context: str
    case: str
    step: Step | None
    previous: _Hypothesis | None


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
    starting: list[list[int]] = [[] for _ in lattice.atoms]
    for i, candidate in enumerate(lattice.candidates):
        starting[candidate.first].append(i)
    choices = [_choices(row) for row in scores]
    skips = [_skip(atom, lattice.height) for atom in lattice.atoms]
    beams: list[dict[tuple[str, str], _Hypothesis]] = [{} for _ in range(len(lattice.atoms) + 1)]
    beams[0][(" ", "")] = _Hypothesis(0.0, " ", "", None, None)
    for place, starts in enumerate(starting):
        kept = sorted(beams[place].values(), key=lambda h: -h.score)[:BEAM]
        for hypothesis in kept:
            odds = float(space_odds[place - 1]) if place else 0.0
            variants = _with_and_without_space(hypothesis, odds, language)
            for i in starts:
                candidate = lattice.candidates[i]
                beam = beams[candidate.last]
                for output, score in choices[i]:
                    for base, space in variants:
                        _extend(beam, base, i, output, score, space, characters[output], language)
            alone = next(i for i in starts if lattice.candidates[i].last == place + 1)
            _keep(
                beams[place + 1],
                _Hypothesis(
                    hypothesis.score + skips[place] + float(reject[alone]),
                    hypothesis.context,
                    hypothesis.case,
                    hypothesis.step,
                    hypothesis.previous,
                ),
            )
    return _trace(max(beams[-1].values(), key=lambda h: h.score))


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
        variants.append((_at(hypothesis, stay, hypothesis.context, hypothesis.case), False))
    if odds > -5:
        end = hypothesis.score - math.log1p(math.exp(-odds))
        if language is not None:
            end += LANGUAGE_WEIGHT * language.log_prob(" ", hypothesis.context)
        variants.append((_at(hypothesis, end, (hypothesis.context + " ")[1 - ORDER :], ""), True))
    return variants


def _at(hypothesis: _Hypothesis, score: float, context: str, case: str) -> _Hypothesis:
    return _Hypothesis(score, context, case, hypothesis.step, hypothesis.previous)


def _extend(
    beam: dict[tuple[str, str], _Hypothesis],
    base: _Hypothesis,
    candidate: int,
    output: int,
    score: float,
    space: bool,
    character: str,
    language: Ngrams | None,
) -> None:
    total = base.score + score
    case = base.case
    if language is not None:
        total += LANGUAGE_WEIGHT * (language.log_prob(character, base.context) + LANGUAGE_BONUS)
    if character.isalpha():
        upper = character.isupper()
        total += CASES[case]["upper" if upper else "lower"]
        case = ("UU" if case in ("U", "UU") else "U") if upper else "l"
    elif character.isdigit():
        total += CASES[case]["digit"]
        case = "0"
    else:
        case = ""
    context = (base.context + fold(character))[1 - ORDER :]
    # the steps so far hang on `base`, which differs from its origin in its score alone
    _keep(beam, _Hypothesis(total, context, case, Step(candidate, output, space), base))


def _keep(beam: dict[tuple[str, str], _Hypothesis], hypothesis: _Hypothesis) -> None:
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
