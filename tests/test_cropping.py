from __future__ import annotations

import numpy as np

from ocr.data.cropping import boxes_of, crop_of, labelled


def an_l() -> np.ndarray:
    """An L in a corner of a 10×10 image: 6 high, 3 wide."""
    image = np.zeros((10, 10), np.uint8)
    image[1:7, 5] = image[6, 5:8] = 255
    return image


def test_crop_is_cut_to_the_ink_and_centred() -> None:
    rows = np.flatnonzero(crop_of(an_l()).any(axis=1))
    assert (rows.min(), rows.max()) == (4, 27)


def test_faint_noise_does_not_widen_the_box() -> None:
    noisy = np.maximum(an_l(), 40).astype(np.uint8)
    assert boxes_of(noisy[None]) == boxes_of(an_l()[None]) == [[1, 7, 5, 8]]


def test_blank_image_makes_a_blank_crop() -> None:
    assert not crop_of(np.zeros((5, 7), np.uint8)).any()


def test_only_characters_of_the_alphabet_are_kept_and_blanks_dropped() -> None:
    images = np.stack([an_l(), an_l(), np.zeros((10, 10), np.uint8)])
    samples = labelled(images, np.array(["L", "7", "L"]), alphabet="L")
    assert samples.characters.tolist() == ["L"]
    assert samples.crops.shape == (1, 32, 32)


def test_second_character_is_forgotten_where_the_alphabet_lacks_it() -> None:
    images, both = np.stack([an_l(), an_l()]), np.array(["C", "S"])
    samples = labelled(images, both, alphabet="CSc", either=np.array(["c", "s"]))
    assert samples.either.tolist() == ["c", ""]
