"""A letter in 32 numbers: autoencoders against principal components."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import MissingExtraError
from ocr.segment.crops import SIZE
from ocr.study import Say, Source, autoencoder, nist36, pictures
from ocr.study.autoencoder import CODE
from ocr.study.nist36 import CHARACTERS, Letters
from ocr.study.pca import PCA
from ocr.study.psnr import mean_psnr
from ocr.study.tables import decibels, table

EPOCHS = 40  # of the report's network
BETTER_EPOCHS = 20
CLASSES = "ABEGKMRS28"  # whose letters are shown
REPORT_PSNR = {"autoencoder": 16.10, "PCA": 16.35}  # dB

Array = NDArray[np.floating[Any]]


def study(
    data: Source,
    output: Path,
    *,
    seed: int,
    say: Say,
    epochs: int = EPOCHS,
    better_epochs: int = BETTER_EPOCHS,
) -> None:
    """Compress validation letters by four codes of 32 numbers, each learnt on the training set."""
    pictures.require()
    torches = _torch_module()
    letters = nist36.load(data, seed=seed)
    network = autoencoder.untrained(seed)
    twin = torches.twin(network)
    losses = {
        "NumPy": autoencoder.fit(network, letters.train, epochs=epochs, seed=seed),
        "torch": torches.fit_twin(twin, letters.train, epochs=epochs, seed=seed),
    }
    better = torches.better(seed)
    torches.fit_better(better, letters.train, epochs=better_epochs, seed=seed)
    pca = PCA.of(letters.train.pixels, CODE)

    restored = {
        "1024-32-32-32-1024, NumPy": autoencoder.restore(network, letters.valid),
        "1024-32-32-32-1024, torch": torches.restore(twin, letters.valid),
        "PCA, rank 32": pca.restore(letters.valid.pixels),
        "1024-512-256-32-256-512-1024": torches.restore(better, letters.valid),
    }
    counts = [
        sum(p.size for p in network.parameters.values()),
        torches.parameters_of(twin),
        pca.mean.size + pca.components.size,
        torches.parameters_of(better),
    ]
    say(_psnr_table(letters, restored, counts))
    say(_losses_table(losses))
    say(_projection_table(pca))
    _draw_losses(losses, output / "autoencoder-loss.png")
    _draw_letters(letters.valid, restored, output / "reconstructions.png")
    grid = pictures.grid(pictures.weights(pca.components.T.reshape(-1, SIZE, SIZE)), columns=8)
    pictures.write_png(grid, output / "components.png")


def _torch_module() -> ModuleType:
    try:
        from ocr.study import torch_autoencoder
    except ModuleNotFoundError as error:
        raise MissingExtraError("the study of compression", "torch") from error
    return torch_autoencoder


def _psnr_table(letters: nist36.Nist36, restored: dict[str, Array], counts: list[int]) -> str:
    psnr = {name: mean_psnr(letters.valid.pixels, images) for name, images in restored.items()}
    pca = psnr["PCA, rank 32"]
    mean = np.broadcast_to(letters.train.pixels.mean(axis=0), letters.valid.pixels.shape)
    nothing = mean_psnr(letters.valid.pixels, mean)
    reports = [REPORT_PSNR["autoencoder"], REPORT_PSNR["autoencoder"], REPORT_PSNR["PCA"], None]
    rows = [
        (name, str(count), decibels(p), f"{p - pca:+.2f} dB", decibels(r) if r else "")
        for (name, p), count, r in zip(psnr.items(), counts, reports, strict=True)
    ]
    none = ("mean letter, no code", "1024", decibels(nothing), f"{nothing - pca:+.2f} dB", "")
    return table(
        "Letters of the validation set, each in 32 numbers",
        ("", "parameters", "PSNR", "against PCA", "report"),
        [*rows, none],
    )


def _losses_table(losses: dict[str, list[float]]) -> str:
    last = len(losses["NumPy"])
    shown = sorted({1, *range(10, last + 1, 10), last})
    rows = [(str(e), *(f"{losses[name][e - 1]:.3f}" for name in losses)) for e in shown]
    title = "Squared error of a letter, 1024-32-32-32-1024 from the same weights"
    return table(title, ("epoch", *losses), rows)


def _projection_table(pca: PCA) -> str:
    shape = " x ".join(map(str, pca.projection.shape))
    rank = str(np.linalg.matrix_rank(pca.projection))
    return table("PCA's projection matrix", ("", "here"), [("shape", shape), ("rank", rank)])


def _draw_losses(losses: dict[str, list[float]], path: Path) -> None:
    drawn, (axes,) = pictures.figure(1)
    pictures.lines(axes, losses, x="epoch", y="squared error of a letter")
    pictures.save(drawn, path)


def _draw_letters(valid: Letters, restored: dict[str, Array], path: Path) -> None:
    """Two letters of each of ten classes: a row of originals, then a row for each code."""
    chosen = [
        int(i) for c in CLASSES for i in np.flatnonzero(valid.labels == CHARACTERS.index(c))[:2]
    ]
    rows = [valid.pixels[chosen], *(images[chosen] for images in restored.values())]
    crops = np.concatenate(rows).reshape(-1, SIZE, SIZE)
    pictures.write_png(pictures.grid(pictures.ink(crops), columns=len(chosen)), path)
