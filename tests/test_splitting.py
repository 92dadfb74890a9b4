from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ocr.data.datasets import list_parts, load, summarize
from ocr.data.samples import PARTS, Samples
from ocr.data.splitting import (
    draw_per_class,
    hold_out,
    save_parts,
    split_by_shares,
    split_per_class,
)
from ocr.data.writers import save
from ocr.errors import DataError, OutputError


def many(characters: str) -> Samples:
    """Samples whose crops are numbered."""
    crops = np.ones((len(characters), 32, 32), np.uint8)
    crops[:, 0, 0] = np.arange(len(characters))
    return Samples(crops, np.array(list(characters)), np.full(len(characters), ""))


def numbers(samples: Samples) -> list[int]:
    return [int(n) for n in samples.crops[:, 0, 0]]


def test_holding_out_takes_a_share_of_each_character() -> None:
    train, held_out = hold_out(many("A" * 40 + "B" * 20), 0.1, seed=0)
    assert sorted(held_out.characters.tolist()) == ["A"] * 4 + ["B"] * 2
    assert sorted(numbers(train) + numbers(held_out)) == list(range(60))


def test_holding_out_follows_the_seed() -> None:
    parts = [numbers(hold_out(many("AB" * 30), 0.2, seed=s)[1]) for s in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


def test_drawing_per_class_keeps_all_of_rare_characters() -> None:
    samples = draw_per_class(many("AAAAAABAAC"), 2, seed=0)
    assert sorted(samples.characters.tolist()) == ["A", "A", "B", "C"]
    assert numbers(samples) == sorted(numbers(samples))


def test_no_samples_can_be_divided_and_drawn_from() -> None:
    assert [len(part) for part in hold_out(many(""), 0.5, seed=0)] == [0, 0]
    assert len(draw_per_class(many(""), 3, seed=0)) == 0


def test_shares_hold_in_each_class_and_nothing_is_lost() -> None:
    parts = split_by_shares(many("A" * 100 + "B" * 50), (8, 1, 1))
    counts = [Counter(parts[p].characters.tolist()) for p in PARTS]
    assert counts == [{"A": 80, "B": 40}, {"A": 10, "B": 5}, {"A": 10, "B": 5}]
    assert sorted(n for p in PARTS for n in numbers(parts[p])) == list(range(150))


def test_per_class_draws_as_many_and_none_twice() -> None:
    parts = split_per_class(many("AB" * 60), (30, 10, 5))
    assert [Counter(parts[p].characters.tolist()) for p in PARTS] == [
        {"A": n, "B": n} for n in (30, 10, 5)
    ]
    drawn = [n for p in PARTS for n in numbers(parts[p])]
    assert len(set(drawn)) == len(drawn) == 90


def test_crops_that_may_show_another_character_are_drawn_last_and_for_all_parts() -> None:
    samples = many("C" * 100)
    samples.either[20:] = "c"
    parts = split_per_class(samples, (20, 20, 20))
    sure = [sum(n < 20 for n in numbers(parts[p])) for p in PARTS]
    assert sum(sure) == 20
    assert min(sure) > 0
    assert all(n < 20 for p in PARTS for n in numbers(split_per_class(samples, (9, 9, 2))[p]))


def test_parts_follow_the_seed() -> None:
    drawn = [
        numbers(split_by_shares(many("AB" * 30), (2, 1, 1), seed=s)["test"]) for s in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_class_that_is_too_small_is_named() -> None:
    with pytest.raises(DataError, match="1 of 2 classes have fewer than 4 crops: 'B' has 3"):
        split_per_class(many("AAAABBB"), (2, 1, 1))


def test_folder_of_parts_is_a_source(tmp_path: Path) -> None:
    save_parts(split_per_class(many("AB" * 6), (3, 2, 1)), tmp_path / "ab")
    assert list_parts(tmp_path / "ab") == PARTS
    sizes = [
        len(load(f"{tmp_path}/ab{p}", alphabet="A")) for p in ("@train", "@valid", "@test", "")
    ]
    assert sizes == [3, 2, 1, 6]


def test_folder_of_the_courses_files_is_a_source(tmp_path: Path) -> None:
    pytest.importorskip("scipy.io")
    for part, characters in (("train", "AB9"), ("test", "0")):
        save(many(characters), tmp_path / f"nist36_{part}.mat")
    assert list_parts(tmp_path) == ("train", "test")
    assert load(tmp_path, alphabet=None).characters.tolist() == ["A", "B", "9", "0"]
    assert load(f"{tmp_path}@test", alphabet=None).characters.tolist() == ["0"]
    with pytest.raises(DataError, match="no part 'valid' \\(choose train or test\\)"):
        load(f"{tmp_path}@valid", alphabet=None)


@pytest.mark.parametrize("shares", [(90, 10, 0), (98, 1, 1)])
def test_a_part_without_crops_has_no_file(tmp_path: Path, shares: tuple[int, ...]) -> None:
    save_parts(split_by_shares(many("A" * 30), shares), tmp_path / "a")
    held = [part for part in PARTS if (tmp_path / "a" / f"{part}.npz").exists()]
    assert list_parts(tmp_path / "a") == tuple(held) != PARTS
    assert sum(s.crops for s in summarize(str(tmp_path / "a"))) == 30


def test_folder_that_exists_is_kept(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="exists already"):
        save_parts({"train": many("A")}, tmp_path)
    assert not list(tmp_path.iterdir())
