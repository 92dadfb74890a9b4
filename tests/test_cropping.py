from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.data.cropping import (
    crop_image,
    crop_samples,
    extract_ink,
    extract_photo_ink,
    extract_scan_ink,
    find_boxes,
    otsu,
    remove_neighbors,
)


def an_l() -> np.ndarray:
    """An L in a corner of a 10×10 image: 6 high, 3 wide."""
    image = np.zeros((10, 10), np.uint8)
    image[1:7, 5] = image[6, 5:8] = 255
    return image


def test_crop_is_cut_to_the_ink_and_centered() -> None:
    rows = np.flatnonzero(crop_image(an_l()).any(axis=1))
    assert (rows.min(), rows.max()) == (4, 27)


def test_faint_noise_does_not_widen_the_box() -> None:
    noisy = np.maximum(an_l(), 40).astype(np.uint8)
    assert find_boxes(noisy[None]) == find_boxes(an_l()[None]) == [[1, 7, 5, 8]]


def test_blank_image_makes_a_blank_crop() -> None:
    assert not crop_image(np.zeros((5, 7), np.uint8)).any()


def test_only_characters_of_the_alphabet_are_kept_and_blanks_dropped() -> None:
    images = np.stack([an_l(), an_l(), np.zeros((10, 10), np.uint8)])
    samples = crop_samples(images, np.array(["L", "7", "L"]), alphabet="L")
    assert samples.characters.tolist() == ["L"]
    assert samples.crops.shape == (1, 32, 32)


def test_second_character_is_dropped_where_the_alphabet_lacks_it() -> None:
    images, both = np.stack([an_l(), an_l()]), np.array(["C", "S"])
    samples = crop_samples(images, both, alphabet="CSc", either=np.array(["c", "s"]))
    assert samples.either.tolist() == ["c", ""]


# ink of scans and photographs

BAR = np.zeros((12, 12), bool)
BAR[3:9, 5:7] = True


def photo(ink: int, paper: int, noise: int = 10) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (np.where(BAR, ink, paper) + rng.integers(1 - noise, noise, BAR.shape)).astype(np.uint8)


def test_scan_of_either_polarity_gives_the_same_ink() -> None:
    white_on_black = BAR[None].astype(np.uint8) * 255
    assert (extract_scan_ink(white_on_black) == white_on_black).all()
    assert (extract_scan_ink(255 - white_on_black) == white_on_black).all()


def test_gray_paper_of_a_scan_is_no_ink() -> None:
    gray = np.where(BAR, 40, 190).astype(np.uint8)[None]
    assert ((extract_scan_ink(gray)[0] > 0) == BAR).all()


def test_images_with_clean_borders_share_one_polarity() -> None:
    scans = np.stack([BAR * 200, BAR * 0 + 90]).astype(np.uint8)  # the second has no ink at all
    assert (extract_ink(scans) == extract_scan_ink(scans)).all()


def test_images_with_noisy_borders_have_their_own_polarity() -> None:
    photos = np.stack([photo(50, 120, noise=40), photo(200, 120, noise=40)])
    expected = [extract_photo_ink(image) for image in photos]
    assert (extract_ink(photos) == np.stack(expected)).all()


@pytest.mark.parametrize(("ink", "paper"), [(50, 120), (200, 120)])
def test_photograph_of_either_polarity_shows_the_bar(ink: int, paper: int) -> None:
    assert ((extract_photo_ink(photo(ink, paper)) > 127) == BAR).all()


def test_flat_photograph_is_blank() -> None:
    assert not extract_photo_ink(np.full((5, 5), 90, np.uint8)).any()


def test_otsu_separates_two_peaks() -> None:
    assert 12 <= otsu(np.array([[10, 12, 11], [200, 205, 199]], np.uint8)) < 199


@given(st.binary(min_size=4, max_size=400))
def test_otsu_separates_as_scikit_image_does(levels: bytes) -> None:
    filters = pytest.importorskip("skimage.filters")
    image = np.frombuffer(levels, np.uint8)[None]
    if image.min() < image.max():
        above = image > filters.threshold_otsu(image)
        assert np.array_equal(image > otsu(image), above)


def test_piece_of_a_neighbor_at_the_border_is_removed() -> None:
    both = BAR.copy()
    both[2:5, 11] = True
    assert (remove_neighbors(both) == BAR).all()
