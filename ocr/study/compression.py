"""Compress letters to 32 numbers: autoencoders against principal components."""

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
from ocr.study.output import table

EPOCHS = 40  # of the report's network
BETTER_EPOCHS = 20
SHOWN_CLASSES = "ABEGKMRS28"
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
    """Compress validation letters by four codes of 32 numbers, each fitted to the training set."""
    pictures.require_libraries()
    torch_part = _import_torch_part()
    letters = nist36.load(data, seed=seed)
    network = autoencoder.untrained(seed)
    copy = torch_part.copy_to_torch(network)
    losses = {
        "NumPy": autoencoder.fit(network, letters.train, epochs=epochs, seed=seed),
        "torch": torch_part.fit_copy(copy, letters.train, epochs=epochs, seed=seed),
    }
    better = torch_part.build_better(seed)
    torch_part.fit_better(better, letters.train, epochs=better_epochs, seed=seed)
    mean, components = principal_components(letters.train.pixels, CODE)

    restored = {
        "1024-32-32-32-1024, NumPy": autoencoder.restore(network, letters.valid),
        "1024-32-32-32-1024, torch": torch_part.restore(copy, letters.valid),
        "PCA, rank 32": project(letters.valid.pixels, mean, components),
        "1024-512-256-32-256-512-1024": torch_part.restore(better, letters.valid),
    }
    counts = [
        sum(p.size for p in network.parameters.values()),
        torch_part.parameters_of(copy),
        mean.size + components.size,
        torch_part.parameters_of(better),
    ]
    say(_psnr_table(letters, restored, counts))
    say(_losses_table(losses))
    say(_projection_table(components @ components.T))
    path = output / "autoencoder-loss.png"
    pictures.save_curves(path, losses, x="epoch", y="squared error of a letter")
    _draw_letters(letters.valid, restored, output / "reconstructions.png")
    images = pictures.weights_to_gray(components.T.reshape(-1, SIZE, SIZE))
    pictures.save_image(pictures.arrange_grid(images, columns=8), output / "components.png")


def principal_components(rows: Array, rank: int) -> tuple[Array, Array]:
    """Return the mean [D] of rows [N, D], and their directions of largest variance [D, rank]."""
    mean = rows.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(rows - mean, full_matrices=False)  # (D, D) for N > D
    return mean, directions[:rank].T


def project(rows: Array, mean: Array, components: Array) -> Array:
    """Encode rows [N, D] in one number for each component, and decode them."""
    return (rows - mean) @ components @ components.T + mean


def mean_psnr(images: Array, restored: Array) -> float:
    """Return the peak signal-to-noise ratio in dB of each image [N, D] of range 1, averaged.

    Examples
    --------
    >>> round(mean_psnr(np.zeros((2, 4)), np.full((2, 4), 0.1)), 6)
    20.0
    """
    from skimage.metrics import peak_signal_noise_ratio as psnr

    pairs = zip(images.astype(np.float64), restored, strict=True)
    return float(np.mean([psnr(*pair, data_range=1) for pair in pairs]))


def _import_torch_part() -> ModuleType:
    try:
        from ocr.study import torch_autoencoder
    except ModuleNotFoundError as error:
        raise MissingExtraError("this study", "torch") from error
    return torch_autoencoder


def _psnr_table(letters: nist36.Nist36, restored: dict[str, Array], counts: list[int]) -> str:
    psnr = {name: mean_psnr(letters.valid.pixels, images) for name, images in restored.items()}
    pca = psnr["PCA, rank 32"]
    mean = np.broadcast_to(letters.train.pixels.mean(axis=0), letters.valid.pixels.shape)
    nothing = mean_psnr(letters.valid.pixels, mean)
    reports = [REPORT_PSNR["autoencoder"], REPORT_PSNR["autoencoder"], REPORT_PSNR["PCA"], None]
    rows = [
        (name, str(count), f"{p:.2f} dB", f"{p - pca:+.2f} dB", f"{r:.2f} dB" if r else "")
        for (name, p), count, r in zip(psnr.items(), counts, reports, strict=True)
    ]
    none = ("mean letter, no code", "1024", f"{nothing:.2f} dB", f"{nothing - pca:+.2f} dB", "")
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


def _projection_table(projection: Array) -> str:
    shape = " x ".join(map(str, projection.shape))
    rank = str(np.linalg.matrix_rank(projection))
    return table("PCA's projection matrix", ("", "here"), [("shape", shape), ("rank", rank)])


def _draw_letters(valid: Letters, restored: dict[str, Array], path: Path) -> None:
    """Draw two letters of each of ten classes: a row of originals, then a row for each code."""
    labels = map(CHARACTERS.index, SHOWN_CLASSES)
    chosen = np.concatenate([np.flatnonzero(valid.labels == label)[:2] for label in labels])
    rows = [valid.pixels[chosen], *(images[chosen] for images in restored.values())]
    crops = np.concatenate(rows).reshape(-1, SIZE, SIZE)
    grid = pictures.arrange_grid(pictures.ink_to_gray(crops), columns=len(chosen))
    pictures.save_image(grid, path)
