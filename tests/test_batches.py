from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.alphabet import Alphabet
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.training.batches import (
    NOT_BALANCED,
    Batches,
    balanced_labels,
    draw_balanced,
    prepare,
)
from ocr.training.schedule import Settings

AB = Alphabet("AB")
PLAIN = Settings(epochs=1, batch_size=4, learning_rate=1, seed=0, augment=False)


def samples(characters: str, *, either: str = "") -> Samples:
    """Samples of which each has its number as the value of all its pixels."""
    crops = np.empty((len(characters), 32, 32), np.uint8)
    crops[:] = np.arange(len(characters))[:, None, None]
    second = np.array([either] * len(characters), "<U1")
    return Samples(crops, np.array([*characters], "<U1"), second)


def numbers(batches: Batches, epoch: int, first: int = 0) -> list[list[int]]:
    """Numbers of the samples in each batch of an epoch."""
    return [
        np.rint(255 * batch.crops[:, 0, 0]).astype(int).tolist()
        for batch in batches.epoch(epoch, first=first)
    ]


def drawn(labels: list[int], seed: int = 0) -> np.ndarray:
    return draw_balanced(np.array(labels), np.random.default_rng(seed))


@given(st.lists(st.integers(-1, 4), min_size=1, max_size=60), st.integers(0, 9))
def test_an_epoch_is_as_long_and_its_classes_as_frequent_as_one_another(labels, seed):
    order = drawn(labels, seed)
    assert len(order) == len(labels)
    values, counts = np.unique(np.array(labels)[order], return_counts=True)
    letters = counts[values != NOT_BALANCED]
    assert not len(letters) or letters.max() - letters.min() <= 1


def test_every_sample_of_a_class_comes_before_any_comes_again():
    order = drawn([0, 1, 1, 1, 1, 1, 1, 1])
    assert np.bincount(order, minlength=8)[0] == 4
    assert np.bincount(order, minlength=8)[1:].max() == 1


def test_samples_that_are_kept_come_once_each():
    order = drawn([NOT_BALANCED, 0, 1, 1, NOT_BALANCED])
    assert sorted(i for i in order if i in (0, 4)) == [0, 4]


def test_not_a_letter_keeps_its_share():
    targets = np.array([[0, 0], [2, 2], [1, 0]])
    assert balanced_labels(targets, Alphabet("AB", reject=True)).tolist() == [0, NOT_BALANCED, 1]
    assert balanced_labels(targets, Alphabet("ABC")).tolist() == [0, 2, 1]


def test_every_sample_comes_once_an_epoch_in_an_order_of_its_own():
    batches = Batches(samples("AB" * 5), AB, PLAIN)
    first, second = (numbers(batches, epoch) for epoch in (0, 1))
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert sorted(sum(first, [])) == list(range(10))
    assert sum(first, []) != sum(second, [])


def test_a_stopped_epoch_goes_on_with_its_remaining_batches():
    batches = Batches(samples("AB" * 5), AB, replace(PLAIN, augment=True))
    whole, rest = list(batches.epoch(0)), list(batches.epoch(0, first=1))
    for one, two in zip(whole[1:], rest, strict=True):
        np.testing.assert_array_equal(one.crops, two.crops)  # distorted alike
        np.testing.assert_array_equal(one.targets, two.targets)


def test_a_balanced_epoch_draws_anew_and_always_the_same():
    batches = Batches(samples("A" * 9 + "B"), AB, replace(PLAIN, balance=True))
    first, again, second = (sum(numbers(batches, epoch), []) for epoch in (0, 0, 1))
    assert first.count(9) == 5
    assert first == again != second


def test_targets_are_an_output_twice_or_either_of_two():
    assert prepare(samples("AB"), AB)[1].tolist() == [[0, 0], [1, 1]]
    assert prepare(samples("A", either="B"), AB)[1].tolist() == [[0, 1]]
    assert prepare(samples("A", either="a"), AB)[1].tolist() == [[0, 0]]


def test_no_letter_is_the_last_output():
    none = samples("A")
    none.characters[:] = ""
    assert prepare(none, Alphabet("AB", reject=True))[1].tolist() == [[2, 2]]


def test_data_beyond_the_alphabet_are_refused():
    with pytest.raises(DataError, match="'C'"):
        prepare(samples("AC"), AB)
