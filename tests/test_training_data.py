from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ocr.alphabet import Alphabet
from ocr.errors import DataError
from ocr.training.fine_tune_on_letters import find_few_letters
from ocr.training.training_data import MARK_SHARE, WORD_SHARE, gather, load_all, name_of

AB = Alphabet("AB")
AB_OR_NOT = Alphabet("AB", reject=True)


def archive(path: Path, **counts: int) -> str:
    """So many marks of each character; "dot" and "bar" stand for . and |."""
    names = {"dot": ".", "bar": "|"}
    chars = [names.get(name, name) for name, count in counts.items() for _ in range(count)]
    images = np.zeros((len(chars), 20, 20), np.uint8)
    images[:, 4:16, 8:12] = 255
    np.savez(path, images=images, chars=np.array(chars))
    return str(path)


def test_validation_is_a_tenth_apart(tmp_path):
    training, validation = gather(
        (archive(tmp_path / "a.npz", A=40, B=20),), AB, per_class=None, seed=0
    )
    assert (len(training), len(validation)) == (54, 6)
    assert np.count_nonzero(validation.characters == "A") == 4


def test_so_many_of_each_class_and_a_third_to_validate(tmp_path):
    training, validation = gather(
        (archive(tmp_path / "a.npz", A=40, B=30),), AB, per_class=12, seed=0
    )
    for part, count in ((training, 12), (validation, 4)):
        assert np.unique(part.characters, return_counts=True)[1].tolist() == [count, count]


def test_sources_join(tmp_path):
    sources = (archive(tmp_path / "a.npz", A=20), archive(tmp_path / "b.npz", B=20))
    training, _ = gather(sources, AB, per_class=None, seed=0)
    assert set(training.characters) == {"A", "B"}


def test_a_quarter_as_many_crops_are_cut_out_of_words(tmp_path):
    source = archive(tmp_path / "a.npz", A=100, B=100)
    (with_words, _), (without, _) = (
        gather((source,), alphabet, per_class=None, seed=0) for alphabet in (AB_OR_NOT, AB)
    )
    assert len(with_words) - len(without) == int(len(without) * WORD_SHARE)
    assert set(with_words.characters) == {"A", "B", ""}


def test_marks_are_no_letters_where_the_alphabet_has_none(tmp_path):
    source = archive(tmp_path / "a.npz", A=100, B=100, dot=5)
    (training, _), (bare, _) = (
        gather((archive_,), AB_OR_NOT, per_class=None, seed=0)
        for archive_ in (source, archive(tmp_path / "b.npz", A=100, B=100))
    )
    assert len(training) - len(bare) == 5
    assert set(training.characters) == {"A", "B", ""}


def test_marks_never_outweigh_the_letters(tmp_path):
    source = archive(tmp_path / "a.npz", A=100, B=100, dot=300)
    training, _ = gather((source,), AB_OR_NOT, per_class=None, seed=0)
    assert len(training) == 180 + int(180 * WORD_SHARE) + int(180 * MARK_SHARE)


def test_marks_that_look_like_letters_are_left_out(tmp_path):
    source = archive(tmp_path / "a.npz", A=100, B=100, bar=50)
    training, _ = gather((source,), AB_OR_NOT, per_class=None, seed=0)
    assert len(training) == 180 + int(180 * WORD_SHARE)


def test_an_alphabet_with_punctuation_keeps_its_marks(tmp_path):
    source = archive(tmp_path / "a.npz", A=100, dot=100)
    training, _ = gather((source,), Alphabet("A.", reject=True), per_class=None, seed=0)
    assert np.count_nonzero(training.characters == ".") >= 90


def test_the_same_seed_gathers_the_same(tmp_path):
    source = archive(tmp_path / "a.npz", A=60, B=60, dot=20)
    one, two = (gather((source,), AB_OR_NOT, per_class=30, seed=4)[0] for _ in range(2))
    np.testing.assert_array_equal(one.crops, two.crops)
    np.testing.assert_array_equal(one.characters, two.characters)


def test_a_character_without_samples_is_told(tmp_path):
    with pytest.raises(DataError, match=r"no sample of 'B' in .*a\.npz \(add --data"):
        gather((archive(tmp_path / "a.npz", A=20, dot=9),), AB_OR_NOT, per_class=None, seed=0)


def test_too_few_to_hold_any_out_is_told(tmp_path):
    with pytest.raises(DataError, match=r"too few samples .*a.npz \(give 6 or more of a character"):
        gather((archive(tmp_path / "a.npz", A=5, B=5),), AB, per_class=None, seed=0)
    assert gather((archive(tmp_path / "a.npz", A=6, B=6),), AB, per_class=None, seed=0)
    with pytest.raises(DataError, match=r"give 3 or more of a character and --per-class 3"):
        gather((archive(tmp_path / "a.npz", A=9, B=9),), AB, per_class=2, seed=0)
    assert gather((archive(tmp_path / "a.npz", A=3, B=3),), AB, per_class=3, seed=0)


def parts(folder: Path, *names: str) -> str:
    """A folder of parts of 40 of A and of B each."""
    folder.mkdir()
    for name in names:
        archive(folder / f"{name}.npz", A=40, B=40)
    return str(folder)


def test_a_folder_of_parts_trains_validates_and_never_touches_its_test(tmp_path):
    source = parts(tmp_path / "parts", "train", "valid")
    archive(tmp_path / "parts" / "test.npz", A=7, B=7)
    training, validation = gather((source,), AB, per_class=None, seed=0)
    assert (len(training), len(validation)) == (80, 80)
    training, validation = gather((source,), AB, per_class=12, seed=0)
    assert (len(training), len(validation)) == (24, 8)
    assert len(gather((f"{source}@test",), AB, per_class=None, seed=0)[0]) < 14  # where it is named


def test_without_a_valid_part_some_of_train_are_held_out(tmp_path):
    source = parts(tmp_path / "parts", "train", "test")
    training, validation = gather((source,), AB, per_class=None, seed=0)
    assert (len(training), len(validation)) == (72, 8)


def test_parts_and_whole_sources_join(tmp_path):
    whole = archive(tmp_path / "a.npz", A=10, B=10)
    source = parts(tmp_path / "parts", "train", "valid", "test")
    training, validation = gather((whole, source), AB, per_class=None, seed=0)
    assert (len(training), len(validation)) == (18 + 80, 2 + 80)


def test_few_letters_of_a_folder_of_parts_are_those_to_train_on(tmp_path):
    source = parts(tmp_path / "parts", "train", "valid", "test")
    samples = find_few_letters(load_all([source], Alphabet("ABC"), seed=0), Alphabet("ABC"))
    assert samples is not None
    assert len(samples) == 80


@pytest.mark.parametrize(
    ("source", "name"),
    [(".", "pens"), ("..", "ann"), (".@train", "pens@train"), ("fonts:.", "fonts:pens")],
)
def test_a_folder_named_by_dots_has_its_real_name(tmp_path, monkeypatch, source, name):
    (tmp_path / "ann" / "pens").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "ann" / "pens")
    assert name_of(source) == name
