"""Labelled crops: what every reader of data returns and every training run takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Source = str | Path  # a file, a folder, or (only as str) a name such as "mnist" or "fonts"
PARTS = ("train", "valid", "test")


def no_parts(source: Source) -> tuple[str, ...]:
    """Return nothing: for readers of sources that are read whole."""
    return ()


@dataclass(frozen=True)
class Samples:
    """Labelled crops, as classifiers read them but in bytes."""

    crops: NDArray[np.uint8]  # [N, 32, 32], ink 255 on paper 0, made by `ocr.segment.crops.fit`
    characters: NDArray[np.str_]  # [N], what each crop shows; "" for "not a letter"
    either: NDArray[np.str_]  # [N], a second right character (a C that may be a c), or ""

    def __len__(self) -> int:
        return len(self.crops)

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Samples:
        """Return the samples that an index array or a mask selects."""
        return Samples(self.crops[which], self.characters[which], self.either[which])

    def indices_by_character(self, rng: np.random.Generator) -> list[NDArray[np.intp]]:
        """Return the indices of each character's samples, shuffled, in code point order."""
        order = rng.permutation(len(self))
        shuffled = self.characters[order]
        grouped = order[np.argsort(shuffled, kind="stable")]
        counts = np.unique(shuffled, return_counts=True)[1]
        return np.split(grouped, np.cumsum(counts)[:-1])

    def count_characters(self) -> dict[str, int]:
        """Return the number of crops of each character, in code point order."""
        characters, counts = np.unique(self.characters, return_counts=True)
        return dict(zip(characters.tolist(), counts.tolist(), strict=True))

    @staticmethod
    def concatenate(parts: list[Samples]) -> Samples:
        """Join the samples of one or more parts, in order."""
        return Samples(
            np.concatenate([p.crops for p in parts]),
            np.concatenate([p.characters for p in parts]),
            np.concatenate([p.either for p in parts]),
        )
