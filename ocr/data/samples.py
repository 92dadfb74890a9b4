"""Labelled crops: what every data reader returns and every training run eats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Samples:
    """Labelled crops, as classifiers read them but in bytes.

    Attributes
    ----------
    crops : ndarray, uint8 [N, 32, 32]
        Ink 255 on paper 0, made by `ocr.segment.crops.fit`.
    characters : ndarray, str of one character [N]
        What each crop shows; "" for "not a letter".
    either : ndarray, str [N]
        A second character that is as right as the first (a C that may be a c), or "".
    """

    crops: NDArray[np.uint8]
    characters: NDArray[np.str_]
    either: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.crops)

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Samples:
        """Those samples that an index array or mask picks."""
        return Samples(self.crops[which], self.characters[which], self.either[which])

    @staticmethod
    def concatenate(parts: list[Samples]) -> Samples:
        """All samples of the parts, in order (at least one part)."""
        return Samples(
            np.concatenate([p.crops for p in parts]),
            np.concatenate([p.characters for p in parts]),
            np.concatenate([p.either for p in parts]),
        )
