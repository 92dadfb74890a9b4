"""Count the crops and characters of a source of data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ocr.data import datasets
from ocr.data.samples import Samples


@dataclass(frozen=True)
class Summary:
    """Number of crops and the characters of a source, or of one part of it."""

    source: str
    part: str | None
    crops: int
    characters: str


def summarize(source: str, *, alphabet: str | None = None) -> list[Summary]:
    """Count the crops of each part of a source, or of the whole source if it has no parts.

    Raises
    ------
    DataError
        As `ocr.data.datasets.load`.
    """
    path, part = datasets.parse_source(source)
    parts = (part,) if part else datasets.list_parts(path) or (None,)
    summaries = []
    for each in parts:
        samples = datasets.load(f"{path}@{each}" if each else path, alphabet=alphabet)
        summaries.append(Summary(str(path), each, len(samples), "".join(count_characters(samples))))
    return summaries


def count_characters(samples: Samples) -> dict[str, int]:
    """Return the number of crops of each character, in the order of their code points."""
    characters, counts = np.unique(samples.characters, return_counts=True)
    return dict(zip(characters.tolist(), counts.tolist(), strict=True))
