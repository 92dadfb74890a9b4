"""Score a classifier on single letters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers import Classifier
from ocr.evaluation.alignment import Confusion, most_frequent

CHUNK = 4096  # crops at a time: 16 MiB as float32


@dataclass(frozen=True, eq=False)
class ClassifierScore:
    """Confusion matrix [C, C]: how often ``labels[row]`` was classified as ``labels[column]``.

    Labels are the outputs of the classifier, then the other characters of the samples; "" is
    "not a letter".
    """

    labels: tuple[str, ...]
    matrix: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of samples."""
        return int(self.matrix.sum())

    @property
    def accuracy(self) -> float | None:
        """Share of samples classified correctly; None if there are no samples."""
        return float(np.trace(self.matrix)) / self.count if self.count else None

    @property
    def accuracy_nocase(self) -> float | None:
        """Share of samples classified correctly but for case; None if there are none."""
        folded = np.array([label.casefold() for label in self.labels])
        same = folded[:, None] == folded[None, :]  # (C, C)
        return float(self.matrix[same].sum()) / self.count if self.count else None

    @property
    def class_counts(self) -> dict[str, int]:
        """Number of samples of each label that has any."""
        counts = self.matrix.sum(axis=1)
        return {label: int(n) for label, n in zip(self.labels, counts, strict=True) if n}

    @property
    def class_accuracy(self) -> dict[str, float]:
        """Share of samples classified correctly, for each label that has any."""
        right = dict(zip(self.labels, np.diag(self.matrix).tolist(), strict=True))
        return {label: right[label] / n for label, n in self.class_counts.items()}

    @property
    def confusions(self) -> tuple[Confusion, ...]:
        """Errors, most frequent first."""
        rows, columns = np.nonzero(self.matrix)
        cells = zip(rows, columns, self.matrix[rows, columns].tolist(), strict=True)
        return most_frequent({(self.labels[row], self.labels[col]): n for row, col, n in cells})

    def to_json(self) -> dict[str, Any]:
        """Return values for `json.dumps`."""
        accuracy = self.class_accuracy
        return {
            "samples": self.count,
            "accuracy": self.accuracy,
            "accuracy_nocase": self.accuracy_nocase,
            "classes": [
                {"truth": label, "samples": n, "accuracy": accuracy[label]}
                for label, n in self.class_counts.items()
            ],
            "confusions": [asdict(c) for c in self.confusions],
            "labels": list(self.labels),
            "matrix": self.matrix.tolist(),
        }


def score_classifier(
    classifier: Classifier, crops: NDArray[np.uint8], characters: NDArray[np.str_]
) -> ClassifierScore:
    """Compare a classifier's likeliest answers for crops with the true characters.

    `crops` is uint8 [N, 32, 32], ink 255 on paper 0; `characters`, str [N], has the right
    answers, "" for "not a letter".
    """
    return tally(classifier, characters, decisions(classifier, crops))


def tally(
    classifier: Classifier, truth: NDArray[np.str_], read: NDArray[np.intp]
) -> ClassifierScore:
    """Count the characters of crops, str [N], against the chosen outputs, [N]."""
    alphabet = classifier.alphabet
    answers = (*alphabet.characters, "") if alphabet.reject else tuple(alphabet.characters)
    labels = (*answers, *sorted(set(truth.tolist()) - set(answers)))
    index = {label: i for i, label in enumerate(labels)}
    rows = np.array([index[c] for c in truth.tolist()], np.intp)
    matrix = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(matrix, (rows, read), 1)
    return ClassifierScore(labels, matrix)


def decisions(classifier: Classifier, crops: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the index of the likeliest output for each crop, [N]."""
    chosen = [
        classifier.log_probs(crops[start : start + CHUNK] * np.float32(1 / 255)).argmax(axis=1)
        for start in range(0, len(crops), CHUNK)
    ]
    return np.concatenate([np.zeros(0, np.intp), *chosen])
