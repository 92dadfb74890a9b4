from __future__ import annotations

import builtins
from typing import Any

import pytest

from ocr.training.loop import Epoch
from ocr.training.tensorboard_log import TensorboardLog, tensorboard_folder


def epoch(number: int) -> Epoch:
    return Epoch(number, 1.0 / number, 0.5, 1.0, 0.25, 100.0)


def test_tensorboard_reads_back_what_was_logged(tmp_path):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs tensorboard"
    )
    folder = tensorboard_folder(tmp_path / "m.onnx")
    log = TensorboardLog(folder)
    log.add(epoch(1))
    log.add(epoch(2))
    events = accumulator.EventAccumulator(str(folder)).Reload()
    shown = [(e.step, float(e.tensor_proto.float_val[0])) for e in events.Tensors("loss")]
    assert shown == [(1, 1.0), (2, 0.5)]
    assert "valid_accuracy" in events.Tags()["tensors"]


def test_nothing_is_written_without_it(tmp_path, monkeypatch):
    honest = builtins.__import__

    def without(name: str, *args: Any, **rest: Any) -> Any:
        if name.startswith("tensorboard"):
            raise ModuleNotFoundError(name)
        return honest(name, *args, **rest)

    monkeypatch.setattr(builtins, "__import__", without)
    TensorboardLog(tmp_path / "events").add(epoch(1))
    assert not list(tmp_path.iterdir())
