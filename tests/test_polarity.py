from __future__ import annotations

import numpy as np
import pytest

from ocr.data.polarity import (
    has_clean_border,
    ink_of_photograph,
    ink_of_scans,
    otsu,
    without_neighbours,
)

BAR = np.zeros((12, 12), bool)
BAR[3:9, 5:7] = True


def photograph(ink: int, paper: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (np.where(BAR, ink, paper) + rng.integers(-9, 10, BAR.shape)).astype(np.uint8)


def test_scan_of_either_polarity_gives_the_same_ink() -> None:
    white_on_black = BAR[None].astype(np.uint8) * 255
    assert (ink_of_scans(white_on_black) == white_on_black).all()
    assert (ink_of_scans(255 - white_on_black) == white_on_black).all()


def test_grey_paper_of_a_scan_is_no_ink() -> None:
    grey = np.where(BAR, 40, 190).astype(np.uint8)[None]
    assert ((ink_of_scans(grey)[0] > 0) == BAR).all()


def test_scan_has_a_clean_border_and_photograph_has_not() -> None:
    rng = np.random.default_rng(0)
    assert has_clean_border(BAR[None].astype(np.uint8) * 255)
    assert not has_clean_border(rng.integers(60, 160, (3, 12, 12)).astype(np.uint8))


@pytest.mark.parametrize(("ink", "paper"), [(50, 120), (200, 120)])
def test_photograph_of_either_polarity_shows_the_bar(ink: int, paper: int) -> None:
    assert ((ink_of_photograph(photograph(ink, paper)) > 127) == BAR).all()


def test_flat_photograph_is_blank() -> None:
    assert not ink_of_photograph(np.full((5, 5), 90, np.uint8)).any()


def test_otsu_separates_two_peaks() -> None:
    assert 12 <= otsu(np.array([[10, 12, 11], [200, 205, 199]], np.uint8)) < 199


def test_mark_of_a_neighbour_at_the_border_goes_and_the_letter_stays() -> None:
    both = BAR.copy()
    both[2:5, 11] = True
    assert (without_neighbours(both) == BAR).all()
