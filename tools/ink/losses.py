"""What the ink network is trained to get right."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tools.ink.batches import Batch
from tools.ink.network import Maps, pooled_turn

INK_WEIGHT = 3.0  # a pixel of ink counts as much as so many of paper, which has far more
CORE_WEIGHT = 2.0
SHARES = {"ink": 1.0, "rule": 0.5, "core": 0.7, "height": 0.3, "turn": 0.15}


def losses(maps: Maps, batch: Batch) -> dict[str, Tensor]:
    """Loss of each output, scalars; the one to minimize is `total`."""
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
    """Weighted sum of the losses."""
    return torch.stack([SHARES[name] * value for name, value in parts.items()]).sum()


def mask_loss(logits: Tensor, target: Tensor, valid: Tensor, weight: float) -> Tensor:
    """Binary cross-entropy and a quarter of the Dice loss, where a page is `valid`.

    Dice is over the batch: a view with none of the class has no overlap to speak of.
    """
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    entropy = (entropy * valid * (1 + (weight - 1) * target)).mean()
    found, target = logits.sigmoid() * valid, target * valid
    shared = 2 * (found * target).sum() + 1
    dice = 1 - shared / ((found * found).sum() + (target * target).sum() + 1)
    return entropy + 0.25 * dice


def height_loss(height: Tensor, target: Tensor) -> Tensor:
    """Smooth L1 of log2 heights where there is a core; an error of a fifth is small."""
    known = ~torch.isnan(target)
    error = F.smooth_l1_loss(
        height.float(), torch.where(known, target, height.float()), beta=0.25, reduction="none"
    )
    return (error * known).sum() / known.sum().clamp(min=1)
