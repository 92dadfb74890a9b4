"""Make training samples from words that are cut into candidate glyphs as a page is.

Isolated letters do not show a classifier what it meets in a lattice: two letters taken for one,
half an m, an r with a sliver of its neighbor. So words are composed of isolated letters, or set
in a font, and the candidates that segmentation finds in them become samples: letters where the
cuts are right, "not a letter" where they are wrong (LeCun et al. 1998, section V-D).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont

from ocr.data.samples import Samples
from ocr.decode.geometry import SCALED, shape_table
from ocr.decode.language import SYMBOLS, english, fold
from ocr.segment.components import Ink, find_components, stroke_width
from ocr.segment.crops import candidate_ink, crop_candidates, find_owners, trim
from ocr.segment.lattice import build_lattice
from ocr.segment.rows import Row

CAP_HEIGHT = 28  # px; a little more than in a sample, so that no letter loses detail
MIN_LENGTH, MAX_LENGTH = 3, 8  # characters of a word
LETTER_SHARE = 0.4  # of the crops are letters; the others are "not a letter"
# A candidate that is neither a letter nor "not a letter" by these bounds is left out:
MIN_WHOLE = 0.88  # of a letter's ink is in a candidate that is this letter
MAX_FOREIGN = 0.12  # of the ink of that candidate belongs to other letters
MAX_PART = 0.72  # of any letter's ink is in a candidate that is "not a letter", or
MIN_MIXED = 0.25  # of that candidate's ink belongs to other letters
RARE_WEIGHT = 0.012  # of a character that English lacks; the commonest have 0.3
COARSE_SHARE = 0.5  # of the words lose detail, as in pictures of few pixels
MIN_COARSE_SCALE = 0.4  # capitals of 11 px, as in a webcam's picture of a page
SMALL_LETTERS = 24  # px; pages with smaller capitals are enlarged before they are read
MAX_SPECK = 0.3  # row heights; the dot of an i differs from a full stop only in its size

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Placed:
    """A letter of a word: its ink [h, w], and where its top left corner is."""

    character: str
    either: str  # second right character, or ""
    ink: Floats
    left: int
    top: int


Typeface = tuple[list[ImageFont.FreeTypeFont], list[str]]  # styles, and the characters in them
WordMaker = Callable[[np.random.Generator], list[Placed]]


def make_words(samples: Samples, count: int, rng: np.random.Generator) -> Samples:
    """Cut `count` crops out of words that are composed of samples; see `cut_words`.

    Samples of "not a letter" are not used.
    """
    known = np.unique(samples.characters[samples.characters != ""])
    if not any(c.isalnum() for c in known):
        return samples.take(np.zeros(0, np.intp))
    where = {str(c): np.flatnonzero(samples.characters == c) for c in known}
    return cut_words(lambda rng: compose(samples, where, rng), count, rng)


def cut_words(make: WordMaker, count: int, rng: np.random.Generator) -> Samples:
    """Make words until their candidates give `count` crops, `LETTER_SHARE` of them letters.

    The others have the character "". There are fewer crops only if the letters hardly ever touch
    or are never cut right.
    """
    letters = round(count * LETTER_SHARE)
    wanted = {True: letters, False: count - letters}
    found: list[tuple[NDArray[np.uint8], str, str]] = []
    for _ in range(10 + 2 * count):  # usually far more than needed
        if not any(wanted.values()):
            break
        for sample in cut_word(make(rng), rng):
            if wanted[bool(sample[1])]:
                wanted[bool(sample[1])] -= 1
                found.append(sample)
    crops, characters, eithers = zip(*found, strict=True) if found else ((), (), ())
    return Samples(
        np.array(crops, np.uint8).reshape(-1, 32, 32),
        np.array(characters, "<U1"),
        np.array(eithers, "<U1"),
    )


def cut_word(
    word: list[Placed], rng: np.random.Generator
) -> list[tuple[NDArray[np.uint8], str, str]]:
    """Return crop, character and second character of candidates that are clearly right or wrong."""
    layers = draw_layers(word)  # (letters, h, w)
    if rng.uniform() < COARSE_SHARE:
        layers = coarsen(layers, rng.uniform(MIN_COARSE_SCALE, 1.0))
    strength = np.minimum(layers.sum(0), np.float32(1))
    mask = strength > rng.uniform(0.3, 0.6)
    if not mask.any():
        return []
    components = find_components(mask)
    middles = components.boxes[:, 0] + components.boxes[:, 2]
    row = Row(np.argsort(middles, kind="stable"), 0.0)
    word_ink = Ink(mask, np.rint(255 * strength).astype(np.uint8))
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
        if shares[k] >= MIN_WHOLE and foreign <= MAX_FOREIGN:
            cut.append((pixels, word[k].character, word[k].either))
        elif max(ink.shape) > MAX_SPECK * lattice.height and (
            shares[k] < MAX_PART or foreign > MIN_MIXED
        ):
            cut.append((pixels, "", ""))
    return cut


def draw_layers(word: list[Placed]) -> Floats:
    """Draw each letter on a layer of its own, float32 [letters, h, w], with a margin."""
    left, top = min(p.left for p in word), min(p.top for p in word)
    width = max(p.left + p.ink.shape[1] for p in word) - left + 4
    height = max(p.top + p.ink.shape[0] for p in word) - top + 4
    layers = np.zeros((len(word), height, width), np.float32)
    for layer, letter in zip(layers, word, strict=True):
        x, y = letter.left - left + 2, letter.top - top + 2
        layer[y : y + letter.ink.shape[0], x : x + letter.ink.shape[1]] = letter.ink
    return layers


def coarsen(layers: Floats, factor: float) -> Floats:
    """Reduce layers [letters, h, w], and enlarge small letters again as reading does."""
    width, height = (max(1, round(side * factor)) for side in layers.shape[:0:-1])
    images = [Image.fromarray(ink).resize((width, height), Image.Resampling.BOX) for ink in layers]
    if factor * CAP_HEIGHT < SMALL_LETTERS:
        size = (2 * width, 2 * height)
        images = [image.resize(size, Image.Resampling.BICUBIC) for image in images]
    reduced: Floats = np.clip(np.stack([np.asarray(image) for image in images]), 0, 1)
    return reduced


def compose(
    samples: Samples, where: dict[str, NDArray[np.intp]], rng: np.random.Generator
) -> list[Placed]:
    """Place samples side by side, mostly touching, at the sizes that they have on a line."""
    word, x = [], 0
    tracking = rng.normal(-0.5, 1.5)  # px between letters
    boldness = rng.uniform()
    for character in spell(list(where), rng):
        k = int(rng.choice(where[character]))
        ink, foot = scale_letter(samples.crops[k], shape_table(character)[0], rng)
        if boldness < 0.15:
            ink = thicken(ink)
        word.append(Placed(character, str(samples.either[k]), ink, x, -foot - ink.shape[0]))
        x = max(x + ink.shape[1] + round(rng.normal(tracking, 1.5)), x + 1)
    return word


def thicken(ink: Floats) -> Floats:
    """Spread ink by a pixel to every side, as a marker does."""
    padded = np.pad(ink, 2)
    moved = [np.roll(padded, shift, (0, 1)) for shift in ((0, 1), (1, 0), (0, -1), (-1, 0))]
    return np.asarray(np.maximum.reduce([padded, *moved])[1:-1, 1:-1])


def spell(characters: list[str], rng: np.random.Generator) -> list[str]:
    """Choose the characters of a word, about as common as in English, in a random style of case."""
    weights = np.array([frequency_weight(c) for c in characters])
    length = int(rng.integers(MIN_LENGTH, MAX_LENGTH + 1))
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


def frequency_weight(character: str) -> float:
    """Return the root of a character's share in English, so that rare ones are chosen too."""
    symbol = fold(character)
    if not symbol:
        return RARE_WEIGHT
    share = math.exp(english().log_probs("")[SYMBOLS.index(symbol)])
    return max(math.sqrt(share), 3 * RARE_WEIGHT)


def scale_letter(
    crop: NDArray[np.uint8], shape: NDArray[np.float64], rng: np.random.Generator
) -> tuple[Floats, int]:
    """Return the ink of a letter at its size on a line, and how far above the baseline it ends."""
    top, bottom, _ = shape
    ink = trim(crop.astype(np.float32) / np.float32(255), 0.2)
    # a wide and low sign, such as a hyphen or a tilde, is scaled by its width
    extent = max((top - bottom) * CAP_HEIGHT / ink.shape[0], 0.0)
    scale = min(extent, 1.2 * CAP_HEIGHT / max(ink.shape)) * float(np.exp(rng.normal(0, 0.12)))
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    image = Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image), round(bottom * CAP_HEIGHT + rng.normal(0, 1.0))


def typeset(faces: list[Typeface], rng: np.random.Generator) -> list[Placed]:
    """Set a word in a font, with random tracking and sometimes in bolder strokes."""
    styles, characters = faces[rng.integers(len(faces))]
    font = styles[rng.integers(len(styles))].font_variant(size=int(rng.integers(24, 49)))
    bold = int(rng.integers(0, 2)) if rng.uniform() < 0.3 else 0
    tracking = rng.normal(-0.01, 0.03) * font.size
    word, x = [], 0.0
    for character in spell(characters, rng):
        mask, offset = font.getmask2(character, mode="L", anchor="ls", stroke_width=bold)
        width, height = mask.size
        ink = np.asarray(mask, np.float32).reshape(height, width) / np.float32(255)
        if ink.any():
            either = character.swapcase() if character.upper() in SCALED else ""
            word.append(Placed(character, either, ink, round(x) + offset[0], offset[1]))
        x += font.getlength(character) + tracking
    return word or typeset(faces, rng)
