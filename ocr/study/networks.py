"""The report's network, and a plain training loop that records loss and accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers.card import Card
from ocr.classifiers.mlp import ARCHITECTURES, MLP, Architecture, Array
from ocr.study.nist36 import CHARACTERS, Letters, Nist36
from ocr.study.output import print_epoch
from ocr.training.numpy_learner import Momentum, cross_entropy

REPORT = ARCHITECTURES["mlp"]  # 1024-64-36, sigmoid
BATCH = 32
BEST_RATE = 0.3  # `ocr study learning-rate` chose it by the validation set
EPOCHS = 40


@dataclass(frozen=True)
class Epoch:
    """Mean loss and accuracy after an epoch."""

    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float

    def __str__(self) -> str:
        return (
            f"loss {self.train_loss:.3f}, accuracy {self.train_accuracy:.1%}; validation loss "
            f"{self.valid_loss:.3f}, accuracy {self.valid_accuracy:.1%}"
        )


def build_network(
    architecture: Architecture,
    rng: np.random.Generator,
    *,
    scale: float | None = None,
    outputs: int = len(CHARACTERS),
    dtype: DTypeLike = np.float32,
) -> MLP:
    """Return an untrained network with biases 0.

    `scale` is the standard deviation of normal weights; 0 for zeros. By default weights are
    Xavier's: uniform in ±sqrt(6 / (inputs + outputs)) of each layer.
    """
    parameters: dict[str, Array] = {}
    for name, shape in architecture.parameter_shapes(outputs).items():
        if len(shape) == 1:
            values = np.zeros(shape)
        elif scale is None:
            values = rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape))
        else:
            values = rng.normal(0, scale, shape)
        parameters[name] = values.astype(dtype)
    return MLP(architecture, parameters, Card.describe("study", Alphabet(CHARACTERS), {}))


def iterate_batches(
    count: int, rng: np.random.Generator, size: int = BATCH
) -> Iterator[NDArray[np.intp]]:
    """Yield the indices of one epoch's batches, in random order."""
    order = rng.permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def fit(
    network: MLP, train: Letters, valid: Letters, *, epochs: int, rate: float, seed: int, name: str
) -> list[Epoch]:
    """Train a network in place by plain stochastic gradient descent, as in the report.

    `rate` multiplies the gradient of a batch's mean loss, `seed` decides the order of the
    letters, and lines of progress show `name`.
    """
    optimizer = Momentum(momentum=0, weight_decay=0)
    rng = np.random.default_rng([seed, 1])
    history = []
    for epoch in range(1, epochs + 1):
        for batch in iterate_batches(len(train), rng):
            _, gradients = loss_and_gradients(network, train.take(batch))
            optimizer.step(network.parameters, gradients, rate)
        history.append(Epoch(*measure(network, train), *measure(network, valid)))
        print_epoch(name, epoch, epochs, str(history[-1]))
    return history


def loss_and_gradients(network: MLP, letters: Letters) -> tuple[float, dict[str, Array]]:
    """Return the mean cross-entropy of letters, and its gradient in every parameter."""
    signals = network.forward(letters.crops)
    loss, error = cross_entropy(signals[-1], targets(letters))
    return loss, network.backward(signals, error)


def measure(network: MLP, letters: Letters) -> tuple[float, float]:
    """Return mean loss and accuracy."""
    logits = network.forward(letters.crops)[-1]
    loss, _ = cross_entropy(logits, targets(letters))
    return loss, float((logits.argmax(axis=1) == letters.labels).mean())


def targets(letters: Letters) -> NDArray[np.int64]:
    """Return labels as `cross_entropy` takes them, [N, 2]: the one right output twice."""
    return np.stack([letters.labels, letters.labels], axis=1)


def train_report_network(
    letters: Nist36, *, seed: int, epochs: int, rate: float = BEST_RATE
) -> tuple[MLP, list[Epoch]]:
    """Train the report's network from Xavier's weights."""
    network = build_network(REPORT, np.random.default_rng(seed))
    name = f"1024-64-36, rate {rate:g}"
    parts = (letters.train, letters.valid)
    return network, fit(network, *parts, epochs=epochs, rate=rate, seed=seed, name=name)
