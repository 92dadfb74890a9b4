from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.decode.confidence import calibrate, log_odds
from ocr.page import Box, Glyph, Line, Word

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def line_of(*confidences: float) -> Line:
    glyphs = [
        Glyph(Box(i, 0, i + 1, 1), "A", p, (("B", (1 - p) / 2), ("C", (1 - p) / 4)))
        for i, p in enumerate(confidences)
    ]
    return Line((Word(tuple(glyphs)),))


def confidences(line: Line) -> list[float]:
    return [g.confidence for w in line.words for g in w.glyphs]


@given(probabilities)
def test_confidences_stay_probabilities_and_alternatives_share_the_rest(given) -> None:
    for word in calibrate(line_of(*given)).words:
        for glyph in word.glyphs:
            assert 0 < glyph.confidence < 1
            assert sum(p for _, p in glyph.alternatives) <= 1 - glyph.confidence + 1e-6


def test_surer_letters_of_a_word_stay_surer() -> None:
    low, middle, high = confidences(calibrate(line_of(0.2, 0.5, 0.9)))
    assert low < middle < high


def test_a_letter_among_sure_ones_is_surer() -> None:
    among_sure, *_ = confidences(calibrate(line_of(0.6, 0.99, 0.99)))
    among_unsure, *_ = confidences(calibrate(line_of(0.6, 0.3, 0.3)))
    assert among_sure > among_unsure


def test_text_and_boxes_stay() -> None:
    line = line_of(0.5, 0.7)
    assert (calibrate(line).text, calibrate(line).box) == (line.text, line.box)


def test_log_odds_are_finite() -> None:
    assert log_odds(0.5) == pytest.approx(0)
    assert log_odds(0) == pytest.approx(-log_odds(1))
