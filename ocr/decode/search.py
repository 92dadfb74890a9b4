"""Find the best paths through the lattice of a row, by beam search."""

from __future__ import annotations

import math
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.decode.language import DIGIT, ORDER, SYMBOLS, Ngrams, fold
from ocr.segment.lattice import Atom, Lattice

BEAM = 16  # hypotheses kept at each atom
MAX_CHOICES = 8  # characters considered for each candidate
MAX_BEHIND = 8.0  # nats behind the best hypothesis at an atom; others are dropped
MAX_CHOICE_BEHIND = 7.0  # nats behind the best character of a candidate; others are dropped
LANGUAGE_WEIGHT = 1.0
LANGUAGE_BONUS = 1.8  # nats a character, about the cost of text, so that length does not matter
SKIP = -2.0  # nats, to leave out an atom
SKIP_SIZE = -8.0  # nats more for an atom as large as the letters of the row

MIXED = math.log(0.2)  # for a digit next to a letter
#: Log-probability of a capital, a small letter, a digit or another sign, by what comes before;
#: about the same in all languages. Rows: first in a word, after one capital, after several, after
#: a small letter, after a digit, first in a word after a word in capitals.
CASES = np.array(
    [  # capital, small letter, digit, other
        [math.log(0.3), math.log(0.7), 0.0, 0.0],
        [math.log(0.5), math.log(0.5), MIXED, 0.0],
        [math.log(0.95), math.log(0.05), MIXED, 0.0],
        [math.log(0.03), math.log(0.97), MIXED, 0.0],
        [math.log(0.1), math.log(0.1), 0.0, 0.0],
        [math.log(0.7), math.log(0.3), 0.0, 0.0],
    ]
)
FIRST, CAPITAL, CAPITALS, SMALL, DIGITS, NEXT = range(6)  # rows of CASES
ACCENT_COST = math.log(30)  # nats, for a letter with an accent
MARKS = ".,:;!?'\"-_=()[]"  # punctuation that letters are rarely mistaken for
MARK_BONUS = 0.5  # nats; pages have more punctuation than the prose of language models
MIN_FRACTION = math.log(0.25)  # of a point after a digit, and of a digit after that point
UNKNOWN = -math.log(len(SYMBOLS))  # nats, for a character that the language model lacks
#: Nats by which signs are likelier at the end of a row than language models expect: a hyphen
#: where a word is divided, a colon before a block of code.
ROW_END_BONUS = {"-": 3.0, ":": 1.5}
SPACE = SYMBOLS.index(" ")
POINTS = [SYMBOLS.index("."), SYMBOLS.index(",")]
NUMBER = [SYMBOLS.index("0")]
OPEN = 3.5  # log-odds of a space; within this both answers are tried

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class Step(NamedTuple):
    """A glyph of a path: its candidate, the output it is read as, and whether a space precedes."""

    candidate: int
    output: int
    space: bool


class Path(NamedTuple):
    """A reading of a row: its score in nats, and its glyphs from left to right."""

    score: float
    steps: list[Step]


class _Hypothesis(NamedTuple):
    """A reading of a row up to an atom; `step` is its last glyph, None before the first."""

    score: float
    context: str
    case: int
    step: Step | None
    previous: _Hypothesis | None


class _Base(NamedTuple):
    """A hypothesis to extend, within a word or after a space."""

    score: float
    context: str
    case: int
    space: bool
    origin: _Hypothesis


class _Arrivals(NamedTuple):
    """A candidate with each of its outputs after each base: scores, float64 [bases, outputs]."""

    bases: list[_Base]
    candidate: int
    outputs: Ints
    scores: Floats


class Letters(NamedTuple):
    """Properties of each character of an alphabet, by its index."""

    symbols: list[str]  # of the language model
    columns: Ints  # of the symbol in that model; one past the last if there is none
    kinds: Ints  # column of `CASES`
    costs: Floats  # nats, in addition to that of the symbol


def best_paths(
    lattice: Lattice,
    scores: Floats,
    reject: Floats,
    space_odds: Floats,
    characters: str,
    language: Ngrams | None,
    *,
    count: int = 1,
) -> list[Path]:
    """Find the likeliest readings of a row, at most `count`, best first, by beam search.

    A path has no steps if all ink is left out.

    Parameters
    ----------
    lattice : Lattice
    scores : ndarray, float64 [N, C]
        Of each candidate as each of the C characters.
    reject : ndarray, float64 [N]
        Log-probability that a candidate is no letter.
    space_odds : ndarray, float64 [atoms - 1]
        Log-odds of a space after each atom.
    """
    letters = letters_of(characters)
    if language is not None:
        last = [candidate.last == len(lattice.atoms) for candidate in lattice.candidates]
        scores = scores + np.outer(last, [ROW_END_BONUS.get(c, 0.0) for c in characters])
    choices = _choices(scores)
    starting: list[list[int]] = [[] for _ in lattice.atoms]
    for i, candidate in enumerate(lattice.candidates):
        starting[candidate.first].append(i)
    arriving: list[list[_Arrivals]] = [[] for _ in range(len(lattice.atoms) + 1)]
    skipping = [_Hypothesis(0.0, " ", FIRST, None, None)]
    for place, starts in enumerate(starting):
        kept = _keep_best(arriving[place], skipping, letters)
        odds = float(space_odds[place - 1]) if place else 0.0
        bases = [base for h in kept for base in _with_and_without_space(h, odds, language)]
        for arrivals in _extend(bases, starts, choices, letters, language):
            arriving[lattice.candidates[arrivals.candidate].last].append(arrivals)
        alone = next(i for i in starts if lattice.candidates[i].last == place + 1)
        skip = skip_cost(lattice.atoms[place], lattice.height) + float(reject[alone])
        skipping = [h._replace(score=h.score + skip) for h in kept]
    return [Path(h.score, _trace(h)) for h in _keep_best(arriving[-1], skipping, letters)[:count]]


@cache
def letters_of(characters: str) -> Letters:
    """Return what the search needs to know of each character of an alphabet."""
    # the language model has no accents: é is an e with an extra cost
    symbols = [fold(unicodedata.normalize("NFD", c)[0]) for c in characters]
    costs = [_cost(c) if s else 0.0 for c, s in zip(characters, symbols, strict=True)]
    return Letters(
        symbols,
        np.array([SYMBOLS.index(s) if s else len(SYMBOLS) for s in symbols], np.intp),
        np.array([_kind(c) for c in characters], np.intp),
        np.array(costs),
    )


def _cost(character: str) -> float:
    """Return the cost of a character in nats, in addition to that of its symbol."""
    if character.isdigit():
        return DIGIT
    if character in MARKS:
        return -MARK_BONUS
    return 0.0 if character.isascii() else ACCENT_COST


def _kind(character: str) -> int:
    """Return the column of `CASES`."""
    if character.isalpha():
        return 0 if character.isupper() else 1
    return 2 if character.isdigit() else 3


def _choices(scores: Floats) -> list[tuple[Ints, Floats]]:
    """Choose the likeliest outputs of each candidate, with their scores."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :MAX_CHOICES]  # (N, MAX_CHOICES)
    ranked = np.take_along_axis(scores, order, axis=1)
    counts = (ranked >= ranked[:, :1] - MAX_CHOICE_BEHIND).sum(1)
    return [(o[:n], r[:n]) for o, r, n in zip(order, ranked, counts.tolist(), strict=True)]


def _keep_best(
    arriving: list[_Arrivals], skipping: list[_Hypothesis], letters: Letters
) -> list[_Hypothesis]:
    """Keep the best hypotheses at an atom, best first; of those with the same future only one."""
    scores = np.concatenate([a.scores.ravel() for a in arriving] + [[h.score for h in skipping]])
    many = np.argpartition(-scores, 3 * BEAM)[: 3 * BEAM] if len(scores) > 3 * BEAM else None
    order = np.argsort(-scores) if many is None else many[np.argsort(-scores[many])]
    ends = np.cumsum([a.scores.size for a in arriving])
    groups = np.searchsorted(ends, order, side="right").tolist()
    kept: dict[tuple[str, int], _Hypothesis] = {}
    least = scores[order[0]] - MAX_BEHIND
    for i, group, score in zip(order.tolist(), groups, scores[order].tolist(), strict=True):
        if score < least or len(kept) == BEAM:
            break
        if group == len(arriving):
            hypothesis = skipping[i - (int(ends[-1]) if arriving else 0)]
        else:
            arrivals = arriving[group]
            hypothesis = _hypothesis_at(arrivals, i - int(ends[group]), score, letters)
        kept.setdefault((hypothesis.context, hypothesis.case), hypothesis)
    return list(kept.values())


def _hypothesis_at(arrivals: _Arrivals, index: int, score: float, letters: Letters) -> _Hypothesis:
    """Return the hypothesis at a flat index into the scores, which may count from their end."""
    base, choice = divmod(index % arrivals.scores.size, len(arrivals.outputs))
    _, context, case, space, origin = arrivals.bases[base]
    output = int(arrivals.outputs[choice])
    context = (context + letters.symbols[output])[1 - ORDER :]
    step = Step(arrivals.candidate, output, space)
    return _Hypothesis(score, context, next_case(case, int(letters.kinds[output])), step, origin)


def next_case(case: int, kind: int) -> int:
    """Return the row of `CASES` after a character of some kind."""
    if kind == 0 and case in (CAPITAL, CAPITALS, NEXT):
        return CAPITALS
    return (CAPITAL, SMALL, DIGITS, first_case(case))[kind]


def first_case(case: int) -> int:
    """Return the row of `CASES` for the first character of the next word."""
    return NEXT if case in (CAPITALS, NEXT) else FIRST


def _with_and_without_space(
    hypothesis: _Hypothesis, odds: float, language: Ngrams | None
) -> list[_Base]:
    """Continue the word or end it, as far as the gap allows."""
    score, context, case, step, _ = hypothesis
    if step is None:
        return [_Base(score, context, case, False, hypothesis)]
    variants = []
    if odds < OPEN:
        stay = score - math.log1p(math.exp(odds))
        variants.append(_Base(stay, context, case, False, hypothesis))
    if odds > -OPEN:
        end = score - math.log1p(math.exp(-odds))
        if language is not None:
            end += LANGUAGE_WEIGHT * float(language.log_probs(context)[SPACE])
        context = (context + " ")[1 - ORDER :]
        variants.append(_Base(end, context, first_case(case), True, hypothesis))
    return variants


def _extend(
    bases: list[_Base],
    starts: list[int],
    choices: list[tuple[Ints, Floats]],
    letters: Letters,
    language: Ngrams | None,
) -> list[_Arrivals]:
    """Extend every base by every candidate that starts here."""
    outputs = np.concatenate([choices[i][0] for i in starts])  # (n,)
    totals = np.concatenate([choices[i][1] for i in starts])
    totals = totals + np.array([base.score for base in bases])[:, None]  # (bases, n)
    if language is not None:
        predicted = np.full((len(bases), len(SYMBOLS) + 1), UNKNOWN)
        predicted[:, :-1] = [language.log_probs(base.context) for base in bases]
        expect_fractions(predicted, [base.context for base in bases])
        predicted = predicted[:, letters.columns[outputs]] - letters.costs[outputs]
        totals += LANGUAGE_WEIGHT * (predicted + LANGUAGE_BONUS)
        totals += CASES[[base.case for base in bases]][:, letters.kinds[outputs]]
    ends = np.cumsum([len(choices[i][0]) for i in starts])[:-1]
    parts = zip(starts, np.split(totals, ends, axis=1), strict=True)
    return [_Arrivals(bases, i, choices[i][0], scores) for i, scores in parts]


def expect_fractions(predicted: Floats, contexts: list[str]) -> None:
    """Make decimal points and commas likelier: prose has fewer of them than bills and tables."""
    for expected, endings in ((POINTS, ("0",)), (NUMBER, ("0.", "0,"))):
        behind = [context.endswith(endings) for context in contexts]
        if any(behind):
            known = np.logaddexp.reduce(predicted[:, expected], axis=1)
            predicted[:, expected] += (np.maximum(MIN_FRACTION - known, 0) * behind)[:, None]


def skip_cost(atom: Atom, height: float) -> float:
    """Return the cost of leaving out an atom: more for a large one."""
    left, top, right, bottom = atom.box
    return SKIP + SKIP_SIZE * min(1.0, max(right - left, bottom - top) / height)


def _trace(hypothesis: _Hypothesis) -> list[Step]:
    steps = []
    node: _Hypothesis | None = hypothesis
    while node is not None and node.step is not None:
        steps.append(node.step)
        node = node.previous
    return steps[::-1]
