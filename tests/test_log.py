from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr.errors import DataError, MissingExtraError, OutputError
from ocr.training.log import (
    TensorboardLog,
    draw_curves,
    read_log,
    tensorboard_folder,
    write_log,
)
from ocr.training.progress import Epoch

EPOCHS = [
    {"epoch": 1, "loss": 2.0, "accuracy": 0.3, "valid_loss": 1.5, "valid_accuracy": 0.4},
    {"epoch": 2, "loss": 1.0, "accuracy": 0.6, "valid_loss": 1.2, "valid_accuracy": 0.5},
]


def log_of(folder: Path, epochs: list[dict[str, float]] = EPOCHS) -> Path:
    path = folder / "model.npz.log.jsonl"
    path.write_text("".join(json.dumps(epoch) + "\n" for epoch in epochs))
    return path


def test_a_log_is_read_curve_by_curve(tmp_path):
    assert read_log(log_of(tmp_path)) == {
        "epoch": [1, 2],
        "loss": [2, 1],
        "accuracy": [0.3, 0.6],
        "valid_loss": [1.5, 1.2],
        "valid_accuracy": [0.4, 0.5],
    }


@pytest.mark.parametrize("count", [1, 2])
def test_curves_are_a_png_with_lines_in_it(tmp_path, count):
    pytest.importorskip("matplotlib")
    draw_curves(log_of(tmp_path, EPOCHS[:count]), tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == (1000, 400)
        assert np.ptp(np.asarray(picture.convert("L"))) > 100


def test_a_single_epoch_stands_between_whole_numbers(tmp_path, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure")
    limits = []
    monkeypatch.setattr(
        figure.Figure,
        "savefig",
        lambda self, *_, **__: limits.extend(a.get_xlim() for a in self.axes),
    )
    draw_curves(log_of(tmp_path, EPOCHS[:1]), tmp_path / "curves.png")
    assert limits == [(0, 2), (0, 2)]


@pytest.mark.parametrize("text", ["", "epoch 1\n", "[]\n", '{"epoch": 1}\n', "7\n"])
def test_a_file_that_is_no_log_is_a_data_error(tmp_path, text):
    log = tmp_path / "log.jsonl"
    log.write_text(text)
    with pytest.raises(DataError, match="cannot use"):
        read_log(log)


def test_a_missing_log_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_log(tmp_path / "log.jsonl")


def test_a_folder_that_is_missing_is_an_output_error(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(OutputError, match=r"cannot write .*curves\.png"):
        draw_curves(log_of(tmp_path), tmp_path / "missing" / "curves.png")


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"drawing curves needs .*ocr\[plot\]"):
        draw_curves(log_of(tmp_path), tmp_path / "curves.png")


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


def test_a_log_that_cannot_be_written_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match=r"none/m\.npz\.log\.jsonl"):
        write_log(tmp_path / "none" / "m.npz", [epoch(1)])
