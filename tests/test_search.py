from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.decode.language import Ngrams
from ocr.decode.search import best_paths
from ocr.segment.lattice import Atom, Candidate, Lattice
from ocr.training.ngrams import build

HEIGHT = 30.0
CHARACTERS = "HATOQSIatoel015"
LIKELY, UNLIKELY, NEVER = -0.1, -2.5, -15.0  # nats


def lattice(*sizes: tuple[int, int], pairs: tuple[int, ...] = ()) -> Lattice:
    """Row of atoms of some width and height; `pairs` can be joined with the next."""
    atoms, x = [], 0
    for i, (width, height) in enumerate(sizes):
        atoms.append(Atom(i, (x, 100 - height, x + width, 100)))
        x += width + 5
    spans = [(i, i + 1) for i in range(len(atoms))] + [(i, i + 2) for i in pairs]
    candidates = [
        Candidate(first, last, (atoms[first].box[0], 70, atoms[last - 1].box[2], 100))
        for first, last in sorted(spans)
    ]
    return Lattice(atoms, candidates, HEIGHT, 0.0)


def read(
    row: Lattice,
    *shapes: dict[str, float],
    language: Ngrams | None = None,
    space_odds: tuple[float, ...] | None = None,
    reject: float = -6.0,
    characters: str = CHARACTERS,
) -> str:
    """Text of the best path; a candidate's shape is its score as each character."""
    scores = np.full((len(row.candidates), len(characters)), NEVER)
    for i, shape in enumerate(shapes):
        for character, score in shape.items():
            scores[i, characters.index(character)] = score
    odds: NDArray[np.float64] = np.array(space_odds or [-8.0] * (len(row.atoms) - 1))
    rejected = np.full(len(scores), reject)
    [path] = best_paths(row, scores, rejected, odds, characters, language)
    return "".join(" " * step.space + characters[step.output] for step in path.steps)


LETTER = (20, 30)
ENGLISH = build(["THE HAT THAT HOT TOT", "the hat that hot toe lot let tell"] * 20)


@pytest.mark.parametrize("language", [None, ENGLISH], ids=["none", "english"])
def test_clear_letters_are_read_as_they_are(language: Ngrams | None) -> None:
    sure = [{c: LIKELY} for c in "HAT"]
    assert read(lattice(*[LETTER] * 3), *sure, language=language) == "HAT"


def test_language_decides_between_letters_of_one_shape() -> None:
    shapes = [{"t": LIKELY}, {"e": LIKELY}, {"l": -1.0, "I": -0.7}, {"l": -1.0, "I": -0.7}]
    row = lattice(*[LETTER] * 4)
    assert read(row, *shapes, language=ENGLISH) == "tell"


def test_language_does_not_overrule_clear_letters() -> None:
    sure = [{c: LIKELY, "H": -9.0} for c in "QAQ"]
    assert read(lattice(*[LETTER] * 3), *sure, language=ENGLISH) == "QAQ"


def test_neighbours_tell_digits_from_letters() -> None:
    doubtful = {"S": -0.7, "5": -0.75}
    row = lattice(*[LETTER] * 3)
    assert read(row, {"1": LIKELY}, doubtful, {"0": LIKELY}, language=ENGLISH) == "150"
    spelt = read(row, {"H": LIKELY}, {"5": -0.65, "S": -0.75}, {"T": LIKELY}, language=ENGLISH)
    assert spelt == "HST"


def test_without_a_language_codes_stay_as_they_look() -> None:
    row = lattice(*[LETTER] * 4)
    code = [{"A": LIKELY}, {"5": -0.65, "S": -0.75}, {"t": LIKELY}, {"5": -0.65, "S": -0.75}]
    assert read(row, *code, language=None) == "A5t5"


def test_neighbours_tell_case() -> None:
    doubtful = {"O": -0.7, "o": -0.7}
    row = lattice(*[LETTER] * 3)
    assert read(row, {"H": LIKELY}, {"A": LIKELY}, doubtful, language=ENGLISH) == "HAO"
    assert read(row, {"t": LIKELY}, {"e": LIKELY}, doubtful, language=ENGLISH) == "teo"


def test_word_after_one_in_capitals_is_in_capitals() -> None:
    doubtful = {"O": -0.9, "o": -0.7}
    shapes = [*({c: LIKELY} for c in "HATT"), doubtful]
    odds = (-8.0, -8.0, 8.0, -8.0)
    row = lattice(*[LETTER] * 5)
    assert read(row, *shapes, space_odds=odds, language=ENGLISH) == "HAT TO"


def test_pair_that_is_a_letter_is_joined() -> None:
    row = lattice(LETTER, (8, 30), LETTER, pairs=(0,))
    either = [{"l": UNLIKELY}, {"H": LIKELY}, {"1": UNLIKELY}, {"T": LIKELY}]
    assert read(row, *either) == "HT"


def test_pair_that_is_no_letter_stays_apart() -> None:
    row = lattice(LETTER, LETTER, pairs=(0,))
    assert read(row, {"H": LIKELY}, {"Q": -9.0}, {"T": LIKELY}) == "HT"


def test_speck_is_left_out() -> None:
    row = lattice(LETTER, (3, 3), LETTER)
    assert read(row, {"H": LIKELY}, {"Q": -9.0}, {"T": LIKELY}, reject=-0.1) == "HT"


def test_large_ink_is_rather_read_badly_than_left_out() -> None:
    row = lattice(LETTER, LETTER, LETTER)
    assert read(row, {"H": LIKELY}, {"A": -2.0}, {"T": LIKELY}, reject=-3.0) == "HAT"


def test_row_of_specks_is_empty() -> None:
    assert read(lattice((2, 2), (2, 3)), reject=-0.01) == ""


def test_space_where_the_gap_says_so() -> None:
    sure = [{c: LIKELY} for c in "HATHOT"]
    odds = (-8.0, -8.0, 8.0, -8.0, -8.0)
    row = lattice(*[LETTER] * 6)
    assert read(row, *sure, space_odds=odds) == "HAT HOT"
    assert read(row, *sure, space_odds=odds, language=ENGLISH) == "HAT HOT"


def test_language_decides_a_doubtful_gap() -> None:
    sure = [{c: LIKELY} for c in "toetoat"]
    words = build(["toe toat"] * 50)
    odds = (-0.2, -0.2, -0.2, -0.2, -0.2, -0.2)
    assert read(lattice(*[LETTER] * 7), *sure, space_odds=odds, language=words) == "toe toat"


def test_character_outside_the_language_model_is_read() -> None:
    row = lattice(LETTER, LETTER)
    answer = read(row, {"É": LIKELY}, {"T": LIKELY}, language=ENGLISH, characters="ÉT")
    assert answer == "ÉT"


@pytest.mark.parametrize("point", [".", ","])
def test_point_behind_a_digit_is_no_speck(point: str) -> None:
    row = lattice(LETTER, (4, 4), LETTER)
    dotted = {point: -1.5}
    for first, text in (("1", f"1{point}5"), ("T", "T5")):
        shapes = {first: LIKELY}, dotted, {"5": LIKELY}
        read_as = read(row, *shapes, language=ENGLISH, reject=-0.3, characters="15.,T")
        assert read_as == text


def test_line_that_opens_a_block_ends_with_a_colon() -> None:
    hot = [{"h": LIKELY}, {"o": LIKELY}, {"t": LIKELY}]
    row = lattice(*[LETTER] * 3, (4, 20))
    end = {":": UNLIKELY, ".": UNLIKELY + 1}
    assert read(row, *hot, end, language=ENGLISH, characters="hot.:") == "hot:"


def test_word_may_be_broken_at_the_end_of_its_row() -> None:
    row = lattice(LETTER, LETTER, (12, 4))
    shapes = {"h": LIKELY}, {"a": LIKELY}, {"-": -2.0}
    assert read(row, *shapes, language=ENGLISH, reject=-0.5, characters="hat-") == "ha-"
    row = lattice(LETTER, LETTER, (12, 4), LETTER)
    shapes = *shapes, {"t": LIKELY}
    assert read(row, *shapes, language=ENGLISH, reject=-0.5, characters="hat-") == "hat"
