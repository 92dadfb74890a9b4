"""Autoencoders in torch: a copy of the report's, and a better one with the same code size."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.classifiers.mlp import MLP
from ocr.study.autoencoder import BATCH, CODE, MOMENTUM, PIXELS, schedule
from ocr.study.networks import iterate_batches
from ocr.study.nist36 import Letters
from ocr.study.output import print_epoch

RATE = 1e-3  # AdamW's peak
WARM_UP = 0.1  # of all steps
WIDTHS = (512, 256)  # of the encoder; the decoder has them in reverse
WEIGHT_DECAY = 0.01
MIN_ERROR = 1e-4  # 40 dB; smaller errors do not weigh more in the logarithm


def copy_to_torch(network: MLP) -> nn.Sequential:
    """Return a torch network with the layers and weights of one in NumPy; it returns pixels."""
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


def fit_copy(network: nn.Module, train: Letters, *, epochs: int, seed: int) -> list[float]:
    """Train like `ocr.study.autoencoder.fit`, on the same batches."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1, momentum=MOMENTUM)
    pixels = torch.from_numpy(train.pixels)
    history = []
    for epoch, steps in enumerate(schedule(len(train), epochs, seed), 1):
        total = 0.0
        for batch, rate in steps:
            optimizer.param_groups[0]["lr"] = rate
            images = pixels[torch.from_numpy(batch)]
            loss = ((network(images) - images) ** 2).sum(1).mean()
            total += _step(optimizer, loss) * len(batch)
        history.append(total / len(train))
        print_epoch("torch autoencoder", epoch, epochs, f"loss {history[-1]:.2f}")
    return history


def build_better(seed: int) -> nn.Sequential:
    """Return a deeper and wider network with GELU, and with a linear code."""
    with torch.random.fork_rng(devices=[]):  # leaves the caller's random state unchanged
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
    """Train with AdamW in one cycle; return each epoch's mean loss.

    The loss is the mean logarithm of each letter's squared error, which is its PSNR up to
    sign and scale: letters of 12 dB and of 22 dB have the same weight.
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
        for batch in iterate_batches(len(train), rng, BATCH):
            images = pixels[torch.from_numpy(batch)]
            errors = ((network(images) - images) ** 2).mean(1)
            loss = (errors + MIN_ERROR).log().mean()
            total += _step(optimizer, loss) * len(batch)
            cycle.step()
        history.append(total / len(train))
        print_epoch("better autoencoder", epoch, epochs, f"loss {history[-1]:.3f}")
    return history


def _step(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())


def restore(network: nn.Module, letters: Letters) -> NDArray[np.floating[Any]]:
    """Encode letters and decode them, [N, 1024]."""
    with torch.inference_mode():
        restored: NDArray[np.floating[Any]] = network(torch.from_numpy(letters.pixels)).numpy()
    return restored


def parameters_of(network: nn.Module) -> int:
    """Count a network's parameters."""
    return sum(parameter.numel() for parameter in network.parameters())
