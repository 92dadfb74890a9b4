"""Confusion matrices of the report's network."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.classifiers.mlp import MLP
from ocr.evaluation.matrix import draw_png
from ocr.study import Say, Source, nist36, pictures
from ocr.study.networks import EPOCHS, train_report_network
from ocr.study.nist36 import CHARACTERS, Letters
from ocr.study.output import percent, table

PAIRS = 10  # lines of the table
REPORT_PAIRS = ("0O", "5S")  # what the report names


def study(data: Source, output: Path, *, seed: int, say: Say, epochs: int = EPOCHS) -> None:
    """Draw the confusion matrix of each part, and rank the pairs that are confused."""
    pictures.require_libraries()
    letters = nist36.load(data, seed=seed)
    network, _ = train_report_network(letters, seed=seed, epochs=epochs)
    matrices = {name: confusions(network, part) for name, part in letters.parts().items()}
    for name, matrix in matrices.items():
        with Image.open(BytesIO(draw_png(CHARACTERS, matrix))) as image:
            pictures.save_image(image, output / f"confusion-{name}.png")
    say(_accuracies(matrices))
    for name, matrix in matrices.items():
        say(_pairs_table(name, matrix))
    say(_ranks(matrices))


def confusions(network: MLP, letters: Letters) -> NDArray[np.int64]:
    """Count how often each row's character was read as each column's, [36, 36]."""
    read = network.forward(letters.crops)[-1].argmax(axis=1)
    matrix = np.zeros((len(CHARACTERS), len(CHARACTERS)), np.int64)
    np.add.at(matrix, (letters.labels, read), 1)
    return matrix


def confused_pairs(matrix: NDArray[np.int64]) -> list[tuple[str, int, int]]:
    """Return pairs of characters with their errors in both directions, most confused first.

    Examples
    --------
    >>> matrix = np.zeros((36, 36), np.int64)
    >>> matrix[CHARACTERS.index("O"), CHARACTERS.index("0")] = 3
    >>> confused_pairs(matrix)[0]
    ('0O', 0, 3)
    """
    pairs = [
        ("".join(sorted(a + b)), *_errors_between(matrix, *sorted(a + b)))
        for i, a in enumerate(CHARACTERS)
        for b in CHARACTERS[:i]
    ]
    return sorted(pairs, key=lambda pair: (-pair[1] - pair[2], pair[0]))


def _errors_between(matrix: NDArray[np.int64], a: str, b: str) -> tuple[int, int]:
    i, j = CHARACTERS.index(a), CHARACTERS.index(b)
    return int(matrix[i, j]), int(matrix[j, i])


def _accuracies(matrices: dict[str, NDArray[np.int64]]) -> str:
    rows = [
        (name, str(m.sum()), str(m.sum() - m.trace()), percent(m.trace() / m.sum()))
        for name, m in matrices.items()
    ]
    return table("Accuracy of 1024-64-36", ("", "letters", "errors", "accuracy"), rows)


def _pairs_table(name: str, matrix: NDArray[np.int64]) -> str:
    errors = max(1, int(matrix.sum() - matrix.trace()))
    rows = [
        (" ".join(pair), str(forth), str(back), percent((forth + back) / errors))
        for pair, forth, back in confused_pairs(matrix)[:PAIRS]
    ]
    headings = ("pair", "first as second", "second as first", "of all errors")
    return table(f"Most confused, {name}", headings, rows)


def _ranks(matrices: dict[str, NDArray[np.int64]]) -> str:
    ranked = {name: [p for p, *_ in confused_pairs(m)] for name, m in matrices.items()}
    rows = [
        (" ".join(pair), *(str(1 + ranks.index(pair)) for ranks in ranked.values()))
        for pair in REPORT_PAIRS
    ]
    return table("Rank of the report's pairs, of 630", ("pair", *ranked), rows)
