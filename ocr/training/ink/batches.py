"""Turn records of views into batches, and augment them: turn, scale, crop, light, polarity.

All of it happens on the device, for a whole batch at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ocr.drawing.records import HEIGHT_STEPS, Layout
from ocr.segment.ink_network import TYPICAL_HEIGHT

TURNED = 0.45  # share of a batch that is turned by a quarter, a half or three quarters
INVERTED = 0.12  # share of views whose polarity is inverted
RELIT = 0.35  # share with another gamma, and share with another contrast
NOISY = 0.15  # share with noise
SCALED = 0.4  # share of batches whose views are scaled
MIN_CROP = 192  # px that are enlarged to fill the view, which doubles the size of letters
MIN_LETTERS = 3.0  # in a crop, to tell which side is up
LETTER_CORE = 0.3  # area of a letter's part of a row's core, in squared cap heights
MIN_HEIGHT, MAX_HEIGHT = 5.0, 150.0  # px that the height map is trained for


class Batch(NamedTuple):
    """Inputs and targets, float32; s is the side of a view.

    Attributes
    ----------
    gray : Tensor [N, 1, s, s]
        -1.0 black to 1.0 white.
    ink, rule, valid : Tensor [N, 1, s, s]
        0.0 to 1.0.
    core : Tensor [N, 1, s/2, s/2]
    height : Tensor [N, 1, s/8, s/8]
        As the network's; NaN outside cores.
    turn : Tensor, int64 [N]
        Quarter turns, counterclockwise; -1 where a view shows too little text to tell.
    """

    gray: Tensor
    ink: Tensor
    rule: Tensor
    core: Tensor
    height: Tensor
    valid: Tensor
    turn: Tensor


def plain_batch(records: Tensor, layout: Layout) -> Batch:
    """Return views, records uint8 [N, bytes], as they were drawn."""
    maps = {
        name: records[:, place].reshape(len(records), 1, side, side).float()
        for name, (place, side) in layout.parts.items()
    }
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


def augment(
    batch: Batch, size: int, dice: Random, generator: torch.Generator | None = None
) -> Batch:
    """Return views of `size` px, a multiple of 32, that are turned, scaled, cropped and relit.

    `dice` gives a few numbers for the whole batch, `generator`, on the batch's device, those of
    each view and pixel.
    """
    batch = turn_some(batch)
    whole, side = batch.gray.shape[-1], size
    if dice.random() < SCALED:
        side = dice.randrange(MIN_CROP, whole + 1, 16)
    batch = crop(batch, side, dice.random(), dice.random())
    if side != size:
        batch = resize(batch, size)
    return batch._replace(gray=relight(batch.gray, generator), turn=visible_turn(batch))


def visible_turn(batch: Batch) -> Tensor:
    """Return the turn of each view, -1 where a crop left too few letters to tell it."""
    known = ~torch.isnan(batch.height)
    height = TYPICAL_HEIGHT * torch.exp2(batch.height.nan_to_num(0))
    height = (height * known).flatten(1).sum(1) / known.flatten(1).sum(1).clamp(min=1)
    letters = 4 * batch.core.flatten(1).sum(1) / (LETTER_CORE * height * height).clamp(min=1)
    return torch.where(letters >= MIN_LETTERS, batch.turn, -1)


def turn_some(batch: Batch) -> Batch:
    """Turn the first views of a batch by quarters, a third of them by each number."""
    third = round(len(batch.turn) * TURNED / 3)
    return turn_parts(batch, [len(batch.turn) - 3 * third, third, third, third])


def turn_parts(batch: Batch, counts: list[int]) -> Batch:
    """Turn the last views of a batch: by quarters, as many by each number as `counts` has."""
    parts = zip(*(torch.split(t, counts) for t in batch), strict=True)
    turned = [rotate(Batch(*part), quarters) for quarters, part in enumerate(parts)]
    return Batch(*(torch.cat(tensors) for tensors in zip(*turned, strict=True)))


def rotate(batch: Batch, quarters: int) -> Batch:
    """Turn all views of a batch counterclockwise by some quarters."""
    turn = torch.where(batch.turn == 0, quarters, batch.turn)
    return change_maps(batch, lambda t: torch.rot90(t, quarters, (2, 3)))._replace(turn=turn)


def change_maps(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """Change all maps of a batch alike, and keep its turns."""
    return Batch(*(change(t) if t.ndim == 4 else t for t in batch))


def crop(batch: Batch, side: int, down: float, right: float) -> Batch:
    """Cut out a square at a share of the way down and right, at multiples of 8 px."""
    steps = (batch.gray.shape[-1] - side) // 8 + 1
    top, left = 8 * int(down * steps), 8 * int(right * steps)
    whole = batch.gray.shape[-1]

    def part(t: Tensor) -> Tensor:
        k = whole // t.shape[-1]
        return t[..., top // k : (top + side) // k, left // k : (left + side) // k]

    return change_maps(batch, part)


def resize(batch: Batch, size: int) -> Batch:
    """Scale views to another size, and their heights with them."""
    factor = size / batch.gray.shape[-1]

    def scaled(t: Tensor, side: int) -> Tensor:
        return F.interpolate(
            t, (side, side), mode="bilinear", align_corners=False, antialias=factor < 1
        )

    height = F.interpolate(batch.height, (size // 8, size // 8), mode="nearest")
    height = height + math.log2(factor)
    low, high = (math.log2(h / TYPICAL_HEIGHT) for h in (MIN_HEIGHT, MAX_HEIGHT))
    height = torch.where((height > low) & (height < high), height, torch.nan)
    valid = F.interpolate(batch.valid, (size, size), mode="nearest")
    return Batch(
        scaled(batch.gray, size), scaled(batch.ink, size), scaled(batch.rule, size),
        scaled(batch.core, size // 2), height, valid, batch.turn,
    )  # fmt: skip


def relight(gray: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Change polarity, gamma and contrast and add noise, each on a share of the views."""

    def uniform() -> Tensor:
        return torch.rand((len(gray), 1, 1, 1), device=gray.device, generator=generator)

    def some(share: float) -> Tensor:
        return uniform() < share

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * uniform()

    light = (gray + 1) / 2
    light = torch.where(some(INVERTED), 1 - light, light)
    light = torch.where(some(RELIT), light.clamp(1e-4, 1) ** between(0.6, 1.6), light)
    contrast = between(0.5, 1.15)
    shift = between(0, 1) * (1 - contrast.clamp(max=1))
    light = torch.where(some(RELIT), light * contrast + shift, light)
    noise = torch.randn(light.shape, device=gray.device, generator=generator)
    noise = noise * between(0, 0.04)
    light = torch.where(some(NOISY), light + noise, light)
    light = (light.clamp(0, 1) * 255).round() / 255  # as the pages that are read have bytes
    return light * 2 - 1
