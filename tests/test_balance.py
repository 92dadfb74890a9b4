from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ocr.alphabet import Alphabet
from ocr.training.balance import KEPT, drawn_equally
from ocr.training.loop import Settings, balanced_labels, epoch_batches


def drawn(labels: list[int], seed: int = 0) -> np.ndarray:
    return drawn_equally(np.array(labels), np.random.default_rng(seed))


@given(st.lists(st.integers(-1, 4), min_size=1, max_size=60), st.integers(0, 9))
def test_an_epoch_is_as_long_and_its_classes_as_frequent_as_one_another(labels, seed):
    order = drawn(labels, seed)
    assert len(order) == len(labels)
    values, counts = np.unique(np.array(labels)[order], return_counts=True)
    letters = counts[values != KEPT]
    assert not len(letters) or letters.max() - letters.min() <= 1


def test_every_sample_of_a_class_comes_before_any_comes_again():
    order = drawn([0, 1, 1, 1, 1, 1, 1, 1])
    assert np.bincount(order, minlength=8)[0] == 4
    assert np.bincount(order, minlength=8)[1:].max() == 1


def test_samples_that_are_kept_come_once_each():
    order = drawn([KEPT, 0, 1, 1, KEPT])
    assert sorted(i for i in order if i in (0, 4)) == [0, 4]


def test_not_a_letter_keeps_its_share():
    targets = np.array([[0, 0], [2, 2], [1, 0]])
    assert balanced_labels(targets, Alphabet("AB", reject=True)).tolist() == [0, KEPT, 1]
    assert balanced_labels(targets, Alphabet("ABC")).tolist() == [0, 2, 1]


def test_each_epoch_draws_anew_and_always_the_same():
    settings = Settings(epochs=2, batch_size=4, learning_rate=1, seed=0, balance=True)
    labels = np.array([0] * 9 + [1])
    first, again, second = (
        np.concatenate(
            [b for b, _ in epoch_batches(10, settings, {"epoch": e, "step": 0}, labels=labels)]
        )
        for e in (0, 0, 1)
    )
    assert labels[first].sum() == 5
    assert first.tolist() == again.tolist() != second.tolist()
