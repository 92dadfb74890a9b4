"""SqueezeNet 1.1 (Iandola et al. 2016), as in the Caffe model whose weights are available.

Parameters have torchvision's names. The first convolution has no padding and the pools round
up, as in Caffe: 224 px become maps of 111, 55, 27 and 13.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.errors import DataError
from ocr.files import read_arrays, read_errors

MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet's pixels; the Caffe model has it subtracted
PIXEL_SCALE = 64.0  # divisor of pixels for fresh weights; the Caffe model's have 1

#: Channels of the fire module at each position: in, squeezed, expanded by 1×1 and by 3×3.
FIRES = {
    3: (64, 16, 64),
    4: (128, 16, 64),
    6: (128, 32, 128),
    7: (256, 32, 128),
    9: (256, 48, 192),
    10: (384, 48, 192),
    11: (384, 64, 256),
    12: (512, 64, 256),
}
POOLS = (2, 5, 8)  # positions


class Fire(nn.Module):
    """Squeeze to few channels, expand by 1×1 and by 3×3 filters (section 3.1)."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return maps [N, 2 * expanded, h, w] of maps [N, channels, h, w]."""
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNet(nn.Module):
    """Classify photographs into a number of classes."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.pixel_scale = PIXEL_SCALE
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU()]
        for position in range(2, 13):
            pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
            layers.append(pool if position in POOLS else Fire(*FIRES[position]))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Conv2d(512, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        nn.init.normal_(self.classifier[1].weight, std=0.01)  # type: ignore[arg-type]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits [N, classes] of images [N, 3, h, w] from `to_input`."""
        logits: torch.Tensor = self.classifier(self.features(images / self.pixel_scale)).flatten(1)
        return logits


def to_input(images: NDArray[np.uint8]) -> torch.Tensor:
    """Convert RGB images [N, h, w, 3] to the Caffe model's input: BGR less mean [N, 3, h, w]."""
    pixels = torch.from_numpy(np.ascontiguousarray(images[..., ::-1])).float()
    return (pixels - torch.tensor(MEAN_BGR)).permute(0, 3, 1, 2)


def load_features(network: SqueezeNet, path: Path) -> None:
    """Load pretrained weights of all but the last layer from a .npz file, torchvision's names.

    DataError if the file cannot be read, or has other weights.
    """
    try:
        with read_errors(path, DataError):
            arrays = read_arrays(path)
    except ValueError as error:
        raise DataError(f"cannot use {path}: not an archive of weights (give a .npz)") from error
    own = {n: t for n, t in network.state_dict().items() if n.startswith("features.")}
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items()}
    if {name: array.shape for name, array in arrays.items()} != shapes:
        raise DataError(f"cannot use {path}: not SqueezeNet 1.1's features (give their weights)")
    network.pixel_scale = 1.0
    for name, tensor in own.items():
        tensor.copy_(torch.from_numpy(arrays[name]))
