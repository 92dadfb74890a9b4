"""Accuracy of the ink network on held-out views."""

from __future__ import annotations

import torch
from torch import Tensor

from ocr.drawing.records import Layout
from ocr.training.ink.batches import Batch, plain_batch, turn_parts
from ocr.training.ink.losses import losses, total
from ocr.training.ink.network import InkNetwork, Maps, pooled_turn

BATCH = 16  # views at a time, a quarter of them turned by each number of quarter turns
MASKS = ("ink", "rule", "core")
BLANK_INK = 1e-3  # share of the pixels of a blank view that may be taken for ink


@torch.no_grad()
def validate(network: InkNetwork, records: Tensor, layout: Layout) -> dict[str, float]:
    """Measure a network, in evaluation mode, on held-out views, records uint8 [N, bytes].

    Returns
    -------
    dict
        "loss"; "ink_f", "rule_f" and "core_f", the F of each mask at probability 0.5, on valid
        pixels; "height_error", the median relative error; "turn", the share of views, equally many
        turned by each number of quarter turns, whose turn is recognized; "blank_with_ink", the
        share of views without writing of which more than a thousandth is taken for ink. The last
        three are left out if no view tells.
    """
    counts = {name: torch.zeros(3, device=records.device) for name in MASKS}
    loss: list[Tensor] = []
    errors: list[Tensor] = []
    blank: list[Tensor] = []
    turns: list[Tensor] = []
    for part in torch.split(records, BATCH):
        batch = plain_batch(part, layout)
        quarter = len(part) // 4
        batch = turn_parts(batch, [len(part) - 3 * quarter, quarter, quarter, quarter])
        maps = network(batch.gray)
        loss.append(total(losses(maps, batch)) * len(part))
        for name in MASKS:
            counts[name] += count_pixels(maps, batch, name)
        known = ~torch.isnan(batch.height)
        errors.append((maps.height - batch.height)[known].abs())
        written = batch.ink.flatten(1).sum(1) + (batch.valid < 0.5).flatten(1).sum(1)
        found = (maps.ink > 0).float().flatten(1).mean(1)
        blank.append(found[written == 0] > BLANK_INK)
        shown = batch.turn >= 0
        turns.append(pooled_turn(maps).argmax(1)[shown] == batch.turn[shown])
    figures = {"loss": float(torch.stack(loss).sum() / len(records))}
    for name, (shared, found, wanted) in counts.items():
        figures[f"{name}_f"] = float(2 * shared / (found + wanted).clamp(min=1))
    if len(error := torch.cat(errors)):
        figures["height_error"] = float(2 ** error.median() - 1)
    for name, flags in (("turn", torch.cat(turns)), ("blank_with_ink", torch.cat(blank))):
        if len(flags):
            figures[name] = float(flags.float().mean())
    return figures


def count_pixels(maps: Maps, batch: Batch, name: str) -> Tensor:
    """Return the numbers of a mask's pixels found correctly, found, and wanted, float [3]."""
    target = getattr(batch, name) > 0.5
    found = getattr(maps, name) > 0
    if name != "core":
        valid = batch.valid > 0.5
        target, found = target & valid, found & valid
    return torch.stack([(found & target).sum(), found.sum(), target.sum()]).float()
