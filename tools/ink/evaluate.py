"""Accuracy of the ink network on views that it was not trained on."""

from __future__ import annotations

import torch
from torch import Tensor

from tools.ink.batches import Batch, plain, rotated
from tools.ink.network import InkNetwork, Maps, pooled_turn
from tools.ink.views import Layout

BATCH = 16
MASKS = ("ink", "rule", "core")


@torch.no_grad()
def evaluate(
    network: InkNetwork, records: Tensor, layout: Layout, *, turns: bool = True
) -> dict[str, float]:
    """Measure a network in evaluation mode on held-out records.

    Returns
    -------
    dict
        F, precision and recall of each mask at probability 0.5, on valid pixels; the median
        relative error of heights; the share of views whose turn is told, for each turn; the
        share of views without writing of which more than a thousandth was taken for ink.
    """
    if not len(records):
        return {}
    counts = {name: torch.zeros(3, device=records.device) for name in MASKS}
    errors: list[Tensor] = []
    blank: list[Tensor] = []
    right: dict[int, list[Tensor]] = {k: [] for k in range(4 if turns else 1)}
    for start in range(0, len(records), BATCH):
        batch = plain(records[start : start + BATCH], layout)
        maps = network(batch.gray)
        for name in MASKS:
            counts[name] += matches(maps, batch, name)
        known = ~torch.isnan(batch.height)
        errors.append((maps.height - batch.height)[known].abs())
        written = batch.ink.flatten(1).sum(1) + (batch.valid < 0.5).flatten(1).sum(1)
        found = (maps.ink > 0).float().flatten(1).mean(1)
        blank.append(found[written == 0] > 1e-3)
        for quarters, hits in right.items():
            hits.append(told(network, maps, batch, quarters))
    out = {}
    for name, (shared, found, wanted) in counts.items():
        out[f"{name} F"] = float(2 * shared / (found + wanted).clamp(min=1))
        out[f"{name} precision"] = float(shared / found.clamp(min=1))
        out[f"{name} recall"] = float(shared / wanted.clamp(min=1))
    error = torch.cat(errors)
    out["height error"] = float(2 ** error.median() - 1) if len(error) else float("nan")
    flags = torch.cat(blank).float()
    out["blank with ink"] = float(flags.mean()) if len(flags) else float("nan")
    for quarters, hits in right.items():
        joined = torch.cat(hits).float()
        out[f"turn {90 * quarters}"] = float(joined.mean()) if len(joined) else float("nan")
    return out


def matches(maps: Maps, batch: Batch, name: str) -> Tensor:
    """Pixels of a mask found rightly, found, and wanted, float [3]."""
    target = getattr(batch, name) > 0.5
    found = getattr(maps, name) > 0
    if name != "core":
        valid = batch.valid > 0.5
        target, found = target & valid, found & valid
    return torch.stack([(found & target).sum(), found.sum(), target.sum()]).float()


def told(network: InkNetwork, maps: Maps, batch: Batch, quarters: int) -> Tensor:
    """Whether the turn of each view that shows it is told when it is turned so, bool [n]."""
    if quarters:
        batch = rotated(batch, quarters)
        maps = network(batch.gray)
    shown = batch.turn >= 0
    return pooled_turn(maps).argmax(1)[shown] == batch.turn[shown]
