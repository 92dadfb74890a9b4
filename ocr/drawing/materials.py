"""What pages are drawn from, as values: fonts, pen strokes, letters, pictures, lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Font:
    """A TrueType or OpenType file: its family, its bytes, and whether it imitates handwriting."""

    family: str
    data: bytes
    is_hand: bool


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
    """Scanned letters, uint8 [N, 32, 32] with ink 255, and the numbers of each character."""

    images: NDArray[np.uint8]
    by_character: dict[str, list[int]]


@dataclass(frozen=True)
class Texture:
    """A picture without writing: its path in its source, and the bytes of an image file."""

    name: str
    data: NDArray[np.uint8]

    @property
    def is_surface(self) -> bool:
        """Whether it shows a surface, such as wood or cloth, rather than a scene."""
        return self.name.startswith("surface/") or "/surface/" in self.name

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """Gray picture, uint8 [h, w]."""
        return np.asarray(cv2.imdecode(self.data, cv2.IMREAD_GRAYSCALE), np.uint8)


@dataclass(frozen=True)
class Materials:
    """All that a page can be drawn from; strokes, letters and pictures may be missing."""

    hands: list[Font]
    prints: list[Font]
    strokes: Strokes
    letters: Letters
    surfaces: list[Texture]
    scenes: list[Texture]
    lines: list[str]

    def texture(self, dice: Random, kind: str = "") -> Texture | None:
        """Choose a picture: a "surface", a "scene" or any; None if there is none."""
        choice = {"surface": self.surfaces, "scene": self.scenes}.get(kind)
        pool = choice or self.surfaces + self.scenes
        return dice.choice(pool) if pool else None
