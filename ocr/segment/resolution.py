"""The resolution to segment a page at, and the way back to pixels of the original."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Line
from ocr.segment.binarize import Ink, find_ink
from ocr.segment.components import Components, drop_non_text, find_components, letter_height
from ocr.segment.ndimage import maximum_filter
from ocr.segment.rules import find_rules

MIN_SIDE = 700  # px, longer side of a page that was reduced
LARGE_LETTERS = 40  # px; at half the size a stroke is still 2 px wide, and a crop shows no less
LARGE_LETTERS_IN_PHOTO = 18  # px; enough in a photograph of many pixels, which would take long
PHOTO_PIXELS = 2_900_000  # px, the size at which a photograph of 12 megapixels is decoded
SMALL_LETTERS = 24  # px, size of the ink in a crop; smaller letters are enlarged in any case
MAX_ENLARGED_PIXELS = 12_000_000  # px of an enlarged page; more takes long, and much memory
MIN_ENLARGEMENT = 1.2  # a smaller factor would blur more than it separates
RULE_CROSSING = 9  # px around a rule: it is thicker where it meets another and is not followed


def find_letters_at_working_size(image: PageImage) -> tuple[PageImage, Ink, Components]:
    """Find the letters of a page at a resolution that suits their size.

    Returns
    -------
    image : PageImage
        The given one, halved if its letters are large, enlarged if they are small.
    ink : Ink
        Of that image.
    components : Components
        Those that can be writing.
    """
    if max(image.gray.shape) >= 2 * MIN_SIDE:
        small = halve(image)
        ink, letters = find_letters(small.gray)
        enough = LARGE_LETTERS_IN_PHOTO if image.gray.size >= PHOTO_PIXELS else LARGE_LETTERS
        if letter_height(letters) >= enough:
            return small, ink, letters
    ink, letters = find_letters(image.gray)
    factor = min(2.0, (MAX_ENLARGED_PIXELS / image.gray.size) ** 0.5)
    if 0 < letter_height(letters) < SMALL_LETTERS and factor > MIN_ENLARGEMENT:
        del ink, letters  # frees as much memory as the next lines need
        image = enlarge(image, factor)
        ink, letters = find_letters(image.gray)
    return image, ink, letters


def find_letters(gray: NDArray[np.uint8] | NDArray[np.float32]) -> tuple[Ink, Components]:
    """Find ink without ruled lines, and the connected components of it that can be writing."""
    ink = find_ink(gray)
    across = find_rules(ink.mask)
    ink = ink.without(across)
    if across.any():  # squared paper, forms and margins have rules in both directions
        ink = ink.without(find_rules(ink.mask.T, met=maximum_filter(across, RULE_CROSSING).T).T)
    return ink, drop_non_text(find_components(ink.mask))


def halve(image: PageImage) -> PageImage:
    """Reduce a page to a quarter of its pixels."""
    gray = np.asarray(image.picture().reduce(2))
    return replace(image, gray=gray, scale=image.scale / 2)


def enlarge(image: PageImage, factor: float) -> PageImage:
    """Enlarge a page, so that the white between small letters gets wide enough to cut."""
    height, width = (round(factor * side) for side in image.gray.shape)
    picture = image.picture().resize((width, height), Image.Resampling.BICUBIC)
    return replace(image, gray=np.asarray(picture), scale=factor * image.scale)


def to_original(line: Line, image: PageImage) -> Line:
    """Scale a line's boxes and baseline from working pixels to pixels of the original."""
    scaled = line.map_glyphs(lambda glyph: replace(glyph, box=scale_box(glyph.box, image)))
    if line.baseline is None:
        return scaled
    return replace(scaled, baseline=Baseline(*(length / image.scale for length in line.baseline)))


def scale_box(box: Box, image: PageImage) -> Box:
    """Scale a box to original pixels; it stays inside the image and at least 1 px wide."""
    width, height = image.size
    left = min(int(box.left / image.scale), width - 1)
    top = min(int(box.top / image.scale), height - 1)
    right = min(max(round(box.right / image.scale), left + 1), width)
    bottom = min(max(round(box.bottom / image.scale), top + 1), height)
    return Box(left, top, right, bottom)
