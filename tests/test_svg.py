from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from xml.etree.ElementTree import Element, fromstring

from PIL import Image

from ocr.export import overlay, svg
from ocr.page import Box, Glyph, Line, Page, Word

NAME = "{http://www.w3.org/2000/svg}"
A = Glyph(Box(10, 20, 30, 60), "A", 1.0)
LESS = Glyph(Box(40, 20, 60, 60), "<", 0.5, alternatives=(("(", 0.3),))
PAGE = Page(200, 100, (Line((Word((A,)), Word((LESS,)))),))


def drawn(width: int = 200, height: int = 100) -> Element:
    return fromstring(svg.draw(Image.new("L", (width, height), 90), PAGE))


def test_each_glyph_is_a_box_in_the_color_of_its_confidence_and_a_text() -> None:
    glyphs = [g for g in drawn().iter(f"{NAME}g") if g.get("class") == "glyph"]
    boxes = [glyph.find(f"{NAME}rect") for glyph in glyphs]
    assert [glyph.findtext(f"{NAME}text") for glyph in glyphs] == ["A", "<"]
    assert [[b.get(k) for k in ("x", "y", "width", "height")] for b in boxes if b is not None] == [
        ["10", "20", "20", "40"],
        ["40", "20", "20", "40"],
    ]
    colors = [b.get("stroke") for b in boxes if b is not None]
    assert colors == [f"#{bytes(overlay.color_of(p)).hex()}" for p in (1.0, 0.5)]


def test_title_of_a_glyph_lists_its_alternatives() -> None:
    titles = [title.text for title in drawn().iter(f"{NAME}title")]
    assert titles == ["A 100 %", "< 50 %, ( 30 %"]


def test_the_image_lies_within_reduced_and_covers_the_page() -> None:
    root = drawn(4000, 2000)
    assert root.get("viewBox") == "0 0 200 100"
    embedded = root.find(f"{NAME}image")
    assert embedded is not None
    assert (embedded.get("width"), embedded.get("height")) == ("200", "100")
    kind, content = embedded.get("href", "").split(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(BytesIO(b64decode(content))) as picture:
        assert picture.size == (1600, 800)
        assert picture.getpixel((5, 5)) == (90, 90, 90)
