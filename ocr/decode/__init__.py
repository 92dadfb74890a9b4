"""Rows of ink to lines of text: lattice, classification, geometry, language, best path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.beside import ClassifierBeside
from ocr.decode.confidence import calibrated
from ocr.decode.geometry import Frame, estimate_frame, forget_case, geometry_scores
from ocr.decode.language import Ngrams, knows_script
from ocr.decode.search import Step, best_path
from ocr.decode.spaces import space_log_odds
from ocr.page import Baseline, Box, Glyph, Line, Word
from ocr.segment import Segmentation
from ocr.segment.components import stroke_width
from ocr.segment.lattice import Atom, Lattice, best_cut, build_lattice, crop_candidates
from ocr.segment.rows import straightened

if TYPE_CHECKING:
    from ocr.classifiers import Classifier

__all__ = ["read_rows", "read_rows_and_crops"]

GEOMETRY_WEIGHT = 0.55
NO_REJECT = -6.0  # nats, for "not a letter" where the classifier cannot say so
ALTERNATIVES = 5
FEW_LETTERS = 3.0  # capital heights; so short a line climbs as its row does
LEVEL = 0.02  # slope below which a letter's lean is less than a pixel
# Of 380 lines of real pages five were less sure than this, of 185 rows of noise seven in eight.
LEAST_CONFIDENCE = 0.25
SHORT_LINE = 0.4
STROKES = "Il1ij"  # as what scratches are read

Floats = NDArray[np.float64]


def read_rows(page: Segmentation, classifier: Classifier, language: Ngrams | None) -> list[Line]:
    """Read every row of a segmented page.

    Parameters
    ----------
    page : Segmentation
    classifier : Classifier
    language : Ngrams or None
        None reads each letter by its shape, size and place alone; so is a script read of
        which the language model knows no letter.

    Returns
    -------
    list of Line
        Top to bottom, boxes in pixels of the segmented array; rows without a letter
        are left out.
    """
    return [line for line, _ in _read(page, classifier, language)]


def read_rows_and_crops(
    page: Segmentation, classifier: Classifier, language: Ngrams | None
) -> tuple[list[Line], NDArray[np.float32]]:
    """Read every row, and tell what the classifier saw of each glyph; see `read_rows`.

    Returns
    -------
    lines : list of Line
    crops : ndarray, float32 [glyphs, 32, 32]
        Of the lines' glyphs, in order.
    """
    read = list(_read(page, classifier, language))
    return [line for line, _ in read], crop_candidates(page, [glyphs for _, glyphs in read])


def _read(
    page: Segmentation, classifier: Classifier, language: Ngrams | None
) -> Iterator[tuple[Line, Lattice]]:
    """Lines, and the lattice of each without all candidates but its glyphs."""
    if not page.rows:
        return
    if not knows_script(classifier.alphabet.characters):
        language = None
    stroke = stroke_width(page.ink.mask)
    lattices = [build_lattice(page, row, stroke) for row in page.rows]
    gaps = space_log_odds([atom_gaps(page, lattice) for lattice in lattices])
    classified = log_probs_of_rows(page, lattices, classifier)
    for lattice, log_probs, odds in zip(lattices, classified, gaps, strict=True):
        found = read_lattice(lattice, log_probs, odds, classifier, language)
        if found is not None and is_writing(found[0]):
            yield calibrated(found[0]), found[1]


def log_probs_of_rows(
    page: Segmentation, lattices: list[Lattice], classifier: Classifier
) -> Iterator[NDArray[np.float32]]:
    """Log-probabilities of each row's candidates, float32 [N, C].

    A classifier in another process works while this one makes the crops of later rows, and
    searches earlier ones; another one gets all crops of the page in one batch.
    """
    crops = (crop_candidates(page, [lattice]) for lattice in lattices)
    if isinstance(classifier, ClassifierBeside):
        return classifier.log_probs_ahead(crops)
    ends = np.cumsum([len(lattice.candidates) for lattice in lattices])
    return iter(np.split(classifier.log_probs(np.concatenate(list(crops))), ends[:-1]))


def is_writing(line: Line) -> bool:
    """Whether a line is sure enough to be more than the grain of wood or a shadow's edge.

    A short line must be surer: one letter by itself is easily a scratch, and so is any number
    of strokes.
    """
    letters = [g.character for w in line.words for g in w.glyphs if g.character.isalnum()]
    telling = sum(c not in STROKES for c in letters)
    return line.confidence >= LEAST_CONFIDENCE + SHORT_LINE / max(telling, 1)


def atom_gaps(page: Segmentation, lattice: Lattice) -> Floats:
    """White between neighbouring atoms in row heights, float64 [atoms - 1]."""
    extents = np.array([extent(page, atom, lattice.slope) for atom in lattice.atoms])
    reach = np.maximum.accumulate(extents[:, 1])
    return (extents[1:, 0] - reach[:-1]) / lattice.height


def extent(page: Segmentation, atom: Atom, slope: float) -> tuple[float, float]:
    """Where an atom's ink begins and ends along a row of some slope.

    On a tilted row boxes tell less: the T of TA leans away from the A, or over it.
    """
    left, top, right, bottom = atom.box
    if abs(slope) < LEVEL:
        return left, right
    components = page.components
    ink = components.labels[top:bottom, left:right] == components.ids[atom.component]
    y, x = np.nonzero(ink)
    along = left + x + slope * (top + y)
    return float(along.min()), float(along.max()) + 1


def read_row(
    lattice: Lattice,
    log_probs: NDArray[np.float32],
    space_odds: Floats,
    classifier: Classifier,
    language: Ngrams | None,
) -> Line | None:
    """Read one row; None if it holds no letter."""
    found = read_lattice(lattice, log_probs, space_odds, classifier, language)
    return None if found is None else found[0]


def read_lattice(
    lattice: Lattice,
    log_probs: NDArray[np.float32],
    space_odds: Floats,
    classifier: Classifier,
    language: Ngrams | None,
) -> tuple[Line, Lattice] | None:
    """Line of a row, and the lattice of its glyphs alone; None if it holds no letter."""
    characters = classifier.alphabet.characters
    shapes = forget_case(log_probs[:, : len(characters)], characters)
    reject = classifier.alphabet.reject_index
    rejected: Floats = np.full(len(shapes), NO_REJECT)
    if reject is not None:
        rejected = log_probs[:, reject].astype(np.float64)
    boxes = straightened(np.array([c.box for c in lattice.candidates], np.int32), lattice.slope)
    atoms = np.array([c.last - c.first for c in lattice.candidates], np.float64)
    # a glyph counts once for each of its atoms: it explains as much ink as they do
    scores = shapes * atoms[:, None]
    likely = best_cut(lattice, scores.max(1).tolist())
    frame = estimate_frame(boxes, likely, shapes, characters, lattice.height)
    scores = scores + GEOMETRY_WEIGHT * geometry_scores(boxes, frame, characters)
    path = best_path(lattice, scores, rejected, space_odds, characters, language)
    if not path:
        return None
    probabilities = softmax(np.column_stack([scores, rejected]))
    line = to_line(path, lattice, frame, probabilities, characters)
    return line, lattice._replace(candidates=[lattice.candidates[s.candidate] for s in path])


def softmax(scores: Floats) -> Floats:
    """Each row's exponentials, scaled to sum to 1."""
    powers: Floats = np.exp(scores - scores.max(1, keepdims=True))
    powers /= powers.sum(1, keepdims=True)
    return powers


def to_line(
    path: list[Step], lattice: Lattice, frame: Frame, probabilities: Floats, characters: str
) -> Line:
    """Glyphs of a path, as words."""
    words: list[list[Glyph]] = [[]]
    for step in path:
        if step.space:
            words.append([])
        row = probabilities[step.candidate, : len(characters)]
        others = np.argsort(row)[::-1][:ALTERNATIVES]
        words[-1].append(
            Glyph(
                Box(*lattice.candidates[step.candidate].box),
                characters[step.output],
                float(row[step.output]),
                tuple((characters[i], float(row[i])) for i in others if i != step.output),
            )
        )
    line = Line(tuple(Word(tuple(w)) for w in words))
    return replace(line, baseline=baseline_of(line.box, path, lattice, frame))


def baseline_of(box: Box, path: list[Step], lattice: Lattice, frame: Frame) -> Baseline:
    """Straight line through the places of a path's letters, as the row's slope has it."""
    chosen = [step.candidate for step in path]
    middles = np.array([(c.box[0] + c.box[2]) / 2 for c in (lattice.candidates[i] for i in chosen)])
    places = frame.baseline[chosen] + lattice.slope * middles
    unit = sorted(frame.unit[chosen].tolist())[len(chosen) // 2]  # np.median would import numpy.ma
    climb = lattice.slope
    if np.ptp(middles) > FEW_LETTERS * unit:
        climb = float(np.polyfit(middles, places, 1)[0])
    centre = float(places.mean() - climb * middles.mean())
    return Baseline(centre + climb * box.left, centre + climb * box.right, unit)
