"""The training loop: batch, loss, step, log, validate, save; for any learner."""

from __future__ import annotations

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
from ocr.errors import DataError, OutputError
from ocr.training.augment import augment
from ocr.training.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from ocr.training.interrupt import held_interrupts
from ocr.training.learner import Learner
from ocr.training.samples import Samples

WARM_UP = 0.1  # share of all steps in which the learning rate climbs


@dataclass(frozen=True)
class Settings:
    """How long and how fast to train.

    Attributes
    ----------
    epochs, batch_size, seed : int
    learning_rate : float
        The peak of the schedule.
    patience : int
        Epochs without a better validation accuracy after which training stops.
    augment : bool
        Whether to distort the training crops.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    patience: int = 5
    augment: bool = True


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
    on_step: Callable[[Step], None] = lambda step: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train, keeping the model of the best validation accuracy at `output`.

    Beside `output` lie a JSON-lines log (one `Epoch` a line) and, until the run is
    complete, a checkpoint. The order and the distortions of each batch follow from the
    seed, epoch and step alone, so that a resumed run ends as an undisturbed one.

    Parameters
    ----------
    learner : Learner
    training, validation : Samples
    settings : Settings
    output : Path
    card : dict
        JSON values that tell the data; the settings and the accuracy join them in the model.
    resume : bool
        Go on from the checkpoint.
    on_step, on_epoch : callable
        Told where the run stands.

    Raises
    ------
    KeyboardInterrupt
        After the checkpoint is saved. Ctrl-C waits for the end of the step.
    DataError
        If there is no checkpoint to resume, or it is of a run with other options.
    """
    checkpoint = checkpoint_path(output)
    card = card | {"settings": asdict(settings), "seed": settings.seed}
    progress = beginning(card, learner.alphabet)
    if resume:
        progress = resumed(learner, checkpoint, progress["options"])
    history = [Epoch(**line) for line in progress["history"]]
    crops, targets = prepare(training, learner.alphabet)
    clock = Clock(settings, math.ceil(len(crops) / settings.batch_size), progress)
    with held_interrupts() as let_interrupt:
        try:
            while progress["epoch"] < settings.epochs and not exhausted(history, settings.patience):
                for batch, rng in epoch_batches(len(crops), settings, progress):
                    rate = one_cycle(clock.steps_done / clock.steps, settings.learning_rate)
                    ink = ink_of(crops[batch])
                    ink = augment(ink, rng) if settings.augment else ink
                    loss, correct = learner.fit_batch(ink, targets[batch], rate)
                    progress["step"] += 1
                    progress["loss"] += loss * len(batch)
                    progress["correct"] += correct
                    on_step(clock.tick(len(batch)))
                    let_interrupt()
                history.append(finish_epoch(learner, validation, len(crops), clock))
                if history[-1] is best(history):
                    learner.save_model(output, card | measured(history[-1]))
                write_log(output, history)
                progress |= {"epoch": len(history), "step": 0, "loss": 0.0, "correct": 0}
                progress["history"] = [asdict(e) for e in history]
                save_checkpoint(checkpoint, learner.state(), progress)
                on_epoch(history[-1])
                let_interrupt()
        except KeyboardInterrupt:
            save_checkpoint(checkpoint, learner.state(), progress)
            raise
    checkpoint.unlink(missing_ok=True)
    return history


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


def resumed(learner: Learner, checkpoint: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Load a checkpoint into the learner and return its progress."""
    state, progress = load_checkpoint(checkpoint)
    before = progress["options"]
    changed = [k for k in {**before, **options} if before.get(k) != options.get(k)]
    if changed:
        raise DataError(
            f"cannot resume from {checkpoint}: the run was begun with other "
            f"{', '.join(changed)} (repeat its options, or leave out --resume)"
        )
    learner.load_state(state)
    return progress


def measured(epoch: Epoch) -> dict[str, Any]:
    """What a model's card tells of its epoch: all but the speed, which differs each time."""
    values = asdict(epoch)
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
    count: int, settings: Settings, progress: dict[str, Any]
) -> Iterator[tuple[NDArray[np.intp], np.random.Generator]]:
    """Yield the epoch's remaining batches of indices, each with its own generator."""
    epoch = progress["epoch"]
    order = np.random.default_rng([settings.seed, epoch]).permutation(count)
    for step in range(progress["step"], math.ceil(count / settings.batch_size)):
        start = step * settings.batch_size
        rng = np.random.default_rng([settings.seed, epoch, step])
        yield order[start : start + settings.batch_size], rng


def one_cycle(done: float, peak: float) -> float:
    """Learning rate when the share `done` of all steps is over: up, then down a cosine.

    Smith & Topin 2018, "Super-convergence".
    """
    if done < WARM_UP:
        return peak * (0.1 + 0.9 * done / WARM_UP)
    return peak * max(1e-3, 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def validate(learner: Learner, samples: Samples, batch_size: int = 1024) -> tuple[float, float]:
    """Mean loss and accuracy on samples, undistorted."""
    crops, targets = prepare(samples, learner.alphabet)
    loss, correct = 0.0, 0
    for start in range(0, len(crops), batch_size):
        wanted = targets[start : start + batch_size]
        log_probs = learner.log_probs(ink_of(crops[start : start + batch_size]))
        picked = np.take_along_axis(log_probs, wanted, 1).astype(np.float64)  # (n, 2)
        same = wanted[:, 0] == wanted[:, 1]
        loss -= float(np.where(same, picked[:, 0], np.logaddexp(*picked.T)).sum())
        correct += int((log_probs.argmax(1)[:, None] == wanted).any(1).sum())
    return loss / len(crops), correct / len(crops)


def finish_epoch(learner: Learner, validation: Samples, count: int, clock: Clock) -> Epoch:
    """Validate and sum up."""
    progress = clock.progress
    valid_loss, valid_accuracy = validate(learner, validation)
    return Epoch(
        epoch=progress["epoch"] + 1,
        loss=progress["loss"] / count,
        accuracy=progress["correct"] / count,
        valid_loss=valid_loss,
        valid_accuracy=valid_accuracy,
        images_per_second=clock.speed,
    )


def best(history: list[Epoch]) -> Epoch:
    """Return the epoch of the highest validation accuracy, the first of equals."""
    return max(history, key=lambda e: (e.valid_accuracy, -e.epoch))


def exhausted(history: list[Epoch], patience: int) -> bool:
    """Whether the last `patience` epochs brought nothing better."""
    return bool(history) and history[-1].epoch - best(history).epoch >= patience


def write_log(output: Path, history: list[Epoch]) -> None:
    """Write one JSON object an epoch to MODEL.log.jsonl."""
    path = output.with_name(output.name + ".log.jsonl")
    try:
        path.write_text("".join(json.dumps(asdict(e)) + "\n" for e in history))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror} (choose another -o)") from error


class Clock:
    """Counts steps and images, and knows how long the rest will take."""

    def __init__(self, settings: Settings, batches: int, progress: dict[str, Any]) -> None:
        self.settings = settings
        self.batches = batches
        self.progress = progress
        self.steps = settings.epochs * batches
        self.images = 0
        self.start = time.monotonic()

    @property
    def steps_done(self) -> int:
        """Steps since the beginning of the run, those before a resume included."""
        return int(self.progress["epoch"]) * self.batches + int(self.progress["step"])

    @property
    def speed(self) -> float:
        """Images a second since this process began."""
        return self.images / max(time.monotonic() - self.start, 1e-9)

    def tick(self, images: int) -> Step:
        """Count a batch."""
        self.images += images
        seen = self.progress["step"] * self.settings.batch_size  # the last batch may be smaller
        left = (self.steps - self.steps_done) * self.settings.batch_size
        return Step(
            epoch=self.progress["epoch"] + 1,
            epochs=self.settings.epochs,
            done=self.progress["step"] / self.batches,
            loss=self.progress["loss"] / seen,
            accuracy=self.progress["correct"] / seen,
            images_per_second=self.speed,
            seconds_left=left / max(self.speed, 1e-9),
        )
