"""The report's network and its plain training loop, with every number on the way kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers.card import Card
from ocr.classifiers.mlp import ARCHITECTURES, MLP, Architecture, Array
from ocr.study.nist36 import CHARACTERS, Letters
from ocr.study.progress import tell
from ocr.training.numpy_learner import Momentum, cross_entropy

REPORT = ARCHITECTURES["mlp"]  # 1024-64-36, sigmoid
BATCH = 32
BEST_RATE = 0.3  # `ocr study learning-rate` chose it by the validation set
EPOCHS = 40
TELL_EVERY = 5  # epochs between two lines of progress


@dataclass(frozen=True)
class Epoch:
    """Mean loss and accuracy after an epoch."""

    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float


def built(
    architecture: Architecture,
    rng: np.random.Generator,
    *,
    scale: float | None = None,
    outputs: int = len(CHARACTERS),
    dtype: DTypeLike = np.float32,
) -> MLP:
    """Untrained network with biases 0.

    Parameters
    ----------
    architecture : Architecture
    rng : numpy.random.Generator
    scale : float, optional
        Standard deviation of normal weights; 0 for zeros. By default Xavier's:
        uniform in ±sqrt(6 / (inputs + outputs)) of each layer.
    outputs : int
    dtype : floating dtype
    """
    parameters: dict[str, Array] = {}
    for name, shape in architecture.parameter_shapes(outputs).items():
        if len(shape) == 1:
            drawn = np.zeros(shape)
        elif scale is None:
            drawn = rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape))
        else:
            drawn = rng.normal(0, scale, shape)
        parameters[name] = drawn.astype(dtype)
    return MLP(architecture, parameters, Card.describe("study", Alphabet(CHARACTERS), {}))


def plain_descent() -> Momentum:
    """Stochastic gradient descent as in the report: neither momentum nor weight decay."""
    return Momentum(momentum=0, weight_decay=0)


def batches(count: int, rng: np.random.Generator, size: int = BATCH) -> Iterator[NDArray[np.intp]]:
    """Indices of one epoch's batches, in random order."""
    order = rng.permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def fit(
    network: MLP,
    train: Letters,
    valid: Letters,
    *,
    epochs: int,
    rate: float,
    rng: np.random.Generator,
    name: str,
    after: Callable[[], None] = lambda: None,
) -> list[Epoch]:
    """Train a network in place by plain descent; loss and accuracy after each epoch.

    Parameters
    ----------
    network : MLP
    train, valid : Letters
    epochs : int
    rate : float
        Learning rate, of the gradient of the batch's mean loss.
    rng : numpy.random.Generator
        Of the order of the letters.
    name : str
        What is trained, for the lines of progress.
    after : callable
        Called after each epoch.
    """
    optimiser, history = plain_descent(), []
    for epoch in range(1, epochs + 1):
        for batch in batches(len(train), rng):
            _, gradients = loss_and_gradients(network, train.take(batch))
            optimiser.step(network.parameters, gradients, rate)
        history.append(Epoch(*measure(network, train), *measure(network, valid)))
        after()
        if epoch % TELL_EVERY == 0 or epoch == epochs:
            tell(f"{name}: epoch {epoch}/{epochs}, {_described(history[-1])}")
    return history


def loss_and_gradients(network: MLP, letters: Letters) -> tuple[float, dict[str, Array]]:
    """Mean cross-entropy of letters, and its gradient in every parameter."""
    signals = network.forward(letters.crops)
    loss, error = cross_entropy(signals[-1], targets(letters))
    return loss, network.backward(signals, error)


def measure(network: MLP, letters: Letters) -> tuple[float, float]:
    """Mean loss and accuracy."""
    logits = network.forward(letters.crops)[-1]
    loss, _ = cross_entropy(logits, targets(letters))
    return loss, float((logits.argmax(axis=1) == letters.labels).mean())


def targets(letters: Letters) -> NDArray[np.int64]:
    """Labels as `cross_entropy` takes them, [N, 2]: the one right output twice."""
    return np.stack([letters.labels, letters.labels], axis=1)


def report_network(
    train: Letters, valid: Letters, *, seed: int, epochs: int
) -> tuple[MLP, MLP, list[Epoch]]:
    """Train the report's network at its best rate: as it began, as it ended, the way between."""
    network = built(REPORT, np.random.default_rng(seed))
    before = MLP(REPORT, {k: v.copy() for k, v in network.parameters.items()}, network.card)
    rng = np.random.default_rng([seed, 1])
    history = fit(network, train, valid, epochs=epochs, rate=BEST_RATE, rng=rng, name="1024-64-36")
    return before, network, history


def _described(epoch: Epoch) -> str:
    return (
        f"loss {epoch.train_loss:.3f}, accuracy {epoch.train_accuracy:.1%}; validation loss "
        f"{epoch.valid_loss:.3f}, accuracy {epoch.valid_accuracy:.1%}"
    )
