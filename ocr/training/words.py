"""Letters as a segmentation finds them: cut out of touching words, rightly and wrongly.

Isolated letters teach a classifier nothing of what it meets in a lattice (`ocr.decode`): two
letters taken for one, half an m, an r with a sliver of its neighbour. Here words are put
together from the isolated letters of the data, at the sizes they have on a line, and cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.decode.geometry import shape_table
from ocr.segment.crops import SIZE, fit
from ocr.training.samples import Samples

UNIT = 28  # px, height of a capital: a little more than a sample has, so that none gets coarser
LONGEST = 4  # letters of a word
RIGHT_SHARE = 0.35  # of the cuts give a letter; the others give "not a letter"
SLIP = 0.06  # of a letter's width, standard deviation of a right cut
NEVER_INSIDE = 0.55  # width over height; a narrower letter has no halves worth telling

Ink = NDArray[np.float32]


def make_words(samples: Samples, count: int, rng: np.random.Generator) -> Samples:
    """Cut crops out of words that are put together from samples.

    Parameters
    ----------
    samples : Samples
        Letters; those of "not a letter" are not used.
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    Samples
        `count` crops: a third letters, each with what a slightly wrong cut leaves of it
        and its neighbours, the others labelled "".
    """
    letters = np.flatnonzero(np.char.isalnum(samples.characters))
    shapes = {c: shape_table(c)[0] for c in np.unique(samples.characters[letters])}
    crops = np.zeros((count, SIZE, SIZE), np.uint8)
    characters = np.full(count, "", samples.characters.dtype)
    either = characters.copy()
    for i in range(count if len(letters) else 0):
        chosen = rng.choice(letters, int(rng.integers(2, LONGEST + 1)))
        glyphs = [at_size(samples.crops[k], shapes[samples.characters[k]], rng) for k in chosen]
        word, spans = set_word(glyphs, rng)
        if rng.uniform() < RIGHT_SHARE:
            k = int(rng.integers(len(chosen)))
            start, stop = right_cut(spans[k], rng)
            characters[i] = samples.characters[chosen[k]]
            either[i] = samples.either[chosen[k]]
        else:
            start, stop = wrong_cut(spans, rng)
        crops[i] = np.rint(fit(tight(word[:, max(start, 0) : max(stop, start + 1)])) * 255)
    if not len(letters):
        return samples.take(letters)
    return Samples(crops, characters, either)


def at_size(
    crop: NDArray[np.uint8], shape: NDArray[np.float64], rng: np.random.Generator
) -> tuple[Ink, int]:
    """Ink of a letter at its size on the line, and the pixels from its foot to the baseline."""
    top, bottom, _ = shape
    ink = tight(crop.astype(np.float32) / np.float32(255))
    scale = (top - bottom) * UNIT / ink.shape[0] * float(np.exp(rng.normal(0, 0.12)))
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    image = Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image), round(bottom * UNIT + rng.normal(0, 1.0))


def set_word(
    glyphs: list[tuple[Ink, int]], rng: np.random.Generator
) -> tuple[Ink, list[tuple[int, int]]]:
    """Glyphs side by side, mostly touching: ink [h, w], and the columns of each."""
    length = sum(ink.shape[1] + 8 for ink, _ in glyphs)
    canvas = np.zeros((4 * UNIT, length), np.float32)
    spans = []
    x = 0
    for ink, foot in glyphs:
        height, width = ink.shape
        top = min(max(2 * UNIT + UNIT // 2 - foot - height, 0), canvas.shape[0] - height)
        area = canvas[top : top + height, x : x + width]
        np.maximum(area, ink, out=area)
        spans.append((x, x + width))
        x = max(x + width + round(rng.normal(-0.5, 2.0)), x + 1)
    return canvas, spans


def right_cut(span: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    """Columns of a letter, a little beside the mark."""
    slip = SLIP * (span[1] - span[0])
    return round(span[0] + rng.normal(0, slip)), round(span[1] + rng.normal(0, slip))


def wrong_cut(spans: list[tuple[int, int]], rng: np.random.Generator) -> tuple[int, int]:
    """Columns that hold no whole letter, or more than one."""
    wide = [s for s in spans if s[1] - s[0] >= NEVER_INSIDE * UNIT]
    kind = rng.uniform()
    if kind < 0.6 or not wide:  # two letters or three
        first = int(rng.integers(len(spans) - 1))
        last = first + 1 if rng.uniform() < 0.75 else min(first + 2, len(spans) - 1)
        return spans[first][0], spans[last][1]
    start, stop = wide[int(rng.integers(len(wide)))]
    inside = round(start + (stop - start) * rng.uniform(0.35, 0.65))
    if kind < 0.7:  # a half, alone; few, as half an O is a good parenthesis
        return (start, inside) if rng.uniform() < 0.5 else (inside, stop)
    before = [s for s in spans if s[0] < start]  # a half, with a neighbour
    after = [s for s in spans if s[0] > start]
    if before and (not after or rng.uniform() < 0.5):
        return before[-1][0], inside
    return inside, after[0][1]


def tight(ink: Ink) -> Ink:
    """Ink cut to its bounding box; unchanged where there is none."""
    rows, columns = np.nonzero(ink > 0.2)
    if not len(rows):
        return ink
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
