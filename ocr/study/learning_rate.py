"""Compare learning rates of the report's network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ocr.classifiers.mlp import MLP
from ocr.study import Say, Source, nist36, pictures
from ocr.study.networks import BEST_RATE, EPOCHS, Epoch, measure, train_report_network
from ocr.study.nist36 import Nist36
from ocr.study.output import percent, table

FACTORS = {"a tenth": 0.1, "a third": 1 / 3, "best": 1.0, "three times": 3.0, "ten times": 10.0}
DRAWN = ("a tenth", "best", "ten times")
REPORT_VALID = "77.2 %"


def study(data: Source, output: Path, *, seed: int, say: Say, epochs: int = EPOCHS) -> None:
    """Train at the best rate, and at rates down to a tenth and up to ten times of it."""
    pictures.require_libraries()
    letters = nist36.load(data, seed=seed)
    rows, histories = [], {}
    for name, factor in FACTORS.items():
        rate = BEST_RATE * factor
        network, history = train_report_network(letters, seed=seed, epochs=epochs, rate=rate)
        rows.append(_row(name, f"{rate:.2g}", network, history, letters))
        histories[name] = history
    headings = ("", "rate", "train", "validation", "best validation", "at epoch", "test", "report")
    say(table(f"Accuracy of 1024-64-36 after {epochs} epochs", headings, rows))
    _draw({name: histories[name] for name in DRAWN}, output)


def _row(
    name: str, rate: str, network: MLP, history: list[Epoch], letters: Nist36
) -> tuple[str, ...]:
    valid = [epoch.valid_accuracy for epoch in history]
    _, test = measure(network, letters.test)
    return (
        name,
        rate,
        percent(history[-1].train_accuracy),
        percent(valid[-1]),
        percent(max(valid)),
        str(1 + int(np.argmax(valid))),
        percent(test),
        REPORT_VALID if name == "best" else "",
    )


def _draw(histories: dict[str, list[Epoch]], output: Path) -> None:
    figure, both = pictures.make_figure(2)
    for axes, kind in zip(both, ("loss", "accuracy"), strict=True):
        curves = {}
        for name, history in histories.items():
            curves[name] = [getattr(epoch, f"train_{kind}") for epoch in history]
            curves[f"{name}, validation"] = [getattr(epoch, f"valid_{kind}") for epoch in history]
        pictures.plot_curves(axes, curves, x="epoch", y=kind)
    pictures.save_figure(figure, output / "learning-rate.png")
