"""Compare the report's networks with this tool's, on NIST36, MNIST and EMNIST.

The report's networks are trained on undistorted letters, as in the course; this tool's own is
trained on distorted letters, as by ``ocr train``.
"""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ocr.alphabet import Alphabet
from ocr.data import datasets
from ocr.data.samples import Samples
from ocr.data.splitting import draw_per_class, hold_out
from ocr.study import Say, Source, nist36, pictures
from ocr.study.nist36 import CHARACTERS, Letters
from ocr.study.output import percent, print_progress, table
from ocr.training.batches import to_ink
from ocr.training.learner import Learner
from ocr.training.loop import train
from ocr.training.progress import Epoch
from ocr.training.recipe import make_learner, schedule_of
from ocr.training.schedule import Settings
from ocr.training.validation import validate

MNIST_LETTERS = 10_000  # of 60,000: a sixth of the time, for some tenths of a per cent
EMNIST_PER_CLASS = 250  # of some 3,700: all would take too long
EMNIST_TEST_SHARE = 0.2
VALID_SHARE = 0.1  # of the training letters of MNIST and EMNIST, which have no such part
EMNIST_CHARACTERS = string.digits + string.ascii_letters
MAX_TIMED = 2000  # letters that are read to measure the speed

NETWORKS = {"mlp": "numpy", "report-mlp": "torch", "report-cnn": "torch", "cnn": "torch"}
OWN = "cnn"  # the network that is trained on distorted letters

#: The report's accuracy in training and in testing.
REPORT = {
    ("NIST36", "report-mlp"): (0.98, 0.80),
    ("NIST36", "report-cnn"): (0.972, 0.86),
    ("MNIST", "report-cnn"): (0.981, 0.980),
}


@dataclass(frozen=True)
class Task:
    """Letters for training, for validation, and for one final test."""

    train: Samples
    valid: Samples
    test: Samples

    @property
    def alphabet(self) -> Alphabet:
        """Return the characters to distinguish."""
        return Alphabet("".join(sorted(set(self.train.characters.tolist()))))


@dataclass(frozen=True)
class Result:
    """Measurements of a network after its last epoch."""

    history: list[Epoch]
    train: float  # accuracy on undistorted letters, as is `test`
    test: float
    parameters: int
    epoch_seconds: float  # of training, without validation
    letters_per_second: float  # when reading


def study(
    data: Source,
    output: Path,
    *,
    seed: int,
    say: Say,
    mnist: Source,
    mnist_test: Source,
    epochs: int | None = None,
) -> None:
    """Train every network on every set, print a table for each set and draw the accuracies.

    EMNIST's 62 characters are drawn from `data`, too, unless it is a folder of three parts,
    which has 36. `MNIST_LETTERS` of `mnist` are trained on. The default of `epochs` is that of
    ``ocr train`` for each network. All sources are read before anything is trained.
    """
    pictures.require_libraries()
    results = {}
    for name, task in _load_tasks(data, mnist, mnist_test, seed).items():
        results[name] = {
            network: train_and_measure(
                task, network, seed=seed, epochs=epochs, name=f"{name}, {network}"
            )
            for network in NETWORKS
        }
        say(_table(name, task, results[name]))
    _draw(results, output / "backends.png")


def _load_tasks(data: Source, mnist: Source, mnist_test: Source, seed: int) -> dict[str, Task]:
    letters = nist36.load(data, seed=seed)
    tasks = {
        "NIST36": Task(*(to_samples(part) for part in letters.parts().values())),
        "MNIST": make_task(
            draw(datasets.load(mnist, alphabet=string.digits, seed=seed), MNIST_LETTERS, seed),
            datasets.load(mnist_test, alphabet=string.digits, seed=seed),
            seed,
        ),
    }
    if not nist36.has_parts(data):
        tasks["EMNIST"] = emnist(data, seed)
    return tasks


def emnist(data: Source, seed: int) -> Task:
    """Draw digits and letters of both cases, at most `EMNIST_PER_CLASS` of each."""
    samples = datasets.load(data, alphabet=EMNIST_CHARACTERS, seed=seed)
    fewer = draw_per_class(samples, EMNIST_PER_CLASS, seed)
    return make_task(*hold_out(fewer, EMNIST_TEST_SHARE, seed), seed)


def draw(samples: Samples, count: int, seed: int) -> Samples:
    """Draw at most `count` samples at random; they keep their order."""
    return samples.take(np.sort(np.random.default_rng(seed).permutation(len(samples))[:count]))


def make_task(train: Samples, test: Samples, seed: int) -> Task:
    """Hold out some of the training letters for validation."""
    return Task(*hold_out(train, VALID_SHARE, seed), test)


def to_samples(letters: Letters) -> Samples:
    """Convert the letters of a study to samples as `ocr train` takes them."""
    characters = np.array([*CHARACTERS])[letters.labels]
    crops = np.rint(255 * letters.crops).astype(np.uint8)
    return Samples(crops, characters, np.full(len(letters), "", characters.dtype))


def train_and_measure(
    task: Task, network: str, *, seed: int, epochs: int | None, name: str
) -> Result:
    """Train a network, a key of `NETWORKS`, with the schedule of ``ocr train``; test it once."""
    schedule = schedule_of(NETWORKS[network], network)
    settings = Settings(
        epochs or schedule.epochs,
        schedule.batch_size,
        schedule.learning_rate,
        seed=seed,
        patience=epochs or schedule.epochs,
        augment=network == OWN,
    )
    learner = make_learner(NETWORKS[network], network, task.alphabet, seed=seed, init=None)
    speeds = []  # letters a second; from the second epoch on, they include validation
    with TemporaryDirectory() as folder:
        history = train(
            learner,
            task.train,
            task.valid,
            settings=settings,
            output=Path(folder) / "model",
            card={},
            on_step=lambda s: speeds.append(s.images_per_second) if s.epoch == 1 else None,
            on_epoch=_progress_printer(name, settings.epochs),
        )
    return Result(
        history,
        train=validate(learner, task.train)[1],
        test=validate(learner, task.test)[1],
        parameters=count_parameters(learner),
        epoch_seconds=len(task.train) / speeds[-1],
        letters_per_second=measure_speed(learner, task.test),
    )


def count_parameters(learner: Learner) -> int:
    """Count the parameters of a learner's network."""
    from ocr.training.numpy_learner import NumpyLearner

    if isinstance(learner, NumpyLearner):
        return sum(array.size for array in learner.network.parameters.values())
    from ocr.training.torch_learner import TorchLearner

    assert isinstance(learner, TorchLearner)
    return sum(parameter.numel() for parameter in learner.network.parameters())


def measure_speed(learner: Learner, samples: Samples) -> float:
    """Return how many letters are read in a second, after a first pass to warm up."""
    ink = to_ink(samples.crops[:MAX_TIMED])
    learner.log_probs(ink)
    start = time.perf_counter()
    learner.log_probs(ink)
    return len(ink) / (time.perf_counter() - start)


def _progress_printer(name: str, epochs: int) -> Callable[[Epoch], None]:
    return lambda epoch: print_progress(
        f"{name}: epoch {epoch.epoch}/{epochs}, loss {epoch.loss:.3f}, "
        f"validation {epoch.valid_accuracy:.1%}"
    )


def _table(name: str, task: Task, results: Mapping[str, Result]) -> str:
    rows = [
        (
            f"{NETWORKS[network]} {network}",
            percent(result.train),
            percent(result.test),
            ", ".join(map(percent, REPORT.get((name, network), ()))) or "-",
            f"{result.parameters:,}",
            f"{result.epoch_seconds:.1f}",
            f"{result.letters_per_second:,.0f}",
        )
        for network, result in results.items()
    ]
    title = (
        f"{name}: {len(task.alphabet)} classes, {len(task.train):,} letters to train on and "
        f"{len(task.test):,} to test"
    )
    headings = ("network", "train", "test", "report", "parameters", "s/epoch", "read/s")
    return table(title, headings, rows)


def _draw(results: Mapping[str, Mapping[str, Result]], path: Path) -> None:
    """Draw the validation accuracy on each set after each epoch."""
    figure, diagrams = pictures.make_figure(len(results))
    for axes, (name, networks) in zip(diagrams, results.items(), strict=True):
        curves = {n: [e.valid_accuracy for e in r.history] for n, r in networks.items()}
        pictures.plot_curves(axes, curves, x="epoch", y=f"validation accuracy, {name}")
        # the first epochs of networks that learn slowly are cut off
        axes.set_ylim(min(0.8, *(result.test - 0.05 for result in networks.values())), 1)
    pictures.save_figure(figure, path)
