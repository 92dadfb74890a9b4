"""Divide samples at random: hold some out, draw a number of each character, split into parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.data.samples import PARTS, Samples
from ocr.data.writers import new_folder, write_npz
from ocr.errors import DataError
from ocr.files import refuse_existing


def hold_out(samples: Samples, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Divide samples into those to train on and those held out, both in their original order.

    `fraction`, 0 to 1, of each character is held out; rounded, so that rare ones may be missing.
    """
    held_out = np.zeros(len(samples), bool)
    for where in samples.indices_by_character(np.random.default_rng(seed)):
        held_out[where[: round(len(where) * fraction)]] = True
    return samples.take(~held_out), samples.take(held_out)


def draw_per_class(samples: Samples, count: int, seed: int) -> Samples:
    """Draw at most `count` samples of each character, in their original order."""
    groups = samples.indices_by_character(np.random.default_rng(seed))
    drawn = [where[:count] for where in groups]
    return samples.take(np.sort(np.concatenate([np.zeros(0, np.intp), *drawn])))


def split_by_shares(
    samples: Samples, shares: Sequence[float], *, seed: int = 0
) -> dict[str, Samples]:
    """Split samples into train, valid and test, each character in the same shares.

    The shares are in any unit, such as 80, 10, 10. The samples of each part are in their original
    order; a rare character may be missing in the smaller parts.
    """
    ends = np.cumsum(shares) / np.sum(shares)
    return _split(
        samples, lambda count: np.rint(ends * count).astype(np.intp), np.random.default_rng(seed)
    )


def split_per_class(
    samples: Samples, counts: Sequence[int], *, seed: int = 0
) -> dict[str, Samples]:
    """Draw a number of samples of each character for train, valid and test.

    Crops that may show another character too (EMNIST's C that may be c) are drawn only
    where there are too few others; then all parts get them in the same proportion. Raises
    DataError if a character has fewer samples.
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
    return _split(samples.take(_draw_surest(samples, ends[-1], rng)), lambda count: ends, rng)


def _draw_surest(samples: Samples, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw `count` samples of each character, those that may show another one last."""
    unsure = samples.either != ""
    groups = samples.indices_by_character(rng)
    drawn = [where[np.argsort(unsure[where], kind="stable")[:count]] for where in groups]
    return np.sort(np.concatenate(drawn))


def _split(
    samples: Samples, ends_of: Callable[[int], NDArray[np.intp]], rng: np.random.Generator
) -> dict[str, Samples]:
    """Cut each character's shuffled samples at the ends that belong to their number."""
    drawn: dict[str, list[NDArray[np.intp]]] = {part: [] for part in PARTS}
    for where in samples.indices_by_character(rng):
        ends = ends_of(len(where))
        for part, start, end in zip(PARTS, [0, *ends[:-1]], ends, strict=True):
            drawn[part].append(where[start:end])
    return {part: samples.take(np.sort(np.concatenate(d))) for part, d in drawn.items()}


def save_parts(parts: dict[str, Samples], folder: Path) -> None:
    """Write train.npz, valid.npz and test.npz to a new folder, all of them or none.

    A part without samples gets no file, as a source must have samples.
    """
    refuse_existing(folder)
    with new_folder(folder) as partial:
        for part, samples in parts.items():
            if len(samples):
                write_npz(samples, partial / f"{part}.npz")
