"""Everything a stopped run needs to go on exactly where it was, in one file."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError, OutputError


def checkpoint_path(model: Path) -> Path:
    """Where the checkpoint of a model in training lies: beside it."""
    return model.with_name(model.name + ".checkpoint.npz")


def save_checkpoint(path: Path, state: dict[str, NDArray[Any]], progress: dict[str, Any]) -> None:
    """Write a learner's state and the loop's progress (JSON values), atomically."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            np.savez(file, progress=np.array(json.dumps(progress)), **state)
        os.replace(file.name, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def load_checkpoint(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `save_checkpoint` wrote."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            state = {name: arrays[name] for name in arrays.files}
        progress: dict[str, Any] = json.loads(str(state.pop("progress")))
    except FileNotFoundError as error:
        raise DataError(f"nothing to resume: {path} is missing (run without --resume)") from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"cannot resume from {path}: not a checkpoint (delete it)") from error
    return state, progress
