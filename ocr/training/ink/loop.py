"""The loop that trains the ink network: batch, loss, step; log, validate, checkpoint."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from ocr.drawing.sources import Found
from ocr.files import sweep, write_whole
from ocr.training.checkpoint import Checkpoint, checkpoint_path, defer_interrupts, resume_progress
from ocr.training.ink.learner import InkLearner
from ocr.training.ink.onnx_file import save_onnx
from ocr.training.ink.pool import Pool
from ocr.training.ink.validation import validate
from ocr.training.log import log_path
from ocr.training.schedule import one_cycle
from ocr.training.validation import require_finite

EPOCH = 4096  # views shown; drawn data has no epochs of its own
SIZE = 384  # px, side of a view
SMALL_SIZE = 288  # px, of the part of a view that is shown in the first half of a run: it is faster
VALIDATION_SECONDS = 60.0  # between validations, or
VALIDATION_SHARE = 15  # so many times as long as a validation takes, if that is more
STEP_SECONDS = 1.0  # between reports of the loss: fetching it waits for the GPU
FINISH_SECONDS = 3.0  # of a time budget, for writing the files


@dataclass(frozen=True)
class Settings:
    """Settings of a run; a time budget, in seconds, takes the place of the number of epochs."""

    epochs: int
    batch_size: int
    learning_rate: float  # the peak
    seed: int
    time_budget: float | None = None


@dataclass(frozen=True)
class Step:
    """Progress of a run after a step."""

    step: int  # from 1
    loss: float  # mean since the last validation
    seconds_left: float


@dataclass
class Progress:
    """State of a run between two steps: a checkpoint holds it and the learner's state."""

    options: dict[str, Any]  # JSON values that a resumed run must share
    workers: int  # processes that draw: they determine the order of the views
    step: int = 0
    seconds: float = 0.0  # spent so far, before a resume too
    validation_seconds: float = 0.0  # that the last validation took
    history: list[dict[str, Any]] = field(default_factory=list)  # lines of the log


class Clock:
    """Measures the time of a run, and how much of the run is over."""

    def __init__(self, progress: Progress, settings: Settings, start_time: float) -> None:
        self.progress = progress
        self.settings = settings
        self.last = start_time
        self.steps = math.ceil(settings.epochs * EPOCH / settings.batch_size)
        self.first_step, self.first_seconds = progress.step, progress.seconds

    def tick(self) -> None:
        """Add the time since the last call."""
        now = time.monotonic()
        self.progress.seconds += now - self.last
        self.last = now

    @property
    def share(self) -> float:
        """Share of the run that is over; 1.0 or more at its end."""
        if self.settings.time_budget is None:
            return self.progress.step / self.steps
        return self.progress.seconds / max(self._end, 1e-9) if self.progress.step else 0.0

    @property
    def seconds_left(self) -> float:
        """Seconds until the last step."""
        if self.settings.time_budget is not None:
            return self._end - self.progress.seconds
        steps = max(self.progress.step - self.first_step, 1)
        pace = (self.progress.seconds - self.first_seconds) / steps
        return (self.steps - self.progress.step) * pace

    @property
    def _end(self) -> float:
        """Seconds of a time budget without the last validation and the files."""
        assert self.settings.time_budget is not None
        return self.settings.time_budget - self.progress.validation_seconds - FINISH_SECONDS


class MeanLoss:
    """Mean of losses that stay on the device."""

    def __init__(self) -> None:
        self.losses: list[torch.Tensor] = []

    def value(self) -> float:
        """Return the mean; ModelError if it is not a finite number."""
        return require_finite(float(torch.stack(self.losses).mean()))


def train(
    learner: InkLearner,
    found: Found,
    *,
    settings: Settings,
    output: Path,
    card: dict[str, Any],
    workers: int = 1,
    resume: bool = False,
    start_time: float | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
    on_validation: Callable[[dict[str, Any]], None] = lambda line: None,
    on_end: Callable[[dict[str, Any]], None] = lambda card: None,
) -> None:
    """Train on views that are drawn meanwhile, and write the average network to `output`.

    Next to it are written a log of JSON lines, one for each validation, and, until the run is
    complete, a checkpoint. All random numbers depend on the seed and the step alone, so that a
    run by epochs that was killed and resumed ends with the same model as one that was not. With
    a time budget the number of steps depends on the speed of the machine.

    Parameters
    ----------
    found : Found
        What views are drawn from.
    card : dict
        JSON values that describe the data; the model file has them, the settings and the figures.
    workers : int
        Number of processes that draw; a resumed run has as many as it began with.
    resume : bool
        Continue from the checkpoint, or start if the run was killed before it wrote one.
    start_time : float or None
        The `time.monotonic` from which a time budget counts; None is now.
    on_end : callable
        Called with the whole card while the run can still be resumed.

    Raises
    ------
    KeyboardInterrupt
        After the checkpoint is saved. Ctrl-C waits for the end of the step.
    ModelError
        If the loss is no longer a number.
    """
    start_time = time.monotonic() if start_time is None else start_time
    path = checkpoint_path(output)
    progress = Progress(json.loads(json.dumps({**card, **asdict(settings)})), workers)
    resume = resume and path.exists()
    if resume:
        progress = resume_progress(learner, path, progress.options, lambda v: Progress(**v))
    checkpoint = Checkpoint(path, learner, progress, writes=True)
    sweep(output, log_path(output), path)
    clock = Clock(progress, settings, start_time)
    pool = Pool(
        found.materials("train"), found.materials("held_out"), size=SIZE,
        batch_size=settings.batch_size, workers=progress.workers, seed=settings.seed,
        step=progress.step, device=learner.device,
    )  # fmt: skip
    try:
        with defer_interrupts() as raise_interrupt:
            if not resume:
                learner.calibrate(lambda number: pool.batch(number, SMALL_SIZE))
                on_validation(write_line(learner, pool, clock, output))
                checkpoint.save()
            try:
                mean, validated, shown = MeanLoss(), progress.seconds, progress.seconds
                while clock.share < 1:
                    # batch
                    pool.refill(progress.step)
                    batch = pool.batch(progress.step, SMALL_SIZE if clock.share < 0.5 else SIZE)

                    # forward, loss, backward, step
                    rate = one_cycle(clock.share, settings.learning_rate)
                    mean.losses.append(learner.fit_batch(batch, rate, progress.step))
                    progress.step += 1
                    clock.tick()

                    # log
                    if progress.seconds - shown >= STEP_SECONDS:
                        on_step(Step(progress.step, mean.value(), clock.seconds_left))
                        shown = progress.seconds

                    # validate
                    pause = VALIDATION_SHARE * progress.validation_seconds
                    if progress.seconds - validated >= max(VALIDATION_SECONDS, pause):
                        on_validation(write_line(learner, pool, clock, output, mean))
                        mean, validated = MeanLoss(), progress.seconds

                    # checkpoint
                    raise_interrupt()
                    checkpoint.save_if_due()
                last = write_line(learner, pool, clock, output, mean)
                on_validation(last)
                raise_interrupt()
            except KeyboardInterrupt:
                checkpoint.save()
                raise
    finally:
        pool.close()
    same = {k: v for k, v in last.items() if k not in ("loss", "seconds")}  # after a resume too
    card = {**card, "settings": asdict(settings), "steps": progress.step, **same}
    save_onnx(output, learner.average, card)
    on_end(card)
    checkpoint.remove()


def write_line(
    learner: InkLearner,
    pool: Pool,
    clock: Clock,
    output: Path,
    mean: MeanLoss | None = None,
) -> dict[str, Any]:
    """Validate the average network, and write a line of the log."""
    progress, start = clock.progress, time.monotonic()
    found = validate(learner.average, pool.held_out, pool.layout)
    clock.tick()
    progress.validation_seconds = time.monotonic() - start
    line = {
        "step": progress.step,
        "views": progress.step * pool.batch_size,
        "seconds": round(progress.seconds, 1),
        "loss": mean.value() if mean and mean.losses else None,
        "valid_loss": found.pop("loss"),
        **found,
    }
    progress.history.append(line)
    lines = "".join(json.dumps(line) + "\n" for line in progress.history)
    write_whole(log_path(output), lines.encode())
    return line
