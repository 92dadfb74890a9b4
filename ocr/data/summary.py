"""What is in a source of data: how many crops, of which classes, in which parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ocr.data import datasets, remote
from ocr.data.parts import parted
from ocr.data.samples import Samples


@dataclass(frozen=True)
class Summary:
    """A source or one part of it: how many crops of which characters."""

    source: str
    part: str | None
    crops: int
    characters: str


@dataclass(frozen=True)
class Offer:
    """A set that can be fetched, and whether it is: bytes, licence, and what is in it."""

    name: str
    size: int
    licence: str
    crops: str
    fetched: bool


def load(source: str, *, alphabet: str | None = None, seed: int = 0) -> Samples:
    """Load a source of which a part may be named behind an @; by default all its characters.

    That a C may be a c is kept also where the alphabet has no c: files made of it can still tell.
    """
    path, part = parted(source)
    drawn = datasets.is_fonts(path)
    return datasets.load(path, alphabet=alphabet, seed=seed, split=part, keep_either=not drawn)


def summarize(source: str, *, alphabet: str | None = None, seed: int = 0) -> list[Summary]:
    """Count the crops of each part of a source; of all of it, where it has no parts.

    Raises
    ------
    DataError
        As `ocr.data.datasets.load`.
    """
    path, part = parted(source)
    parts = (part,) if part else datasets.parts_of(path) or (None,)
    summaries = []
    for each in parts:
        samples = datasets.load(path, alphabet=alphabet, seed=seed, split=each)
        summaries.append(Summary(path, each, len(samples), "".join(count_characters(samples))))
    return summaries


def count_characters(samples: Samples) -> dict[str, int]:
    """Crops of each character, in the order of their code points."""
    characters, counts = np.unique(samples.characters, return_counts=True)
    return dict(zip(characters.tolist(), counts.tolist(), strict=True))


def offers() -> list[Offer]:
    """List the sets that `ocr data fetch` knows."""
    return [
        Offer(name, each.size, each.licence, each.crops, remote.is_fetched(name))
        for name, each in remote.SETS.items()
    ]
