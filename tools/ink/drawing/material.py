"""Raw materials of drawn pages, as values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Font:
    """A TrueType file: its name and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Strokes:
    """Pen strokes of single signs.

    Parameters
    ----------
    points : ndarray, int16 [P, 2]
        x and y of all signs, y downward; the longer side of a sign is 1000.
    pen_up : ndarray, bool [P]
        True for the last point of a stroke.
    offsets : ndarray, int [N + 1]
        Where each sign's points begin and end.
    writers : list of dict
        For each writer the numbers of the signs of each character.
    """

    points: NDArray[np.int16]
    pen_up: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    writers: list[dict[str, list[int]]]

    @cached_property
    def by_character(self) -> dict[str, list[int]]:
        """Numbers of the signs of each character, of all writers."""
        merged: dict[str, list[int]] = {}
        for signs in self.writers:
            for character, numbers in signs.items():
                merged.setdefault(character, []).extend(numbers)
        return merged


@dataclass(frozen=True)
class Letters:
    """Scanned letters, uint8 [N, 28, 28] with ink 255, and the numbers of each character."""

    images: NDArray[np.uint8]
    by_character: dict[str, list[int]]


@dataclass(frozen=True)
class Texture:
    """A picture without writing: its name and the bytes of a gray JPEG file."""

    name: str
    jpeg: NDArray[np.uint8]

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """Gray picture, uint8 [h, w]."""
        return np.asarray(cv2.imdecode(self.jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)


@dataclass(frozen=True)
class Materials:
    """All that a page can be drawn from; textures and letters may be missing."""

    hands: list[Font]
    prints: list[Font]
    strokes: Strokes
    letters: Letters
    surfaces: list[Texture]
    scenes: list[Texture]
    lines: list[str]

    def texture(self, dice: Random, kind: str = "") -> Texture | None:
        """A texture at random: a "surface", a "scene" or any; None where there is none."""
        choice = {"surface": self.surfaces, "scene": self.scenes}.get(kind)
        pool = choice or self.surfaces + self.scenes
        return dice.choice(pool) if pool else None
