"""A run can be stopped at any moment, by Ctrl-C or a kill, and resumed exactly where it was."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError, OutputError
from ocr.files import read_arrays, write_arrays

P = TypeVar("P")

CHECKPOINT_SECONDS = 30.0  # the most that a kill may cost; writing one takes a tenth of a second


def checkpoint_path(model: Path) -> Path:
    """Return the path of the checkpoint of a model in training: next to the model."""
    return model.with_name(model.name + ".checkpoint.npz")


def refuse_existing(model: Path, *, resume: bool) -> None:
    """Raise OutputError if a new run would overwrite a finished model or a stopped run's work.

    DataError if the run to resume is complete.
    """
    checkpoint = checkpoint_path(model)
    if checkpoint.exists():
        if not resume:
            raise OutputError(
                f"cannot write {model}: an earlier run is not complete "
                f"(continue it with --resume; to start over, choose another -o or delete {model}*)"
            )
    elif model.exists():
        if resume:
            raise DataError(
                f"nothing to resume: the run of {model} is complete "
                "(read with the model, or train another with another -o)"
            )
        raise OutputError(f"cannot write {model}: it already exists (choose another -o)")


class Resumable(Protocol):
    """A learner whose state a checkpoint holds."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of the weights and of the state of the optimizer."""

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Restore what `state` returned; DataError if it is of another network."""


class Checkpoint:
    """The file of a run's state, written again and again; by one process only.

    `progress` is a dataclass of JSON values.
    """

    def __init__(self, path: Path, learner: Resumable, progress: Any, *, writes: bool) -> None:
        self.path = path
        self.learner = learner
        self.progress = progress
        self.writes = writes
        self.saved = time.monotonic()

    def save(self) -> None:
        """Write it now."""
        if self.writes:
            save_checkpoint(self.path, self.learner.state(), asdict(self.progress))
        self.saved = time.monotonic()

    def save_if_due(self) -> None:
        """Write it if the last one is `CHECKPOINT_SECONDS` old."""
        if time.monotonic() - self.saved >= CHECKPOINT_SECONDS:
            self.save()

    def remove(self) -> None:
        """Remove it: the run is complete."""
        if self.writes:
            self.path.unlink(missing_ok=True)


def save_checkpoint(path: Path, state: dict[str, NDArray[Any]], progress: dict[str, Any]) -> None:
    """Write a learner's state and a run's progress (JSON values), whole or not at all."""
    write_arrays(path, {"progress": np.array(json.dumps(progress)), **state})


def load_checkpoint(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return what `save_checkpoint` wrote; DataError if the file is missing or anything else."""
    try:
        state = read_arrays(path)
        progress: dict[str, Any] = json.loads(str(state.pop("progress")))
    except FileNotFoundError as error:
        raise DataError(f"nothing to resume: {path} is missing (run without --resume)") from error
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"cannot resume from {path}: not a checkpoint (delete it)") from error
    return state, progress


def resume_progress(
    learner: Resumable,
    checkpoint: Path,
    options: dict[str, Any],
    parse: Callable[[dict[str, Any]], P],
) -> P:
    """Load a checkpoint into the learner; return the progress of the run, which `parse` makes.

    DataError if the run was begun with other options, or by another version.
    """
    state, values = load_checkpoint(checkpoint)
    before = values.get("options", {})
    changed = [k for k in {**before, **options} if before.get(k) != options.get(k)]
    if changed:
        raise DataError(
            f"cannot resume from {checkpoint}: the run was begun with other "
            f"{', '.join(changed)} (repeat its options; to start over, delete it)"
        )
    try:
        progress = parse(values)
    except (KeyError, TypeError) as error:
        raise DataError(
            f"cannot resume from {checkpoint}: another version of ocr wrote it "
            "(resume with that version; to start over, delete it)"
        ) from error
    learner.load_state(state)
    return progress


@contextmanager
def defer_interrupts() -> Iterator[Callable[[], None]]:
    """Defer Ctrl-C: KeyboardInterrupt is raised when the function that this yields is called.

    At the end it is raised for a Ctrl-C after the last call. Nothing is deferred outside the
    main thread, where Python allows no handlers, nor where Ctrl-C does not raise anyway, as in
    a background job.
    """
    caught: list[int] = []

    def raise_if_caught() -> None:
        if caught:
            caught.clear()
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or before is not signal.default_int_handler:
        yield raise_if_caught
        return
    signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield raise_if_caught
    finally:
        signal.signal(signal.SIGINT, before)
    raise_if_caught()
