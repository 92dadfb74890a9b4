from __future__ import annotations

import pytest

from ocr.evaluation.reliability import (
    ScoredLetter,
    bin_by_confidence,
    calibration_error,
    score_letters,
)


def test_letters_that_stand_in_the_truth_are_right() -> None:
    letters = score_letters("TO DO", [("T", 0.9), ("0", 0.3), ("D", 0.8), ("O", 0.7), ("x", 0.1)])
    assert [letter.right for letter in letters] == [True, False, True, True, False]
    assert [letter.confidence for letter in letters] == [0.9, 0.3, 0.8, 0.7, 0.1]


def test_a_letter_left_out_makes_no_other_wrong() -> None:
    assert all(letter.right for letter in score_letters("THE CAT", [(c, 0.9) for c in "THCAT"]))


def test_bins_hold_their_letters_count_and_means() -> None:
    letters = [
        ScoredLetter(0.91, True),
        ScoredLetter(0.97, False),
        ScoredLetter(1.0, True),
        ScoredLetter(0.0, False),
    ]
    low, high = bin_by_confidence(letters)
    assert (low.low, low.high, low.count, low.accuracy) == (0.0, 0.1, 1, 0.0)
    assert (high.low, high.high, high.count) == (0.9, 1.0, 3)
    assert high.confidence == pytest.approx(0.96)
    assert high.accuracy == pytest.approx(2 / 3)


def test_calibration_error_is_the_weighted_distance() -> None:
    half = [ScoredLetter(0.5, True), ScoredLetter(0.5, False)]
    wrong = [ScoredLetter(0.8, False), ScoredLetter(0.8, False)]
    assert calibration_error(bin_by_confidence(half)) == pytest.approx(0)
    assert calibration_error(bin_by_confidence(half + wrong)) == pytest.approx(0.4)
    assert calibration_error(()) is None
