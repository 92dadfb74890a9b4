from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier, restrict
from ocr.decode import decode_with_score
from ocr.decode.hypotheses import is_writing
from ocr.decode.language import Ngrams
from ocr.decode.lattice_reader import read_lattice
from ocr.decode.spaces import atom_gaps, page_space_odds
from ocr.page import Box, Glyph, Line, Word
from ocr.pipeline import classify, crop, read_segmented, read_with_crops
from ocr.segment import SegmentedPage
from ocr.segment.lattice import Atom, Lattice
from tests.bitmaps import segmented, segmented_at_full_size
from tests.fakes import RaisingClassifier, UniformClassifier
from tests.page_maker import handprint_page
from tests.templates import TemplateClassifier, page_image

LETTERS = TemplateClassifier.knowing("AEFHKLMNTWXZ")


def drawn(*lines: str, tilt: float = 0) -> SegmentedPage:
    """Rows of a page in a steady hand."""
    page = handprint_page(lines, seed=0, jitter=0, letter_height=40, tilt=tilt)
    return segmented_at_full_size(page_image(page).gray)


def read_rows(page: SegmentedPage, classifier: Classifier, language: Ngrams | None) -> list[Line]:
    return list(read_segmented(page, classifier, language=language).lines)


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def test_rows_are_read_in_order_with_their_spaces() -> None:
    assert texts(read_rows(drawn("THE HALF", "MAN"), LETTERS, None)) == ["THE HALF", "MAN"]


@pytest.mark.parametrize("tilt", [-3, 3])
def test_tilted_rows_are_read_in_order(tilt: float) -> None:
    lines = read_rows(drawn("THE WHEAT", "TAKE THEM", "HE THEN ATE", tilt=tilt), LETTERS, None)
    assert texts(lines) == ["THE WHEAT", "TAKE THEM", "HE THEN ATE"]


def test_blank_page_is_no_line_and_asks_no_classifier() -> None:
    blank = segmented_at_full_size(np.full((50, 60), 255, np.uint8))
    assert read_rows(blank, RaisingClassifier(Alphabet("AB")), None) == []


def test_a_letter_that_nothing_is_sure_of_is_left_out() -> None:
    assert read_rows(drawn("H"), UniformClassifier(Alphabet("ABCDEFGH")), None) == []


def line_of(text: str, confidence: float) -> Line:
    return Line((Word(tuple(Glyph(Box(0, 0, 1, 1), c, confidence) for c in text)),))


@pytest.mark.parametrize(
    ("text", "ink", "least"),
    [("HALF", 0.8, 0.1), ("H", 0.8, 0.5), ("lIl1", 0.8, 0.8), ("HIll", 0.8, 0.5), ("H", 0.6, 0.7)],
)
def test_fewer_letters_mere_strokes_and_pale_ink_must_be_surer(
    text: str, ink: float, least: float
) -> None:
    assert is_writing(line_of(text, least), ink)
    assert not is_writing(line_of(text, least - 0.15), ink)


@dataclass(frozen=True)
class Rejecting:
    """Finds nothing a letter."""

    alphabet: Alphabet = field(default_factory=lambda: Alphabet("AB", reject=True))

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        certain = np.log(np.array([[1e-6, 1e-6, 1 - 2e-6]], np.float32))
        return np.repeat(certain, len(crops), 0)


def test_what_is_no_letter_is_no_line() -> None:
    assert read_rows(drawn("THE HALF"), Rejecting(), None) == []


@dataclass(frozen=True)
class Counting:
    """Notes the number of crops of each call."""

    classifier: Classifier
    calls: list[int]

    @property
    def alphabet(self) -> Alphabet:
        return self.classifier.alphabet

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        self.calls.append(len(crops))
        return self.classifier.log_probs(crops)


def test_all_crops_of_a_page_are_classified_in_one_batch() -> None:
    calls: list[int] = []
    read_rows(drawn("THE", "HALF"), Counting(LETTERS, calls), None)
    assert len(calls) == 1
    assert calls[0] >= 7


def test_alphabet_limits_the_answer() -> None:
    lines = read_rows(drawn("THE HALF"), restrict(LETTERS, "THE"), None)
    assert set(texts(lines)[0]) <= set("THE ")


def test_glyphs_say_how_sure_they_are_and_what_else_they_may_be() -> None:
    [line] = read_rows(drawn("THE HALF"), LETTERS, None)
    for glyph in (g for word in line.words for g in word.glyphs):
        others = [probability for _, probability in glyph.alternatives]
        assert 0.5 < glyph.confidence <= 1
        assert others == sorted(others, reverse=True)
        assert glyph.character not in dict(glyph.alternatives)
        assert glyph.confidence + sum(others) <= 1 + 1e-6


def test_boxes_are_those_of_the_ink() -> None:
    page = drawn("THE")
    [line] = read_rows(page, LETTERS, None)
    boxes = [(g.box.left, g.box.top, g.box.right, g.box.bottom) for g in line.words[0].glyphs]
    assert [list(box) for box in boxes] == page.components.boxes[page.rows[0].members].tolist()


def test_gaps_are_measured_along_the_row() -> None:
    mask = np.zeros((40, 60), np.bool_)
    for y in range(40):  # two stems that lean with a row that goes down by a half
        mask[y, 25 - y // 2] = mask[y, 45 - y // 2] = True
    page = segmented(mask)
    atoms = [Atom(i, tuple(box)) for i, box in enumerate(page.components.boxes.tolist())]
    assert atom_gaps(page.components, Lattice(atoms, [], 40.0, 0.0)) * 40 == pytest.approx([0])
    assert atom_gaps(page.components, Lattice(atoms, [], 40.0, 0.5)) * 40 == pytest.approx([18.5])


def test_best_hypotheses_come_first_and_read_differently() -> None:
    page = drawn("THE HALF")
    log_probs = classify(LETTERS, crop(page))
    [odds] = page_space_odds(page)
    found = read_lattice(page.lattices[0], log_probs, odds, LETTERS.alphabet, None, count=3)
    assert found[0].line.text == "THE HALF"
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    assert len({h.line.text for h in found}) == len(found) == 3


def test_candidates_of_glyphs_are_those_of_the_page() -> None:
    page = drawn("THE", "HALF")
    log_probs = classify(LETTERS, crop(page))
    found = decode_with_score(page, log_probs, LETTERS.alphabet, None)
    boxes = [c.box for lattice in page.lattices for c in lattice.candidates]
    glyphs = [g for line in found.page.lines for g in line.glyphs]
    assert [tuple(g.box) for g in glyphs] == [boxes[i] for i in found.candidates]


def test_crops_are_those_of_the_glyphs_in_their_order() -> None:
    page = drawn("THE HALF", "MAN")
    read, crops = read_with_crops(page, LETTERS, language=None)
    assert read == read_segmented(page, LETTERS, language=None)
    answers = LETTERS.log_probs(crops).argmax(axis=1)
    assert "".join(LETTERS.alphabet.characters[i] for i in answers) == "THEHALFMAN"


def test_blank_page_has_no_crops() -> None:
    blank = segmented_at_full_size(np.full((300, 300), 255, np.uint8))
    read, crops = read_with_crops(blank, LETTERS, language=None)
    assert (read.lines, crops.shape) == ((), (0, 32, 32))
