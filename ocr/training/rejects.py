"""Crops that are not a letter: what wrong joins and wrong cuts look like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.segment.crops import EXTENT, SIZE, fit
from ocr.training.samples import Samples

MARGIN = (SIZE - EXTENT) // 2
JOINED_SHARE = 0.6  # the rest are cuts
WIDE = 0.75  # width over height from which a glyph can be cut in two


def make_rejects(samples: Samples, count: int, rng: np.random.Generator) -> Samples:
    """Join and cut letters wrongly.

    Parameters
    ----------
    samples : Samples
        Glyphs to take apart; only letters and digits are used, as two hyphens
        joined are an equals sign.
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    Samples
        `count` crops (none if there is no letter to use) with the label "".
    """
    letters = np.flatnonzero(np.char.isalnum(samples.characters))
    if not len(letters):
        return samples.take(letters)
    glyphs = samples.crops[rng.choice(letters, (count, 3))].astype(np.float32) / 255
    crops = np.empty((count, SIZE, SIZE), np.uint8)
    for i, three in enumerate(glyphs):
        ink = joined(three, rng) if rng.uniform() < JOINED_SHARE else cut(three[0], rng)
        crops[i] = np.rint(fit(tight(ink)) * 255)
    none = np.full(count, "", dtype=samples.characters.dtype)
    return Samples(crops, none, none)


def joined(glyphs: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Two or three glyphs [3, 32, 32] side by side, some touching: one canvas [32, w]."""
    parts = [tight(g) for g in glyphs[: 2 + (rng.uniform() < 0.25)]]
    canvas = np.zeros((EXTENT, 4 * SIZE), np.float32)
    x = 0
    for part in parts:
        height, width = part.shape
        top = EXTENT - height if rng.uniform() < 0.7 else int(rng.integers(0, EXTENT - height + 1))
        area = canvas[top : top + height, x : x + width]
        np.maximum(area, part, out=area)
        x = max(x + width + int(rng.integers(-2, 4)), 0)
    return canvas


def cut(glyph: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """One side of a wide glyph with a piece of the other; a narrow one keeps a scrap."""
    ink = tight(glyph)
    width = ink.shape[1]
    wide = width >= WIDE * ink.shape[0]
    place = max(1, int(width * (rng.uniform(0.35, 0.65) if wide else rng.uniform(0.1, 0.4))))
    return ink[:, :place] if rng.uniform() < 0.5 else ink[:, width - place :]


def tight(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink cut to its bounding box; unchanged where there is none."""
    rows, columns = np.nonzero(ink > 0.2)
    if not len(rows):
        return ink
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
