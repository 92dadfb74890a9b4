"""The report's autoencoder from scratch, 1024-32-32-32-1024: the network, loss and loop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers.mlp import MLP, Architecture, Array, sigmoid
from ocr.study.networks import build_network, iterate_batches
from ocr.study.nist36 import Letters
from ocr.study.output import print_epoch
from ocr.training.numpy_learner import Momentum

CODE = 32  # numbers that a letter is compressed to
REPORT = Architecture((CODE, CODE, CODE), "relu")
PIXELS = 32 * 32
BATCH = 36  # as in the course
MOMENTUM = 0.9
RATE = 3e-3  # of the image's summed error; with a third of it PSNR is 0.8 dB lower at epoch 20
HALVING = 10  # epochs after which the rate is halved


def untrained(seed: int) -> MLP:
    """Return a network of Xavier's weights; `sigmoid` of its outputs are the pixels."""
    return build_network(REPORT, np.random.default_rng(seed), outputs=PIXELS)


def squared_error(outputs: Array, pixels: Array) -> tuple[float, Array]:
    """Return the mean over images of the summed squared error, and its gradient in the outputs.

    Both arrays are [N, D]; the outputs are those before the sigmoid.
    """
    restored = sigmoid(outputs)
    error = restored - pixels
    loss = float((error**2).sum() / len(pixels))
    return loss, 2 * error * restored * (1 - restored) / len(pixels)


def restore(network: MLP, letters: Letters) -> Array:
    """Encode letters and decode them, [N, 1024]."""
    return sigmoid(network.forward(letters.crops)[-1])


def schedule(
    count: int, epochs: int, seed: int
) -> Iterator[Iterator[tuple[NDArray[np.intp], float]]]:
    """Yield each epoch's batches with their learning rate, the same for NumPy and for torch."""
    rng = np.random.default_rng([seed, 1])
    for epoch in range(epochs):
        rate = RATE * 0.5 ** (epoch // HALVING)
        yield ((batch, rate) for batch in iterate_batches(count, rng, BATCH))


def fit(network: MLP, train: Letters, *, epochs: int, seed: int) -> list[float]:
    """Train in place by gradient descent with momentum; return each epoch's mean loss."""
    optimizer = Momentum(momentum=MOMENTUM, weight_decay=0)
    history = []
    for epoch, steps in enumerate(schedule(len(train), epochs, seed), 1):
        total = 0.0
        for batch, rate in steps:
            signals = network.forward(train.crops[batch])
            loss, error = squared_error(signals[-1], signals[0])
            optimizer.step(network.parameters, network.backward(signals, error), rate)
            total += loss * len(batch)
        history.append(total / len(train))
        print_epoch("NumPy autoencoder", epoch, epochs, f"loss {history[-1]:.2f}")
    return history
