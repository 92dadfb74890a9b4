"""The log of a training run: JSON lines, a picture of its curves, and TensorBoard events."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr.errors import DataError, MissingExtraError, OutputError
from ocr.files import write_whole
from ocr.training.progress import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Panels = dict[str, dict[str, str]]  # for each panel its curves: label to key in the log
PANELS: Panels = {
    "loss": {"training": "loss", "validation": "valid_loss"},
    "accuracy": {"training": "accuracy", "validation": "valid_accuracy"},
}
SIZE = (10, 4)  # inches, two squares side by side
DPI = 100


def log_path(model: Path) -> Path:
    """Return the path of the log of a model in training: next to the model."""
    return model.with_name(model.name + ".log.jsonl")


def write_log(model: Path, history: list[Epoch]) -> None:
    """Write one JSON object an epoch to MODEL.log.jsonl."""
    lines = "".join(json.dumps(asdict(epoch)) + "\n" for epoch in history)
    write_whole(log_path(model), lines.encode())


def read_log(log: Path, panels: Panels = PANELS, x: str = "epoch") -> dict[str, list[float]]:
    """Return the values of each curve, and of `x`, over the lines of a log; None becomes NaN.

    DataError if the log is missing, empty, or not of a training run.
    """
    names = [x, *(name for curves in panels.values() for name in curves.values())]
    try:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        curves = {
            name: [math.nan if line[name] is None else float(line[name]) for line in lines]
            for name in names
        }
    except OSError as error:
        raise DataError(f"cannot read {log}: {error.strerror} (check the path)") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"cannot use {log}: not the log of a training run (train again)") from error
    if not lines:
        raise DataError(f"cannot use {log}: no epoch is finished (train on)")
    return curves


def draw_curves(log: Path, picture: Path, panels: Panels = PANELS, x: str = "epoch") -> None:
    """Draw the curves of each panel over the lines of a log, as a PNG."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("drawing curves", "plot") from error

    curves = read_log(log, panels, x)
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    for axes, (name, panel) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        axes.set_ylabel(name)
        _draw(axes, x, curves[x], {label: curves[curve] for label, curve in panel.items()})
    try:
        figure.savefig(picture, format="png")
    except OSError as error:
        raise OutputError(f"cannot write {picture}: {error.strerror} (choose another)") from error


def _draw(axes: Axes, name: str, places: list[float], curves: dict[str, list[float]]) -> None:
    marker = "." if len(places) < 50 else ""  # a single epoch makes no line
    for label, values in curves.items():
        axes.plot(places, values, marker=marker, label=label)
    axes.set_xlabel(name)
    if len(places) == 1:
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
