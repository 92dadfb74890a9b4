"""Fonts of the system, to draw characters that Pillow's built-in font lacks."""

from __future__ import annotations

import contextlib
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:\\Windows\\Fonts",
)
SUFFIXES = (".ttf", ".otf", ".ttc")
#: Plain fonts with many characters, tried before all others; the order is that of preference.
PREFERRED = ("DejaVuSans", "NotoSans-Regular", "LiberationSans-Regular", "Arial", "Helvetica")
MISSING = "\uffff"  # never a character, so its glyph is the font's mark for a missing one
TEST_SIZE = 28  # px per em, enough to tell two glyphs apart


@lru_cache(maxsize=1024)
def load_font(character: str, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font that has the character, or Pillow's built-in one if none has it."""
    path = find_font(character)
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(str(path), size)


def has_glyph(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, character: str) -> bool:
    """Whether a font draws something of its own for a character."""
    drawn = glyph_pixels(font, character)
    return any(drawn[1]) and drawn != glyph_pixels(font, MISSING)


def glyph_pixels(
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont, character: str
) -> tuple[tuple[int, int], bytes]:
    """Size and pixels of what a font draws for a character."""
    mask = font.getmask(character)
    return mask.size, bytes(mask)


@cache
def find_font(character: str) -> Path | None:
    """Return the file of a font that has the character; None for Pillow's built-in font."""
    if has_glyph(ImageFont.load_default(TEST_SIZE), character):
        return None
    for path in system_fonts():
        with contextlib.suppress(OSError):  # damaged, or of a kind that FreeType does not know
            if has_glyph(ImageFont.truetype(str(path), TEST_SIZE), character):
                return path
    return None


@cache
def system_fonts() -> tuple[Path, ...]:
    """Files of all fonts of the system, the preferred ones first."""
    files = (path for folder in SYSTEM_FOLDERS for path in Path(folder).expanduser().rglob("*"))
    fonts = sorted(path for path in files if path.suffix.lower() in SUFFIXES)
    rank = {name: number for number, name in enumerate(PREFERRED)}
    return tuple(sorted(fonts, key=lambda path: rank.get(path.stem, len(rank))))
