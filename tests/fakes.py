"""Classifiers that know nothing of letters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.data.samples import Samples
from ocr.errors import ModelError

Crops = NDArray[np.float32]
SURE = 20.0  # nats by which a perfect answer leads: certain to eight digits


def marked_samples(characters: str | list[str], alphabet: Alphabet) -> Samples:
    """Samples whose first pixel tells `PerfectClassifier` which output is right."""
    crops = np.zeros((len(characters), 32, 32), np.uint8)
    crops[:, 0, 0] = [alphabet.index(c) if c else alphabet.reject_index for c in characters]
    labels = np.array(list(characters), "<U1")
    return Samples(crops, labels, np.zeros_like(labels))


@dataclass(frozen=True)
class PerfectClassifier:
    """Reads `marked_samples` right, and answers something certain to every other crop."""

    alphabet: Alphabet

    def log_probs(self, crops: Crops) -> Crops:
        marks = np.rint(crops[:, 0, 0] * 255).astype(int) % len(self.alphabet)
        scores = SURE * np.eye(len(self.alphabet), dtype=np.float32)[marks]
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


@dataclass(frozen=True)
class UniformClassifier:
    """Finds every answer as likely as any other."""

    alphabet: Alphabet

    def log_probs(self, crops: Crops) -> Crops:
        outputs = len(self.alphabet)
        return np.full((len(crops), outputs), -np.log(outputs), np.float32)


@dataclass(frozen=True)
class RaisingClassifier:
    """Fails whenever it is asked."""

    alphabet: Alphabet

    def log_probs(self, crops: Crops) -> Crops:
        raise ModelError("cannot classify: this model always fails (choose another)")
