from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from ocr.alphabet import Alphabet
from ocr.data.samples import Samples
from ocr.errors import ModelError
from ocr.training.loop import train
from ocr.training.numpy_learner import NumpyLearner
from ocr.training.progress import Epoch, Step, best, is_out_of_patience
from ocr.training.schedule import Settings, one_cycle
from ocr.training.validation import validate

AB = Alphabet("AB")


class Pupil:
    """Knows the answers that its lessons give it, one list of log-probabilities an epoch."""

    alphabet = AB

    def __init__(self, *lessons: list[float]) -> None:
        self.lessons = list(lessons)
        self.rates: list[float] = []
        self.saved: list[dict[str, Any]] = []

    def fit_batch(self, crops: Any, targets: Any, learning_rate: float) -> tuple[float, int]:
        self.rates.append(learning_rate)
        return 0.5, len(crops)

    def log_probs(self, crops: np.ndarray) -> np.ndarray:
        right = self.lessons.pop(0)
        return np.log([[p, 1 - p] for p in right]).astype(np.float32)

    def state(self) -> dict[str, np.ndarray]:
        return {}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        pass

    def save_model(self, path: Path, card: dict[str, Any]) -> None:
        self.saved.append(card)


def samples(characters: str, *, either: str = "") -> Samples:
    crops = np.full((len(characters), 32, 32), 255, np.uint8)
    labels = np.array([*characters], "<U1")
    second = np.array([either] * len(labels), "<U1")
    return Samples(crops, labels, second)


def epochs(*accuracies: float) -> list[Epoch]:
    return [Epoch(i, 1.0, 0.5, 1.0, a, 100.0) for i, a in enumerate(accuracies, 1)]


def run(pupil: Any, folder: Path, **options: Any) -> list[Epoch]:
    settings = Settings(**{"epochs": 3, "batch_size": 2, "learning_rate": 1.0, "seed": 0} | options)
    return train(
        pupil,
        samples("AAA"),
        samples("AA"),
        settings=settings,
        output=folder / "m.npz",
        card={"data": ["pens"]},
    )


def test_the_model_of_the_best_epoch_is_kept_with_its_accuracy(tmp_path):
    pupil = Pupil([0.9, 0.1], [0.9, 0.9], [0.9, 0.1])
    history = run(pupil, tmp_path)
    assert [e.valid_accuracy for e in history] == [0.5, 1, 0.5]
    assert [(c["epoch"], c["valid_accuracy"]) for c in pupil.saved] == [(1, 0.5), (2, 1)]
    assert pupil.saved[-1]["settings"]["batch_size"] == 2
    assert pupil.saved[-1]["data"] == ["pens"]


def test_the_card_counts_the_steps_that_its_epoch_took(tmp_path):
    pupil = Pupil([0.9, 0.1], [0.9, 0.9], [0.9, 0.1])
    run(pupil, tmp_path)  # three epochs of two steps
    assert [card["steps"] for card in pupil.saved] == [2, 4]


def test_training_stops_early_without_progress(tmp_path):
    pupil = Pupil([0.9, 0.9], [0.9, 0.1], [0.9, 0.1])
    assert len(run(pupil, tmp_path, epochs=9, patience=2)) == 3


def test_matrix_products_of_a_step_use_one_thread(tmp_path, monkeypatch):
    pupil, threads = Pupil(*[[0.9, 0.9]] * 3), set()

    def fit_batch(*_: Any) -> tuple[float, int]:
        threads.update(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")
        return 0.5, 1

    monkeypatch.setattr(pupil, "fit_batch", fit_batch)
    run(pupil, tmp_path)
    assert threads <= {1}  # empty with a BLAS that has no threads to limit


def test_losses_are_means_over_samples(tmp_path):
    history = run(Pupil([0.5, 0.25]), tmp_path, epochs=1)
    assert (history[0].loss, history[0].accuracy) == (0.5, 1)
    assert history[0].valid_loss == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_the_log_has_a_line_an_epoch_and_the_checkpoint_goes(tmp_path):
    run(Pupil(*[[0.9, 0.9]] * 3), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.npz.log.jsonl"]
    lines = (tmp_path / "m.npz.log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3]


def test_each_step_says_how_many_epochs_there_are_and_how_long_the_rest_takes(tmp_path):
    steps: list[Step] = []
    train(
        Pupil(*[[0.9, 0.9]] * 3),
        samples("AAA"),
        samples("AA"),
        settings=Settings(epochs=3, batch_size=2, learning_rate=1.0, seed=0),
        output=tmp_path / "m.npz",
        card={},
        on_step=steps.append,
    )
    assert [(s.epoch, s.epochs, s.done) for s in steps[1::2]] == [(1, 3, 1), (2, 3, 1), (3, 3, 1)]
    assert steps[0].seconds_left > steps[-2].seconds_left > steps[-1].seconds_left == 0


def test_the_learning_rate_follows_the_cycle_over_the_whole_run(tmp_path):
    pupil = Pupil(*[[0.9, 0.9]] * 3)
    run(pupil, tmp_path)  # three epochs of two steps
    assert pupil.rates == [one_cycle(i / 6, 1.0) for i in range(6)]


def test_either_answer_counts_in_validation():
    loss, accuracy = validate(Pupil([0.3]), samples("A", either="B"))
    assert (loss, accuracy) == (pytest.approx(0, abs=1e-6), 1)


def test_of_equals_the_surest_is_best():
    equals = [
        replace(e, valid_loss=loss) for e, loss in zip(epochs(0.8, 0.8), (1.0, 0.5), strict=True)
    ]
    assert best(equals).epoch == 2


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_run(tmp_path, loss, monkeypatch):
    pupil = Pupil([0.9, 0.9])
    monkeypatch.setattr(pupil, "fit_batch", lambda *_: (loss, 0))
    with pytest.raises(ModelError, match="lower --learning-rate"):
        run(pupil, tmp_path)
    assert not list(tmp_path.iterdir())  # there is nothing to go on with


def test_a_validation_that_is_no_number_ends_the_run_and_saves_no_model(tmp_path):
    pupil = Pupil([math.nan, 0.9])
    with pytest.raises(ModelError, match="lower --learning-rate"):
        run(pupil, tmp_path)
    assert not pupil.saved


def test_the_first_of_equals_is_best():
    assert best(epochs(0.1, 0.8, 0.8)).epoch == 2


@pytest.mark.parametrize(
    ("accuracies", "ended"),
    [([], False), ([0.5, 0.4], False), ([0.5, 0.4, 0.5], True), ([0.5, 0.4, 0.6], False)],
)
def test_patience_of_two(accuracies, ended):
    falling = [replace(e, valid_loss=1 / e.epoch) for e in epochs(*accuracies)]
    assert is_out_of_patience(falling, 2) is ended


def test_a_real_learner_learns_and_its_loss_falls(tmp_path):
    crops = np.zeros((40, 32, 32), np.uint8)
    crops[::2, 4:28, 15:17] = crops[1::2, 15:17, 4:28] = 255
    labels = np.array(["A", "B"] * 20, "<U1")
    strokes = Samples(crops, labels, np.full(40, "", "<U1"))
    history = train(
        NumpyLearner("mlp", AB, seed=0),
        strokes,
        strokes,
        settings=Settings(epochs=4, batch_size=8, learning_rate=0.05, seed=0),
        output=tmp_path / "m.npz",
        card={},
    )
    assert history[-1].valid_loss < history[0].valid_loss / 2
    assert history[-1].valid_accuracy == 1
