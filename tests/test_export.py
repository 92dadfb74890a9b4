from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ocr import export
from ocr.input.page_image import PageImage
from ocr.page import Box, Glyph, Line, Page, Word

H = Glyph(Box(10, 20, 30, 60), "H", 0.98765)
I = Glyph(Box(40, 22, 46, 60), "i", 0.5, alternatives=(("l", 0.3), ("1", 0.2)))  # noqa: E741
PAGE = Page(200, 100, (Line((Word((H, I)), Word((Glyph(Box(80, 50, 90, 60), ".", 1.0),)))),))


def written(form: str, *named: tuple[str, Page]) -> bytes:
    """Content of a file of pages."""
    writer = export.writer(form)
    for name, page in named:
        gray = np.full((page.height, page.width), 255, np.uint8)
        writer.add(PageImage(gray, 1.0, (page.width, page.height), name), page)
    return writer.finish()


def test_json_has_every_level_with_box_text_and_confidence() -> None:
    values = json.loads(written("json", ("a.png", PAGE)))
    assert values["version"] == 3
    [page] = values["pages"]
    assert (page["image"], page["width"], page["height"]) == ("a.png", 200, 100)
    [line] = page["lines"]
    assert (line["text"], line["box"]) == ("Hi .", [10, 20, 90, 60])
    word = line["words"][0]
    assert (word["text"], word["box"], word["confidence"]) == ("Hi", [10, 20, 46, 60], 0.7438)
    assert word["glyphs"][1] == {
        "box": [40, 22, 46, 60],
        "text": "i",
        "confidence": 0.5,
        "alternatives": [{"text": "l", "confidence": 0.3}, {"text": "1", "confidence": 0.2}],
    }


def test_json_is_one_line_of_ascii_even_for_names_that_are_not_text() -> None:
    glyph = Glyph(Box(0, 0, 1, 1), "é", float(np.float32(0.9)))
    content = written("json", ("ä\udce9.png", Page(1, 1, (Line((Word((glyph,)),)),))))
    assert content.count(b"\n") == 1
    assert content.endswith(b"\n")
    assert content.isascii()
    assert json.loads(content)["pages"][0]["image"] == "ä\udce9.png"
    assert b'"confidence": 0.9,' in content  # not 0.8999999761581421


def test_text_has_one_page_after_the_other() -> None:
    assert written("text", ("a.png", PAGE), ("b.png", PAGE)) == b"Hi .\nHi .\n"


def test_ending_decides_the_format() -> None:
    assert export.format_of(Path("a.b.JSON")) == "json"
    assert export.format_of(Path("json")) is None
