from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ocr import export
from ocr.cli import commands
from ocr.errors import OutputError
from ocr.page import Baseline, Line, Page
from tests.small_page import BLANK, PAGE, image_of, of_one_glyph, written

etree = pytest.importorskip("lxml.etree")
NS = {"p": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"}


def found(content: bytes, path: str) -> list[Any]:
    """Find elements by an XPath with the namespace `p`."""
    return list(etree.fromstring(content).xpath(path, namespaces=NS))


def test_points_are_the_corners_of_the_half_open_boxes() -> None:
    content = written("page", PAGE)
    assert found(content, "//p:TextRegion/p:Coords/@points") == ["10,20 110,20 110,90 10,90"]
    assert found(content, "//p:TextLine/p:Coords/@points")[1] == "12,80 18,80 18,90 12,90"
    assert found(content, "//p:Word/p:Coords/@points")[0] == "10,20 46,20 46,60 10,60"
    assert found(content, "//p:Glyph/p:Coords/@points")[0] == "10,20 30,20 30,60 10,60"


def test_each_level_has_its_text() -> None:
    content = written("page", PAGE)
    assert found(content, "//p:TextRegion/p:TextEquiv/p:Unicode/text()") == ['Hi &\n"']
    assert found(content, "//p:TextLine/p:TextEquiv/p:Unicode/text()") == ["Hi &", '"']
    assert found(content, "//p:Word/p:TextEquiv/p:Unicode/text()") == ["Hi", "&", '"']
    assert found(content, "//p:Word/p:TextEquiv/@conf") == ["0.7438", "1.0", "0.25"]


def test_alternatives_follow_what_was_read() -> None:
    path = "//p:Glyph[@id='glyph_1_1_2']/p:TextEquiv"
    assert [
        (text.get("index"), text.get("conf"), text[0].text)
        for text in found(written("page", PAGE), path)
    ] == [("0", "0.5", "i"), ("1", "0.3", "l"), ("2", "0.2", "1")]


def test_region_is_in_the_reading_order() -> None:
    content = written("page", PAGE)
    regions = found(content, "//p:TextRegion/@id")
    assert found(content, "//p:OrderedGroup/p:RegionRefIndexed/@regionRef") == regions


def test_baseline_is_two_whole_points_within_the_line() -> None:
    assert found(written("page", PAGE), "//p:Baseline/@points") == ["10,60 110,64"]
    steep = Page(200, 100, (Line(PAGE.lines[0].words, Baseline(-2.0, 101.0, 9.0)),))
    assert found(written("page", steep), "//p:Baseline/@points") == ["10,20 110,64"]


def test_blank_page_has_neither_region_nor_order() -> None:
    [page] = found(written("page", BLANK), "//p:Page")
    assert (page.get("imageWidth"), page.get("imageHeight"), len(page)) == ("200", "100", 0)


def test_resolution_is_written_if_it_is_known() -> None:
    [page] = found(written("page", PAGE, dpi=300.0), "//p:Page")
    assert (page.get("imageXResolution"), page.get("imageResolutionUnit")) == ("300", "PPI")


def test_date_is_that_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert found(written("page", PAGE), "//p:Created/text()") == ["1970-01-01T00:00:00Z"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert found(written("page", PAGE), "//p:LastChange/text()") == ["2001-09-09T01:46:40Z"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(OutputError, match="is not a time: yesterday"):
        written("page", PAGE)


def test_document_of_two_pages_is_refused() -> None:
    writer = export.writer("page")
    writer.add(image_of(PAGE), PAGE)
    with pytest.raises(ValueError, match="one page"):
        writer.add(image_of(PAGE), PAGE)


CASES = {
    "small": written("page", PAGE),
    "blank": written("page", BLANK),
    "odd": written("page", PAGE, name="\udce9<&>\x07.png", dpi=72.5),
    "control": written("page", of_one_glyph("\x00")),
    "astral": written("page", of_one_glyph("\U00010330")),
}


@pytest.mark.parametrize("case", CASES)
def test_official_schema_allows_it(case: str) -> None:
    from tests.schemas import schema

    schema("pagecontent.xsd").assertValid(etree.fromstring(CASES[case]))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Arguments that read two white pictures, each as PAGE."""
    from PIL import Image

    from ocr import classifiers, pipeline

    monkeypatch.setattr(classifiers, "load", lambda name, **options: object())
    monkeypatch.setattr("ocr.decode.language.english", lambda: None)
    monkeypatch.setattr(pipeline, "read_segmented", lambda *args, **options: PAGE)
    for name in "ab":
        Image.new("L", (200, 100), 255).save(tmp_path / f"{name}.png")
    return ["read", *(str(tmp_path / f"{name}.png") for name in "ab")]


def test_each_of_several_pages_is_a_file(two: list[str], tmp_path: Path) -> None:
    assert (
        CliRunner().invoke(commands.main, [*two, "-o", str(tmp_path / "c.page.xml")]).exit_code == 0
    )
    names = []
    for number in (1, 2):
        content = (tmp_path / f"c-{number}.page.xml").read_bytes()
        names += found(content, "//p:Page/@imageFilename")
    assert [Path(name).name for name in names] == ["a.png", "b.png"]
    assert not (tmp_path / "c.page.xml").exists()


def test_single_page_keeps_the_name_of_its_file(two: list[str], tmp_path: Path) -> None:
    assert (
        CliRunner().invoke(commands.main, [*two[:2], "-o", str(tmp_path / "c.page.xml")]).exit_code
        == 0
    )
    assert found((tmp_path / "c.page.xml").read_bytes(), "//p:Page")


def test_several_pages_on_standard_output_are_refused(two: list[str]) -> None:
    result = CliRunner().invoke(commands.main, [*two, "-f", "page"])
    assert (result.exit_code, result.stdout) == (OutputError.exit_code, "")
    assert "-o NAME.page.xml" in result.stderr
    one = CliRunner().invoke(commands.main, [*two[:2], "-f", "page"])
    assert found(one.stdout_bytes, "//p:Page")


def test_ending_that_may_be_alto_or_page_is_refused() -> None:
    result = CliRunner().invoke(commands.main, ["read", "a.png", "-o", "a.xml"])
    assert result.exit_code == 2
    assert ".alto.xml or .page.xml" in result.stderr
