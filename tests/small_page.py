"""A page small enough to read, and files of it."""

from __future__ import annotations

import numpy as np

from ocr import export
from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Page, Word

H = Glyph(Box(10, 20, 30, 60), "H", 0.98765)
I = Glyph(Box(40, 22, 46, 60), "i", 0.5, alternatives=(("l", 0.3), ("1", 0.2)))  # noqa: E741
AMPERSAND = Glyph(Box(80, 24, 110, 64), "&", 1.0)
QUOTE = Glyph(Box(12, 80, 18, 90), '"', 0.25)

#: Two lines: "Hi &" on a baseline that sinks, and a quotation mark without one.
PAGE = Page(
    200,
    100,
    (
        Line((Word((H, I)), Word((AMPERSAND,))), Baseline(60.25, 64.0, 39.0)),
        Line((Word((QUOTE,)),)),
    ),
)
BLANK = Page(200, 100)


def image_of(page: Page, name: str = "a.png", dpi: float | None = None) -> PageImage:
    """White picture of a page's size."""
    gray = np.full((page.height, page.width), 255, np.uint8)
    return PageImage(gray, 1.0, (page.width, page.height), name, dpi=dpi)


def written(form: str, *pages: Page, name: str = "a.png", dpi: float | None = None) -> bytes:
    """Content of a file of pages."""
    writer = export.writer(form)
    for page in pages:
        writer.add(image_of(page, name, dpi), page)
    return writer.finish()


def of_one_glyph(character: str) -> Page:
    """Page on which nothing else stands."""
    return Page(9, 9, (Line((Word((Glyph(Box(1, 2, 3, 4), character, 0.9),)),)),))
