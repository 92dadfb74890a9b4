"""Everything a stopped run needs to go on exactly where it was, in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError
from ocr.files import read_arrays, write_arrays


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
