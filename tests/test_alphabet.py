from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.alphabet import NAMED, Alphabet, characters_of

alphabets = st.builds(
    Alphabet, st.lists(st.characters(), unique=True).map("".join), reject=st.booleans()
)


def test_outputs_are_counted_with_not_a_letter():
    assert len(Alphabet("AB")) == 2
    assert len(Alphabet("AB", reject=True)) == 3


def test_not_a_letter_is_the_last_output_or_none():
    assert Alphabet("AB").reject_index is None
    assert Alphabet("AB", reject=True).reject_index == 2


def test_index_and_membership():
    abc = Alphabet("ABC")
    assert (abc.index("B"), "B" in abc, "b" in abc, "" in abc) == (1, True, False, False)
    with pytest.raises(KeyError):
        abc.index("b")


def test_a_character_twice_is_refused():
    with pytest.raises(ValueError, match="twice: 'ABA'"):
        Alphabet("ABA")


@given(alphabets, st.text())
def test_a_restricted_alphabet_points_at_the_same_characters(alphabet, characters):
    kept, outputs = alphabet.restricted(characters)
    assert kept.reject == alphabet.reject
    assert len(outputs) == len(kept)
    assert set(kept.characters) == set(characters) & set(alphabet.characters)
    for i, character in enumerate(kept.characters):
        assert outputs[i] == alphabet.index(character)
    if alphabet.reject:
        assert outputs[-1] == alphabet.reject_index


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("digits", 10),
        ("upper", 26),
        ("lower", 26),
        ("letters", 52),
        ("upper-digits", 36),
        ("alnum", 62),
        ("ascii", 94),
    ],
)
def test_named_alphabets(name, count):
    assert len(Alphabet(characters_of(name))) == count
    assert name in NAMED


def test_characters_are_taken_once_in_order_without_spaces():
    assert characters_of("B A\tB\nC") == "BAC"
