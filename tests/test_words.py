from __future__ import annotations

import numpy as np
import pytest

from ocr.training.samples import Samples
from ocr.training.words import at_size, make_words, right_cut, set_word, tight, wrong_cut


def samples(characters: str) -> Samples:
    """Outlines of 20 by 24 px, whatever the character."""
    crops = np.zeros((len(characters), 32, 32), np.uint8)
    crops[:, 4:28, 6:26] = 255
    crops[:, 8:24, 10:22] = 0
    labels = np.array(list(characters), "<U1")
    return Samples(crops, labels, np.where(labels == "C", "c", "").astype("<U1"))


def test_words_give_as_many_crops_as_are_asked_for() -> None:
    made = make_words(samples("CHo7"), 50, np.random.default_rng(0))
    assert (len(made), made.crops.shape, made.crops.dtype) == (50, (50, 32, 32), np.uint8)
    assert made.crops.max(axis=(1, 2)).min() > 200


def test_some_cuts_are_letters_and_most_are_none() -> None:
    made = make_words(samples("CHo7"), 200, np.random.default_rng(0))
    assert set(made.characters) == {"", *"CHo7"}
    assert 0.5 < np.mean(made.characters == "") < 0.8


def test_letter_keeps_its_second_reading_and_a_wrong_cut_has_none() -> None:
    made = make_words(samples("CH"), 100, np.random.default_rng(0))
    assert set(made.either[made.characters == "C"]) == {"c"}
    assert set(made.either[made.characters != "C"]) == {""}


def test_same_generator_makes_the_same_words() -> None:
    first, again, other = (
        make_words(samples("CHo7"), 9, np.random.default_rng(seed)).crops for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_marks_and_what_is_no_letter_are_not_used() -> None:
    labels = np.array(["", ".", "H"], "<U1")
    mixed = Samples(samples("..H").crops, labels, np.array(["", "", ""], "<U1"))
    made = make_words(mixed, 60, np.random.default_rng(0))
    assert set(made.characters) == {"", "H"}


def test_no_letters_make_no_words() -> None:
    assert len(make_words(samples(".,"), 10, np.random.default_rng(0))) == 0


def test_small_letter_is_lower_than_a_capital() -> None:
    crop = samples("H").crops[0]
    rng = np.random.default_rng(0)
    capital = np.mean([at_size(crop, np.array([1, 0, 0.1]), rng)[0].shape[0] for _ in range(30)])
    small = np.mean([at_size(crop, np.array([0.68, 0, 0.1]), rng)[0].shape[0] for _ in range(30)])
    assert small / capital == pytest.approx(0.68, abs=0.1)


def test_letters_of_a_word_follow_each_other_on_one_baseline() -> None:
    glyphs = [(np.ones((20, 10), np.float32), 0), (np.ones((12, 8), np.float32), 0)]
    ink, spans = set_word(glyphs, np.random.default_rng(0))
    feet = [np.flatnonzero(ink[:, x]).max() for x in (spans[0][0] + 2, spans[1][1] - 2)]
    assert feet[0] == feet[1]
    assert [stop - start for start, stop in spans] == [10, 8]
    assert spans[0][0] < spans[1][0]


SPANS = [(0, 20), (21, 40), (38, 60)]


def test_right_cut_is_near_the_letter() -> None:
    rng = np.random.default_rng(0)
    cuts = np.array([right_cut(SPANS[1], rng) for _ in range(200)])
    np.testing.assert_allclose(cuts.mean(0), SPANS[1], atol=0.5)


def test_wrong_cut_is_never_one_whole_letter() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        start, stop = wrong_cut(SPANS, rng)
        assert start < stop
        assert (start, stop) not in SPANS


def test_ink_is_cut_to_its_box_and_no_ink_is_left_alone() -> None:
    ink = np.zeros((9, 9), np.float32)
    assert tight(ink).shape == (9, 9)
    ink[2:5, 3:7] = 1
    assert tight(ink).shape == (3, 4)
