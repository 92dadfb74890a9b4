from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ocr.training.loop import train
from ocr.training.numpy_learner import NumpyLearner
from ocr.training.ranks import ALONE
from ocr.training.schedule import (
    Pace,
    Settings,
    count_steps_within,
    measure_pace,
    one_cycle,
    parse_duration,
)
from tests.test_loop import AB, samples

STEP, VALIDATION = 0.02, 0.1  # seconds


class SlowLearner(NumpyLearner):
    """Takes a known time for each step and each validation; more once it is tired."""

    def __init__(self, tired_after: float = np.inf) -> None:
        super().__init__("mlp", AB, seed=0)
        self.steps_to_go = tired_after

    def fit_batch(self, *args: Any) -> tuple[float, int]:
        self.steps_to_go -= 1
        time.sleep(STEP if self.steps_to_go > 0 else 2 * STEP)
        return super().fit_batch(*args)

    def log_probs(self, crops: np.ndarray) -> np.ndarray:
        time.sleep(VALIDATION)
        return super().log_probs(crops)


def run(
    learner: NumpyLearner,
    folder: Path,
    budget: float | None,
    batches: int,
    begun: float | None = None,
) -> list[Any]:
    settings = Settings(
        epochs=1,
        batch_size=2,
        learning_rate=0.1,
        seed=0,
        patience=None,
        augment=False,
        time_budget=budget,
    )
    letters = samples("AB" * batches)
    return train(
        learner,
        letters,
        letters,
        settings=settings,
        output=folder / "m.npz",
        card={"data": []},
        start_time=begun,
    )


@pytest.mark.parametrize("batches", [10, 1000])  # some epochs; a part of one
def test_training_ends_when_its_time_is_up(tmp_path, batches):
    start = time.monotonic()
    history = run(SlowLearner(), tmp_path, 2.0, batches)
    # a busy machine only ever makes it longer; 10 % is what a free one keeps to
    assert 1.6 < time.monotonic() - start < 3
    assert (len(history) > 1) == (batches == 10)
    assert 0 < history[-1].accuracy <= 1


def test_a_machine_that_slows_down_is_noticed_halfway(tmp_path):
    start = time.monotonic()
    run(SlowLearner(tired_after=20), tmp_path, 2.0, 1000)
    assert 1.6 < time.monotonic() - start < 3  # 3.5 seconds by the first plan


def test_what_went_before_training_counts(tmp_path):
    start = time.monotonic()
    run(SlowLearner(), tmp_path, 2.0, 1000, begun=start - 1.2)
    assert 0.5 < time.monotonic() - start < 1.9  # 2.0 if it did not


def test_a_budget_that_is_spent_leaves_a_step(tmp_path):
    history = run(SlowLearner(), tmp_path, 2.0, 1000, begun=time.monotonic() - 5)
    assert len(history) == 1


def test_measuring_leaves_no_trace_in_the_weights(tmp_path, monkeypatch):
    for module in ("loop", "progress"):
        monkeypatch.setattr(f"ocr.training.{module}.count_steps_within", lambda *args: 3)
    budgeted, plain = NumpyLearner("mlp", AB, seed=0), NumpyLearner("mlp", AB, seed=0)
    run(budgeted, tmp_path, 0.2, 3)
    run(plain, tmp_path, None, 3)
    for name, array in plain.state().items():
        np.testing.assert_array_equal(array, budgeted.state()[name])


@pytest.mark.parametrize(
    ("seconds", "steps"),
    [(-1, 1), (0.5, 1), (8, 3), (15, 10), (19.9, 10), (21, 11), (31, 20)],
)
def test_whole_epochs_and_a_begun_one_fit_with_their_validations(seconds, steps):
    assert count_steps_within(seconds, 10, Pace(step=1, validation=5)) == steps


def test_the_pace_is_that_of_the_calls():
    pace = measure_pace(
        lambda: time.sleep(0.01), lambda: time.sleep(0.05), seconds=1.0, ranks=ALONE
    )
    assert pace.step >= 0.01
    assert pace.validation >= 0.05


@pytest.mark.parametrize("text", ["", "10", "m", "1m1h", "0s", "-5s", "1.5h", "ten minutes"])
def test_other_durations_are_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


def test_the_schedule_climbs_peaks_and_falls():
    assert one_cycle(0.0, 2.0) == pytest.approx(0.2)
    assert one_cycle(0.1, 2.0) == pytest.approx(2.0)
    assert one_cycle(0.55, 2.0) == pytest.approx(1.0)
    assert one_cycle(1.0, 2.0) == pytest.approx(0.002)
