"""The reader of rows by their letters: candidate glyphs, classified, to lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.decode.geometry import RowMetrics, estimate_metrics, forget_case, geometry_scores
from ocr.decode.hypotheses import Hypothesis
from ocr.decode.language import Ngrams, knows_script
from ocr.decode.search import Path, best_paths
from ocr.decode.spaces import page_space_odds
from ocr.page import Baseline, Box, Glyph, Line, Word
from ocr.segment.lattice import Lattice, best_cut
from ocr.segment.page import SegmentedPage
from ocr.segment.rows import straighten

GEOMETRY_WEIGHT = 0.55  # of size and place against shape, fitted on pages of hand-print
REJECT_SCORE = -6.0  # nats, for "not a letter" if the classifier has no such output
MAX_ALTERNATIVES = 5  # characters listed for a glyph
FEW_LETTERS = 3.0  # cap heights; a shorter line takes the slope of its row

Floats = NDArray[np.float64]


def read_lattices(
    page: SegmentedPage,
    log_probs: NDArray[np.float32],
    alphabet: Alphabet,
    language: Ngrams | None,
) -> Iterator[list[Hypothesis]]:
    """Read every row of a page by its lattice; yield no hypotheses for a row without a letter."""
    if not page.rows:
        return
    rows = np.split(log_probs, page.row_ends[:-1])
    for lattice, scores, odds in zip(page.lattices, rows, page_space_odds(page), strict=True):
        yield read_lattice(lattice, scores, odds, alphabet, language)


def read_lattice(
    lattice: Lattice,
    log_probs: NDArray[np.float32],
    space_odds: Floats,
    alphabet: Alphabet,
    language: Ngrams | None,
    *,
    count: int = 1,
) -> list[Hypothesis]:
    """Read one row; return at most `count` hypotheses, best first, none without a letter.

    `log_probs` [N, C] are those of the lattice's candidates, and `space_odds` [atoms - 1] the
    log-odds of a space after each atom.
    """
    scored = score_lattice(lattice, log_probs, space_odds, alphabet)
    if not knows_script(alphabet.characters):
        language = None
    paths = best_paths(
        lattice,
        scored.scores,
        scored.rejected,
        space_odds,
        scored.characters,
        language,
        count=count,
    )
    return [scored.hypothesis(path) for path in paths if path.steps]


@dataclass(frozen=True)
class ScoredLattice:
    """A lattice of N candidates whose shape, size and place were compared with C characters.

    Attributes
    ----------
    lattice : Lattice
    characters : str
    scores : ndarray, float64 [N, C]
        Nats.
    rejected : ndarray, float64 [N]
        Log-probability that a candidate is no letter.
    space_odds : ndarray, float64 [atoms - 1]
        Log-odds of a space after each atom.
    metrics : RowMetrics
    """

    lattice: Lattice
    characters: str
    scores: Floats
    rejected: Floats
    space_odds: Floats
    metrics: RowMetrics

    def hypothesis(self, path: Path) -> Hypothesis:
        """Make a hypothesis of a path with at least one step."""
        candidates = tuple(step.candidate for step in path.steps)
        return Hypothesis(to_line(path, self), path.score, candidates)


def score_lattice(
    lattice: Lattice, log_probs: NDArray[np.float32], space_odds: Floats, alphabet: Alphabet
) -> ScoredLattice:
    """Score each candidate as each character, by what the classifier says and by its place."""
    characters = alphabet.characters
    shapes = forget_case(log_probs[:, : len(characters)], characters)
    rejected: Floats = np.full(len(shapes), REJECT_SCORE)
    if alphabet.reject_index is not None:
        rejected = log_probs[:, alphabet.reject_index].astype(np.float64)
    boxes = straighten(np.array([c.box for c in lattice.candidates], np.int32), lattice.slope)
    atoms = np.array([c.last - c.first for c in lattice.candidates], np.float64)
    # a glyph counts once for each of its atoms because it explains the ink of all of them
    scores = shapes * atoms[:, None]
    likely = best_cut(lattice, scores.max(1).tolist())
    metrics = estimate_metrics(boxes, likely, shapes, characters, lattice.height)
    scores = scores + GEOMETRY_WEIGHT * geometry_scores(boxes, metrics, characters)
    return ScoredLattice(lattice, characters, scores, rejected, space_odds, metrics)


def softmax(scores: Floats) -> Floats:
    """Return the exponentials of each row, scaled to sum to 1."""
    powers: Floats = np.exp(scores - scores.max(1, keepdims=True))
    powers /= powers.sum(1, keepdims=True)
    return powers


def to_line(path: Path, scored: ScoredLattice) -> Line:
    """Make words of the glyphs of a path."""
    lattice, characters = scored.lattice, scored.characters
    chosen = [step.candidate for step in path.steps]
    probabilities = softmax(np.column_stack([scored.scores, scored.rejected])[chosen])
    words: list[list[Glyph]] = [[]]
    for step, row in zip(path.steps, probabilities[:, : len(characters)], strict=True):
        if step.space:
            words.append([])
        others = np.argsort(row)[::-1][:MAX_ALTERNATIVES]
        words[-1].append(
            Glyph(
                Box(*lattice.candidates[step.candidate].box),
                characters[step.output],
                float(row[step.output]),
                tuple((characters[i], float(row[i])) for i in others if i != step.output),
            )
        )
    line = Line(tuple(Word(tuple(w)) for w in words))
    return Line(line.words, fit_baseline(line.box, path, lattice, scored.metrics))


def fit_baseline(box: Box, path: Path, lattice: Lattice, metrics: RowMetrics) -> Baseline:
    """Fit a straight line to the baselines of a path's letters."""
    chosen = [step.candidate for step in path.steps]
    middles = np.array([(c.box[0] + c.box[2]) / 2 for c in (lattice.candidates[i] for i in chosen)])
    feet = metrics.baseline[chosen] + lattice.slope * middles
    # the upper median; np.median would import masked arrays, which takes 20 ms
    cap_height = sorted(metrics.cap_height[chosen].tolist())[len(chosen) // 2]
    climb = lattice.slope
    if np.ptp(middles) > FEW_LETTERS * cap_height:
        climb = float(np.polyfit(middles, feet, 1)[0])
    at_zero = float(feet.mean() - climb * middles.mean())
    return Baseline(at_zero + climb * box.left, at_zero + climb * box.right, cap_height)
