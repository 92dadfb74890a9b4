"""Everything a stopped run needs to go on exactly where it was, in one file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError, OutputError
from ocr.files import read_arrays, write_arrays
from ocr.training.learner import Learner

CHECKPOINT_SECONDS = 30.0  # the most that a kill may cost; writing one takes a tenth of a second


def checkpoint_path(model: Path) -> Path:
    """Where the checkpoint of a model in training lies: beside it."""
    return model.with_name(model.name + ".checkpoint.npz")


def save_checkpoint(path: Path, state: dict[str, NDArray[Any]], progress: dict[str, Any]) -> None:
    """Write a learner's state and the loop's progress (JSON values), whole or not at all."""
    write_arrays(path, {"progress": np.array(json.dumps(progress)), **state})


def load_checkpoint(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `save_checkpoint` wrote; DataError if the file is missing or anything else."""
    try:
        state = read_arrays(path)
        progress: dict[str, Any] = json.loads(str(state.pop("progress")))
    except FileNotFoundError as error:
        raise DataError(f"nothing to resume: {path} is missing (run without --resume)") from error
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"cannot resume from {path}: not a checkpoint (delete it)") from error
    return state, progress


def refuse_existing(model: Path, *, resume: bool) -> None:
    """Let a run begin only where no other one was, and go on only where one was stopped.

    Raises
    ------
    OutputError
        If a new run would lose a finished model, or all that a stopped run did.
    DataError
        If the run to go on with is complete.
    """
    checkpoint = checkpoint_path(model)
    if checkpoint.exists():
        if not resume:
            raise OutputError(
                f"cannot write {model}: a run of it is not complete "
                f"(go on by --resume; to begin anew, choose another -o or delete {model}*)"
            )
    elif model.exists():
        if resume:
            raise DataError(
                f"nothing to resume: the run of {model} is complete "
                "(read with it, or train anew with another -o)"
            )
        raise OutputError(f"cannot write {model}: it is there already (choose another -o)")


class Checkpoints:
    """Writes a run's checkpoint, again and again.

    Parameters
    ----------
    path : Path
    learner : Learner
    progress : dict
        The loop's, read whenever a checkpoint is written.
    writes : bool
        False in all processes but the first.
    """

    def __init__(
        self, path: Path, learner: Learner, progress: dict[str, Any], *, writes: bool
    ) -> None:
        self.path = path
        self.learner = learner
        self.progress = progress
        self.writes = writes
        self.saved = time.monotonic()

    def save(self) -> None:
        """Write one now."""
        if self.writes:
            save_checkpoint(self.path, self.learner.state(), self.progress)
        self.saved = time.monotonic()

    def save_when_due(self) -> None:
        """Write one if the last is `CHECKPOINT_SECONDS` old."""
        if time.monotonic() - self.saved >= CHECKPOINT_SECONDS:
            self.save()

    def remove(self) -> None:
        """Remove it: the run is complete."""
        if self.writes:
            self.path.unlink(missing_ok=True)
