from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.data.duplicates import find_duplicates
from ocr.data.samples import Samples


def shape(seed: int, *, turned: int = 0) -> np.ndarray:
    """A crop of noise, with a number of pixels, in a fixed random order, inverted."""
    crop = (np.random.default_rng(seed).random((32, 32)) < 0.3).astype(np.uint8) * 255
    where = np.random.default_rng(99).permutation(1024)[:turned]
    crop.ravel()[where] = 255 - crop.ravel()[where]
    return crop


def labelled(crops: list[np.ndarray], characters: str) -> Samples:
    return Samples(np.stack(crops), np.array(list(characters)), np.full(len(crops), ""))


def test_first_of_equal_crops_is_kept() -> None:
    found = find_duplicates(labelled([shape(1), shape(2), shape(1), shape(1)], "ABAA"))
    assert found.kept.tolist() == [0, 1]
    assert (found.exact, found.near, found.conflicts.tolist()) == (2, 0, [])


def test_crops_are_near_up_to_the_limit() -> None:
    samples = labelled([shape(1), shape(1, turned=5), shape(1, turned=6)], "AAA")
    assert find_duplicates(samples, near=5).kept.tolist() == [0, 2]
    assert find_duplicates(samples, near=6).kept.tolist() == [0]
    assert find_duplicates(samples, near=0).kept.tolist() == [0, 1, 2]


def test_gray_levels_on_the_same_side_of_half_are_near() -> None:
    gray = np.where(shape(1) > 0, 200, 90).astype(np.uint8)
    samples = labelled([shape(1), gray], "AA")
    assert (find_duplicates(samples).near, find_duplicates(samples, near=0).near) == (1, 0)


def test_chain_of_near_copies_does_not_drift() -> None:
    samples = labelled([shape(1, turned=n) for n in (0, 4, 8, 12)], "AAAA")
    assert find_duplicates(samples, near=4).kept.tolist() == [0, 2]


@pytest.mark.parametrize("near", [0, 3])
def test_same_crop_of_another_class_is_kept_and_reported(near: int) -> None:
    samples = labelled([shape(1), shape(2), shape(1), shape(1)], "0AO0")
    found = find_duplicates(samples, near=near)
    assert found.kept.tolist() == [0, 1, 2]
    assert found.conflicts.tolist() == [[0, 2]]
    assert found.exact == 1


def test_c_does_not_conflict_with_a_crop_that_may_be_c() -> None:
    samples = labelled([shape(1), shape(1), shape(1)], "Cco")
    samples.either[0] = "c"
    assert find_duplicates(samples).conflicts.tolist() == [[0, 2], [1, 2]]


@pytest.mark.parametrize("near", [1, 8, 20])
@given(seed=st.integers(0, 1000))
def test_no_near_pair_is_missed(near: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    crops = [shape(1, turned=int(n)) for n in rng.integers(0, 2 * near + 2, 8)]
    samples = labelled(crops, "ABCDEFGH")
    found = find_duplicates(samples, near=near)
    ink = samples.crops.reshape(8, -1) > 127
    expected = [
        [i, j] for i in range(8) for j in range(i + 1, 8) if (ink[i] ^ ink[j]).sum() <= near
    ]
    assert found.conflicts.tolist() == expected
    assert len(found.kept) == 8  # no two characters are the same


@pytest.mark.parametrize("near", [1, 8])
def test_crops_near_no_earlier_kept_one_are_kept(near: int) -> None:
    rng = np.random.default_rng(near)
    crops = [shape(int(s), turned=int(n)) for s, n in rng.integers(0, (3, 40), (500, 2))]
    characters = "".join(rng.choice(list("AB"), 500))
    ink = np.stack(crops).reshape(500, -1) > 127
    kept: list[int] = []
    for i in range(500):
        same = [k for k in kept if characters[k] == characters[i]]
        if not any((ink[k] ^ ink[i]).sum() <= near for k in same):
            kept.append(i)
    found = find_duplicates(labelled(crops, characters), near=near)
    assert found.kept.tolist() == kept


def test_no_samples_have_no_copies() -> None:
    nothing = Samples(np.zeros((0, 32, 32), np.uint8), np.zeros(0, "<U1"), np.zeros(0, "<U1"))
    assert find_duplicates(nothing).kept.tolist() == []
