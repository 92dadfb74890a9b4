"""Autoencoders in torch: the report's once more, and a better one of the same 32 numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.classifiers.mlp import MLP
from ocr.study.autoencoder import BATCH, CODE, MOMENTUM, PIXELS, TELL_EVERY, schedule
from ocr.study.networks import batches
from ocr.study.nist36 import Letters
from ocr.study.progress import tell

RATE = 1e-3  # AdamW's peak
WARM_UP = 0.1  # of all steps
WIDTHS = (512, 256)  # of the encoder, and the other way round of the decoder
WEIGHT_DECAY = 0.01
LEAST_ERROR = 1e-4  # 40 dB: a letter restored so well pulls no harder


def twin(network: MLP) -> nn.Sequential:
    """Network of the same layers and weights as one in NumPy; the last gives pixels."""
    layers: list[nn.Module] = []
    for i in range(len(network.architecture.hidden) + 1):
        weights = torch.from_numpy(network.parameters[f"w{i}"].copy())
        inputs, units = weights.shape
        linear = nn.Linear(inputs, units, dtype=weights.dtype)
        with torch.no_grad():
            linear.weight.copy_(weights.T)
            linear.bias.copy_(torch.from_numpy(network.parameters[f"b{i}"]))
        layers += [linear, nn.ReLU()]
    layers[-1] = nn.Sigmoid()
    return nn.Sequential(*layers)


def fit_twin(network: nn.Module, train: Letters, *, epochs: int, seed: int) -> list[float]:
    """Train as `ocr.study.autoencoder.fit` does, on the same batches."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1, momentum=MOMENTUM)
    pixels = torch.from_numpy(train.pixels)
    history = []
    for epoch, steps in enumerate(schedule(len(train), epochs, seed), 1):
        total = 0.0
        for batch, rate in steps:
            optimizer.param_groups[0]["lr"] = rate
            images = pixels[torch.from_numpy(batch)]
            loss = ((network(images) - images) ** 2).sum(1).mean()
            _step(optimizer, loss)
            total += float(loss.detach()) * len(batch)
        history.append(total / len(train))
        if epoch % TELL_EVERY == 0 or epoch == epochs:
            tell(f"torch autoencoder: epoch {epoch}/{epochs}, loss {history[-1]:.2f}")
    return history


def better(seed: int) -> nn.Sequential:
    """Deeper and wider network, smooth nonlinearities, and none at the code itself."""
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they were
        torch.manual_seed(seed)
        encoder = [*_layers(PIXELS, *WIDTHS), nn.Linear(WIDTHS[-1], CODE)]
        decoder = [*_layers(CODE, *WIDTHS[::-1]), nn.Linear(WIDTHS[0], PIXELS), nn.Sigmoid()]
    return nn.Sequential(*encoder, *decoder)


def _layers(*widths: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before, after in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Linear(before, after), nn.GELU()]
    return layers


def fit_better(network: nn.Module, train: Letters, *, epochs: int, seed: int) -> list[float]:
    """Train by AdamW in one cycle; mean loss of each epoch.

    The loss is the mean logarithm of each letter's squared error, which is its PSNR but for
    sign and scale: a letter of 12 dB and one of 22 dB count alike.
    """
    rng = np.random.default_rng([seed, 2])
    steps = epochs * -(-len(train) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=WARM_UP
    )
    pixels = torch.from_numpy(train.pixels)
    history = []
    for epoch in range(1, epochs + 1):
        total = 0.0
        for batch in batches(len(train), rng, BATCH):
            images = pixels[torch.from_numpy(batch)]
            errors = ((network(images) - images) ** 2).mean(1)
            loss = (errors + LEAST_ERROR).log().mean()
            _step(optimizer, loss)
            cycle.step()
            total += float(loss.detach()) * len(batch)
        history.append(total / len(train))
        if epoch % TELL_EVERY == 0 or epoch == epochs:
            tell(f"better autoencoder: epoch {epoch}/{epochs}, loss {history[-1]:.3f}")
    return history


def _step(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def restore(network: nn.Module, letters: Letters) -> NDArray[np.floating[Any]]:
    """Encode letters and decode them, [N, 1024]."""
    with torch.inference_mode():
        restored: NDArray[np.floating[Any]] = network(torch.from_numpy(letters.pixels)).numpy()
    return restored


def parameters_of(network: nn.Module) -> int:
    """Count of a network's parameters."""
    return sum(parameter.numel() for parameter in network.parameters())
