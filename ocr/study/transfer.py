"""Compare training from scratch with fine-tuning: SqueezeNet on photographs, and letters.

The first part is the report's: SqueezeNet 1.1 on a folder of photographs, from scratch and from
ImageNet's weights. The second trains this tool's network on 5, 20 and 100 letters a class of a
data set it has not seen, from scratch and from the default model.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers import find
from ocr.data import datasets
from ocr.data.samples import Samples
from ocr.data.splitting import draw_per_class, hold_out
from ocr.errors import DataError, MissingExtraError
from ocr.study import Say, Source, pictures
from ocr.study.image_folder import Photographs, classes_of
from ocr.study.image_folder import load as load_photographs
from ocr.study.output import percent, print_progress, table
from ocr.training.augment import augment
from ocr.training.batches import prepare, to_ink
from ocr.training.recipe import make_learner
from ocr.training.schedule import one_cycle
from ocr.training.validation import validate

if TYPE_CHECKING:
    import torch
    from torch import nn

EPOCHS = 8  # enough for fine-tuning; training from scratch would still improve
BATCH = 32
CROP = 160  # px, side of a random crop in training; tests use the whole photograph
RATES = {"from scratch": 3e-4, "fine-tuned": 2e-4}  # 1e-3 is too high for fresh weights
REPORT = {"from scratch": 0.41, "fine-tuned": 0.93}  # accuracy on the test part

EXAMPLES = (5, 20, 100)  # of each class
STEPS = 300  # of a letter network's training, for any number of examples
LETTER_BATCH = 64
LETTER_RATES = {"fresh": 3e-3, "fine-tuned": 1e-3}
MAX_TESTED = 5000  # crops


@dataclass
class Run:
    """Measurements of a network, by epoch and after the last."""

    loss: list[float] = field(default_factory=list)  # mean in training, by epoch
    valid: list[float] = field(default_factory=list)  # accuracy on the validation part, by epoch
    test: float = 0.0  # accuracy on the test part
    read: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # its answers
    seconds: float = 0.0


def study(
    data: Source,
    output: Path,
    *,
    seed: int,
    say: Say,
    images: Path | None = None,
    weights: Path | None = None,
    epochs: int = EPOCHS,
    steps: int = STEPS,
) -> None:
    """Compare both starts, on photographs where a folder of them is given, and on letters.

    Parameters
    ----------
    data : str
        Letters that the default model was not trained on, as `ocr train` takes them.
    images, weights : Path, optional
        A folder of photographs for each class, and the features of SqueezeNet 1.1, an .npz
        under torchvision's names: both or neither.
    epochs, steps : int
        Length of SqueezeNet's training, and of the letter network's.
    """
    pictures.require_libraries()
    if (images is None) != (weights is None):
        raise DataError("photographs need pretrained weights (give both --images and --weights)")
    train, test = load_letters(data, seed)  # reports errors before minutes of training
    if images is not None and weights is not None:
        check_weights(weights)
        parts = load_photographs(images, seed=seed)
        names = classes_of(images)
        runs = {name: train_squeezenet(name, parts, weights, seed, epochs) for name in RATES}
        say(_photograph_table(runs, parts))
        _draw_curves(runs, output / "squeezenet.png")
        _draw_answers(runs["fine-tuned"], parts["test"], names, output / "answers.png")
    accuracies = few_examples(train, test, seed, steps)
    say(_letter_table(accuracies))
    _draw_examples(accuracies, output / "examples.png")


def check_weights(path: Path) -> None:
    """Raise DataError if pretrained weights do not fit; MissingExtraError without torch."""
    try:
        from ocr.study.squeezenet import SqueezeNet, load_features
    except ModuleNotFoundError as error:
        raise MissingExtraError("training SqueezeNet", "torch") from error

    load_features(SqueezeNet(1), path)


def train_squeezenet(
    name: str, parts: dict[str, Photographs], weights: Path, seed: int, epochs: int
) -> Run:
    """Train a network, a key of `RATES`, and test it once.

    Both networks have the same epochs, order of photographs, crops and schedule; each has its
    best learning rate, and the scale of input that suits its weights.
    """
    import torch
    from torch.nn.functional import cross_entropy

    from ocr.study.squeezenet import SqueezeNet, load_features

    torch.manual_seed(seed)
    train = parts["train"]
    network = SqueezeNet(int(train.labels.max()) + 1)
    if name == "fine-tuned":
        load_features(network, weights)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    batches = math.ceil(len(train) / BATCH)
    rng = np.random.default_rng(seed)
    run, start = Run(), time.monotonic()
    for epoch in range(epochs):
        network.train()
        losses = []
        for step, (images, labels) in enumerate(_batches(train, rng)):
            done = (epoch * batches + step) / (epochs * batches)
            for group in optimizer.param_groups:
                group["lr"] = one_cycle(done, RATES[name])
            loss = cross_entropy(network(_input(images)), torch.from_numpy(labels))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
        run.loss.append(float(np.mean(losses)))
        right = classify(network, parts["valid"]) == parts["valid"].labels
        run.valid.append(float(right.mean()))
        print_progress(f"{name}: epoch {epoch + 1}/{epochs}, validation {percent(run.valid[-1])}")
    run.seconds = time.monotonic() - start
    run.read = classify(network, parts["test"])
    run.test = float((run.read == parts["test"].labels).mean())
    return run


def classify(network: nn.Module, photographs: Photographs) -> NDArray[np.int64]:
    """Return the class of each photograph, int64 [N], from it and its mirror image."""
    import torch

    network.eval()
    read = []
    with torch.inference_mode():
        for start in range(0, len(photographs), BATCH):
            images = photographs.images[start : start + BATCH]
            both = (network(_input(view)).log_softmax(1) for view in (images, images[:, :, ::-1]))
            read.append(sum(both).argmax(1).numpy())
    return np.concatenate(read)


def _input(images: NDArray[np.uint8]) -> torch.Tensor:
    import torch

    from ocr.study.squeezenet import to_input

    return to_input(images).contiguous(memory_format=torch.channels_last)


def _batches(
    photographs: Photographs, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Yield a random crop of each photograph once, half of them mirrored."""
    order = rng.permutation(len(photographs))
    offsets = photographs.images.shape[1] - CROP + 1
    for start in range(0, len(order), BATCH):
        which = order[start : start + BATCH]
        images = np.empty((len(which), CROP, CROP, 3), np.uint8)
        for image, i in zip(images, which, strict=True):
            y, x = rng.integers(0, offsets, 2)
            cut = photographs.images[i, y : y + CROP, x : x + CROP]
            image[:] = cut[:, ::-1] if rng.random() < 0.5 else cut
        yield images, photographs.labels[which]


def few_examples(train: Samples, test: Samples, seed: int, steps: int) -> dict[str, list[float]]:
    """Return the letter network's test accuracy for each number of `EXAMPLES`, by its start."""
    alphabet = Alphabet("".join(sorted(set(train.characters.tolist()))))
    accuracies: dict[str, list[float]] = {name: [] for name in LETTER_RATES}
    for count in EXAMPLES:
        few = draw_per_class(train, count, seed)
        for name, rate in LETTER_RATES.items():
            init = find("default") if name == "fine-tuned" else None
            learner = make_learner("torch", "cnn", alphabet, seed=seed, init=init)
            crops, targets = prepare(few, alphabet)
            rng = np.random.default_rng(seed)
            for step in range(steps):
                batch = rng.integers(0, len(crops), min(LETTER_BATCH, 4 * len(crops)))
                ink = augment(to_ink(crops[batch]), rng)
                learner.fit_batch(ink, targets[batch], one_cycle(step / steps, rate))
            accuracies[name].append(validate(learner, test)[1])
            print_progress(f"{count} a class, {name}: {percent(accuracies[name][-1])}")
    return accuracies


def load_letters(data: Source, seed: int) -> tuple[Samples, Samples]:
    """Return letters to draw examples from, and others to test on.

    A source without a train and a test part is split by the seed.
    """
    alphabet = Alphabet("0123456789")
    try:
        train = datasets.load(f"{data}@train", alphabet=alphabet.characters, seed=seed)
        test = datasets.load(f"{data}@test", alphabet=alphabet.characters, seed=seed)
    except DataError:
        train, test = hold_out(
            datasets.load(data, alphabet=alphabet.characters, seed=seed), 0.5, seed
        )
    return train, test.take(np.random.default_rng(seed).permutation(len(test))[:MAX_TESTED])


def _photograph_table(runs: dict[str, Run], parts: dict[str, Photographs]) -> str:
    counts = ", ".join(f"{len(part)} {name}" for name, part in parts.items())
    rows = [
        (
            name,
            percent(run.valid[-1]),
            percent(run.test),
            percent(REPORT[name]),
            f"{run.seconds:.0f}",
        )
        for name, run in runs.items()
    ]
    headings = ("SqueezeNet 1.1", "validation", "test", "report's test", "s")
    return table(f"Photographs ({counts})", headings, rows)


def _letter_table(accuracies: dict[str, list[float]]) -> str:
    rows = [
        (str(count), *(percent(values[i]) for values in accuracies.values()))
        for i, count in enumerate(EXAMPLES)
    ]
    return table("Digits of a set that the model has not seen", ("examples", *accuracies), rows)


def _draw_curves(runs: dict[str, Run], path: Path) -> None:
    figure, both = pictures.make_figure(2)
    labels = {"loss": "training loss", "valid": "validation accuracy"}
    for axes, (measure, label) in zip(both, labels.items(), strict=True):
        curves = {name: getattr(run, measure) for name, run in runs.items()}
        pictures.plot_curves(axes, curves, x="epoch", y=label)
    pictures.save_figure(figure, path)


def _draw_answers(run: Run, test: Photographs, names: list[str], path: Path) -> None:
    """Draw four test photographs with their answers, wrong ones first."""
    wrong = np.flatnonzero(run.read != test.labels)[:4]
    right = np.flatnonzero(run.read == test.labels)[:: max(1, len(test) // 8)]
    shown = [*wrong, *right][:8]
    figure, axes = pictures.make_figure(4)
    for axis, i in zip(axes, shown[:2] + shown[4:6], strict=False):
        axis.imshow(test.images[i])
        axis.set_axis_off()
        truth = "" if run.read[i] == test.labels[i] else f" (is {names[test.labels[i]]})"
        axis.set_title(names[run.read[i]] + truth, fontsize=9)
    pictures.save_figure(figure, path)


def _draw_examples(accuracies: dict[str, list[float]], path: Path) -> None:
    figure, (axes,) = pictures.make_figure(1)
    for name, values in accuracies.items():
        axes.plot(EXAMPLES, values, "o-", label=name)
    axes.set_xscale("log")
    axes.set_xticks(EXAMPLES, [str(count) for count in EXAMPLES])
    axes.set_xlabel("examples of each class")
    axes.set_ylabel("test accuracy")
    axes.grid(alpha=0.3)
    axes.legend()
    pictures.save_figure(figure, path)
