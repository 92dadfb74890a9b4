"""The ink network: a U-Net that finds what is written on a gray page.

It has five levels, from half of the page's resolution to a 32nd, and is wide where pixels are
few: nine tenths of the weights are at an eighth and below, nine tenths of the time is spent above.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own convention)

WIDTHS = (16, 32, 80, 128, 176)  # channels at 1/2, 1/4, 1/8, 1/16, 1/32: multiples of 16,
# as ONNX Runtime computes 8 or 16 channels at a time


class Maps(NamedTuple):
    """Output of the network for N pages of h x w pixels.

    Attributes
    ----------
    ink : Tensor, float [N, 1, h, w]
        Logit that a pixel is ink of writing or print, dark or light.
    rule : Tensor, float [N, 1, h, w]
        Logit that a pixel is a ruled line, box or underline.
    core : Tensor, float [N, 1, h/2, w/2]
        Logit that a place lies between baseline and x-height of a row.
    height : Tensor, float [N, 1, h/8, w/8]
        log2 of the height of capitals there over `ocr.segment.ink_network.TYPICAL_HEIGHT`.
    turn : Tensor, float [N, 4, h/32, w/32]
        Logits of the quarter turns, counterclockwise, by which the page is turned.
    """

    ink: Tensor
    rule: Tensor
    core: Tensor
    height: Tensor
    turn: Tensor


def convolution(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Residual block: a convolution of each channel, then one across channels."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.depthwise = nn.Sequential(
            nn.Conv2d(channels, channels, side, 1, side // 2, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
        self.pointwise = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the same shape."""
        return F.relu(x + self.pointwise(self.depthwise(x)))


def blocks(channels: int, side: int, count: int) -> nn.Sequential:
    """Return some blocks in sequence."""
    return nn.Sequential(*(Block(channels, side) for _ in range(count)))


class InkNetwork(nn.Module):
    """U-Net from a gray page to `Maps`."""

    def __init__(self, widths: tuple[int, int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, bottom = widths
        self.stem = convolution(4, half)  # of the 2 x 2 pixels at each place
        self.at_half = convolution(half, half)
        self.to_quarter = convolution(half, quarter, stride=2)
        self.at_quarter = blocks(quarter, 5, 1)
        self.to_eighth = convolution(quarter, eighth, stride=2)
        self.at_eighth = blocks(eighth, 5, 3)
        self.to_sixteenth = nn.Sequential(nn.AvgPool2d(2), convolution(eighth, sixteenth, 1))
        self.at_sixteenth = blocks(sixteenth, 5, 4)
        self.to_bottom = nn.Sequential(nn.AvgPool2d(2), convolution(sixteenth, bottom, 1))
        self.at_bottom = blocks(bottom, 5, 4)
        self.lateral = nn.ModuleList(convolution(c, c, 1) for c in (quarter, eighth, sixteenth))
        self.up = nn.ModuleList(
            convolution(below, above, 1)
            for below, above in zip(widths[1:], widths[:-1], strict=True)
        )
        self.merged_sixteenth = blocks(sixteenth, 3, 1)
        self.merged_eighth = blocks(eighth, 3, 2)
        self.merged_quarter = blocks(quarter, 5, 1)
        self.merged_half = convolution(half, half)
        self.pixels = nn.Conv2d(half, 9, 1)  # ink and rule of 2 x 2 pixels each, and core
        self.height = nn.Sequential(convolution(eighth, 32, 1), nn.Conv2d(32, 1, 1))
        self.turn = nn.Sequential(convolution(bottom, 64, 1), nn.Conv2d(64, 4, 1))

    def forward(self, x: Tensor) -> Maps:
        """Process pages, float [N, 1, h, w], black -1.0 to white 1.0; h, w multiples of 32."""
        half = self.at_half(self.stem(F.pixel_unshuffle(x, 2)))
        quarter = self.at_quarter(self.to_quarter(half))
        eighth = self.at_eighth(self.to_eighth(quarter))
        sixteenth = self.at_sixteenth(self.to_sixteenth(eighth))
        bottom = self.at_bottom(self.to_bottom(sixteenth))
        sixteenth = self.merged_sixteenth(self._merged(3, bottom, self.lateral[2](sixteenth)))
        eighth = self.merged_eighth(self._merged(2, sixteenth, self.lateral[1](eighth)))
        quarter = self.merged_quarter(self._merged(1, eighth, self.lateral[0](quarter)))
        half = self.merged_half(self._merged(0, quarter, half))
        pixels = self.pixels(half)  # (N, 9, h/2, w/2)
        full = F.pixel_shuffle(pixels[:, :8], 2)  # (N, 2, h, w)
        height, turn = self.height(eighth), self.turn(bottom)
        return Maps(full[:, :1], full[:, 1:], pixels[:, 8:], height, turn)

    def _merged(self, level: int, below: Tensor, beside: Tensor) -> Tensor:
        """Enlarge the features of the level below twice, and add them to those of this one."""
        up: Tensor = F.interpolate(self.up[level](below), scale_factor=2, mode="nearest")
        return up + beside


def pooled_turn(maps: Maps) -> Tensor:
    """Return logits of the four quarter turns of each page, float [N, 4].

    They are means in which each place counts by the probability of a row's core in it, as paper
    and pictures do not tell which side is up.
    """
    text = F.avg_pool2d(maps.core.detach().float().sigmoid(), 16)  # (N, 1, h/32, w/32)
    weight = text / (text.sum((2, 3), keepdim=True) + 1e-6)
    return (maps.turn.float() * weight).sum((2, 3))
