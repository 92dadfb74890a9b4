"""Progress of a training run, as a checkpoint stores it and as it is shown to the user."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from ocr.training.ranks import Ranks
from ocr.training.schedule import Pace, Settings, count_steps_within


@dataclass(frozen=True)
class Epoch:
    """Results of one epoch; one line of the log."""

    epoch: int
    loss: float
    accuracy: float
    valid_loss: float
    valid_accuracy: float
    images_per_second: float


@dataclass(frozen=True)
class Step:
    """Progress of a run after a step, for a progress bar."""

    epoch: int  # from 1
    epochs: int  # at most
    done: float  # share of the epoch
    loss: float  # mean over the epoch so far, as is the accuracy
    accuracy: float
    images_per_second: float
    seconds_left: float  # unless the run stops early


def best(history: list[Epoch]) -> Epoch:
    """Return the epoch of the highest validation accuracy; of equals, of the lowest loss."""
    return max(history, key=lambda e: (e.valid_accuracy, -e.valid_loss, -e.epoch))


def is_out_of_patience(history: list[Epoch], patience: int | None) -> bool:
    """Return whether the last `patience` epochs did not improve the accuracy."""
    if not history or patience is None:
        return False
    highest = max(history, key=lambda e: e.valid_accuracy)  # the first of equals
    return history[-1].epoch - highest.epoch >= patience


@dataclass
class Progress:
    """State of a run between two steps: a checkpoint holds it and the learner's state."""

    options: dict[str, Any]  # JSON values that a resumed run must share
    steps_per_epoch: int
    steps: int = 0  # of the whole run; 0 until it is planned
    history: list[Epoch] = field(default_factory=list)  # finished epochs
    step: int = 0  # in the present epoch
    loss: float = 0.0  # sum over the samples of the present epoch
    correct: int = 0  # samples of the present epoch that were classified correctly
    seconds: float = 0.0  # spent of a time budget
    pace: Pace | None = None  # by which the budget was planned, until the plan is corrected

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Progress:
        """Return the progress of which `asdict` made JSON values."""
        history = [Epoch(**epoch) for epoch in values["history"]]
        pace = Pace(**values["pace"]) if values["pace"] else None
        return cls(**{**values, "history": history, "pace": pace})

    @property
    def epoch(self) -> int:
        """Number of the present epoch, from 0."""
        return len(self.history)

    @property
    def steps_done(self) -> int:
        """Steps since the beginning of the run, those before a resume included."""
        return self.epoch * self.steps_per_epoch + self.step

    @property
    def has_steps_left(self) -> bool:
        """Whether the run is to take another step, unless it stops early."""
        return self.steps_done < self.steps

    def add_step(self, loss: float, correct: int, size: int) -> None:
        """Count a step on a batch of `size` samples with a mean loss."""
        self.step += 1
        self.loss += loss * size
        self.correct += correct

    def add_epoch(self, epoch: Epoch) -> None:
        """Count an epoch, and begin the next."""
        self.history.append(epoch)
        self.step, self.loss, self.correct = 0, 0.0, 0


class Clock:
    """Measures the speed of a run, and plans what is left of a time budget."""

    def __init__(self, progress: Progress, settings: Settings, ranks: Ranks) -> None:
        self.progress = progress
        self.settings = settings
        self.ranks = ranks
        self.images = 0
        self.start = self.last = time.monotonic()
        self.steps_before = progress.steps_done
        self.epochs_before = progress.epoch

    @property
    def speed(self) -> float:
        """Images a second since this process began."""
        return self.images / max(time.monotonic() - self.start, 1e-9)

    def tick(self, images: int) -> Step:
        """Count the time and the images of a step; return the progress of the run."""
        now = time.monotonic()
        self.images += images
        self.progress.seconds += now - self.last
        self.last = now
        progress, speed = self.progress, self.speed
        seen = progress.step * self.settings.batch_size  # the last batch may be smaller
        left = (progress.steps - progress.steps_done) * self.settings.batch_size
        return Step(
            epoch=progress.epoch + 1,
            epochs=math.ceil(progress.steps / progress.steps_per_epoch),
            done=progress.step / progress.steps_per_epoch,
            loss=progress.loss / seen,
            accuracy=progress.correct / seen,
            images_per_second=speed,
            seconds_left=left / max(speed, 1e-9),
        )

    @property
    def needs_new_plan(self) -> bool:
        """Whether half of a time budget's steps are over, and the rest is not yet planned anew."""
        return self.progress.pace is not None and self.progress.steps_done >= (
            self.progress.steps // 2
        )

    def plan_rest(self) -> None:
        """Plan the rest of a time budget by the pace so far, as machines slow down.

        This happens once in a run: from here on, a resumed run takes the same steps.
        """
        progress = self.progress
        assert self.settings.time_budget is not None and progress.pace is not None
        steps = progress.steps_done - self.steps_before
        epochs = progress.epoch - self.epochs_before
        expected = steps * progress.pace.step + epochs * progress.pace.validation
        taken = self.ranks.mean(time.monotonic() - self.start)
        factor = taken / expected
        pace = Pace(progress.pace.step * factor, progress.pace.validation * factor)
        left = self.settings.time_budget - self.ranks.mean(progress.seconds)
        within = count_steps_within(
            left + progress.step * pace.step, progress.steps_per_epoch, pace
        )
        planned = progress.epoch * progress.steps_per_epoch + within
        progress.steps = max(progress.steps_done, planned)
        progress.pace = None
