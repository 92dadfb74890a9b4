"""The studies of the course report: what a network learns, measured, tabled and drawn."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

#: Study to what it answers; its module in this package holds it as `study`.
STUDIES = {
    "gradient": "Back-propagation against finite differences; zeros, Xavier, vanishing gradients.",
    "learning-rate": "The best learning rate, ten times and a tenth of it.",
    "weights": "What the first layer's weights look like before and after training.",
    "confusion": "Which characters are taken for which.",
    "compression": "A letter in 32 numbers: autoencoders against PCA.",
    "transfer": "Training from scratch against fine-tuning: SqueezeNet, and the letter network.",
    "backends": "The report's networks side by side with ours, on NIST36, MNIST and EMNIST.",
}

Source = str  # of data, as `ocr train --data` takes it
Say = Callable[[str], None]  # prints a line, or a table, of the answer


class Study(Protocol):
    """What each module of a study offers as `study`."""

    def __call__(self, data: Source, output: Path, *, seed: int, say: Say, **own: Any) -> None:
        """Measure on the data, print tables by `say`, write pictures into the folder `output`.

        What options of its own a study has stands in `ocr.cli.study`.
        """
        ...


def find(name: str) -> Study:
    """Import a study, a key of `STUDIES`."""
    study: Study = import_module(f"ocr.study.{name.replace('-', '_')}").study
    return study
