"""Letters as reading finds them: words, cut by the same lattice that a page is cut by.

Isolated letters teach a classifier nothing of what it meets in a lattice (`ocr.decode`): two
letters taken for one, half an m, an r with a sliver of its neighbour. Here words are put
together from isolated letters, or set in a font, and whatever candidates our own segmentation
makes of them become samples: letters where it cut well, "not a letter" where it did not
(LeCun et al. 1998, section V-D).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont

from ocr.data.samples import Samples
from ocr.decode.geometry import SCALED, shape_table
from ocr.decode.language import SYMBOLS, english, fold
from ocr.segment.binarize import Ink
from ocr.segment.components import find_components, stroke_width
from ocr.segment.crops import candidate_ink, crop_candidates, find_owners
from ocr.segment.lattice import build_lattice
from ocr.segment.resolution import SMALL_LETTERS
from ocr.segment.rows import Row

UNIT = 28  # px, height of a capital: a little more than a sample has, so that none gets coarser
FEWEST, LONGEST = 3, 8  # characters of a word
RIGHT_SHARE = 0.4  # of the crops are letters; the others are "not a letter"
WHOLE = 0.88  # of a letter's ink in a candidate that counts as the letter ...
FOREIGN = 0.12  # ... if no more of the candidate's ink is another's
PART = 0.72  # a candidate with less of any letter, or with MIXED of others, is no letter;
MIXED = 0.25  # between the two it is neither taught as one nor as the other
RARE = 0.012  # weight in words of a character that English lacks; the commonest have 0.3
COARSE_SHARE = 0.5  # of the words are as a camera of few pixels sees them,
COARSEST = 0.4  # of the size: capitals of 11 px, as in a webcam's picture of a page
SPECK = 0.3  # row heights; the dot of an i looks like a full stop, and its size tells it apart

Floats = NDArray[np.float32]


class Placed(NamedTuple):
    """A letter of a word: what it is, its ink [h, w], and where that lies."""

    character: str
    either: str
    ink: Floats
    left: int
    top: int


Typeface = tuple[list[ImageFont.FreeTypeFont], list[str]]  # its styles, and what it can set
WordMaker = Callable[[np.random.Generator], list[Placed]]


def make_words(samples: Samples, count: int, rng: np.random.Generator) -> Samples:
    """Cut crops out of words that are put together from samples.

    Parameters
    ----------
    samples : Samples
        Letters and marks; those of "not a letter" are not used.
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    Samples
        `count` crops, two in five of them letters, the others labelled "".
    """
    known = np.unique(samples.characters[samples.characters != ""])
    if not any(c.isalnum() for c in known):
        return samples.take(np.zeros(0, np.intp))
    where = {str(c): np.flatnonzero(samples.characters == c) for c in known}
    return cut_words(lambda rng: compose(samples, where, rng), count, rng)


def cut_words(make: WordMaker, count: int, rng: np.random.Generator) -> Samples:
    """Make words until their candidates give `count` crops, `RIGHT_SHARE` of them letters.

    Fewer crops come back only where the letters hardly ever touch or never come out whole.
    """
    wanted = {True: round(count * RIGHT_SHARE), False: count - round(count * RIGHT_SHARE)}
    found: list[tuple[NDArray[np.uint8], str, str]] = []
    for _ in range(10 + 2 * count):  # more than enough, unless the letters defy cutting
        if not any(wanted.values()):
            break
        for crop, character, either in cut_word(make(rng), rng):
            if wanted[bool(character)]:
                wanted[bool(character)] -= 1
                found.append((crop, character, either))
    crops = np.array([crop for crop, _, _ in found], np.uint8).reshape(-1, 32, 32)
    characters, eithers = ([found_[k] for found_ in found] for k in (1, 2))
    return Samples(crops, np.array(characters, "<U1"), np.array(eithers, "<U1"))


def cut_word(
    word: list[Placed], rng: np.random.Generator
) -> list[tuple[NDArray[np.uint8], str, str]]:
    """Crop, character and second character of each candidate that is clearly right or wrong."""
    layers = layers_of(word)  # (letters, h, w)
    if rng.uniform() < COARSE_SHARE:
        layers = coarser(layers, rng.uniform(COARSEST, 1.0))
    strength = np.minimum(layers.sum(0), np.float32(1))
    mask = strength > rng.uniform(0.3, 0.6)
    if not mask.any():
        return []
    components = find_components(mask)
    middles = components.boxes[:, 0] + components.boxes[:, 2]
    row = Row(np.argsort(middles, kind="stable"), 0.0)
    word_ink = Ink(mask, strength)
    lattice = build_lattice(components, row, stroke_width(mask))
    crops = crop_candidates(word_ink, components, [lattice])
    owners = find_owners(components, lattice)
    totals = layers.sum((1, 2))
    cut = []
    for candidate, crop in zip(lattice.candidates, crops, strict=True):
        ink = candidate_ink(word_ink, components, owners, lattice, candidate)
        left, top = max(candidate.box[0] - 1, 0), max(candidate.box[1] - 1, 0)
        height, width = ink.shape
        own = np.where(ink > 0, layers[:, top : top + height, left : left + width], 0)
        shares = own.sum((1, 2)) / totals
        k = int(shares.argmax())
        foreign = float(np.where(own[k] > 0, 0, ink).sum() / max(ink.sum(), 1e-6))
        pixels = np.rint(crop * 255).astype(np.uint8)
        if shares[k] >= WHOLE and foreign <= FOREIGN:
            cut.append((pixels, word[k].character, word[k].either))
        elif max(ink.shape) > SPECK * lattice.height and (shares[k] < PART or foreign > MIXED):
            cut.append((pixels, "", ""))
    return cut


def layers_of(word: list[Placed]) -> Floats:
    """Each letter's ink on a canvas of its own, float32 [letters, h, w], with a margin."""
    left, top = min(p.left for p in word), min(p.top for p in word)
    width = max(p.left + p.ink.shape[1] for p in word) - left + 4
    height = max(p.top + p.ink.shape[0] for p in word) - top + 4
    layers = np.zeros((len(word), height, width), np.float32)
    for layer, (_, _, ink, x, y) in zip(layers, word, strict=True):
        x, y = x - left + 2, y - top + 2
        layer[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    return layers


def coarser(layers: Floats, factor: float) -> Floats:
    """Each letter's ink [letters, h, w] at fewer pixels a side, enlarged again as reading does."""
    height, width = layers.shape[1:]
    small = max(1, round(width * factor)), max(1, round(height * factor))
    enlarged = 2 if factor * UNIT < SMALL_LETTERS else 1
    return np.stack([resampled(layer, small, enlarged) for layer in layers])


def resampled(ink: Floats, small: tuple[int, int], enlarged: int) -> Floats:
    """Ink [h, w] at a width and height, times `enlarged`."""
    image = Image.fromarray(ink).resize(small, Image.Resampling.BOX)
    if enlarged > 1:
        size = (small[0] * enlarged, small[1] * enlarged)
        image = image.resize(size, Image.Resampling.BICUBIC)
    resized: Floats = np.clip(np.asarray(image), 0, 1)
    return resized


def compose(
    samples: Samples, where: dict[str, NDArray[np.intp]], rng: np.random.Generator
) -> list[Placed]:
    """Put samples side by side, mostly touching, at the sizes they have on a line."""
    word = []
    x = 0
    tracking = rng.normal(-0.5, 1.5)  # px: some write close, some wide
    boldness = rng.uniform()
    for character in spell(list(where), rng):
        k = int(rng.choice(where[character]))
        ink, foot = at_size(samples.crops[k], shape_table(character)[0], rng)
        if boldness < 0.15:
            ink = bolder(ink)
        word.append(Placed(character, str(samples.either[k]), ink, x, -foot - ink.shape[0]))
        x = max(x + ink.shape[1] + round(rng.normal(tracking, 1.5)), x + 1)
    return word


def bolder(ink: Floats) -> Floats:
    """Ink spread by a pixel to every side, as by a marker."""
    padded = np.pad(ink, 2)
    moved = [np.roll(padded, shift, (0, 1)) for shift in ((0, 1), (1, 0), (0, -1), (-1, 0))]
    return np.asarray(np.maximum.reduce([padded, *moved])[1:-1, 1:-1])


def spell(characters: list[str], rng: np.random.Generator) -> list[str]:
    """Characters of a word, about as common as in English, in one case, capitalised or mixed."""
    weights = np.array([commonness(c) for c in characters])
    length = int(rng.integers(FEWEST, LONGEST + 1))
    word = [str(c) for c in rng.choice(characters, length, p=weights / weights.sum())]
    style = rng.uniform()
    if style < 0.55:
        cased = [c.lower() for c in word]
    elif style < 0.75:
        cased = [c.upper() for c in word]
    elif style < 0.9:
        cased = [word[0].upper(), *(c.lower() for c in word[1:])]
    else:
        cased = word
    known = set(characters)
    return [c if c in known else w for c, w in zip(cased, word, strict=True)]


def commonness(character: str) -> float:
    """Weight of a character: the root of its share in English, so that few are rare."""
    symbol = fold(character)
    if not symbol:
        return RARE
    share = math.exp(english().log_probs("")[SYMBOLS.index(symbol)])
    return max(math.sqrt(share), 3 * RARE)


def at_size(
    crop: NDArray[np.uint8], shape: NDArray[np.float64], rng: np.random.Generator
) -> tuple[Floats, int]:
    """Ink of a letter at its size on the line, and the pixels from its foot to the baseline."""
    top, bottom, _ = shape
    ink = tight(crop.astype(np.float32) / np.float32(255))
    # what is wide and low has its size from its width: a hyphen, a tilde
    extent = max((top - bottom) * UNIT / ink.shape[0], 0.0)
    scale = min(extent, 1.2 * UNIT / max(ink.shape)) * float(np.exp(rng.normal(0, 0.12)))
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    image = Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image), round(bottom * UNIT + rng.normal(0, 1.0))


def typeset(faces: list[Typeface], rng: np.random.Generator) -> list[Placed]:
    """A word in a font, set closer or wider than it should be, the strokes lighter or bolder."""
    styles, characters = faces[rng.integers(len(faces))]
    font = styles[rng.integers(len(styles))].font_variant(size=int(rng.integers(24, 49)))
    bold = int(rng.integers(0, 2)) if rng.uniform() < 0.3 else 0
    tracking = rng.normal(-0.01, 0.03) * font.size
    word = []
    x = 0.0
    for character in spell(characters, rng):
        mask, offset = font.getmask2(character, mode="L", anchor="ls", stroke_width=bold)
        width, height = mask.size
        if width and height:
            ink = np.asarray(mask, np.uint8).reshape(height, width).astype(np.float32)
            if ink.any():
                either = character.swapcase() if character.upper() in SCALED else ""
                word.append(
                    Placed(
                        character, either, ink / np.float32(255), round(x) + offset[0], offset[1]
                    )
                )
        x += font.getlength(character) + tracking
    return word or typeset(faces, rng)


def tight(ink: Floats) -> Floats:
    """Ink cut to its bounding box; unchanged where there is none."""
    rows, columns = np.nonzero(ink > 0.2)
    if not len(rows):
        return ink
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
