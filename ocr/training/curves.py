"""A picture of how a training run went, from its log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.errors import DataError, MissingExtraError, OutputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (10, 4)  # inches, two squares side by side
DPI = 100


def draw_curves(log: Path, picture: Path) -> None:
    """Draw loss and accuracy over the epochs, of training and of validation.

    Parameters
    ----------
    log : Path
        JSON lines with epoch, loss, accuracy, valid_loss and valid_accuracy, as
        `ocr.training.loop.train` writes them.
    picture : Path
        PNG file to write.

    Raises
    ------
    DataError
        A log that is missing, empty, or of other lines.
    OutputError
        A picture that cannot be written.
    MissingExtraError
        Without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("drawing curves", "plot") from error

    curves = read_log(log)
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    losses, accuracies = figure.subplots(1, 2)
    _draw(losses, curves, "loss")
    _draw(accuracies, curves, "accuracy")
    try:
        figure.savefig(picture, format="png")
    except OSError as error:
        raise OutputError(f"cannot write {picture}: {error.strerror} (choose another)") from error


def read_log(log: Path) -> dict[str, list[float]]:
    """Values of each curve, and of ``epoch``, over the epochs of a log."""
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


def _draw(axes: Axes, curves: dict[str, list[float]], name: str) -> None:
    marker = "." if len(curves["epoch"]) < 50 else ""  # a single epoch is no line
    axes.plot(curves["epoch"], curves[name], marker=marker, label="training")
    axes.plot(curves["epoch"], curves[f"valid_{name}"], marker=marker, label="validation")
    axes.set_xlabel("epoch")
    axes.set_ylabel(name)
    if len(curves["epoch"]) == 1:
        axes.set_xlim(0, 2)  # room for whole numbers
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
