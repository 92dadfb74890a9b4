"""Pages as ALTO 4.4, the Library of Congress's XML for text and its position on a page."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ocr import __version__
from ocr.export.markup import PAGES, document, identity, part, proper, root_of, share
from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Page, Word

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"

#: Processing steps in order: category of the schema, and description.
STEPS = (
    ("preOperation", "binarization: background removed, ink on paper found, tilt measured"),
    ("contentGeneration", "segmentation: components, rows, and a lattice of letters that may be"),
    ("contentGeneration", "recognition: letters classified, best path by shape, place, language"),
)


class Writer:
    """One document; a page has one text block."""

    def __init__(self) -> None:
        self._pages: list[bytes] = []
        self._names: list[str] = []

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page."""
        self._pages.append(part(_page(len(self._pages) + 1, page)))
        self._names.append(proper(image.name))

    def finish(self) -> bytes:
        """Return the content of the file."""
        root = root_of("alto", NAMESPACE, SCHEMA, SCHEMAVERSION="4.4")
        root.append(_description(self._names))
        ET.SubElement(root, "Layout").append(ET.Comment(PAGES))
        return document(root, self._pages)


def _description(names: list[str]) -> ET.Element:
    element = ET.Element("Description")
    ET.SubElement(element, "MeasurementUnit").text = "pixel"
    source = ET.SubElement(element, "sourceImageInformation")
    for name in names[:1]:
        ET.SubElement(source, "fileName").text = name
    if len(names) > 1:  # the schema allows one name, but any number of identifiers
        for name in names:
            ET.SubElement(source, "fileIdentifier").text = name
    for number, (category, description) in enumerate(STEPS, start=1):
        step = ET.SubElement(element, "Processing", ID=identity("processing", number))
        ET.SubElement(step, "processingCategory").text = category
        ET.SubElement(step, "processingStepDescription").text = description
        software = ET.SubElement(step, "processingSoftware")
        ET.SubElement(software, "softwareName").text = "ocr"
        ET.SubElement(software, "softwareVersion").text = __version__
    return element


def _page(number: int, page: Page) -> ET.Element:
    whole = Box(0, 0, page.width, page.height)
    element = ET.Element(
        "Page",
        ID=identity("page", number),
        PHYSICAL_IMG_NR=str(number),
        WIDTH=str(page.width),
        HEIGHT=str(page.height),
    )
    space = ET.SubElement(element, "PrintSpace", _place(whole))
    if page.lines:
        box = Box.around(line.box for line in page.lines)
        block = ET.SubElement(
            space, "TextBlock", {"ID": identity("block", number, 1), **_place(box)}
        )
        block.extend(_line(line, number, n) for n, line in enumerate(page.lines, start=1))
    return element


def _line(line: Line, *place: int) -> ET.Element:
    element = ET.Element("TextLine", {"ID": identity("line", *place), **_place(line.box)})
    if line.baseline is not None:
        element.set("BASELINE", _points(line.baseline, line.box))
    for number, word in enumerate(line.words, start=1):
        if number > 1:
            element.append(_space(line.words[number - 2].box, word.box))
        element.append(_word(word, *place, number))
    return element


def _points(baseline: Baseline, box: Box) -> str:
    return f"{box.left},{baseline.left:.2f} {box.right},{baseline.right:.2f}"


def _space(before: Box, after: Box) -> ET.Element:
    """Return the space between two words, which may overlap on a tilted line."""
    width = max(0, after.left - before.right)
    return ET.Element("SP", HPOS=str(before.right), VPOS=str(before.top), WIDTH=str(width))


def _word(word: Word, *place: int) -> ET.Element:
    read = {"CONTENT": proper(word.text), "WC": share(word.confidence)}
    element = ET.Element("String", {"ID": identity("word", *place), **read, **_place(word.box)})
    element.extend(_glyph(glyph, *place, n) for n, glyph in enumerate(word.glyphs, start=1))
    return element


def _glyph(glyph: Glyph, *place: int) -> ET.Element:
    read = {"CONTENT": proper(glyph.character), "GC": share(glyph.confidence)}
    element = ET.Element("Glyph", {"ID": identity("glyph", *place), **read, **_place(glyph.box)})
    for character, confidence in glyph.alternatives:
        ET.SubElement(element, "Variant", CONTENT=proper(character), VC=share(confidence))
    return element


def _place(box: Box) -> dict[str, str]:
    return {
        "HPOS": str(box.left),
        "VPOS": str(box.top),
        "WIDTH": str(box.width),
        "HEIGHT": str(box.height),
    }
