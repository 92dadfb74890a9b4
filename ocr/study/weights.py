"""What the first layer's weights look like, before and after training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers.mlp import MLP
from ocr.segment.crops import SIZE
from ocr.study import Say, Source, nist36, pictures
from ocr.study.networks import EPOCHS, report_network
from ocr.study.tables import percent, table

COLUMNS = 8  # of 64 filters


def study(data: Source, output: Path, *, seed: int, say: Say, epochs: int = EPOCHS) -> None:
    """Draw the 64 filters and measure what training made of noise."""
    pictures.require()
    letters = nist36.load(data, seed=seed)
    before, after, history = report_network(letters.train, letters.valid, seed=seed, epochs=epochs)
    inked = letters.train.crops.any(axis=0)  # (32, 32)
    rows = []
    for name, network in {"start": before, "trained": after}.items():
        filters = filters_of(network)
        image = pictures.grid(pictures.weights(filters), columns=COLUMNS)
        pictures.write_png(image, output / f"weights-{name}.png")
        inner, outer = filters[:, inked].std(), filters[:, ~inked]
        edge = f"{outer.std():.3f}" if outer.size else "-"
        rows.append((name, f"{likeness(filters):.3f}", f"{inner:.3f}", edge))
    headings = ("", "likeness of neighbours", "spread where ink falls", "where none ever does")
    title = f"First layer's weights; validation accuracy {percent(history[-1].valid_accuracy)}"
    say(table(title, headings, rows))


def filters_of(network: MLP) -> NDArray[np.floating]:
    """Weights into each unit of the first layer, as images [units, 32, 32]."""
    return network.parameters["w0"].T.reshape(-1, SIZE, SIZE)


def likeness(filters: NDArray[np.floating]) -> float:
    """Mean correlation of a pixel and its neighbours right and below: noise has 0, a blur 1.

    Examples
    --------
    >>> ramp = np.add.outer(np.arange(32.0), np.arange(32.0))
    >>> round(likeness(ramp[None]), 2)
    1.0
    """
    pairs = [(filters[:, :, :-1], filters[:, :, 1:]), (filters[:, :-1], filters[:, 1:])]
    likenesses = [
        np.corrcoef(pixel.ravel(), neighbour.ravel())[0, 1]
        for pixels, neighbours in pairs
        for pixel, neighbour in zip(pixels, neighbours, strict=True)
    ]
    return float(np.mean(likenesses))
