"""The report's networks side by side with this tool's, on NIST36, MNIST and EMNIST.

The report's networks and the NumPy one see the letters as they are, as in the course; this
tool's own is trained as ``ocr train`` does it, on distorted letters.
"""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Mapping, Sequence
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
from ocr.study.progress import tell
from ocr.study.tables import percent, table
from ocr.training.batches import to_ink
from ocr.training.learner import Learner
from ocr.training.loop import Settings, train
from ocr.training.progress import Epoch
from ocr.training.recipe import make_learner, schedule_of
from ocr.training.validation import validate

MNIST_LETTERS = 10_000  # of 60,000: a sixth of the time, for some tenths of a per cent
EMNIST_PER_CLASS = 250  # of some 3,700: all would take too long
EMNIST_TEST_SHARE = 0.2
VALID_SHARE = 0.1  # of the training letters of MNIST and EMNIST, which have no such part
EMNIST_CHARACTERS = string.digits + string.ascii_letters
READ = 2000  # letters that reading is timed on, at most

NETWORKS = {"mlp": "numpy", "report-mlp": "torch", "report-cnn": "torch", "cnn": "torch"}
OWN = "cnn"  # the one that is trained on distorted letters

#: The report's accuracy in training and in testing.
REPORT = {
    ("NIST36", "report-mlp"): (0.98, 0.80),
    ("NIST36", "report-cnn"): (0.972, 0.86),
    ("MNIST", "report-cnn"): (0.981, 0.980),
}


@dataclass(frozen=True)
class Task:
    """Letters to train on, to follow the training by, and to test on once."""

    train: Samples
    valid: Samples
    test: Samples

    @property
    def alphabet(self) -> Alphabet:
        """All characters that are to be told apart."""
        return Alphabet("".join(sorted(set(self.train.characters.tolist()))))


@dataclass(frozen=True)
class Result:
    """What a network came to after its last epoch.

    Attributes
    ----------
    history : list of Epoch
    train, test : float
        Accuracy on the letters as they are.
    parameters : int
    epoch_seconds : float
        Of training, without validation.
    reads : float
        Letters a second.
    """

    history: list[Epoch]
    train: float
    test: float
    parameters: int
    epoch_seconds: float
    reads: float


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
    """Train every network on every set, print a table of each set and draw the way there.

    Parameters
    ----------
    data : str
        As `nist36.load` takes it. EMNIST's 62 signs are drawn from it, too, unless it is a
        folder of three parts, which has no more than 36.
    output : Path
    seed : int
    say : callable
    mnist, mnist_test : str
        Digits to train on, of which `MNIST_LETTERS` are drawn, and to test on.
    epochs : int, optional
        By default as many as ``ocr train`` takes for each network.

    Raises
    ------
    MissingExtraError
        Without torch or matplotlib.
    DataError
        If a source cannot be used; all are read before anything is trained.
    """
    pictures.require()
    results = {}
    for name, task in _tasks(data, mnist, mnist_test, seed).items():
        results[name] = {
            network: measured(task, network, seed=seed, epochs=epochs, name=f"{name}, {network}")
            for network in NETWORKS
        }
        say(_table(name, task, results[name]))
    _draw(results, output / "backends.png")


def _tasks(data: Source, mnist: Source, mnist_test: Source, seed: int) -> dict[str, Task]:
    letters = nist36.load(data, seed=seed)
    digits = Alphabet(string.digits)
    tasks = {
        "NIST36": Task(*(_samples(part) for part in letters.parts().values())),
        "MNIST": parted(
            drawn(datasets.load(mnist, alphabet=digits.characters, seed=seed), MNIST_LETTERS, seed),
            datasets.load(mnist_test, alphabet=digits.characters, seed=seed),
            seed,
        ),
    }
    if not nist36.has_parts(data):
        tasks["EMNIST"] = emnist(data, seed)
    return tasks


def emnist(data: Source, seed: int) -> Task:
    """Draw letters of both cases and digits, at most `EMNIST_PER_CLASS` of each."""
    samples = datasets.load(data, alphabet=EMNIST_CHARACTERS, seed=seed)
    fewer = draw_per_class(samples, EMNIST_PER_CLASS, seed)
    return parted(*hold_out(fewer, EMNIST_TEST_SHARE, seed), seed)


def drawn(samples: Samples, count: int, seed: int) -> Samples:
    """Draw so many samples at random, or all of fewer, in the order they came."""
    return samples.take(np.sort(np.random.default_rng(seed).permutation(len(samples))[:count]))


def parted(train: Samples, test: Samples, seed: int) -> Task:
    """Hold some of the training letters out for validation."""
    return Task(*hold_out(train, VALID_SHARE, seed), test)


def _samples(letters: Letters) -> Samples:
    characters = np.array([*CHARACTERS])[letters.labels]
    crops = np.rint(255 * letters.crops).astype(np.uint8)
    return Samples(crops, characters, np.full(len(letters), "", characters.dtype))


def measured(task: Task, network: str, *, seed: int, epochs: int | None, name: str) -> Result:
    """Train a network, a key of `NETWORKS`, to its last epoch, and measure it.

    The schedule is that of ``ocr train``. The test part is looked at once, at the end.
    """
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
    first = []  # letters a second of the first epoch's steps: later ones count validation
    with TemporaryDirectory() as folder:
        history = train(
            learner,
            task.train,
            task.valid,
            settings=settings,
            output=Path(folder) / "model",
            card={},
            on_step=lambda s: first.append(s.images_per_second) if s.epoch == 1 else None,
            on_epoch=_teller(name, settings.epochs),
        )
    return Result(
        history,
        train=validate(learner, task.train)[1],
        test=validate(learner, task.test)[1],
        parameters=parameters_of(learner),
        epoch_seconds=len(task.train) / first[-1],
        reads=reading_speed(learner, task.test),
    )


def parameters_of(learner: Learner) -> int:
    """How many numbers a learner fits."""
    from ocr.training.numpy_learner import NumpyLearner

    if isinstance(learner, NumpyLearner):
        return sum(array.size for array in learner.network.parameters.values())
    from ocr.training.torch_learner import TorchLearner

    assert isinstance(learner, TorchLearner)
    return sum(parameter.numel() for parameter in learner.network.parameters())


def reading_speed(learner: Learner, samples: Samples) -> float:
    """Letters that are read in a second, after a first time that is not counted."""
    ink = to_ink(samples.crops[:READ])
    learner.log_probs(ink)
    begun = time.perf_counter()
    learner.log_probs(ink)
    return len(ink) / (time.perf_counter() - begun)


def _teller(name: str, epochs: int) -> Callable[[Epoch], None]:
    return lambda epoch: tell(
        f"{name}: epoch {epoch.epoch}/{epochs}, loss {epoch.loss:.3f}, "
        f"validation {epoch.valid_accuracy:.1%}"
    )


def _table(name: str, task: Task, results: Mapping[str, Result]) -> str:
    rows = [
        (
            f"{NETWORKS[network]} {network}",
            percent(result.train),
            percent(result.test),
            _reported(name, network),
            f"{result.parameters:,}",
            f"{result.epoch_seconds:.1f}",
            f"{result.reads:,.0f}",
        )
        for network, result in results.items()
    ]
    title = (
        f"{name}: {len(task.alphabet)} classes, {len(task.train):,} letters to train on and "
        f"{len(task.test):,} to test"
    )
    headings = ("network", "train", "test", "report", "parameters", "s/epoch", "read/s")
    return table(title, headings, rows)


def _reported(name: str, network: str) -> str:
    return ", ".join(percent(share) for share in REPORT.get((name, network), ())) or "-"


def _draw(results: Mapping[str, Mapping[str, Result]], path: Path) -> None:
    """Draw the validation accuracy on each set after each epoch."""
    figure, diagrams = pictures.figure(len(results))
    for axes, (name, of_networks) in zip(diagrams, results.items(), strict=True):
        pictures.lines(axes, _curves(of_networks), x="epoch", y=f"validation accuracy, {name}")
        axes.set_ylim(min(_lowest(of_networks), 0.8), 1)
    pictures.save(figure, path)


def _curves(results: Mapping[str, Result]) -> dict[str, Sequence[float]]:
    return {name: [e.valid_accuracy for e in result.history] for name, result in results.items()}


def _lowest(results: Mapping[str, Result]) -> float:
    """Accuracy that leaves the first epochs of slow networks below the picture."""
    return min(result.test for result in results.values()) - 0.05
