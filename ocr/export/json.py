"""Pages as JSON, with every box and confidence."""

from __future__ import annotations

import json
from typing import Any

from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Page, Word

VERSION = 2  # of json.schema.json: rises when a field comes, goes or changes its meaning
DIGITS = 4  # of a confidence


class Writer:
    """JSON on one line of ASCII: a file's name may be no proper text.

    Boxes are [left, top, right, bottom], half-open pixels of the original upright image.
    """

    def __init__(self) -> None:
        self._pages: list[str] = []  # as text, which takes a tenth of the memory

    def add(self, image: PageImage, page: Page) -> None:
        """Take in the next page."""
        self._pages.append(json.dumps(_page(image, page)))

    def finish(self) -> bytes:
        """Content of the file."""
        pages = ", ".join(self._pages)
        return f'{{"version": {VERSION}, "pages": [{pages}]}}\n'.encode()


def _page(image: PageImage, page: Page) -> dict[str, Any]:
    return {
        "image": image.name,
        "number": image.number,
        "dpi": image.dpi,
        "width": page.width,
        "height": page.height,
        "text": page.text,
        "lines": [_line(line) for line in page.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        **_part(line.box, line.text, line.confidence),
        "baseline": _baseline(line.baseline),
        "words": [_word(w) for w in line.words],
    }


def _baseline(baseline: Baseline | None) -> dict[str, float] | None:
    if baseline is None:
        return None
    return {
        "left": _hundredth(baseline.left),
        "right": _hundredth(baseline.right),
        "capital": _hundredth(baseline.capital),
    }


def _hundredth(pixels: float) -> float:
    return round(float(pixels), 2)


def _word(word: Word) -> dict[str, Any]:
    return {
        **_part(word.box, word.text, word.confidence),
        "glyphs": [_glyph(g) for g in word.glyphs],
    }


def _glyph(glyph: Glyph) -> dict[str, Any]:
    return {
        **_part(glyph.box, glyph.character, glyph.confidence),
        "alternatives": [
            {"text": character, "confidence": rounded(confidence)}
            for character, confidence in glyph.alternatives
        ],
    }


def _part(box: Box, text: str, confidence: float) -> dict[str, Any]:
    return {
        "box": [box.left, box.top, box.right, box.bottom],
        "text": text,
        "confidence": rounded(confidence),
    }


def rounded(confidence: float) -> float:
    """Confidence to as many digits as it is written with."""
    return round(float(confidence), DIGITS)
