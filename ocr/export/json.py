"""Pages as JSON, with every box and confidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ocr.page import Box, Glyph, Line, Page, Word

VERSION = 1  # of the schema: rises when a field changes its meaning or goes
DIGITS = 4  # of a confidence


def dumps(pages: Sequence[tuple[str, Page]]) -> str:
    """JSON of named pages, on one line of ASCII: a file's name may be no proper text.

    Boxes are [left, top, right, bottom], half-open pixels of the original upright image.

    Examples
    --------
    >>> dumps([("blank.png", Page(4, 3))]).rstrip()
    '{"version": 1, "pages": [{"image": "blank.png", "width": 4, "height": 3, "text": "", \
"lines": []}]}'
    """
    values = {"version": VERSION, "pages": [_page(name, page) for name, page in pages]}
    return json.dumps(values) + "\n"


def _page(name: str, page: Page) -> dict[str, Any]:
    return {
        "image": name,
        "width": page.width,
        "height": page.height,
        "text": page.text,
        "lines": [_line(line) for line in page.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {**_part(line.box, line.text, line.confidence), "words": [_word(w) for w in line.words]}


def _word(word: Word) -> dict[str, Any]:
    return {
        **_part(word.box, word.text, word.confidence),
        "glyphs": [_glyph(g) for g in word.glyphs],
    }


def _glyph(glyph: Glyph) -> dict[str, Any]:
    return {
        **_part(glyph.box, glyph.character, glyph.confidence),
        "alternatives": [
            {"text": character, "confidence": _rounded(confidence)}
            for character, confidence in glyph.alternatives
        ],
    }


def _part(box: Box, text: str, confidence: float) -> dict[str, Any]:
    return {
        "box": [box.left, box.top, box.right, box.bottom],
        "text": text,
        "confidence": _rounded(confidence),
    }


def _rounded(confidence: float) -> float:
    return round(float(confidence), DIGITS)
