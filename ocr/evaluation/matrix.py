"""Draw a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from ocr.errors import MissingExtraError
from ocr.evaluation.alignment import Pairs

INCHES_PER_CLASS = 0.16  # fits a tick label of 7 points
VISIBLE = {"": "∅", " ": "␣"}


def count_matrix(pairs: Pairs) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return sorted labels, "" last, and counts [C, C]: rows are the truth, columns the answer."""
    labels = tuple(sorted({label for pair in pairs for label in pair}, key=lambda x: (x == "", x)))
    index = {label: i for i, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), np.int64)
    for (truth, read), count in pairs.items():
        matrix[index[truth], index[read]] = count
    return labels, matrix


def require_matplotlib() -> None:
    """Raise MissingExtraError if matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("drawing a confusion matrix", "plot") from error


def draw_png(labels: Sequence[str], matrix: NDArray[np.int64]) -> bytes:
    """Draw a confusion matrix [C, C] as a PNG, each row shaded by its shares."""
    require_matplotlib()
    from matplotlib.figure import Figure

    side = max(4.0, 1.5 + INCHES_PER_CLASS * len(labels))
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)  # the root makes rare errors visible
    names = [VISIBLE.get(label, label) for label in labels]
    ticks = range(len(labels))
    axes.set_xticks(ticks, names, fontsize=7, parse_math=False)
    axes.set_yticks(ticks, names, fontsize=7, parse_math=False)
    axes.set_xlabel("read")
    axes.set_ylabel("truth")
    png = BytesIO()
    figure.savefig(png, format="png", dpi=150)
    return png.getvalue()
