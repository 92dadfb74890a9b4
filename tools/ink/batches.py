"""Records of the pool to batches: turned, scaled, cropped, with another light and polarity.

All of it happens on the device for a whole batch at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tools.ink.network import TYPICAL_HEIGHT
from tools.ink.views import HEIGHT_STEPS, Layout

TURNED = 0.3  # share of a batch that is turned by a quarter, a half or three quarters
INVERTED = 0.12
RELIT = 0.35  # share with another gamma, and with another contrast
SCALED = 0.4  # share of batches whose views are scaled
NOISY = 0.15
SMALLEST_CROP = 192  # px that are enlarged to fill the view: letters of the double size
FEWEST_LETTERS = 3.0  # in a crop, that tell which side is up
LETTER_CORE = 0.3  # of the squared height is the part of a row's core that one letter has
LARGEST_HEIGHT, SMALLEST_HEIGHT = 150.0, 5.0  # px that the height map is trained for


class Batch(NamedTuple):
    """Inputs and targets, float32.

    Attributes
    ----------
    gray : Tensor [N, 1, s, s]
        -1.0 black to 1.0 white.
    ink, rule, valid : Tensor [N, 1, s, s]
        0.0 to 1.0.
    core : Tensor [N, 1, s/2, s/2]
    height : Tensor [N, 1, s/8, s/8]
        As the network's; NaN where no core is.
    turn : Tensor, int64 [N]
        Quarter turns; -1 where a view shows too little text to tell.
    """

    gray: Tensor
    ink: Tensor
    rule: Tensor
    core: Tensor
    height: Tensor
    valid: Tensor
    turn: Tensor


def plain(records: Tensor, layout: Layout) -> Batch:
    """Records as they were drawn."""
    maps = {name: layout.maps(records, name).float() for name in layout.parts}
    code = maps["height"]
    height = torch.exp2((code - 1) / HEIGHT_STEPS)
    height = torch.where(code > 0, torch.log2(height / TYPICAL_HEIGHT), torch.nan)
    return Batch(
        maps["gray"] / 127.5 - 1,
        maps["ink"] / 255,
        maps["rule"] / 255,
        maps["core"] / 255,
        height,
        (maps["valid"] > 0).float(),
        torch.where(records[:, -1] > 0, 0, -1).long(),
    )


def augmented(records: Tensor, layout: Layout, size: int, generator: torch.Generator) -> Batch:
    """Records as views of `size` px under other circumstances.

    Parameters
    ----------
    records : Tensor, uint8 [N, bytes]
    layout : Layout
    size : int
        A multiple of 32, at most the layout's.
    generator : torch.Generator
        On the CPU: a few numbers a batch come from it; those a pixel come from the device.
    """
    batch = turned(plain(records, layout))
    crop = size
    if draw(generator) < SCALED:
        steps = (layout.size - SMALLEST_CROP) // 16
        crop = SMALLEST_CROP + 16 * int(draw(generator) * (steps + 1))
    batch = cropped(batch, crop, draw(generator), draw(generator))
    if crop != size:
        batch = resized(batch, size)
    return batch._replace(gray=relit(batch.gray), turn=shown_turn(batch))


def shown_turn(batch: Batch) -> Tensor:
    """Turn of each view, -1 where a crop left too few letters to tell it."""
    known = ~torch.isnan(batch.height)
    height = TYPICAL_HEIGHT * torch.exp2(batch.height.nan_to_num(0))
    height = (height * known).flatten(1).sum(1) / known.flatten(1).sum(1).clamp(min=1)
    letters = 4 * batch.core.flatten(1).sum(1) / (LETTER_CORE * height * height).clamp(min=1)
    return torch.where(letters >= FEWEST_LETTERS, batch.turn, -1)


def draw(generator: torch.Generator) -> float:
    """Uniform between 0 and 1."""
    return float(torch.rand((), generator=generator))


def turned(batch: Batch) -> Batch:
    """The first views of a batch turned by quarters, a third of them by each number."""
    third = max(1, round(len(batch.turn) * TURNED / 3))
    if len(batch.turn) < 4:
        return batch
    parts = [
        rotated(Batch(*(t[i * third : (i + 1) * third] for t in batch)), i + 1) for i in range(3)
    ]
    rest = Batch(*(t[3 * third :] for t in batch))
    return Batch(*(torch.cat(tensors) for tensors in zip(*parts, rest, strict=True)))


def rotated(batch: Batch, quarters: int) -> Batch:
    """All views of a batch turned counterclockwise by some quarters."""
    turn = torch.where(batch.turn == 0, quarters, batch.turn)
    return each_map(batch, lambda t: torch.rot90(t, quarters, (2, 3)))._replace(turn=turn)


def each_map(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """A batch whose maps are changed alike, and its turns kept."""
    return Batch(*(change(t) if t.ndim == 4 else t for t in batch))


def cropped(batch: Batch, side: int, down: float, right: float) -> Batch:
    """A square at a share of the way down and right, at multiples of 8 px."""
    steps = (batch.gray.shape[-1] - side) // 8 + 1
    top, left = 8 * int(down * steps), 8 * int(right * steps)
    whole = batch.gray.shape[-1]

    def part(t: Tensor) -> Tensor:
        k = whole // t.shape[-1]
        return t[..., top // k : (top + side) // k, left // k : (left + side) // k]

    return each_map(batch, part)


def resized(batch: Batch, size: int) -> Batch:
    """Views scaled to another size, and their heights with them."""
    factor = size / batch.gray.shape[-1]

    def scaled(t: Tensor, side: int) -> Tensor:
        return F.interpolate(
            t, (side, side), mode="bilinear", align_corners=False, antialias=factor < 1
        )

    height = F.interpolate(batch.height, (size // 8, size // 8), mode="nearest")
    height = height + math.log2(factor)
    low, high = (math.log2(h / TYPICAL_HEIGHT) for h in (SMALLEST_HEIGHT, LARGEST_HEIGHT))
    height = torch.where((height > low) & (height < high), height, torch.nan)
    valid = F.interpolate(batch.valid, (size, size), mode="nearest")
    return Batch(
        scaled(batch.gray, size), scaled(batch.ink, size), scaled(batch.rule, size),
        scaled(batch.core, size // 2), height, valid, batch.turn,
    )  # fmt: skip


def relit(gray: Tensor) -> Tensor:
    """Gamma, contrast, noise and polarity, each on a share of the views."""
    count, device = len(gray), gray.device

    def some(share: float) -> Tensor:
        return torch.rand((count, 1, 1, 1), device=device) < share

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand((count, 1, 1, 1), device=device)

    light = (gray + 1) / 2
    light = torch.where(some(INVERTED), 1 - light, light)
    light = torch.where(some(RELIT), light.clamp(1e-4, 1) ** between(0.6, 1.6), light)
    contrast = between(0.5, 1.15)
    shift = between(0, 1) * (1 - contrast.clamp(max=1))
    light = torch.where(some(RELIT), light * contrast + shift, light)
    noise = torch.randn_like(light) * between(0, 0.04)
    light = torch.where(some(NOISY), light + noise, light)
    light = (light.clamp(0, 1) * 255).round() / 255  # as the product's pages are in bytes
    return light * 2 - 1
