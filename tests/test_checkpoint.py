from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ocr.errors import DataError, OutputError
from ocr.training.checkpoint import Checkpoint, checkpoint_path, load_checkpoint, save_checkpoint
from ocr.training.progress import Progress


def test_state_and_progress_come_back(tmp_path):
    state = {"weight/0.bias": np.arange(3, dtype=np.float32), "step": np.array(7)}
    progress = {"epoch": 1, "loss": 0.1 + 0.2, "options": {"data": ["é.npz"], "init": None}}
    save_checkpoint(tmp_path / "c.npz", state, progress)
    back, loaded = load_checkpoint(tmp_path / "c.npz")
    assert loaded == progress
    assert back.keys() == state.keys()
    np.testing.assert_array_equal(back["weight/0.bias"], state["weight/0.bias"])


def test_a_checkpoint_lies_beside_its_model():
    assert checkpoint_path(Path("x/m.onnx")) == Path("x/m.onnx.checkpoint.npz")


def test_a_missing_one_says_to_begin(tmp_path):
    with pytest.raises(DataError, match="nothing to resume: .* is missing"):
        load_checkpoint(tmp_path / "c.npz")


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_damaged_one_is_a_data_error(tmp_path, content):
    (tmp_path / "c.npz").write_bytes(content)
    with pytest.raises(DataError, match="not a checkpoint"):
        load_checkpoint(tmp_path / "c.npz")


def test_an_archive_of_something_else_is_a_data_error(tmp_path):
    np.savez(tmp_path / "c.npz", images=np.zeros(3))
    with pytest.raises(DataError, match="not a checkpoint"):
        load_checkpoint(tmp_path / "c.npz")


def test_a_missing_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError):
        save_checkpoint(tmp_path / "none" / "c.npz", {}, {})


class Still:
    """A learner that never changes."""

    def state(self) -> dict[str, np.ndarray]:
        return {"w": np.zeros(2)}


def test_a_checkpoint_is_written_when_the_last_is_old(tmp_path, monkeypatch):
    progress = Progress({}, steps_per_epoch=5)
    checkpoint = Checkpoint(tmp_path / "c.npz", Still(), progress, writes=True)
    checkpoint.save()
    progress.step = 1
    checkpoint.save_if_due()
    assert load_checkpoint(tmp_path / "c.npz")[1]["step"] == 0
    monkeypatch.setattr("ocr.training.checkpoint.CHECKPOINT_SECONDS", 0.0)
    checkpoint.save_if_due()
    assert load_checkpoint(tmp_path / "c.npz")[1]["step"] == 1
    checkpoint.remove()
    assert not list(tmp_path.iterdir())


def test_one_process_alone_writes(tmp_path):
    checkpoint = Checkpoint(tmp_path / "c.npz", Still(), Progress({}, 5), writes=False)
    checkpoint.save()
    assert not list(tmp_path.iterdir())
