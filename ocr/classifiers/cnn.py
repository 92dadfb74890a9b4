"""The torch networks: plain `Sequential`s from crops [N, 1, 32, 32] to logits [N, C].

They consist of layers that `ocr.classifiers.onnx_file` can write.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.alphabet import Alphabet

BATCH = 512  # crops: enough to occupy all cores, few enough to stay in cache


def report_mlp(outputs: int) -> nn.Sequential:
    """Build the course report's fully connected network: 1024-64-C, sigmoid."""
    return nn.Sequential(nn.Flatten(), nn.Linear(1024, 64), nn.Sigmoid(), nn.Linear(64, outputs))


def report_cnn(outputs: int) -> nn.Sequential:
    """Build the course report's LeNet-like network: two 5×5 convolutions."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 16, 16)
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 32, 8, 8)
        nn.Flatten(),
        nn.Linear(2048, 128),
        nn.ReLU(),
        nn.Linear(128, outputs),
    )


def cnn(outputs: int) -> nn.Sequential:
    """Build the network of the default model: 3×3 convolutions with batch norm, three pools.

    The first pool comes early: a convolution at 32×32 costs four times as much as at 16×16,
    where strokes are still two pixels wide.
    """
    return nn.Sequential(
        *_convolution(1, 16),
        nn.MaxPool2d(2),  # (N, 16, 16, 16)
        *_convolution(16, 32),
        *_convolution(32, 32),
        nn.MaxPool2d(2),  # (N, 32, 8, 8)
        *_convolution(32, 64),
        *_convolution(64, 64),
        nn.MaxPool2d(2),  # (N, 64, 4, 4)
        *_convolution(64, 128),
        *_convolution(128, 128),
        nn.Flatten(),
        nn.Linear(2048, outputs),
    )


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU()


ARCHITECTURES: dict[str, Callable[[int], nn.Sequential]] = {
    "cnn": cnn,
    "report-cnn": report_cnn,
    "report-mlp": report_mlp,
}


class TorchClassifier:
    """A torch network as a `Classifier`."""

    def __init__(self, network: nn.Sequential, alphabet: Alphabet) -> None:
        self.network = network
        self.alphabet = alphabet

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify crops, float32 [N, 32, 32]; return log-probabilities, float32 [N, C]."""
        self.network.eval()
        out = np.empty((len(crops), len(self.alphabet)), np.float32)
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            for start in range(0, len(crops), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(crops[start : start + BATCH]))
                logits = self.network(batch.to(device)[:, None])
                out[start : start + BATCH] = torch.log_softmax(logits, 1).cpu().numpy()
        return out
