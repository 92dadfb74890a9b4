"""Losses of the ink network's outputs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ocr.training.ink.batches import Batch
from ocr.training.ink.network import Maps, pooled_turn

INK_WEIGHT = 3.0  # of a pixel of ink or of a rule, where a pixel of paper, which has far more, is 1
CORE_WEIGHT = 2.0  # of a pixel of a core
SHARES = {"ink": 1.0, "rule": 0.5, "core": 0.7, "height": 0.3, "turn": 0.15}


def losses(maps: Maps, batch: Batch) -> dict[str, Tensor]:
    """Return the loss of each output, scalars; `total` is the one to minimize."""
    half_valid = F.avg_pool2d(batch.valid, 2)
    return {
        "ink": mask_loss(maps.ink, batch.ink, batch.valid, INK_WEIGHT),
        "rule": mask_loss(maps.rule, batch.rule, batch.valid, INK_WEIGHT),
        "core": mask_loss(maps.core, batch.core, half_valid, CORE_WEIGHT),
        "height": height_loss(maps.height, batch.height),
        "turn": F.cross_entropy(
            pooled_turn(maps), batch.turn, ignore_index=-1, reduction="sum"
        ) / (batch.turn >= 0).sum().clamp(min=1),
    }  # fmt: skip


def total(parts: dict[str, Tensor]) -> Tensor:
    """Return the weighted sum of the losses."""
    return torch.stack([SHARES[name] * value for name, value in parts.items()]).sum()


def mask_loss(logits: Tensor, target: Tensor, valid: Tensor, weight: float) -> Tensor:
    """Return binary cross-entropy and a quarter of the Dice loss, where a view is `valid`.

    Dice is over the batch, since it is undefined for a view without the class.
    """
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    entropy = (entropy * valid * (1 + (weight - 1) * target)).mean()
    found, target = logits.sigmoid() * valid, target * valid
    shared = 2 * (found * target).sum() + 1
    dice = 1 - shared / ((found * found).sum() + (target * target).sum() + 1)
    return entropy + 0.25 * dice


def height_loss(height: Tensor, target: Tensor) -> Tensor:
    """Return smooth L1 of log2 heights inside cores; it is quadratic up to an error of a fifth."""
    known = ~torch.isnan(target)
    error = F.smooth_l1_loss(
        height.float(), torch.where(known, target, height.float()), beta=0.25, reduction="none"
    )
    return (error * known).sum() / known.sum().clamp(min=1)
