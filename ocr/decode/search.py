"""The best path through a row's lattice, by beam search."""

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
CHOICES = 8  # characters considered for each candidate
BEHIND = 8.0  # nats behind the best hypothesis at an atom at which others are dropped
WITHIN = 7.0  # nats behind a candidate's best character at which others are dropped
LANGUAGE_WEIGHT = 1.0
LANGUAGE_BONUS = 1.8  # nats a character: about what text costs, so that length does not matter
SKIP = -2.0  # nats, to leave an atom out as no letter ...
SKIP_SIZE = -8.0  # ... and more for one as large as the row's letters

MIXED = math.log(0.2)  # for a digit next to a letter
#: What any language has: the log-probability of a letter's case, or of a digit, first in a
#: word, after one capital, after two, after a small letter, after a digit, and first in a word
#: after one in capitals.
CASES = np.array(
    [  # a capital, a small letter, a digit, another sign
        [math.log(0.3), math.log(0.7), 0.0, 0.0],
        [math.log(0.5), math.log(0.5), MIXED, 0.0],
        [math.log(0.95), math.log(0.05), MIXED, 0.0],
        [math.log(0.03), math.log(0.97), MIXED, 0.0],
        [math.log(0.1), math.log(0.1), 0.0, 0.0],
        [math.log(0.7), math.log(0.3), 0.0, 0.0],
    ]
)
FIRST, CAPITAL, CAPITALS, SMALL, DIGITS, NEXT = range(6)  # its rows
ACCENT = math.log(30)  # nats, that a letter bears an accent
MARKS = ".,:;!?'\"-_=()[]"  # no mere strokes, which letters are taken for
MARK = 0.5  # nats; pages have more of these than the prose that language models learn
FRACTION = math.log(0.25)  # least log-probability of a point behind a digit, of one more behind it
UNKNOWN = -math.log(len(SYMBOLS))  # nats, for a character that the language model lacks
#: Nats by which signs are likelier at a row's end than models know, who learn no rows, and no code.
LAST = {"-": 3.0, ":": 1.5}
SPACE = SYMBOLS.index(" ")
POINTS = [SYMBOLS.index("."), SYMBOLS.index(",")]
NUMBER = [SYMBOLS.index("0")]
OPEN = 3.5  # log-odds of a space, up to which a gap leaves open whether it is one

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class Step(NamedTuple):
    """A glyph on a path: which candidate, read as which character, after a space or not."""

    candidate: int
    output: int
    space: bool


class Path(NamedTuple):
    """A reading of a row: its score in nats, and its glyphs from left to right."""

    score: float
    steps: list[Step]


class _Hypothesis(NamedTuple):
    """A reading of a row up to some atom; `step` is its last glyph, None before the first."""

    score: float
    context: str
    case: int
    step: Step | None
    previous: _Hypothesis | None


class _Base(NamedTuple):
    """A hypothesis that goes on in its word, or with a space."""

    score: float
    context: str
    case: int
    space: bool
    origin: _Hypothesis


class _Arrivals(NamedTuple):
    """One candidate with each of its outputs behind each base: scores, float64 [bases, outputs]."""

    bases: list[_Base]
    candidate: int
    outputs: Ints
    scores: Floats


class _Letters(NamedTuple):
    """What the search needs to know of each character, by its index.

    Symbol of the language model, its column there (the one behind the last for none), kind
    (column of `CASES`), and what it costs beyond the symbol.
    """

    symbols: list[str]
    columns: Ints
    kinds: Ints
    costs: Floats


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
    """Find the likeliest readings of a row by beam search.

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
    count : int
        Number of readings wanted.

    Returns
    -------
    list of Path
        Best first, at most `count`; a path has no steps if all ink is left out.
    """
    letters = _letters(characters)
    if language is not None:
        scores = _expecting_ends(lattice, scores, characters)
    choices = _choices(scores)
    starting: list[list[int]] = [[] for _ in lattice.atoms]
    for i, candidate in enumerate(lattice.candidates):
        starting[candidate.first].append(i)
    arriving: list[list[_Arrivals]] = [[] for _ in range(len(lattice.atoms) + 1)]
    skipping = [_Hypothesis(0.0, " ", FIRST, None, None)]
    for place, starts in enumerate(starting):
        kept = _kept(arriving[place], skipping, letters)
        odds = float(space_odds[place - 1]) if place else 0.0
        bases = [base for h in kept for base in _with_and_without_space(h, odds, language)]
        for arrivals in _extended(bases, starts, choices, letters, language):
            arriving[lattice.candidates[arrivals.candidate].last].append(arrivals)
        alone = next(i for i in starts if lattice.candidates[i].last == place + 1)
        skip = skip_cost(lattice.atoms[place], lattice.height) + float(reject[alone])
        skipping = [h._replace(score=h.score + skip) for h in kept]
    return [Path(h.score, _trace(h)) for h in _kept(arriving[-1], skipping, letters)[:count]]


@cache
def _letters(characters: str) -> _Letters:
    # the language knows no accents: é is an e that is seldom met
    symbols = [fold(unicodedata.normalize("NFD", c)[0]) for c in characters]
    costs = [_cost(c) if s else 0.0 for c, s in zip(characters, symbols, strict=True)]
    return _Letters(
        symbols,
        np.array([SYMBOLS.index(s) if s else len(SYMBOLS) for s in symbols], np.intp),
        np.array([_kind(c) for c in characters], np.intp),
        np.array(costs),
    )


def _cost(character: str) -> float:
    """Nats that a character costs beyond its symbol."""
    if character.isdigit():
        return DIGIT
    if character in MARKS:
        return -MARK
    return 0.0 if character.isascii() else ACCENT


def _kind(character: str) -> int:
    """Column of `CASES`."""
    if character.isalpha():
        return 0 if character.isupper() else 1
    return 2 if character.isdigit() else 3


def _expecting_ends(lattice: Lattice, scores: Floats, characters: str) -> Floats:
    """Scores of a row that may end within a word, or open a block of code."""
    last = [candidate.last == len(lattice.atoms) for candidate in lattice.candidates]
    return scores + np.outer(last, [LAST.get(c, 0.0) for c in characters])


def _choices(scores: Floats) -> list[tuple[Ints, Floats]]:
    """Likeliest outputs of each candidate, with their scores."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :CHOICES]  # (N, CHOICES)
    ranked = np.take_along_axis(scores, order, axis=1)
    counts = (ranked >= ranked[:, :1] - WITHIN).sum(1)
    return [(o[:n], r[:n]) for o, r, n in zip(order, ranked, counts.tolist(), strict=True)]


def _kept(
    arriving: list[_Arrivals], skipping: list[_Hypothesis], letters: _Letters
) -> list[_Hypothesis]:
    """Best hypotheses of those that reach a place, best first, no two of them with one future."""
    scores = np.concatenate([a.scores.ravel() for a in arriving] + [[h.score for h in skipping]])
    many = np.argpartition(-scores, 3 * BEAM)[: 3 * BEAM] if len(scores) > 3 * BEAM else None
    order = np.argsort(-scores) if many is None else many[np.argsort(-scores[many])]
    ends = np.cumsum([a.scores.size for a in arriving])
    groups = np.searchsorted(ends, order, side="right").tolist()
    kept: dict[tuple[str, int], _Hypothesis] = {}
    least = scores[order[0]] - BEHIND
    for i, group, score in zip(order.tolist(), groups, scores[order].tolist(), strict=True):
        if score < least or len(kept) == BEAM:
            break
        if group == len(arriving):
            hypothesis = skipping[i - (int(ends[-1]) if arriving else 0)]
        else:
            arrivals = arriving[group]
            hypothesis = _arrived(arrivals, i - int(ends[group]), score, letters)
        kept.setdefault((hypothesis.context, hypothesis.case), hypothesis)
    return list(kept.values())


def _arrived(arrivals: _Arrivals, index: int, score: float, letters: _Letters) -> _Hypothesis:
    """Hypothesis behind a flat index into the arrivals' scores, which may count from their end."""
    base, choice = divmod(index % arrivals.scores.size, len(arrivals.outputs))
    _, context, case, space, origin = arrivals.bases[base]
    output = int(arrivals.outputs[choice])
    context = (context + letters.symbols[output])[1 - ORDER :]
    step = Step(arrivals.candidate, output, space)
    return _Hypothesis(score, context, _next_case(case, int(letters.kinds[output])), step, origin)


def _next_case(case: int, kind: int) -> int:
    """Row of `CASES` after a character of some kind."""
    if kind == 0 and case in (CAPITAL, CAPITALS, NEXT):
        return CAPITALS
    return (CAPITAL, SMALL, DIGITS, _first_case(case))[kind]


def _first_case(case: int) -> int:
    """Row of `CASES` where a word begins after another."""
    return NEXT if case in (CAPITALS, NEXT) else FIRST


def _with_and_without_space(
    hypothesis: _Hypothesis, odds: float, language: Ngrams | None
) -> list[_Base]:
    """Go on in the word, or end it; only what the gap leaves possible."""
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
        variants.append(_Base(end, context, _first_case(case), True, hypothesis))
    return variants


def _extended(
    bases: list[_Base],
    starts: list[int],
    choices: list[tuple[Ints, Floats]],
    letters: _Letters,
    language: Ngrams | None,
) -> list[_Arrivals]:
    """Every candidate that starts here behind every base."""
    outputs = np.concatenate([choices[i][0] for i in starts])  # (n,)
    totals = np.concatenate([choices[i][1] for i in starts])
    totals = totals + np.array([base.score for base in bases])[:, None]  # (bases, n)
    if language is not None:
        said = np.full((len(bases), len(SYMBOLS) + 1), UNKNOWN)
        said[:, :-1] = [language.log_probs(base.context) for base in bases]
        _expect_fractions(said, [base.context for base in bases])
        said = said[:, letters.columns[outputs]] - letters.costs[outputs]
        totals += LANGUAGE_WEIGHT * (said + LANGUAGE_BONUS)
        totals += CASES[[base.case for base in bases]][:, letters.kinds[outputs]]
    ends = np.cumsum([len(choices[i][0]) for i in starts])[:-1]
    parts = zip(starts, np.split(totals, ends, axis=1), strict=True)
    return [_Arrivals(bases, i, choices[i][0], scores) for i, scores in parts]


def _expect_fractions(said: Floats, contexts: list[str]) -> None:
    """Make points and commas in numbers likelier: prose has fewer than bills and tables."""
    for expected, endings in ((POINTS, ("0",)), (NUMBER, ("0.", "0,"))):
        behind = [context.endswith(endings) for context in contexts]
        if any(behind):
            known = np.logaddexp.reduce(said[:, expected], axis=1)
            said[:, expected] += (np.maximum(FRACTION - known, 0) * behind)[:, None]


def skip_cost(atom: Atom, height: float) -> float:
    """Cost of leaving an atom out: more for a large one."""
    left, top, right, bottom = atom.box
    return SKIP + SKIP_SIZE * min(1.0, max(right - left, bottom - top) / height)


def _trace(hypothesis: _Hypothesis) -> list[Step]:
    steps = []
    node: _Hypothesis | None = hypothesis
    while node is not None and node.step is not None:
        steps.append(node.step)
        node = node.previous
    return steps[::-1]
