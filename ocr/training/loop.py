"""The training loop: batch, loss, step, log, validate, save; for any learner."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.data.samples import Samples
from ocr.errors import DataError, ModelError
from ocr.files import sweep, write_whole
from ocr.training.augment import augment
from ocr.training.balance import KEPT, drawn_equally
from ocr.training.budget import Pace, steps_within
from ocr.training.checkpoint import Checkpoints, checkpoint_path, load_checkpoint
from ocr.training.interrupt import held_interrupts
from ocr.training.learner import Learner
from ocr.training.ranks import ALONE, Ranks

WARM_UP = 0.1  # share of all steps in which the learning rate climbs


@dataclass(frozen=True)
class Settings:
    """How long and how fast to train.

    Attributes
    ----------
    epochs, batch_size, seed : int
    learning_rate : float
        The peak of the schedule.
    patience : int or None
        Epochs without a better validation accuracy after which training stops early;
        None trains to the end.
    augment : bool
        Whether to distort the training crops.
    label_smoothing : float
        Share of each target that goes to all outputs alike; the learner's business.
    balance : bool
        Whether every character comes equally often in an epoch.
    time_budget : float or None
        Seconds that a run may take, validation included; `epochs` is then not looked at.
    processes : int
        That share each batch.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    patience: int | None = 5
    augment: bool = True
    label_smoothing: float = 0.0
    balance: bool = False
    time_budget: float | None = None
    processes: int = 1


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to; one line of the log."""

    epoch: int
    loss: float
    accuracy: float
    valid_loss: float
    valid_accuracy: float
    images_per_second: float


@dataclass(frozen=True)
class Step:
    """Where a run stands, for a progress bar."""

    epoch: int
    epochs: int
    done: float
    loss: float
    accuracy: float
    images_per_second: float
    seconds_left: float


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
    begun: float | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    on_end: Callable[[list[Epoch]], None] = lambda history: None,
) -> list[Epoch]:
    """Train, keeping the model of the best validation accuracy at `output`.

    Beside `output` lie a JSON-lines log (one `Epoch` a line) and, until the run is
    complete, a checkpoint: of the beginning, then of every `CHECKPOINT_SECONDS` and of
    each epoch's end. The order and the distortions of each batch follow from the seed,
    epoch and step alone, so that a run that was killed and resumed ends as an undisturbed one.

    Parameters
    ----------
    learner : Learner
    training, validation : Samples
    settings : Settings
    output : Path
    card : dict
        JSON values that tell the data; the settings and the accuracy join them in the model.
    resume : bool
        Go on from the checkpoint; from the beginning where the run was killed before its first.
    ranks : Ranks
        The processes that share the work; all call this alike, the first writes.
    begun : float or None
        The `time.monotonic` from which a time budget counts: now, where it is None.
    on_step, on_epoch : callable
        Told where the run stands.
    on_end : callable
        Told the whole run while it can still be resumed: for what is made of the model.

    Raises
    ------
    KeyboardInterrupt
        After the checkpoint is saved. Ctrl-C waits for the end of the step.
    DataError
        If the run to resume was begun with other options.
    ModelError
        If the loss is no longer a number.
    """
    begun = time.monotonic() if begun is None else begun
    checkpoint = checkpoint_path(output)
    card = card | {"settings": asdict(settings), "seed": settings.seed}
    progress = beginning(card, learner.alphabet)
    if resume:
        progress = resumed(learner, output, progress)
    if ranks.first:
        sweep(output, log_path(output), checkpoint)
    history = [Epoch(**line) for line in progress["history"]]
    crops, targets = prepare(training, learner.alphabet)
    labels = balanced_labels(targets, learner.alphabet) if settings.balance else None
    if "steps" not in progress:
        progress |= plan(learner, crops, targets, validation, settings, ranks, begun)
    clock = Clock(settings, math.ceil(len(crops) / settings.batch_size), progress)
    checkpoints = Checkpoints(checkpoint, learner, progress, writes=ranks.first)
    with held_interrupts() as let_interrupt:
        try:
            if not resume or not checkpoint.exists():
                checkpoints.save()
            while clock.in_epoch or not (clock.over or exhausted(history, settings.patience)):
                batches = epoch_batches(
                    len(crops), settings, progress, labels=labels, rank=ranks.rank
                )
                for batch, rng in itertools.takewhile(lambda _: not clock.over, batches):
                    rate = one_cycle(clock.steps_done / clock.steps, settings.learning_rate)
                    loss, correct = fit(learner, crops, targets, batch, rng, rate, settings, ranks)
                    progress["step"] += 1
                    progress["loss"] += loss * len(batch)
                    progress["correct"] += correct
                    on_step(clock.tick(len(batch)))
                    if clock.halfway:
                        clock.correct(ranks)
                        checkpoints.save()
                    let_interrupt()
                    checkpoints.save_when_due()
                history.append(finish_epoch(learner, validation, len(crops), clock, ranks))
                if history[-1] is best(history) and ranks.first:
                    learner.save_model(output, card | measured(history[-1], clock.steps_done))
                if ranks.first:
                    write_log(output, history)
                progress |= {"epoch": len(history), "step": 0, "loss": 0.0, "correct": 0}
                progress["history"] = [asdict(e) for e in history]
                checkpoints.save()
                on_epoch(history[-1])
                let_interrupt()
            if ranks.first:
                on_end(history)
        except KeyboardInterrupt:
            checkpoints.save()
            raise
        except ModelError:
            if not history:  # nothing to go on with
                checkpoints.remove()
            raise
    checkpoints.remove()
    return history


def fit(
    learner: Learner,
    crops: NDArray[np.uint8],
    targets: NDArray[np.int64],
    batch: NDArray[np.intp],
    rng: np.random.Generator,
    rate: float,
    settings: Settings,
    ranks: Ranks,
) -> tuple[float, int]:
    """Take one step on this process's part of a batch."""
    part = ranks.part(batch)
    ink = ink_of(crops[part])
    ink = augment(ink, rng) if settings.augment else ink
    with np.errstate(over="ignore", invalid="ignore"):  # told in one line
        loss, correct = learner.fit_batch(ink, targets[part], rate)
    return finite(loss), correct


def finite(loss: float) -> float:
    """Return a loss; ModelError if it is none."""
    if not math.isfinite(loss):
        raise ModelError("training diverged, its loss is not a number (lower --learning-rate)")
    return loss


def beginning(card: dict[str, Any], alphabet: Alphabet) -> dict[str, Any]:
    """Progress of a run that has not begun, with the options that it must go on with."""
    options = {**card, **card["settings"], "alphabet": alphabet.characters}
    del options["settings"]  # told one by one
    return {
        "epoch": 0,
        "step": 0,
        "loss": 0.0,
        "correct": 0,
        "history": [],
        "options": json.loads(json.dumps(options)),  # as a checkpoint gives them back
    }


def resumed(learner: Learner, output: Path, begun: dict[str, Any]) -> dict[str, Any]:
    """Load the checkpoint of a model into the learner and return its progress.

    A run that was killed before its first checkpoint begins: `begun` comes back.
    """
    checkpoint, options = checkpoint_path(output), begun["options"]
    if not checkpoint.exists():
        return begun
    state, progress = load_checkpoint(checkpoint)
    changed = _changed(progress["options"], options)
    if changed:
        raise DataError(
            f"cannot resume from {checkpoint}: the run was begun with other "
            f"{', '.join(changed)} (repeat its options; to begin anew, delete it)"
        )
    learner.load_state(state)
    return progress


def _changed(before: dict[str, Any], options: dict[str, Any]) -> list[str]:
    return [k for k in {**before, **options} if before.get(k) != options.get(k)]


def plan(
    learner: Learner,
    crops: NDArray[np.uint8],
    targets: NDArray[np.int64],
    validation: Samples,
    settings: Settings,
    ranks: Ranks,
    begun: float,
) -> dict[str, Any]:
    """Steps of the whole run: those of its epochs, or as many as fit into the time budget.

    The pace is measured with steps that are taken back. It joins the progress, with the
    seconds of the budget that are spent, until `Clock.correct` has made use of it.
    """
    batches = math.ceil(len(crops) / settings.batch_size)
    if settings.time_budget is None:
        return {"steps": settings.epochs * batches}
    state = learner.state()
    first = epoch_batches(len(crops), settings, {"epoch": 0, "step": 0}, rank=ranks.rank)
    trials = itertools.cycle(list(itertools.islice(first, 20)))
    pace = Pace.measure(
        step=lambda: fit(learner, crops, targets, *next(trials), 0.0, settings, ranks),
        validate=lambda: validate(learner, validation, ranks=ranks),
        seconds=settings.time_budget,
        ranks=ranks,
    )
    learner.load_state(state)
    spent = ranks.mean(time.monotonic() - begun)
    steps = steps_within(settings.time_budget - spent, batches, pace)
    return {"steps": steps, "seconds": spent, "pace": asdict(pace)}


def measured(epoch: Epoch, steps: int) -> dict[str, Any]:
    """What a model's card tells of its epoch: all but the speed, which differs each time."""
    values = asdict(epoch) | {"steps": steps}
    del values["images_per_second"]
    return values


def ink_of(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crops as classifiers read them, ink 1.0."""
    return crops.astype(np.float32) / np.float32(255)


def prepare(samples: Samples, alphabet: Alphabet) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Crops [N, 32, 32] and the two admissible outputs of each [N, 2] (`Learner.fit_batch`)."""
    outputs = {c: i for i, c in enumerate(alphabet.characters)}
    if alphabet.reject_index is not None:
        outputs[""] = alphabet.reject_index
    unknown = set(np.unique(samples.characters)) - set(outputs)
    if unknown:
        raise DataError(
            f"data has {''.join(sorted(unknown))!r}, which the alphabet lacks (add them)"
        )
    first = np.array([outputs[c] for c in samples.characters], dtype=np.int64)
    pairs = zip(samples.either, first, strict=True)
    second = np.array([outputs[e] if e and e in outputs else f for e, f in pairs], dtype=np.int64)
    return samples.crops, np.stack([first, second], axis=1)


def epoch_batches(
    count: int,
    settings: Settings,
    progress: dict[str, Any],
    *,
    labels: NDArray[np.int64] | None = None,
    rank: int = 0,
) -> Iterator[tuple[NDArray[np.intp], np.random.Generator]]:
    """Yield the epoch's remaining batches of indices, each with its own generator.

    The batches are the same in all processes, the generators are not. Where labels [N]
    are given they come equally often, as `drawn_equally` draws them.
    """
    epoch = progress["epoch"]
    shuffle = np.random.default_rng([settings.seed, epoch])
    order = shuffle.permutation(count) if labels is None else drawn_equally(labels, shuffle)
    for step in range(progress["step"], math.ceil(count / settings.batch_size)):
        start = step * settings.batch_size
        rng = np.random.default_rng([settings.seed, epoch, step, *([rank] if rank else [])])
        yield order[start : start + settings.batch_size], rng


def balanced_labels(targets: NDArray[np.int64], alphabet: Alphabet) -> NDArray[np.int64]:
    """Labels [N] for `drawn_equally`: "not a letter" keeps its share, as no class is like it."""
    return np.where(targets[:, 0] == alphabet.reject_index, KEPT, targets[:, 0])


def one_cycle(done: float, peak: float) -> float:
    """Learning rate when the share `done` of all steps is over: up, then down a cosine.

    Smith & Topin 2018, "Super-convergence".
    """
    if done < WARM_UP:
        return peak * (0.1 + 0.9 * done / WARM_UP)
    return peak * max(1e-3, 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def validate(
    learner: Learner, samples: Samples, batch_size: int = 1024, *, ranks: Ranks = ALONE
) -> tuple[float, float]:
    """Mean loss and accuracy on samples, undistorted; each process looks at its share."""
    crops, targets = prepare(samples, learner.alphabet)
    crops, targets = crops[ranks.rank :: ranks.world], targets[ranks.rank :: ranks.world]
    loss, correct = 0.0, 0
    for start in range(0, len(crops), batch_size):
        wanted = targets[start : start + batch_size]
        with np.errstate(over="ignore", invalid="ignore"):  # told in one line
            log_probs = learner.log_probs(ink_of(crops[start : start + batch_size]))
            picked = np.take_along_axis(log_probs, wanted, 1).astype(np.float64)  # (n, 2)
            same = wanted[:, 0] == wanted[:, 1]
            loss -= float(np.where(same, picked[:, 0], np.logaddexp(*picked.T)).sum())
        correct += int((log_probs.argmax(1)[:, None] == wanted).any(1).sum())
    loss, right = ranks.total(np.array([loss, correct], np.float64)).tolist()
    return finite(loss / len(samples)), right / len(samples)


def finish_epoch(
    learner: Learner, validation: Samples, count: int, clock: Clock, ranks: Ranks = ALONE
) -> Epoch:
    """Validate and sum up; the last epoch of a time budget saw less than `count`."""
    progress = clock.progress
    seen = min(count, progress["step"] * clock.settings.batch_size)
    valid_loss, valid_accuracy = validate(learner, validation, ranks=ranks)
    return Epoch(
        epoch=progress["epoch"] + 1,
        loss=progress["loss"] / seen,
        accuracy=progress["correct"] / seen,
        valid_loss=valid_loss,
        valid_accuracy=valid_accuracy,
        images_per_second=clock.speed,
    )


def best(history: list[Epoch]) -> Epoch:
    """Return the epoch of the highest validation accuracy; of equals, of the lowest loss."""
    return max(history, key=lambda e: (e.valid_accuracy, -e.valid_loss, -e.epoch))


def exhausted(history: list[Epoch], patience: int | None) -> bool:
    """Whether the last `patience` epochs brought no better accuracy."""
    if not history or patience is None:
        return False
    highest = max(history, key=lambda e: e.valid_accuracy)  # the first of equals
    return history[-1].epoch - highest.epoch >= patience


def log_path(output: Path) -> Path:
    """Where the log of a model in training lies: beside it."""
    return output.with_name(output.name + ".log.jsonl")


def write_log(output: Path, history: list[Epoch]) -> None:
    """Write one JSON object an epoch to MODEL.log.jsonl."""
    lines = "".join(json.dumps(asdict(e)) + "\n" for e in history)
    write_whole(log_path(output), lines.encode())


class Clock:
    """Counts steps and images, and knows how long the rest will take."""

    def __init__(self, settings: Settings, batches: int, progress: dict[str, Any]) -> None:
        self.settings = settings
        self.batches = batches
        self.progress = progress
        self.images = 0
        self.start = self.last = time.monotonic()
        self.done_before = self.steps_done
        self.epochs_before = int(progress["epoch"])

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return int(self.progress["steps"])

    @property
    def steps_done(self) -> int:
        """Steps since the beginning of the run, those before a resume included."""
        return int(self.progress["epoch"]) * self.batches + int(self.progress["step"])

    @property
    def over(self) -> bool:
        """Whether no step is left."""
        return self.steps_done >= self.steps

    @property
    def in_epoch(self) -> bool:
        """Whether an epoch is begun and not finished, if only its validation is to come."""
        return bool(self.progress["step"])

    @property
    def halfway(self) -> bool:
        """Whether it is time to correct the plan of a time budget."""
        return "pace" in self.progress and self.steps_done >= self.steps // 2

    def correct(self, ranks: Ranks) -> None:
        """Plan what is left of a time budget by the pace so far, as machines slow down.

        Once a run, so that from here on one that is resumed takes the same steps.
        """
        assert self.settings.time_budget is not None
        expected = Pace(**self.progress.pop("pace"))
        steps = self.steps_done - self.done_before
        epochs = int(self.progress["epoch"]) - self.epochs_before
        taken = ranks.mean(time.monotonic() - self.start)
        pace = expected.scaled(taken / (steps * expected.step + epochs * expected.validation))
        left = self.settings.time_budget - ranks.mean(self.progress["seconds"])
        since_epoch = self.progress["step"] * pace.step
        within = steps_within(left + since_epoch, self.batches, pace)
        self.progress["steps"] = max(
            self.steps_done, int(self.progress["epoch"]) * self.batches + within
        )

    @property
    def speed(self) -> float:
        """Images a second since this process began."""
        return self.images / max(time.monotonic() - self.start, 1e-9)

    def tick(self, images: int) -> Step:
        """Count a batch."""
        self.images += images
        now = time.monotonic()
        if "seconds" in self.progress:
            self.progress["seconds"] += now - self.last
        self.last = now
        seen = self.progress["step"] * self.settings.batch_size  # the last batch may be smaller
        left = (self.steps - self.steps_done) * self.settings.batch_size
        return Step(
            epoch=self.progress["epoch"] + 1,
            epochs=math.ceil(self.steps / self.batches),
            done=self.progress["step"] / self.batches,
            loss=self.progress["loss"] / seen,
            accuracy=self.progress["correct"] / seen,
            images_per_second=self.speed,
            seconds_left=left / max(self.speed, 1e-9),
        )
