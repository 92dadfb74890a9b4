from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.data import duplicates
from ocr.data.duplicates import _differing, find_duplicates, near_pairs
from ocr.data.samples import Samples


def shape(seed: int, *, turned: int = 0) -> np.ndarray:
    """A crop of noise, of which the first so many pixels of a fixed shuffle are turned over."""
    crop = (np.random.default_rng(seed).random((32, 32)) < 0.3).astype(np.uint8) * 255
    where = np.random.default_rng(99).permutation(1024)[:turned]
    crop.ravel()[where] = 255 - crop.ravel()[where]
    return crop


def labelled(crops: list[np.ndarray], characters: str) -> Samples:
    return Samples(np.stack(crops), np.array(list(characters)), np.full(len(crops), ""))


def test_first_of_equal_crops_stays() -> None:
    found = find_duplicates(labelled([shape(1), shape(2), shape(1), shape(1)], "ABAA"))
    assert found.kept.tolist() == [0, 1]
    assert (found.exact, found.near, found.conflicts.tolist()) == (2, 0, [])


def test_near_copies_are_told_up_to_the_limit() -> None:
    samples = labelled([shape(1), shape(1, turned=5), shape(1, turned=6)], "AAA")
    assert find_duplicates(samples, near=5).kept.tolist() == [0, 2]
    assert find_duplicates(samples, near=6).kept.tolist() == [0]
    assert find_duplicates(samples, near=0).kept.tolist() == [0, 1, 2]


def test_grey_levels_are_near_on_the_same_side_of_half() -> None:
    grey = np.where(shape(1) > 0, 200, 90).astype(np.uint8)
    samples = labelled([shape(1), grey], "AA")
    assert (find_duplicates(samples).near, find_duplicates(samples, near=0).near) == (1, 0)


def test_chain_of_near_copies_does_not_drift() -> None:
    samples = labelled([shape(1, turned=n) for n in (0, 4, 8, 12)], "AAAA")
    assert find_duplicates(samples, near=4).kept.tolist() == [0, 2]


@pytest.mark.parametrize("near", [0, 3])
def test_same_crop_of_other_class_stays_and_is_told(near: int) -> None:
    samples = labelled([shape(1), shape(2), shape(1), shape(1)], "0AO0")
    found = find_duplicates(samples, near=near)
    assert found.kept.tolist() == [0, 1, 2]
    assert found.conflicts.tolist() == [[0, 2]]
    assert found.exact == 1


def test_c_is_no_conflict_with_what_may_be_c() -> None:
    samples = labelled([shape(1), shape(1), shape(1)], "Cco")
    samples.either[0] = "c"
    assert find_duplicates(samples).conflicts.tolist() == [[0, 2], [1, 2]]


@pytest.mark.parametrize("near", [1, 8, 20])
@given(seed=st.integers(0, 1000))
def test_no_near_pair_is_missed(near: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    crops = np.stack([shape(1, turned=int(n)) for n in rng.integers(0, 2 * near + 2, 8)])
    ink = crops.reshape(8, -1) > 127
    expected = [
        [i, j] for i in range(8) for j in range(i + 1, 8) if (ink[i] ^ ink[j]).sum() <= near
    ]
    assert near_pairs(crops, near).tolist() == expected


@pytest.mark.parametrize("near", [1, 8])
def test_of_many_crops_those_stay_that_are_near_none_before_that_stays(near: int) -> None:
    rng = np.random.default_rng(near)
    crops = [shape(int(s), turned=int(n)) for s, n in rng.integers(0, (3, 40), (500, 2))]
    characters = "".join(rng.choice(list("AB"), 500))
    ink = np.stack(crops).reshape(500, -1) > 127
    stays: list[int] = []
    for i in range(500):
        same = [k for k in stays if characters[k] == characters[i]]
        if not any((ink[k] ^ ink[i]).sum() <= near for k in same):
            stays.append(i)
    found = find_duplicates(labelled(crops, characters), near=near)
    assert found.kept.tolist() == stays


def test_thousands_of_near_copies_are_compared_with_few(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def counted(words: np.ndarray, pairs: np.ndarray, near: int) -> np.ndarray:
        compared.append(len(pairs))
        return _differing(words, pairs, near)

    monkeypatch.setattr(duplicates, "_differing", counted)
    rng = np.random.default_rng(0)
    crops = np.stack([shape(1)] * 1000)
    for crop in crops:
        crop.ravel()[rng.choice(1024, 3, replace=False)] ^= 255
    found = find_duplicates(labelled([*crops], "A" * 1000))
    assert found.kept.tolist() == [0]
    assert sum(compared) < 20 * 1000  # not half a million pairs


def test_nothing_has_no_copies() -> None:
    nothing = Samples(np.zeros((0, 32, 32), np.uint8), np.zeros(0, "<U1"), np.zeros(0, "<U1"))
    assert find_duplicates(nothing).kept.tolist() == []
