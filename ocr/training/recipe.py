"""Architectures that `ocr train` knows, how each is trained by default, and their learners."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocr.alphabet import Alphabet
from ocr.errors import MissingExtraError, ModelError
from ocr.training.learner import Learner
from ocr.training.ranks import ALONE, Ranks


@dataclass(frozen=True)
class Schedule:
    """Default training settings of an architecture; the learning rate is the peak."""

    epochs: int
    batch_size: int
    learning_rate: float


@dataclass(frozen=True)
class Backend:
    """Suffix of the model files, and default schedules; the first architecture is the default."""

    suffix: str
    schedules: dict[str, Schedule]


BACKENDS = {
    "torch": Backend(
        ".onnx",
        {
            "cnn": Schedule(8, 256, 3e-3),
            "report-cnn": Schedule(12, 64, 2e-3),
            "report-mlp": Schedule(20, 64, 3e-3),
        },
    ),
    "numpy": Backend(
        ".npz", {"mlp": Schedule(20, 64, 0.8), "mlp-wide": Schedule(20, 64, 0.05)}
    ),  # diverged at 0.2
}


INK = Schedule(120, 64, 4e-3)  # of the ink network, whose epochs are `ocr.training.ink.loop.EPOCH`


def schedule_of(backend: str, architecture: str) -> Schedule:
    """Return the schedule of an architecture; ModelError if the backend has none of that name."""
    schedules = BACKENDS[backend].schedules
    if architecture not in schedules:
        raise ModelError(
            f"no {backend} architecture {architecture!r} "
            f"(there are {', '.join(schedules)}; --backend has others)"
        )
    return schedules[architecture]


def has_reject(backend: str, architecture: str) -> bool:
    """Return whether an architecture has a "not a letter" output, which the report's lack."""
    return backend == "torch" and not architecture.startswith("report")


def make_learner(
    backend: str,
    architecture: str,
    alphabet: Alphabet,
    *,
    seed: int,
    init: Path | None,
    label_smoothing: float = 0.0,
    ranks: Ranks = ALONE,
) -> Learner:
    """Return a new learner, with the weights of the model `init` where one is given."""
    if backend == "numpy":
        from ocr.classifiers.mlp import load_mlp
        from ocr.training.numpy_learner import NumpyLearner

        small = NumpyLearner(architecture, alphabet, seed=seed, label_smoothing=label_smoothing)
        if init is not None:
            small.start_from(load_mlp(init))
        return small
    try:
        from ocr.classifiers.onnx_file import load_torch
        from ocr.training.torch_learner import TorchLearner
    except ModuleNotFoundError as error:
        raise MissingExtraError("training with torch", "torch") from error

    learner = TorchLearner(
        architecture, alphabet, seed=seed, label_smoothing=label_smoothing, ranks=ranks
    )
    if init is not None:
        source, card = load_torch(init)
        if card.architecture != architecture:
            raise ModelError(
                f"cannot start {architecture} from {init}: it is a {card.architecture} "
                f"(add --arch {card.architecture})"
            )
        learner.start_from(source)
    return learner
