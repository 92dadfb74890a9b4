"""The log of a training run: JSON lines, a picture of its curves, and TensorBoard events."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr.errors import DataError, MissingExtraError, OutputError
from ocr.files import write_whole
from ocr.training.progress import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (10, 4)  # inches, two squares side by side
DPI = 100


def log_path(model: Path) -> Path:
    """Return the path of the log of a model in training: next to the model."""
    return model.with_name(model.name + ".log.jsonl")


def write_log(model: Path, history: list[Epoch]) -> None:
    """Write one JSON object an epoch to MODEL.log.jsonl."""
    lines = "".join(json.dumps(asdict(epoch)) + "\n" for epoch in history)
    write_whole(log_path(model), lines.encode())


def read_log(log: Path) -> dict[str, list[float]]:
    """Return the values of each curve, and of ``epoch``, over the epochs of a log.

    DataError if the log is missing, empty, or not of a training run.
    """
    names = ("epoch", "loss", "accuracy", "valid_loss", "valid_accuracy")
    try:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        curves = {name: [float(line[name]) for line in lines] for name in names}
    except OSError as error:
        raise DataError(f"cannot read {log}: {error.strerror} (check the path)") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"cannot use {log}: not the log of a training run (train again)") from error
    if not lines:
        raise DataError(f"cannot use {log}: no epoch is finished (train on)")
    return curves


def draw_curves(log: Path, picture: Path) -> None:
    """Draw loss and accuracy of training and validation over the epochs of a log, as a PNG."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("drawing curves", "plot") from error

    curves = read_log(log)
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        _draw(axes, curves, name)
    try:
        figure.savefig(picture, format="png")
    except OSError as error:
        raise OutputError(f"cannot write {picture}: {error.strerror} (choose another)") from error


def _draw(axes: Axes, curves: dict[str, list[float]], name: str) -> None:
    marker = "." if len(curves["epoch"]) < 50 else ""  # a single epoch makes no line
    axes.plot(curves["epoch"], curves[name], marker=marker, label="training")
    axes.plot(curves["epoch"], curves[f"valid_{name}"], marker=marker, label="validation")
    axes.set_xlabel("epoch")
    axes.set_ylabel(name)
    if len(curves["epoch"]) == 1:
        axes.set_xlim(0, 2)  # room for whole numbers
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend()


def tensorboard_folder(model: Path) -> Path:
    """Return the folder of the TensorBoard events of a model in training: next to the model."""
    return model.with_name(model.name + ".tensorboard")


class TensorboardLog:
    """Writes each epoch's values as scalars; nothing where TensorBoard is not installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer: Any = None

    def add(self, epoch: Epoch) -> None:
        """Write an epoch, visible at once."""
        if self.writer is None:
            try:
                from tensorboard.summary import Writer
            except ModuleNotFoundError:
                return
            self.writer = Writer(str(self.folder))
        values = asdict(epoch)
        number = values.pop("epoch")
        for name, value in values.items():
            self.writer.add_scalar(name, value, number)
        self.writer.flush()
