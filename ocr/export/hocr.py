"""Pages as hOCR 1.2: XHTML with the position of each word and letter in title attributes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ocr import __version__
from ocr.export.markup import PAGES, document, identity, proper, serialize
from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Page, Word

DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
)
CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrx_cinfo ocrp_wconf"
X_SIZE = 4 / 3  # of the cap height: includes a descender of a third, as in Tesseract


class Writer:
    """One XHTML document; a page has one area of one paragraph."""

    def __init__(self) -> None:
        self._pages: list[bytes] = []
        self._names: list[str] = []

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page."""
        self._pages.append(_serialize_page(_page(len(self._pages), image, page)))
        self._names.append(image.name)

    def finish(self) -> bytes:
        """Return the content of the file."""
        root = ET.Element("html", {"xmlns": "http://www.w3.org/1999/xhtml"})
        head = ET.SubElement(root, "head")
        ET.SubElement(head, "title").text = proper(self._names[0] if self._names else "no pages")
        ET.SubElement(
            head, "meta", {"http-equiv": "Content-Type", "content": "text/html; charset=utf-8"}
        )
        ET.SubElement(head, "meta", name="ocr-system", content=f"ocr {__version__}")
        ET.SubElement(head, "meta", name="ocr-capabilities", content=CAPABILITIES)
        ET.SubElement(head, "meta", name="ocr-number-of-pages", content=str(len(self._pages)))
        ET.SubElement(root, "body").append(ET.Comment(PAGES))
        return document(root, self._pages, DOCTYPE)


def _serialize_page(page: ET.Element) -> bytes:
    """Put each element on its own line, except the letters of a word: space between them counts."""
    ET.indent(page, level=2)
    for word in page.iter("span"):
        if word.get("class") == "ocrx_word":
            word.text = None
            for glyph in word:
                glyph.tail = None
    return serialize(page)


def _page(index: int, image: PageImage, page: Page) -> ET.Element:
    title = [_bbox(Box(0, 0, page.width, page.height)), f"ppageno {index}"]
    if image.dpi is not None:
        title.append(f"scan_res {round(image.dpi)} {round(image.dpi)}")
    title.append(f"image {_quote(image.name)}")  # last, as a name may look like a property
    division = _part("div", "ocr_page", identity("page", index + 1), title)
    if not page.lines:
        division.text = " "  # browsers treat an empty tag as one that is still open
        return division
    box = _bbox(Box.around(line.box for line in page.lines))
    area = _part("div", "ocr_carea", identity("block", index + 1, 1), [box])
    paragraph = _part("p", "ocr_par", identity("par", index + 1, 1), [box])
    paragraph.extend(_line(line, index + 1, n) for n, line in enumerate(page.lines, start=1))
    area.append(paragraph)
    division.append(area)
    return division


def _line(line: Line, *place: int) -> ET.Element:
    title = [_bbox(line.box)]
    if line.baseline is not None:
        title += _baseline(line.baseline, line.box)
    element = _part("span", "ocr_line", identity("line", *place), title)
    element.extend(_word(word, *place, n) for n, word in enumerate(line.words, start=1))
    return element


def _baseline(baseline: Baseline, box: Box) -> list[str]:
    """Return slope and offset of the baseline from the box's bottom left corner, y downwards."""
    slope = (baseline.right - baseline.left) / box.width
    offset = round(baseline.left - box.bottom)
    return [f"baseline {slope:.4f} {offset}", f"x_size {X_SIZE * baseline.capital:.2f}"]


def _word(word: Word, *place: int) -> ET.Element:
    title = [_bbox(word.box), f"x_wconf {round(100 * word.confidence)}"]
    element = _part("span", "ocrx_word", identity("word", *place), title)
    element.extend(_glyph(glyph) for glyph in word.glyphs)
    return element


def _glyph(glyph: Glyph) -> ET.Element:
    title = [f"x_bboxes {_corners(glyph.box)}", f"x_confs {100 * glyph.confidence:.2f}"]
    element = ET.Element("span", {"class": "ocrx_cinfo", "title": "; ".join(title)})
    element.text = proper(glyph.character)
    return element


def _part(tag: str, kind: str, name: str, title: list[str]) -> ET.Element:
    return ET.Element(tag, {"class": kind, "id": name, "title": "; ".join(title)})


def _bbox(box: Box) -> str:
    return f"bbox {_corners(box)}"


def _corners(box: Box) -> str:
    return f"{box.left} {box.top} {box.right} {box.bottom}"


def _quote(name: str) -> str:
    return '"' + proper(name).replace('"', '\\"') + '"'
