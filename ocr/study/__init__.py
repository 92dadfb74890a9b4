"""The studies of the course report: what a network learns, in tables and pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from ocr.threads import use_threads

Source = str  # of data, as `ocr train --data` takes it
Say = Callable[[str], None]  # prints a line or a table on stdout


@dataclass(frozen=True)
class Description:
    """The question of a study, and the seconds it takes on one core with its default data."""

    summary: str
    seconds: int

    @property
    def duration(self) -> str:
        """Return the time in words.

        Examples
        --------
        >>> Description("", 39).duration, Description("", 141).duration
        ('40 seconds', '2 minutes')
        """
        if self.seconds < 90:
            return f"{round(self.seconds, -1)} seconds"
        return f"{round(self.seconds / 60)} minutes"


#: Studies by name; the module of each in this package has it as `study`.
STUDIES = {
    "gradient": Description(
        "Back-propagation against finite differences; zeros, Xavier, vanishing gradients.", 39
    ),
    "learning-rate": Description("The best learning rate, ten times and a tenth of it.", 41),
    "weights": Description("Weights of the first layer before and after training.", 17),
    "confusion": Description("Characters that are confused with one another.", 19),
    "compression": Description("A letter in 32 numbers: autoencoders against PCA.", 141),
    "transfer": Description(
        "Training from scratch against fine-tuning: SqueezeNet, and the letter network.", 360
    ),
    "backends": Description(
        "The report's networks side by side with ours, on NIST36, MNIST and EMNIST.", 416
    ),
}


class Study(Protocol):
    """The function `study` of each study's module."""

    def __call__(self, data: Source, output: Path, *, seed: int, say: Say, **options: Any) -> None:
        """Measure on the data, print tables by `say`, write pictures into the folder `output`.

        `ocr.cli.study` lists the options that only one study has.
        """
        ...


def find(name: str) -> Study:
    """Import a study, a key of `STUDIES`; NumPy, if not imported yet, uses one thread."""
    use_threads(None)
    study: Study = import_module(f"ocr.study.{name.replace('-', '_')}").study
    return study
