"""Ground truth next to an image, in the formats that tools write after a correction."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ocr import export
from ocr.classifiers import load
from ocr.cli import commands
from ocr.errors import DataError
from ocr.evaluation.pairs import find_pairs
from ocr.evaluation.truth import find_truth, read_truth
from ocr.input.page_image import PageImage
from ocr.page import Box, Glyph, Line, Page, Word
from ocr.training.pages import is_pages, read_pages
from tests.page_maker import handprint_page

# as Transkribus exports it: corrected lines, words that nobody corrected, custom attributes
TRANSKRIBUS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" pcGtsId="x">
  <Metadata><Creator>prov=READ-COOP</Creator><Created>2021-01-01T00:00:00</Created></Metadata>
  <Page imageFilename="a.jpg" imageWidth="100" imageHeight="50">
    <ReadingOrder><OrderedGroup id="ro_1" caption="Regions reading order">
      <RegionRefIndexed index="1" regionRef="r1"/><RegionRefIndexed index="0" regionRef="r2"/>
    </OrderedGroup></ReadingOrder>
    <TextRegion id="r1" custom="readingOrder {index:1;}"><Coords points="0,0 9,9"/>
      <TextLine id="l1" custom="readingOrder {index:0;}"><Coords points="0,0 9,9"/>
        <Word id="w1"><TextEquiv><Unicode>Second</Unicode></TextEquiv></Word>
        <TextEquiv><Unicode>second  one &amp; all</Unicode></TextEquiv>
      </TextLine>
      <TextEquiv><Unicode>not this</Unicode></TextEquiv>
    </TextRegion>
    <TextRegion id="r2" custom="readingOrder {index:0;}"><Coords points="0,0 9,9"/>
      <TextLine id="l2"><TextEquiv><Unicode>first</Unicode></TextEquiv></TextLine>
      <TextLine id="l3"><TextEquiv><Unicode></Unicode></TextEquiv></TextLine>
    </TextRegion>
  </Page>
</PcGts>
"""

# as OCR-D tools write it: namespace with a prefix, alternatives by index, texts of words alone
OCRD = """<pc:PcGts xmlns:pc="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
  <pc:Page>
    <pc:TextRegion id="a"><pc:TextLine id="l">
      <pc:TextEquiv index="1"><pc:Unicode>likely</pc:Unicode></pc:TextEquiv>
      <pc:TextEquiv index="0"><pc:Unicode>likeliest</pc:Unicode></pc:TextEquiv>
    </pc:TextLine></pc:TextRegion>
    <pc:TextRegion id="b"><pc:TextLine id="m">
      <pc:Word id="x"><pc:TextEquiv><pc:Unicode>two</pc:Unicode></pc:TextEquiv></pc:Word>
      <pc:Word id="y">
        <pc:Glyph id="g"><pc:TextEquiv><pc:Unicode>w</pc:Unicode></pc:TextEquiv></pc:Glyph>
        <pc:Glyph id="h"><pc:TextEquiv><pc:Unicode>s</pc:Unicode></pc:TextEquiv></pc:Glyph>
      </pc:Word>
    </pc:TextLine></pc:TextRegion>
    <pc:TextRegion id="c">
      <pc:TextEquiv><pc:Unicode>a region\nof its own</pc:Unicode></pc:TextEquiv>
    </pc:TextRegion>
  </pc:Page>
</pc:PcGts>
"""

# as eScriptorium and kraken export ALTO: one string a line, or strings without spaces marked
ESCRIPTORIUM = """<?xml version='1.0' encoding='utf-8'?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">
  <Layout><Page WIDTH="9" HEIGHT="9"><PrintSpace><TextBlock ID="b">
    <TextLine ID="l"><Shape><Polygon POINTS="0 0"/></Shape>
      <String CONTENT="Größe &amp; Maß" HPOS="0" VPOS="0" WIDTH="9" HEIGHT="9"/></TextLine>
    <TextLine ID="m"><String CONTENT="two"/><String CONTENT="words"/></TextLine>
    <TextLine ID="n"><String CONTENT="a"/><SP/><String CONTENT="hy" SUBS_TYPE="HypPart1"
      SUBS_CONTENT="hyphen"/><HYP CONTENT="&#xAD;"/></TextLine>
    <TextLine ID="o"><String CONTENT="phen" SUBS_TYPE="HypPart2" SUBS_CONTENT="hyphen"/></TextLine>
  </TextBlock></PrintSpace></Page></Layout>
</alto>
"""

# as Tesseract writes hOCR with glyphs, which are parted by white
TESSERACT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/x.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>not this</title><meta name='x'/></head>
<body><div class='ocr_page' title='image "a.png"; bbox 0 0 9 9'>
 <p class='ocr_par'>
  <span class='ocr_line' title="bbox 0 0 9 9">
   <span class='ocrx_word'>
    <span class='ocrx_cinfo' title='x_confs 99'>T</span>
    <span class='ocrx_cinfo' title='x_confs 99'>o</span>
   </span><span class='ocrx_word'><strong><em>b&amp;</em></strong></span>
  </span>
  <span class='ocr_header'><span class='ocrx_word'>Head</span></span>
 </p></div></body></html>
"""

# as others write it: HTML that is no XML, lines without words
LOOSE = """<!doctype html><meta charset=utf-8><div class="ocr_page" id=p><p class=ocr_par>
<span class="ocr_line extra">caf&eacute;&nbsp;au
lait</span><br>not this<span class=ocr_line>next</span></div>"""


def jsons(*lines: str) -> str:
    """JSON as `ocr read` writes it, of a page with these lines of one glyph a word."""
    words = [[Word((Glyph(Box(0, 0, 1, 1), "x", 1.0),)) for _ in line.split()] for line in lines]
    writer = export.writer("json")
    image = PageImage(np.zeros((9, 9), np.uint8), 1.0, (9, 9), "a.png")
    writer.add(image, Page(9, 9, tuple(Line(tuple(each)) for each in words)))
    written = json.loads(writer.finish())
    for line, text in zip(written["pages"][0]["lines"], lines, strict=True):
        line["text"] = text
    return json.dumps(written, indent=2)


@pytest.mark.parametrize(
    ("ending", "content", "expected"),
    [
        (".gt.txt", "as it  is\n\nwritten", "as it  is\n\nwritten"),
        (".gt.txt", "\ufeffwith a mark", "with a mark"),
        (".page.xml", TRANSKRIBUS, "first\nsecond one & all\n"),
        (".xml", OCRD, "likeliest\ntwo ws\na region\nof its own\n"),
        (".alto.xml", ESCRIPTORIUM, "Größe & Maß\ntwo words\na hy-\nphen\n"),
        (".xml", ESCRIPTORIUM, "Größe & Maß\ntwo words\na hy-\nphen\n"),
        (".hocr", TESSERACT, "To b&\nHead\n"),
        (".hocr.html", LOOSE, "café au lait\nnext\n"),
        (
            ".json",
            jsons("the line, corrected", "and another"),
            "the line, corrected\nand another\n",
        ),
    ],
)
def test_lines_are_those_of_the_file_in_reading_order(
    tmp_path: Path, ending: str, content: str, expected: str
) -> None:
    file = tmp_path / f"a{ending}"
    file.write_text(content, encoding="utf-8")
    assert find_truth(tmp_path / "a.png") == file
    assert read_truth(file) == expected


@pytest.mark.skipif(not shutil.which("tesseract"), reason="needs tesseract")
@pytest.mark.parametrize(("config", "ending"), [("hocr", ".hocr"), ("alto", ".xml")])
def test_what_tesseract_writes_is_read(tmp_path: Path, config: str, ending: str) -> None:
    image = Path(__file__).parent.parent / "samples" / "print.png"
    command = ["tesseract", str(image), str(tmp_path / "a"), config]
    subprocess.run(command, check=True, capture_output=True)
    lines = read_truth(tmp_path / f"a{ending}").splitlines()
    assert lines[:2] == ["The quick brown fox jumps", "over the lazy dog. Pack my box"]


def test_plain_text_goes_before_all_others(tmp_path: Path) -> None:
    for ending, content in ((".gt.txt", "yes"), (".xml", OCRD), (".json", jsons("no"))):
        (tmp_path / f"a{ending}").write_text(content)
    assert find_truth(tmp_path / "a.png") == tmp_path / "a.gt.txt"


@pytest.mark.parametrize(
    ("ending", "content"),
    [(".xml", "<annotation><object/></annotation>"), (".json", '{"shapes": []}'), (".txt", "a")],
)
def test_what_another_program_keeps_next_to_an_image_is_no_truth(
    tmp_path: Path, ending: str, content: str
) -> None:
    (tmp_path / f"a{ending}").write_text(content)
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    assert find_pairs([tmp_path]) == []
    assert not is_pages(str(tmp_path))
    with pytest.raises(DataError, match=r"no ground truth \(write it to a.gt.txt\)"):
        find_pairs([tmp_path / "a.png"])


GROUPS = "<OrderedGroup>" * 3000 + "</OrderedGroup>" * 3000
DEEP = f"<PcGts><ReadingOrder>{GROUPS}</ReadingOrder></PcGts>"


@pytest.mark.parametrize(
    ("ending", "content", "expected"),
    [
        (".xml", TRANSKRIBUS[:500], "not well-formed XML: unclosed token"),
        (".page.xml", "", "not well-formed XML: no element found"),
        (".page.xml", "<html/>", "<html> is neither PAGE nor ALTO"),
        (".xml", '<!DOCTYPE alto [<!ENTITY a "b">]><alto>&a;</alto>', "it declares entities"),
        (".page.xml", DEEP, "its groups are nested too deep"),
        (".alto.xml", '<?xml version="1.0" encoding="nosuch"?><alto/>', "not well-formed XML"),
        (".hocr", "<html><p>text</p></html>", "no element of class ocr_page"),
        (".json", '{"pages": [', "not JSON of ocr read"),
        (".json", '{"pages": [{"lines": ["text"]}]}', "not JSON of ocr read"),
        (".json", '{"pages": [{"lines": [{"text": 3}]}]}', "the text of a line is not a string"),
    ],
)
def test_broken_truth_says_what_is_wrong_in_one_line(
    tmp_path: Path, ending: str, content: str, expected: str
) -> None:
    file = tmp_path / f"a{ending}"
    file.write_text(content)
    with pytest.raises(
        DataError, match=f"^cannot read {re.escape(str(file))}: {expected}"
    ) as error:
        read_truth(file)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(")")


def test_time_for_tags_that_are_not_closed_grows_with_their_number_alone(tmp_path: Path) -> None:
    many = "<p>a</i>" * 20_000  # 10 s where each looks through those before it
    (tmp_path / "a.hocr").write_text(f"<p class='ocr_page'><p>{many}<b class='ocr_line'>text</b>")
    start = time.process_time()
    assert read_truth(tmp_path / "a.hocr") == "text\n"
    assert time.process_time() - start < 3


def test_entities_are_seen_in_utf_16_too(tmp_path: Path) -> None:
    content = (
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE alto [<!ENTITY a "b">]><alto>&a;</alto>'
    )
    (tmp_path / "a.alto.xml").write_text(content, encoding="utf-16")
    with pytest.raises(DataError, match="it declares entities"):
        read_truth(tmp_path / "a.alto.xml")


def test_index_of_thousands_of_digits_is_the_last(tmp_path: Path) -> None:
    line = '<TextLine><TextEquiv index="{}"><Unicode>{}</Unicode></TextEquiv>{}</TextLine>'
    first = '<TextEquiv index="0"><Unicode>first</Unicode></TextEquiv>'
    region = line.format("9" * 5000, "last", first)
    (tmp_path / "a.page.xml").write_text(f"<PcGts><TextRegion>{region}</TextRegion></PcGts>")
    assert read_truth(tmp_path / "a.page.xml") == "first\n"


@pytest.mark.parametrize("ending", [".gt.txt", ".hocr"])
def test_truth_of_another_encoding_says_so(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a{ending}").write_bytes("Größe".encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8"):
        read_truth(tmp_path / f"a{ending}")


def page_of(*lines: str) -> str:
    """PAGE XML of a region of lines."""
    texts = "".join(
        f"<TextLine><TextEquiv><Unicode>{line}</Unicode></TextEquiv></TextLine>" for line in lines
    )
    return f"<PcGts><Page><TextRegion>{texts}</TextRegion></Page></PcGts>"


@pytest.fixture(params=[(".page.xml", page_of), (".json", jsons)], ids=["page", "json"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A page with its corrected text."""
    ending, made = request.param
    lines = ("THE WHALE", "AND DOVE")
    handprint_page(lines, seed=0, letter_height=40).save(tmp_path / "a.png")
    (tmp_path / f"a{ending}").write_text(made(*lines))
    return tmp_path


def test_training_finds_the_letters_of_a_corrected_page(folder: Path) -> None:
    assert is_pages(str(folder))
    written = read_pages([str(folder)], load("default"))
    assert [line.text for line in written.lines] == ["THE WHALE", "AND DOVE"]


def test_pages_are_scored_against_what_was_corrected(folder: Path) -> None:
    result = CliRunner().invoke(commands.main, ["eval", "--json", str(folder)])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["total"]["characters"] == 18
