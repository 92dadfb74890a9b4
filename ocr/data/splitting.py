"""A source to the files of its parts: to train on, to validate with, to test with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.data.datasets import by_character
from ocr.data.parts import PARTS
from ocr.data.samples import Samples
from ocr.data.writers import write_npz
from ocr.errors import DataError, OutputError
from ocr.files import reason, refuse_existing


def split_by_shares(
    samples: Samples, shares: Sequence[float], *, seed: int = 0
) -> dict[str, Samples]:
    """Part samples at random, each character in the same shares.

    Parameters
    ----------
    samples : Samples
    shares : sequence of three float
        For train, valid and test, in any unit: 80, 10, 10.
    seed : int

    Returns
    -------
    dict
        Part to its samples, in the order they came; a rare character may be missing
        in the smaller parts.
    """
    ends = np.cumsum(shares) / np.sum(shares)
    return _split(
        samples, lambda count: np.rint(ends * count).astype(np.intp), np.random.default_rng(seed)
    )


def split_per_class(
    samples: Samples, counts: Sequence[int], *, seed: int = 0
) -> dict[str, Samples]:
    """Draw so many samples of each character for train, valid and test.

    Crops that may show another character too (EMNIST's C that may be c) are drawn only
    where the others are too few; then they are in all parts alike.

    Parameters
    ----------
    samples : Samples
    counts : sequence of three int
    seed : int

    Returns
    -------
    dict
        Part to its samples, in the order they came.

    Raises
    ------
    DataError
        A character that has fewer.
    """
    characters, found = np.unique(samples.characters, return_counts=True)
    scarce = found < sum(counts)
    if scarce.any():
        scarcest = found.argmin()
        raise DataError(
            f"{scarce.sum()} of {len(found)} classes have fewer than {sum(counts)} crops: "
            f"{str(characters[scarcest])!r} has {found[scarcest]} "
            "(take fewer --per-class, or leave classes out by --alphabet)"
        )
    ends = np.cumsum(counts).astype(np.intp)
    rng = np.random.default_rng(seed)
    return _split(samples.take(_surest(samples, ends[-1], rng)), lambda count: ends, rng)


def _surest(samples: Samples, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """So many samples of each character, those that may show another one last."""
    unsure = samples.either != ""
    groups = by_character(samples, rng)
    picked = [where[np.argsort(unsure[where], kind="stable")[:count]] for where in groups]
    return np.sort(np.concatenate(picked))


def _split(
    samples: Samples, ends_of: Callable[[int], NDArray[np.intp]], rng: np.random.Generator
) -> dict[str, Samples]:
    """Cut each character's shuffled samples at the ends that its count gives."""
    picked: dict[str, list[NDArray[np.intp]]] = {part: [] for part in PARTS}
    for where in by_character(samples, rng):
        ends = ends_of(len(where))
        for part, start, end in zip(PARTS, [0, *ends[:-1]], ends, strict=True):
            picked[part].append(where[start:end])
    return {part: samples.take(np.sort(np.concatenate(p))) for part, p in picked.items()}


def save_parts(parts: dict[str, Samples], folder: Path) -> None:
    """Write train.npz, valid.npz and test.npz to a new folder, all or none of them.

    A part without samples has no file: it would be no source.

    Raises
    ------
    OutputError
        A folder that is there already, or cannot be written.
    """
    refuse_existing(folder)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        partial.mkdir()
        for part, samples in parts.items():
            if len(samples):
                write_npz(samples, partial / f"{part}.npz")
        partial.replace(folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {reason(error)} (name another -o)") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
