"""The log of a run for TensorBoard, where that is installed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ocr.training.loop import Epoch


def tensorboard_folder(output: Path) -> Path:
    """Where the events of a model in training lie: beside it."""
    return output.with_name(output.name + ".tensorboard")


class TensorboardLog:
    """Writes each epoch's values as scalars; nothing where TensorBoard is not installed.

    Parameters
    ----------
    folder : Path
        For ``tensorboard --logdir``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer: Any = None

    def add(self, epoch: Epoch) -> None:
        """Add an epoch, there to be seen at once."""
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
