"""Draw a contact sheet: some crops of each character, row by row."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.data.samples import Samples
from ocr.segment.crops import SIZE

COLUMNS = 20  # crops of each character
MAX_COLUMNS = 1000  # 34,152 px
GAP = 2  # px between crops
LABEL = 20  # px, font size of the character
NOTE = 10  # px, font size of its code point and count
MARGIN = 150  # px on the left, for both
TEXT, PAPER = 0, 235  # gray levels; crops are black on white
LATIN_1 = 256  # code points from here on are missing in the font that comes with Pillow


def contact_sheet(samples: Samples, *, columns: int = COLUMNS, seed: int = 0) -> Image.Image:
    """Draw some crops of each character, chosen at random, dark on white.

    The gray image has a row for each character in code point order; the character, its code
    point and the number of its crops are on the left. There must be at least one sample.
    """
    rows = samples.indices_by_character(np.random.default_rng(seed))
    step = SIZE + GAP
    sheet = Image.new("L", (MARGIN + columns * step + GAP, len(rows) * step + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for row, where in enumerate(rows):
        top = GAP + row * step
        _draw_label(draw, str(samples.characters[where[0]]), len(where), top)
        for column, index in enumerate(where[:columns]):
            crop = Image.fromarray(255 - samples.crops[index])
            sheet.paste(crop, (MARGIN + column * step, top))
    return sheet


def _draw_label(draw: ImageDraw.ImageDraw, character: str, count: int, top: int) -> None:
    middle = top + SIZE // 2
    if character.isprintable() and ord(character) < LATIN_1:
        font = ImageFont.load_default(LABEL)
        draw.text((GAP * 4, middle), character, TEXT, font, anchor="lm")
    note = f"U+{ord(character):04X}  {count:,}"
    draw.text((GAP * 4 + LABEL * 2, middle), note, TEXT, ImageFont.load_default(NOTE), anchor="lm")
