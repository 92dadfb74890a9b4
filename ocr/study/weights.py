"""Draw the first layer's weights before and after training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers.mlp import MLP
from ocr.segment.crops import SIZE
from ocr.study import Say, Source, nist36, pictures
from ocr.study.networks import EPOCHS, REPORT, build_network, train_report_network
from ocr.study.output import percent, table

COLUMNS = 8  # of the grid of 64 filters


def study(data: Source, output: Path, *, seed: int, say: Say, epochs: int = EPOCHS) -> None:
    """Draw the 64 filters and measure how training changes the noise they start from."""
    pictures.require_libraries()
    letters = nist36.load(data, seed=seed)
    before = build_network(REPORT, np.random.default_rng(seed))
    after, history = train_report_network(letters, seed=seed, epochs=epochs)
    inked = letters.train.crops.any(axis=0)  # (32, 32)
    rows = []
    for name, network in {"start": before, "trained": after}.items():
        filters = filters_of(network)
        image = pictures.arrange_grid(pictures.weights_to_gray(filters), columns=COLUMNS)
        pictures.save_image(image, output / f"weights-{name}.png")
        inner, outer = filters[:, inked].std(), filters[:, ~inked]
        edge = f"{outer.std():.3f}" if outer.size else "-"
        rows.append((name, f"{neighbor_correlation(filters):.3f}", f"{inner:.3f}", edge))
    headings = ("", "likeness of neighbors", "spread where ink falls", "where none ever does")
    title = f"First layer's weights; validation accuracy {percent(history[-1].valid_accuracy)}"
    say(table(title, headings, rows))


def filters_of(network: MLP) -> NDArray[np.floating]:
    """Return the weights into each unit of the first layer, as images [units, 32, 32]."""
    return network.parameters["w0"].T.reshape(-1, SIZE, SIZE)


def neighbor_correlation(filters: NDArray[np.floating]) -> float:
    """Return the mean correlation of a pixel and its neighbors right and below; noise has 0.

    Examples
    --------
    >>> ramp = np.add.outer(np.arange(32.0), np.arange(32.0))
    >>> round(neighbor_correlation(ramp[None]), 2)
    1.0
    """
    pairs = [(filters[:, :, :-1], filters[:, :, 1:]), (filters[:, :-1], filters[:, 1:])]
    correlations = [
        np.corrcoef(pixel.ravel(), neighbor.ravel())[0, 1]
        for pixels, neighbors in pairs
        for pixel, neighbor in zip(pixels, neighbors, strict=True)
    ]
    return float(np.mean(correlations))
