from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.decode.geometry import (
    RowMetrics,
    estimate_metrics,
    forget_case,
    geometry_scores,
    shape_table,
)

CAPITAL = 30.0  # px
BASELINE = 100.0


def box(top: float, bottom: float, left: float = 0) -> list[float]:
    """Box of a glyph that ends and begins so many capital heights above the baseline."""
    return [left, BASELINE - top * CAPITAL, left + 20, BASELINE - bottom * CAPITAL]


def frame(count: int = 1) -> RowMetrics:
    return RowMetrics(np.full(count, CAPITAL), np.full(count, BASELINE))


def likeliest(glyph: list[float], characters: str) -> str:
    scores = geometry_scores(np.array([glyph]), frame(), characters)
    return characters[int(scores[0].argmax())]


@pytest.mark.parametrize(
    ("glyph", "characters", "wanted"),
    [
        (box(0.65, 0), "Cc", "c"),
        (box(1.0, 0), "Cc", "C"),
        (box(0.65, 0), "0Oo", "o"),
        (box(0.65, -0.3), "Pp", "p"),
        (box(0.65, -0.3), "9g", "g"),
        (box(0.15, -0.15), ",'", ","),
        (box(1.05, 0.75), ",'", "'"),
        (box(0.42, 0.35), "-_", "-"),
        (box(0.0, -0.1), "-_", "_"),
        (box(0.12, 0), ".,'", "."),
    ],
)
def test_size_and_place_tell_what_shape_cannot(
    glyph: list[float], characters: str, wanted: str
) -> None:
    assert likeliest(glyph, characters) == wanted


def test_perfect_fit_scores_nought_and_others_less() -> None:
    scores = geometry_scores(np.array([box(1.0, 0.0)]), frame(), "Hx.")
    assert scores[0, 0] == pytest.approx(0)
    assert (scores[0, 1:] < -0.3).all()


def test_no_size_is_impossible() -> None:
    scores = geometry_scores(np.array([box(40, -40), box(90, 89)]), frame(2), "Hx.")
    assert np.isfinite(scores).all()
    assert scores.min() > -20


def test_unknown_character_may_have_any_usual_size() -> None:
    assert shape_table("é").shape == (1, 3)
    assert geometry_scores(np.array([box(0.8, 0.0)]), frame(), "é")[0, 0] > -2


def sure(characters: str, text: str) -> NDArray[np.float32]:
    """Log-probabilities that are certain of a text."""
    scores = np.full((len(text), len(characters)), -20, np.float32)
    scores[np.arange(len(text)), [characters.index(c) for c in text]] = 0
    return scores


def word(*extents: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([box(top, bottom, 30 * i) for i, (top, bottom) in enumerate(extents)])


def frame_of(
    boxes: NDArray[np.float64], log_probs: NDArray[np.float32], characters: str, fallback: float
) -> RowMetrics:
    """RowMetrics of a row each of whose candidates is a glyph."""
    return estimate_metrics(boxes, list(range(len(boxes))), log_probs, characters, fallback)


def test_metrics_of_small_letters_is_that_of_their_capitals() -> None:
    boxes = word((0.68, 0), (0.68, 0), (0.68, -0.28), (1.05, 0))
    found = frame_of(boxes, sure("angh", "angh"), "angh", 5.0)
    np.testing.assert_allclose(found.cap_height, CAPITAL, rtol=0.05)
    np.testing.assert_allclose(found.baseline, BASELINE, atol=2)


def test_metrics_follows_a_row_that_shrinks() -> None:
    boxes = np.array([[30.0 * i, 70 + i, 30 * i + 20, 100] for i in range(16)])
    found = frame_of(boxes, sure("H", "H" * 16), "H", 5.0)
    assert found.cap_height[0] > found.cap_height[8] > found.cap_height[-1]


def test_metrics_is_the_fallback_where_no_glyph_tells() -> None:
    found = frame_of(word((0.4, 0.3)), sure("-", "-"), "-", 44.0)
    assert found.cap_height.tolist() == [44.0]


def test_metrics_is_not_misled_by_one_giant() -> None:
    boxes = word(*[(1.0, 0.0)] * 6, (3.0, 0.0))
    found = frame_of(boxes, sure("H", "H" * 7), "H", 5.0)
    assert found.cap_height[0] == pytest.approx(CAPITAL, rel=0.2)


def test_pieces_of_letters_tell_the_metrics_nothing() -> None:
    boxes = word(*[(1.0, 0.0), (0.5, 0.0), (1.0, 0.4)] * 4)  # an H, and its pieces
    log_probs = sure("H", "H" * 12)
    found = estimate_metrics(boxes, [0, 3, 6, 9], log_probs, "H", 5.0)
    np.testing.assert_allclose(found.cap_height, CAPITAL)
    np.testing.assert_allclose(found.baseline, BASELINE)


def test_letters_that_differ_in_size_alone_share_their_probability() -> None:
    log_probs = np.log(np.array([[0.6, 0.2, 0.1, 0.1]], np.float32))
    shared = np.exp(forget_case(log_probs, "CcHh"))
    np.testing.assert_allclose(shared, [[0.8, 0.8, 0.1, 0.1]], rtol=1e-5)


def test_letter_without_its_other_case_keeps_its_probability() -> None:
    log_probs = np.log(np.array([[0.6, 0.4]], np.float32))
    np.testing.assert_array_equal(forget_case(log_probs, "CS"), log_probs)


def test_level_letters_are_held_to_their_places_and_wandering_ones_are_not() -> None:
    lefts = 30.0 * np.arange(12)
    sure = np.full((12, 2), -9.0, np.float32)
    sure[:, 0] = -0.01
    wanders = []
    for jump in (0.0, 8.0):
        bottoms = 100 + jump * (np.arange(12) % 2)
        boxes = np.stack([lefts, bottoms - 30, lefts + 20, bottoms], 1)
        wanders.append(frame_of(boxes, sure, "AB", 30.0).wander)
    assert wanders[0] < 0.1 < wanders[1]
