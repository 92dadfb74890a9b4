"""Pages as JSON, with every box and confidence."""

from __future__ import annotations

import json
from typing import Any

from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Page, Word

VERSION = 3  # of json.schema.json: increases when a field is added, removed or redefined
DIGITS = 4  # of a confidence


class Writer:
    """JSON on one line of ASCII, which can hold file names that are not valid text.

    Boxes are [left, top, right, bottom], half-open pixels of the original upright image.
    """

    def __init__(self) -> None:
        self._pages: list[str] = []  # serialized, which takes a tenth of the memory

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page."""
        self._pages.append(json.dumps(_page(image, page)))

    def finish(self) -> bytes:
        """Return the content of the file."""
        pages = ", ".join(self._pages)
        return f'{{"version": {VERSION}, "pages": [{pages}]}}\n'.encode()


def _page(image: PageImage, page: Page) -> dict[str, Any]:
    return {
        "image": image.name,
        "number": image.number,
        "dpi": image.dpi,
        "rotation": page.rotation,
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
    return {name: round(float(pixels), 2) for name, pixels in baseline._asdict().items()}


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
    """Round a confidence to the digits that are written."""
    return round(float(confidence), DIGITS)
