"""How the learning rate decides what the report's network reaches."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ocr.classifiers.mlp import MLP
from ocr.study import Say, Source, nist36, pictures
from ocr.study.networks import BEST_RATE, EPOCHS, REPORT, Epoch, built, fit, measure
from ocr.study.nist36 import Nist36
from ocr.study.tables import percent, table

FACTORS = {"a tenth": 0.1, "a third": 1 / 3, "best": 1.0, "three times": 3.0, "ten times": 10.0}
DRAWN = ("a tenth", "best", "ten times")
REPORT_VALID = "77.2 %"


def study(data: Source, output: Path, *, seed: int, say: Say, epochs: int = EPOCHS) -> None:
    """Train at the best rate, and at more and less than it, up to ten times and a tenth."""
    pictures.require()
    letters = nist36.load(data, seed=seed)
    runs = {name: _run(letters, BEST_RATE * f, seed, epochs) for name, f in FACTORS.items()}
    rows = [
        _row(name, f"{BEST_RATE * FACTORS[name]:.2g}", network, history, letters)
        for name, (network, history) in runs.items()
    ]
    headings = ("", "rate", "train", "validation", "best validation", "at epoch", "test", "report")
    say(table(f"Accuracy of 1024-64-36 after {epochs} epochs", headings, rows))
    _draw({name: runs[name][1] for name in DRAWN}, output)


def _run(letters: Nist36, rate: float, seed: int, epochs: int) -> tuple[MLP, list[Epoch]]:
    network = built(REPORT, np.random.default_rng(seed))
    history = fit(
        network,
        letters.train,
        letters.valid,
        epochs=epochs,
        rate=rate,
        rng=np.random.default_rng([seed, 1]),
        name=f"rate {rate:g}",
    )
    return network, history


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
    drawn, axes = pictures.figure(2)
    for which, kind in zip(axes, ("loss", "accuracy"), strict=True):
        curves = {}
        for name, history in histories.items():
            curves[name] = [getattr(epoch, f"train_{kind}") for epoch in history]
            curves[f"{name}, validation"] = [getattr(epoch, f"valid_{kind}") for epoch in history]
        pictures.lines(which, curves, x="epoch", y=kind)
    pictures.save(drawn, output / "learning-rate.png")
