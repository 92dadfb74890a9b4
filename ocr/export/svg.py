"""Draw a page over its image as SVG, with boxes and text as elements to search and style."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from xml.etree.ElementTree import Element, SubElement, tostring

from PIL import Image

from ocr.export.overlay import FADE, LINE_COLOR, MAX_WIDTH, color_of
from ocr.page import Box, Glyph, Page

QUALITY = 80  # of the JPEG within
STYLE = """
rect { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke }
text { font-family: sans-serif; text-anchor: middle; paint-order: stroke; stroke: white }
""".strip()
TEXT_SIZE = 0.6  # of a glyph's height, so that it stays below the line above
HALO = 0.15  # of the text's size; width of the white outline


def draw(image: Image.Image, page: Page) -> bytes:
    """Return an SVG file with a box around each line and glyph and a label above each glyph.

    The image is the upright original at any size, embedded as JPEG at most 1600 px wide;
    coordinates are pixels of the page. The color of a glyph is its confidence; pointing at it
    shows confidence and alternatives.
    """
    size = {"width": str(page.width), "height": str(page.height)}
    root = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {page.width} {page.height}"},
        **size,
    )
    SubElement(root, "style").text = STYLE
    faded = {"opacity": f"{1 - FADE:g}", "preserveAspectRatio": "none"}
    SubElement(root, "image", {"href": _jpeg(image), **faded}, **size)
    for line in page.lines:
        row = SubElement(root, "g", {"class": "line"})
        _draw_box(row, line.box, LINE_COLOR)
        for word in line.words:
            part = SubElement(row, "g", {"class": "word"})
            for glyph in word.glyphs:
                _draw_glyph(part, glyph)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _jpeg(image: Image.Image) -> str:
    """Encode an image as a data URI."""
    image = image.convert("RGB")
    image.thumbnail((MAX_WIDTH, image.height))
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"


def _draw_box(parent: Element, box: Box, color: tuple[int, int, int]) -> None:
    place = {"x": box.left, "y": box.top, "width": box.width, "height": box.height}
    texts = {name: str(value) for name, value in place.items()}
    SubElement(parent, "rect", {"stroke": _hex(color), **texts})


def _draw_glyph(parent: Element, glyph: Glyph) -> None:
    color, box = color_of(glyph.confidence), glyph.box
    part = SubElement(parent, "g", {"class": "glyph"})
    read = ((glyph.character, glyph.confidence), *glyph.alternatives)
    SubElement(part, "title").text = ", ".join(f"{c} {100 * p:.0f} %" for c, p in read)
    _draw_box(part, box, color)
    size = TEXT_SIZE * box.height
    place = {"x": (box.left + box.right) / 2, "y": max(size, box.top), "font-size": size}
    texts = {name: f"{value:g}" for name, value in place.items()}
    halo = {"stroke-width": f"{HALO * size:g}", "fill": _hex(color)}
    SubElement(part, "text", {**texts, **halo}).text = glyph.character


def _hex(color: tuple[int, int, int]) -> str:
    return f"#{bytes(color).hex()}"
