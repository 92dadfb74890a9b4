from __future__ import annotations

from typing import Any

import pytest

import ocr
from ocr.page import Box, Glyph, Line, Page, Word
from tests.small_page import BLANK, PAGE, of_one_glyph, written

etree = pytest.importorskip("lxml.etree")
NS = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}


def found(content: bytes, path: str) -> list[Any]:
    """Find elements by an XPath with the namespace `a`."""
    return list(etree.fromstring(content).xpath(path, namespaces=NS))


def place(element: Any) -> list[str]:
    return [element.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]


def test_each_level_has_its_place() -> None:
    content = written("alto", PAGE)
    [space] = found(content, "//a:Page[@WIDTH=200][@HEIGHT=100]/a:PrintSpace")
    [block] = found(content, "//a:PrintSpace/a:TextBlock")
    assert place(space) == ["0", "0", "200", "100"]
    assert place(block) == ["10", "20", "100", "70"]
    assert [place(line) for line in found(content, "//a:TextLine")] == [
        ["10", "20", "100", "44"],
        ["12", "80", "6", "10"],
    ]
    [word, *_] = found(content, "//a:String")
    assert (word.get("CONTENT"), word.get("WC"), *place(word)) == (
        ("Hi", "0.7438", "10", "20", "36", "40")
    )


def test_glyph_has_its_alternatives() -> None:
    glyph = found(written("alto", PAGE), "//a:Glyph")[1]
    assert (glyph.get("CONTENT"), glyph.get("GC"), *place(glyph)) == (
        ("i", "0.5", "40", "22", "6", "38")
    )
    assert [(v.get("CONTENT"), v.get("VC")) for v in glyph] == [("l", "0.3"), ("1", "0.2")]


def test_baseline_is_two_points_where_it_is_known() -> None:
    known, unknown = found(written("alto", PAGE), "//a:TextLine")
    assert known.get("BASELINE") == "10,60.25 110,64.00"
    assert unknown.get("BASELINE") is None


def test_space_stands_between_words() -> None:
    line = found(written("alto", PAGE), "//a:TextLine")[0]
    assert [etree.QName(part).localname for part in line] == ["String", "SP", "String"]
    assert (line[1].get("HPOS"), line[1].get("WIDTH")) == ("46", "34")


def test_space_between_words_that_overlap_has_no_width() -> None:
    first, second = (Word((Glyph(box, "x", 1.0),)) for box in (Box(0, 0, 9, 5), Box(7, 1, 12, 6)))
    [space] = found(written("alto", Page(20, 9, (Line((first, second)),))), "//a:SP")
    assert space.get("WIDTH") == "0"


def test_description_lists_the_processing_steps() -> None:
    content = written("alto", PAGE, name="scans/a.png")
    assert found(content, "//a:fileName/text()") == ["scans/a.png"]
    assert found(content, "//a:MeasurementUnit[text()='pixel']")
    categories = [c.text for c in found(content, "//a:Processing/a:processingCategory")]
    assert categories == ["preOperation", "contentGeneration", "contentGeneration"]
    assert {v.text for v in found(content, "//a:softwareVersion")} == {ocr.__version__}


def test_several_pages_are_one_document_that_names_each() -> None:
    content = written("alto", PAGE, BLANK, PAGE)
    assert [p.get("PHYSICAL_IMG_NR") for p in found(content, "//a:Page")] == ["1", "2", "3"]
    assert len(found(content, "//a:fileIdentifier")) == 3
    ids = found(content, "//@ID")
    assert len(ids) == len(set(ids))


CASES = {
    "small": written("alto", PAGE),
    "blank": written("alto", BLANK),
    "several": written("alto", PAGE, BLANK, PAGE, name="\udce9<&>\x07.png", dpi=72.5),
    "control": written("alto", of_one_glyph("\x00")),
    "astral": written("alto", of_one_glyph("\U00010330")),
}


@pytest.mark.parametrize("case", CASES)
def test_official_schema_allows_it(case: str) -> None:
    from tests.schemas import schema

    schema("alto-4-4.xsd").assertValid(etree.fromstring(CASES[case]))
