"""SqueezeNet 1.1 (Iandola et al. 2016), laid out as the Caffe model whose weights are to be had.

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

MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet's pixels, which the Caffe model expects to go
SPREAD = 64.0  # of what remains: fresh weights want numbers about 1, the Caffe model wants pixels

#: Channels of each fire module: in, squeezed, expanded (as often by 1×1 as by 3×3); its place.
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
POOLS = (2, 5, 8)  # their places


class Fire(nn.Module):
    """Squeeze to few channels, expand by small and by larger filters (section 3.1)."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps [N, channels, h, w] to [N, 2 * expanded, h, w]."""
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNet(nn.Module):
    """Photographs to the logits of classes.

    Parameters
    ----------
    classes : int
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.spread = SPREAD
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU()]
        for place in range(2, 13):
            pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
            layers.append(pool if place in POOLS else Fire(*FIRES[place]))
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
        """Logits [N, classes] of images [N, 3, h, w] as `as_input` gives them."""
        logits: torch.Tensor = self.classifier(self.features(images / self.spread)).flatten(1)
        return logits


def as_input(images: NDArray[np.uint8]) -> torch.Tensor:
    """RGB images [N, h, w, 3] as the Caffe model wants them: BGR less the mean [N, 3, h, w]."""
    pixels = torch.from_numpy(np.ascontiguousarray(images[..., ::-1])).float()
    return (pixels - torch.tensor(MEAN_BGR)).permute(0, 3, 1, 2)


def load_features(network: SqueezeNet, path: Path) -> None:
    """Take pretrained weights of all but the last layer from a .npz file of torchvision's names.

    Raises
    ------
    DataError
        If it cannot be read, or holds other weights.
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
    network.spread = 1.0
    for name, tensor in own.items():
        tensor.copy_(torch.from_numpy(arrays[name]))
