from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.data.samples import Samples
from ocr.data.words import (
    Placed,
    coarsen,
    cut_word,
    cut_words,
    draw_layers,
    make_words,
    scale_letter,
    spell,
    typeset,
)
from ocr.segment.crops import trim


def samples(characters: str) -> Samples:
    """Outlines of 20 by 24 px, whatever the character."""
    crops = np.zeros((len(characters), 32, 32), np.uint8)
    crops[:, 4:28, 6:26] = 255
    crops[:, 8:24, 10:22] = 0
    labels = np.array(list(characters), "<U1")
    return Samples(crops, labels, np.where(labels == "C", "c", "").astype("<U1"))


def rings(*lefts: int) -> list[Placed]:
    """Capitals of 28 by 20 px at some columns."""
    image = Image.new("L", (20, 28))
    ImageDraw.Draw(image).ellipse((0, 0, 19, 27), outline=1, width=4)
    return [Placed("O", "o", np.asarray(image, np.float32), left, -28) for left in lefts]


def labels(word: list[Placed]) -> list[str]:
    return [character for _, character, _ in cut_word(word, np.random.default_rng(0))]


def test_words_give_as_many_crops_as_are_asked_for() -> None:
    made = make_words(samples("CHo7"), 50, np.random.default_rng(0))
    assert (len(made), made.crops.shape, made.crops.dtype) == (50, (50, 32, 32), np.uint8)
    assert made.crops.max(axis=(1, 2)).min() > 200


def test_some_candidates_are_letters_and_most_are_none() -> None:
    made = make_words(samples("CHo7"), 200, np.random.default_rng(0))
    assert set(made.characters) == {"", *"CHo7"}
    assert np.mean(made.characters == "") == pytest.approx(0.6)


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


def test_marks_stand_in_words_and_what_is_no_letter_does_not() -> None:
    mixed = Samples(
        samples("?-H").crops, np.array(["", "-", "H"], "<U1"), np.array(["", "", ""], "<U1")
    )
    made = make_words(mixed, 60, np.random.default_rng(0))
    assert set(made.characters) == {"", "-", "H"}


def test_no_letters_make_no_words() -> None:
    assert len(make_words(samples(".,"), 10, np.random.default_rng(0))) == 0


def test_letters_apart_are_cut_right() -> None:
    found = labels(rings(0, 30, 60))
    assert [label for label in found if label] == ["O", "O", "O"]


def test_touching_letters_are_letters_alone_and_none_together() -> None:
    hyphen = Placed("-", "", np.ones((3, 12), np.float32), 18, -15)
    found = labels([*rings(0, 28), hyphen])
    assert found.count("O") == 2
    assert "" in found


def test_letters_that_never_come_out_whole_end_the_search() -> None:
    made = cut_words(lambda _: rings(0, 0), 5, np.random.default_rng(0))
    assert len(made) <= 5


def test_layers_hold_each_letter_where_it_lies() -> None:
    layers = draw_layers(rings(0, 30))
    assert layers.shape == (2, 32, 54)
    assert np.flatnonzero(layers[1].any(0)).tolist() == list(range(32, 52))


def test_small_letter_is_lower_than_a_capital() -> None:
    crop = samples("H").crops[0]
    rng = np.random.default_rng(0)
    capital = np.mean(
        [scale_letter(crop, np.array([1, 0, 0.1]), rng)[0].shape[0] for _ in range(30)]
    )
    small = np.mean(
        [scale_letter(crop, np.array([0.68, 0, 0.1]), rng)[0].shape[0] for _ in range(30)]
    )
    assert small / capital == pytest.approx(0.68, abs=0.1)


def test_words_are_spelled_with_what_there_is() -> None:
    rng = np.random.default_rng(0)
    words = [spell(list("aBx7"), rng) for _ in range(50)]
    assert {c for word in words for c in word} == set("aBx7")
    assert all(3 <= len(word) <= 8 for word in words)


def test_word_set_in_a_font_stands_on_its_baseline() -> None:
    font = ImageFont.load_default(28)
    assert isinstance(font, ImageFont.FreeTypeFont)
    word = typeset([([font], list("HEIT"))], np.random.default_rng(3))
    assert {p.top + p.ink.shape[0] for p in word} <= {-1, 0, 1, 2}
    lefts = [p.left for p in word]
    assert lefts == sorted(lefts)


def test_ink_is_cut_to_its_box_and_no_ink_is_left_alone() -> None:
    ink = np.zeros((9, 9), np.float32)
    assert trim(ink, 0.2).shape == (9, 9)
    ink[2:5, 3:7] = 1
    assert trim(ink, 0.2).shape == (3, 4)


def test_coarse_letters_keep_their_place_and_lose_their_edges() -> None:
    layers = draw_layers(rings(0, 30))
    coarse = coarsen(layers, 0.5)
    assert (coarse.shape, coarse.dtype) == (layers.shape, np.float32)
    assert np.abs(coarse.sum((1, 2)) / layers.sum((1, 2)) - 1).max() < 0.1
    assert np.corrcoef(coarse.ravel(), layers.ravel())[0, 1] > 0.8
    soft = (coarse > 0.2) & (coarse < 0.8)
    assert soft.mean() > 2 * ((layers > 0.2) & (layers < 0.8)).mean()


def test_letters_that_are_large_enough_are_not_enlarged_again() -> None:
    layers = draw_layers(rings(0))
    assert coarsen(layers, 0.9).shape[1] == round(0.9 * layers.shape[1])
