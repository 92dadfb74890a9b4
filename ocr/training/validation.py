"""Loss and accuracy of a learner on samples that it was not trained on."""

from __future__ import annotations

import math

import numpy as np

from ocr.data.samples import Samples
from ocr.errors import ModelError
from ocr.training.batches import prepare, to_ink
from ocr.training.learner import Learner
from ocr.training.ranks import ALONE, Ranks


def validate(
    learner: Learner, samples: Samples, batch_size: int = 1024, *, ranks: Ranks = ALONE
) -> tuple[float, float]:
    """Return mean loss and accuracy on undistorted samples; each process computes its share."""
    crops, targets = prepare(samples, learner.alphabet)
    crops, targets = crops[ranks.rank :: ranks.world], targets[ranks.rank :: ranks.world]
    loss, correct = 0.0, 0
    for start in range(0, len(crops), batch_size):
        wanted = targets[start : start + batch_size]
        with np.errstate(over="ignore", invalid="ignore"):  # `require_finite` reports it
            log_probs = learner.log_probs(to_ink(crops[start : start + batch_size]))
            picked = np.take_along_axis(log_probs, wanted, 1).astype(np.float64)  # (n, 2)
            same = wanted[:, 0] == wanted[:, 1]
            loss -= float(np.where(same, picked[:, 0], np.logaddexp(*picked.T)).sum())
        correct += int((log_probs.argmax(1)[:, None] == wanted).any(1).sum())
    loss, right = ranks.total(np.array([loss, correct], np.float64)).tolist()
    return require_finite(loss / len(samples)), right / len(samples)


def require_finite(loss: float) -> float:
    """Return a loss; ModelError if it is not a finite number."""
    if not math.isfinite(loss):
        raise ModelError("training diverged, its loss is not a number (lower --learning-rate)")
    return loss
