"""How well a classifier tells single letters apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers import Classifier
from ocr.evaluation.alignment import Confusion, most_frequent

CHUNK = 4096  # crops at a time: 16 MiB as float32, however many samples there are


class LabelledCrops(Protocol):
    """What is asked of samples: crops, uint8 [N, 32, 32], and what each shows, str [N]."""

    @property
    def crops(self) -> NDArray[np.uint8]:
        """Ink 255 on paper 0."""
        ...

    @property
    def characters(self) -> NDArray[np.str_]:
        """The one right answer for each crop; "" for "not a letter"."""
        ...


@dataclass(frozen=True, eq=False)
class ClassifierScore:
    """Truth and answers of a classifier, counted.

    Attributes
    ----------
    labels : tuple of str
        What the classifier can answer, then what else the samples show; "" is "not a letter".
    matrix : ndarray, int64 [C, C]
        How often ``labels[row]`` was read as ``labels[column]``.
    """

    labels: tuple[str, ...]
    matrix: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Samples."""
        return int(self.matrix.sum())

    @property
    def accuracy(self) -> float | None:
        """Share of samples read right; None if there are no samples."""
        return float(np.trace(self.matrix)) / self.count if self.count else None

    @property
    def accuracy_nocase(self) -> float | None:
        """Share of samples read right but for case; None if there are no samples."""
        folded = np.array([label.casefold() for label in self.labels])
        same = folded[:, None] == folded[None, :]  # (C, C)
        return float(self.matrix[same].sum()) / self.count if self.count else None

    @property
    def class_counts(self) -> dict[str, int]:
        """Label to its samples, for those that have any."""
        counts = self.matrix.sum(axis=1)
        return {label: int(n) for label, n in zip(self.labels, counts, strict=True) if n}

    @property
    def class_accuracy(self) -> dict[str, float]:
        """Label to the share of its samples read right, for those that have any."""
        right = dict(zip(self.labels, np.diag(self.matrix).tolist(), strict=True))
        return {label: right[label] / n for label, n in self.class_counts.items()}

    @property
    def confusions(self) -> tuple[Confusion, ...]:
        """What was read wrong, most frequent first."""
        rows, columns = np.nonzero(self.matrix)
        return most_frequent(
            {
                (self.labels[row], self.labels[column]): int(self.matrix[row, column])
                for row, column in zip(rows, columns, strict=True)
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Values for `json.dumps`."""
        accuracy = self.class_accuracy
        return {
            "samples": self.count,
            "accuracy": self.accuracy,
            "accuracy_nocase": self.accuracy_nocase,
            "classes": [
                {"truth": label, "samples": n, "accuracy": accuracy[label]}
                for label, n in self.class_counts.items()
            ],
            "confusions": [c._asdict() for c in self.confusions],
            "labels": list(self.labels),
            "matrix": self.matrix.tolist(),
        }


def score_classifier(classifier: Classifier, samples: LabelledCrops) -> ClassifierScore:
    """Compare a classifier's likeliest answers with what samples show.

    Parameters
    ----------
    classifier : Classifier
    samples : LabelledCrops
        Such as `ocr.data.samples.Samples`, whose `characters` alone are right: of
        what is `either` of two, the second counts as wrong.
    """
    return tally(classifier, samples.characters, decisions(classifier, samples.crops))


def tally(
    classifier: Classifier, truth: NDArray[np.str_], read: NDArray[np.intp]
) -> ClassifierScore:
    """Count what crops show, str [N], against the outputs they were read as, [N]."""
    answers = _outputs(classifier)
    labels = (*answers, *sorted(set(truth.tolist()) - set(answers)))
    index = {label: i for i, label in enumerate(labels)}
    rows = np.array([index[c] for c in truth.tolist()], np.intp)
    matrix = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(matrix, (rows, read), 1)
    return ClassifierScore(labels, matrix)


def _outputs(classifier: Classifier) -> tuple[str, ...]:
    alphabet = classifier.alphabet
    return (*alphabet.characters, "") if alphabet.reject else tuple(alphabet.characters)


def decisions(classifier: Classifier, crops: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Likeliest output for each crop, [N]."""
    chosen = [
        classifier.log_probs(crops[start : start + CHUNK] * np.float32(1 / 255)).argmax(axis=1)
        for start in range(0, len(crops), CHUNK)
    ]
    return np.concatenate([np.zeros(0, np.intp), *chosen])
