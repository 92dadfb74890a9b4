"""The training loop: batch, forward, loss, backward, step; log, evaluate, checkpoint."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ocr.alphabet import Alphabet
from ocr.data.samples import Samples
from ocr.errors import ModelError
from ocr.files import sweep
from ocr.training.batches import Batch, Batches
from ocr.training.checkpoint import Checkpoint, checkpoint_path, defer_interrupts, resume_progress
from ocr.training.learner import Learner
from ocr.training.log import log_path, write_log
from ocr.training.progress import Clock, Epoch, Progress, Step, best, is_out_of_patience
from ocr.training.ranks import ALONE, Ranks
from ocr.training.schedule import Settings, count_steps_within, measure_pace, one_cycle
from ocr.training.validation import require_finite, validate


def train(
    learner: Learner,
    training: Samples,
    validation: Samples,
    *,
    settings: Settings,
    output: Path,
    card: dict[str, Any],
    resume: bool = False,
    ranks: Ranks = ALONE,
    start_time: float | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    on_end: Callable[[list[Epoch]], None] = lambda history: None,
) -> list[Epoch]:
    """Train, keeping the model of the best validation accuracy at `output`.

    Two more files are written next to `output`: a log of JSON lines (one `Epoch` a line) and,
    until the run is complete, a checkpoint: at the beginning, every `CHECKPOINT_SECONDS`, and
    at the end of each epoch. The order and the distortions of each batch depend on the seed, the
    epoch and the step alone, so that a run that was killed and resumed ends with the same
    model as one that was not.

    Parameters
    ----------
    card : dict
        JSON values that describe the data; the model file has them, the settings and the accuracy.
    resume : bool
        Continue from the checkpoint, or start if the run was killed before it wrote one.
    ranks : Ranks
        The processes that share the work; all call this alike, and only the first writes.
    start_time : float or None
        The `time.monotonic` from which a time budget counts; None is now.
    on_end : callable
        Called with the history while the run can still be resumed, to finish the model.

    Raises
    ------
    KeyboardInterrupt
        After the checkpoint is saved. Ctrl-C waits for the end of the step.
    ModelError
        If the loss is no longer a number.
    """
    start_time = time.monotonic() if start_time is None else start_time
    batches = Batches(training, learner.alphabet, settings, ranks)
    options = resume_options(card, settings, learner.alphabet)
    resume = resume and checkpoint_path(output).exists()
    progress = Progress(options, len(batches))
    if resume:
        progress = resume_progress(learner, checkpoint_path(output), options, Progress.from_json)
    checkpoint = Checkpoint(checkpoint_path(output), learner, progress, writes=ranks.is_first)
    if ranks.is_first:
        sweep(output, log_path(output), checkpoint.path)
    if not progress.steps:
        plan_steps(progress, learner, batches, validation, start_time)
    clock = Clock(progress, settings, ranks)
    history = progress.history
    card = card | {"settings": asdict(settings), "seed": settings.seed}

    with use_one_thread(), defer_interrupts() as raise_interrupt:
        try:
            if not resume:
                checkpoint.save()
            while progress.step or (
                progress.has_steps_left and not is_out_of_patience(history, settings.patience)
            ):
                for batch in batches.epoch(progress.epoch, first=progress.step):
                    if not progress.has_steps_left:
                        break
                    # forward, loss, backward, step
                    done = progress.steps_done / progress.steps
                    loss, correct = fit(learner, batch, one_cycle(done, settings.learning_rate))
                    progress.add_step(loss, correct, batch.size)

                    # log
                    on_step(clock.tick(batch.size))

                    # checkpoint
                    if clock.needs_new_plan:
                        clock.plan_rest()
                        checkpoint.save()
                    raise_interrupt()
                    checkpoint.save_if_due()

                # evaluate
                epoch = finish_epoch(learner, validation, len(batches.crops), clock)
                epochs = [*history, epoch]
                if ranks.is_first:
                    if epoch is best(epochs):
                        learner.save_model(output, card | card_values(epoch, progress.steps_done))
                    write_log(output, epochs)
                progress.add_epoch(epoch)
                checkpoint.save()
                on_epoch(epoch)
                raise_interrupt()
            if ranks.is_first:
                on_end(history)
        except KeyboardInterrupt:
            checkpoint.save()
            raise
        except ModelError:
            if not history:  # there is nothing to resume
                checkpoint.remove()
            raise
    checkpoint.remove()
    return history


def use_one_thread() -> AbstractContextManager[object]:
    """Limit NumPy's matrix products to one thread.

    OpenBLAS spreads even the small products of a batch over all cores, and its threads spin while
    they wait: on two busy cores that trained six times as slowly as one thread.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits


def fit(learner: Learner, batch: Batch, learning_rate: float) -> tuple[float, int]:
    """Take one step; return the mean loss, and how many crops were classified correctly."""
    with np.errstate(over="ignore", invalid="ignore"):  # `require_finite` reports it
        loss, correct = learner.fit_batch(batch.crops, batch.targets, learning_rate)
    return require_finite(loss), correct


def resume_options(card: dict[str, Any], settings: Settings, alphabet: Alphabet) -> dict[str, Any]:
    """Return the options that a resumed run must repeat, as a checkpoint gives them back."""
    options = {**card, "seed": settings.seed, **asdict(settings)}
    options["alphabet"] = alphabet.characters
    return dict(json.loads(json.dumps(options)))


def plan_steps(
    progress: Progress, learner: Learner, batches: Batches, validation: Samples, start_time: float
) -> None:
    """Plan the steps of the whole run: those of its epochs, or as many as fit into a time budget.

    For a budget the pace is measured with steps that are then undone.
    """
    settings, ranks = batches.settings, batches.ranks
    if settings.time_budget is None:
        progress.steps = settings.epochs * len(batches)
        return
    state = learner.state()
    trials = itertools.chain.from_iterable(batches.epoch(0) for _ in itertools.count())
    with use_one_thread():
        progress.pace = measure_pace(
            step=lambda: fit(learner, next(trials), 0.0),
            validate=lambda: validate(learner, validation, ranks=ranks),
            seconds=settings.time_budget,
            ranks=ranks,
        )
    learner.load_state(state)
    progress.seconds = ranks.mean(time.monotonic() - start_time)
    left = settings.time_budget - progress.seconds
    progress.steps = count_steps_within(left, len(batches), progress.pace)


def finish_epoch(learner: Learner, validation: Samples, count: int, clock: Clock) -> Epoch:
    """Validate and sum up; the last epoch of a time budget saw fewer than `count` samples."""
    progress = clock.progress
    seen = min(count, progress.step * clock.settings.batch_size)
    valid_loss, valid_accuracy = validate(learner, validation, ranks=clock.ranks)
    return Epoch(
        epoch=progress.epoch + 1,
        loss=progress.loss / seen,
        accuracy=progress.correct / seen,
        valid_loss=valid_loss,
        valid_accuracy=valid_accuracy,
        images_per_second=clock.speed,
    )


def card_values(epoch: Epoch, steps: int) -> dict[str, Any]:
    """Return what a model's card says of its epoch: all but the speed, which varies."""
    values = asdict(epoch) | {"steps": steps}
    del values["images_per_second"]
    return values
