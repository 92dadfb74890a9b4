from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.small_page import BLANK, PAGE, of_one_glyph, written

etree = pytest.importorskip("lxml.etree")
html = pytest.importorskip("lxml.html")
XHTML = "{http://www.w3.org/1999/xhtml}"


def titles(content: bytes, kind: str) -> list[str]:
    """Titles of all elements of a class."""
    root = etree.fromstring(content)
    return [element.get("title") for element in root.iter() if element.get("class") == kind]


def test_each_level_has_its_box() -> None:
    content = written("hocr", PAGE)
    assert titles(content, "ocr_page") == ['bbox 0 0 200 100; ppageno 0; image "a.png"']
    assert titles(content, "ocr_carea") == titles(content, "ocr_par") == ["bbox 10 20 110 90"]
    assert titles(content, "ocrx_word") == [
        "bbox 10 20 46 60; x_wconf 74",
        "bbox 80 24 110 64; x_wconf 100",
        "bbox 12 80 18 90; x_wconf 25",
    ]
    assert titles(content, "ocrx_cinfo")[:2] == [
        "x_bboxes 10 20 30 60; x_confs 98.77",
        "x_bboxes 40 22 46 60; x_confs 50.00",
    ]


def test_baseline_starts_at_the_bottom_left_corner_of_the_line() -> None:
    known, unknown = titles(written("hocr", PAGE), "ocr_line")
    # from 60.25 to 64 over the 100 columns from 10 on, above a bottom at 64
    assert known == "bbox 10 20 110 64; baseline 0.0375 -4; x_size 52.00"
    assert unknown == "bbox 12 80 18 90"


def test_letters_of_a_word_have_no_space_between_them() -> None:
    spans = etree.fromstring(written("hocr", PAGE)).iter(XHTML + "span")
    found = ["".join(s.itertext()) for s in spans if s.get("class") == "ocrx_word"]
    assert found == ["Hi", "&", '"']


def test_lines_read_as_they_are_shown() -> None:
    [paragraph] = etree.fromstring(written("hocr", PAGE)).iter(XHTML + "p")
    assert "".join(paragraph.itertext()).split() == ["Hi", "&", '"']


def test_head_says_what_made_it_and_what_is_in_it() -> None:
    content = written("hocr", PAGE, BLANK)
    root = etree.fromstring(content)
    meta_tags = {meta.get("name"): meta.get("content") for meta in root.iter(XHTML + "meta")}
    used = set(re.findall(r'class="(\w+)"', content.decode()))
    assert meta_tags["ocr-system"].startswith("ocr ")
    assert used | {"ocrp_wconf"} == set(meta_tags["ocr-capabilities"].split())
    assert meta_tags["ocr-number-of-pages"] == "2"


def test_resolution_is_written_if_it_is_known() -> None:
    [title] = titles(written("hocr", PAGE, dpi=299.6), "ocr_page")
    assert "scan_res 300 300; " in title


def test_blank_page_does_not_swallow_the_next_in_a_browser() -> None:
    body = html.fromstring(written("hocr", BLANK, BLANK, PAGE)).find("body")
    assert [division.get("id") for division in body] == ["page_1", "page_2", "page_3"]


@pytest.mark.parametrize("name", ["\udce9.png", 'a "b"; bbox 1 2 3 4.png', "<&>.png", "\x07"])
def test_any_name_of_a_file_leaves_it_well_formed(name: str) -> None:
    [title] = titles(written("hocr", PAGE, name=name), "ocr_page")
    assert title.startswith("bbox 0 0 200 100; ppageno 0; image ")


@pytest.mark.parametrize("character", ["<", "&", "\x00", "\ufffe", "\U00010330"])
def test_any_character_leaves_it_well_formed(character: str) -> None:
    root = etree.fromstring(written("hocr", of_one_glyph(character)))
    [glyph] = [e for e in root.iter() if e.get("class") == "ocrx_cinfo"]
    assert glyph.text == (character if character in "<&\U00010330" else "\N{REPLACEMENT CHARACTER}")


def test_parser_of_ocrmypdf_reads_it(tmp_path: Path) -> None:
    pytest.importorskip("ocrmypdf")
    from ocrmypdf.hocrtransform import HocrParser

    (tmp_path / "a.hocr").write_bytes(written("hocr", PAGE, dpi=300))
    page = HocrParser(tmp_path / "a.hocr").parse()
    assert (page.dpi, page.bbox.right) == (300, 200)
    [first, second] = page.lines
    assert (first.baseline.slope, first.baseline.intercept) == (0.0375, -4)
    assert [(w.text, w.confidence, w.bbox.left) for w in first.children] == [
        ("Hi", 0.74, 10),
        ("&", 1.0, 80),
    ]
    assert second.baseline is None
