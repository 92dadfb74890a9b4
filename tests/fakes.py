"""Classifiers for tests that need no trained model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.data.samples import Samples
from ocr.errors import ModelError

Crops = NDArray[np.float32]
CONFIDENT = 20.0  # nats between the best answer and the next; its probability rounds to 1


def marked_samples(characters: str | list[str], alphabet: Alphabet) -> Samples:
    """Return samples whose first pixel marks the output for `PerfectClassifier`."""
    crops = np.zeros((len(characters), 32, 32), np.uint8)
    crops[:, 0, 0] = [alphabet.index(c) if c else alphabet.reject_index for c in characters]
    labels = np.array(list(characters), "<U1")
    return Samples(crops, labels, np.zeros_like(labels))


@dataclass(frozen=True)
class PerfectClassifier:
    """Reads `marked_samples` without errors, and other crops as anything, with certainty."""

    alphabet: Alphabet

    def log_probs(self, crops: Crops) -> Crops:
        marks = np.rint(crops[:, 0, 0] * 255).astype(int) % len(self.alphabet)
        scores = CONFIDENT * np.eye(len(self.alphabet), dtype=np.float32)[marks]
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


@dataclass(frozen=True)
class UniformClassifier:
    """Gives every answer the same probability."""

    alphabet: Alphabet

    def log_probs(self, crops: Crops) -> Crops:
        outputs = len(self.alphabet)
        return np.full((len(crops), outputs), -np.log(outputs), np.float32)


@dataclass(frozen=True)
class RaisingClassifier:
    """Raises an error on every call."""

    alphabet: Alphabet

    def log_probs(self, crops: Crops) -> Crops:
        raise ModelError("cannot classify: this model always fails (choose another)")
