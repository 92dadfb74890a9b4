from __future__ import annotations

import numpy as np
import pytest

from ocr import __version__
from ocr.alphabet import Alphabet
from ocr.classifiers.mlp import new_mlp, save_mlp
from ocr.data.samples import Samples
from ocr.training.model_card import card_path, lenient_score, write_model_card

CARD = {
    "data": ["pens.jsonl.gz@train", "fonts"],
    "init": None,
    "seed": 3,
    "settings": {"epochs": 4, "seed": 3},
    "steps": 12,
    "epoch": 2,
    "valid_accuracy": 0.75,
}


class Reads:
    """Answers each crop by its first pixel."""

    alphabet = Alphabet("A|", reject=True)

    def log_probs(self, crops: np.ndarray) -> np.ndarray:
        chosen = np.eye(3)[np.round(crops[:, 0, 0] * 255).astype(int)]
        return np.log(chosen + 1e-6).astype(np.float32)


def samples(truth: list[str], read: list[int], either: str = "") -> Samples:
    crops = np.zeros((len(truth), 32, 32), np.uint8)
    crops[:, 0, 0] = read
    return Samples(crops, np.array(truth, "<U1"), np.array([either] * len(truth), "<U1"))


@pytest.fixture
def model(tmp_path, monkeypatch):
    path = tmp_path / "mine.npz"
    save_mlp(new_mlp("mlp", Reads.alphabet, np.random.default_rng(0)), path, CARD)
    monkeypatch.setattr("ocr.training.model_card.load", lambda path: Reads())
    return path


def test_the_card_says_what_went_in_and_what_came_out(model):
    training = samples(["A", "A", "A", "|", ""], [0] * 5)
    validation = samples(["A"] * 8 + ["|"] * 6, [0] * 6 + [1] * 2 + [1] * 6)
    write_model_card(model, training, validation, command="ocr train --data pens.jsonl.gz@train")
    text = card_path(model).read_text()
    for message in (
        "# mine.npz",
        "    ocr read --model mine.npz IMAGE",
        "From `pens.jsonl.gz@train`, `fonts`.",
        "| training | 5 | 2 | 1 | 2 | 3 | 1 |",
        "    ocr train --data pens.jsonl.gz@train",
        "| seed | 3 |",
        "| steps | 12 |",
        "75.00% of 14 validation crops are read right, after epoch 2",
        "| `A` | 75.0% | 8 |",
        "| `A` | `\\|` | 2 |",
        f"Made with ocr {__version__}, Python ",
    ):
        assert message in text
    assert "| `\\|` | 100.0%" not in text  # what is all right is none of the worst


@pytest.mark.parametrize(
    ("budget", "message", "absent"),
    [(None, "| epochs | 4 |", "time budget"), (90.0, "| time budget | 90 s |", "epochs")],
)
def test_the_card_mentions_epochs_or_of_a_time_budget(model, budget, message, absent):
    settings = {"epochs": 4, "time_budget": budget}
    save_mlp(
        new_mlp("mlp", Reads.alphabet, np.random.default_rng(0)),
        model,
        CARD | {"settings": settings},
    )
    some = samples(["A"] * 8, [0] * 8)
    write_model_card(model, some, some, command="ocr train")
    text = card_path(model).read_text()
    assert message in text
    assert absent not in text


def test_the_command_of_the_card_can_be_pasted(model):
    some = samples(["A"] * 8, [0] * 8)
    spaced = model.rename(model.with_name("my model.npz"))
    write_model_card(spaced, some, some, command="ocr train")
    assert "    ocr read --model 'my model.npz' IMAGE" in card_path(spaced).read_text()


def test_a_perfect_model_has_no_worst_classes(model):
    flawless = samples(["A"] * 8, [0] * 8)
    write_model_card(model, flawless, flawless, command="ocr train")
    text = card_path(model).read_text()
    assert "Worst" not in text
    assert "confused" not in text


def test_either_of_two_right_answers_counts(model):
    assert lenient_score(model, samples(["A", "A"], [0, 1], either="|")).accuracy == 1
    assert lenient_score(model, samples(["A", "A"], [0, 2], either="|")).accuracy == 0.5
