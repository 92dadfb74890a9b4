"""A page as PAGE 2019, the XML of tools that show and correct transcriptions."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from datetime import datetime, timezone

from ocr import __version__
from ocr.errors import OutputError
from ocr.export.markup import document, identity, proper, root_of, share
from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Page, Word

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
SCHEMA = f"{NAMESPACE}/pagecontent.xsd"


class Writer:
    """One document with one page, which has one text region.

    Its date is SOURCE_DATE_EPOCH or 1970, so that the same image always gives the same bytes.
    """

    def __init__(self) -> None:
        self._root = root_of("PcGts", NAMESPACE, SCHEMA)
        self._root.append(_metadata())

    def add(self, image: PageImage, page: Page) -> None:
        """Add the page; ValueError for a second one, which the schema does not allow."""
        if self._root.find("Page") is not None:
            raise ValueError("a PAGE document has one page")
        self._root.append(_page(image, page))

    def finish(self) -> bytes:
        """Return the content of the file."""
        return document(self._root)


def _metadata() -> ET.Element:
    """Return creator and dates; the schema requires both dates."""
    element = ET.Element("Metadata")
    ET.SubElement(element, "Creator").text = f"ocr {__version__}"
    ET.SubElement(element, "Created").text = _date()
    ET.SubElement(element, "LastChange").text = _date()
    return element


def _date() -> str:
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "0")
    try:
        return f"{datetime.fromtimestamp(int(seconds), timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError) as error:
        raise OutputError(
            f"SOURCE_DATE_EPOCH is not a time: {seconds} (give seconds since 1970)"
        ) from error


def _page(image: PageImage, page: Page) -> ET.Element:
    element = ET.Element(
        "Page",
        imageFilename=proper(image.name),
        imageWidth=str(page.width),
        imageHeight=str(page.height),
    )
    if image.dpi is not None:
        element.set("imageXResolution", f"{image.dpi:g}")
        element.set("imageYResolution", f"{image.dpi:g}")
        element.set("imageResolutionUnit", "PPI")
    if page.lines:
        order = ET.SubElement(ET.SubElement(element, "ReadingOrder"), "OrderedGroup", id="order")
        ET.SubElement(order, "RegionRefIndexed", index="0", regionRef=identity("region", 1))
        element.append(_region(page))
    return element


def _region(page: Page) -> ET.Element:
    element = ET.Element("TextRegion", id=identity("region", 1), type="paragraph")
    element.append(_coords(Box.around(line.box for line in page.lines)))
    element.extend(_line(line, n) for n, line in enumerate(page.lines, start=1))
    element.append(_text(page.text.removesuffix("\n")))
    return element


def _line(line: Line, number: int) -> ET.Element:
    element = ET.Element("TextLine", id=identity("line", number))
    element.append(_coords(line.box))
    if line.baseline is not None:
        ET.SubElement(element, "Baseline", points=_points(line.baseline, line.box))
    element.extend(_word(word, number, n) for n, word in enumerate(line.words, start=1))
    element.append(_text(line.text, line.confidence))
    return element


def _points(baseline: Baseline, box: Box) -> str:
    """Return both ends of a baseline in whole numbers, as the schema requires.

    Validators also require them to be in the line's box, which a tilted baseline can leave.
    """
    left, right = (min(max(box.top, round(y)), box.bottom) for y in (baseline.left, baseline.right))
    return f"{box.left},{left} {box.right},{right}"


def _word(word: Word, *place: int) -> ET.Element:
    element = ET.Element("Word", id=identity("word", *place))
    element.append(_coords(word.box))
    element.extend(_glyph(glyph, *place, n) for n, glyph in enumerate(word.glyphs, start=1))
    element.append(_text(word.text, word.confidence))
    return element


def _glyph(glyph: Glyph, *place: int) -> ET.Element:
    element = ET.Element("Glyph", id=identity("glyph", *place))
    element.append(_coords(glyph.box))
    readings = [(glyph.character, glyph.confidence), *glyph.alternatives]
    for index, (character, confidence) in enumerate(readings):
        element.append(_text(character, confidence, index))
    return element


def _text(text: str, confidence: float | None = None, index: int | None = None) -> ET.Element:
    """Return a reading of a part; among several, the one with the lowest index counts."""
    element = ET.Element("TextEquiv")
    if index is not None:
        element.set("index", str(index))
    if confidence is not None:
        element.set("conf", share(confidence))
    ET.SubElement(element, "Unicode").text = proper(text)
    return element


def _coords(box: Box) -> ET.Element:
    """Return the corners of a half-open box, whose differences are its width and height."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    points = f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"
    return ET.Element("Coords", points=points)
