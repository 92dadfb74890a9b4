"""OCRmyPDF reads with ocr."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ocr
from ocr.export import FORMATS
from ocr.models_dir import models_dir
from ocr.page import Baseline
from tests.page_maker import handprint_page

ocrmypdf = pytest.importorskip("ocrmypdf", reason="needs the extra ocrmypdf")
pdfium = pytest.importorskip("pypdfium2", reason="needs the extra pdf")
from ocrmypdf.hocrtransform import HocrParser  # noqa: E402  # after it is known to be there

from ocr.plugins import ocrmypdf as plugin  # noqa: E402

pytestmark = [
    pytest.mark.skipif(
        not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
    ),
    *(
        pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")
        for program in ("gs", "tesseract", "pdftotext")  # OCRmyPDF itself asks for the first two
    ),
]

SAMPLES = Path(__file__).parents[1] / "samples"
NAMES = ("note.jpg", "label.png")
PLUGIN = ["--plugin", "ocr.plugins.ocrmypdf"]
DPI = 200


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages as a scanner writes them."""
    path = tmp_path_factory.mktemp("scan") / "scan.pdf"
    pages = [Image.open(SAMPLES / name).convert("L") for name in NAMES]
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=DPI, quality=95)
    return path


def run_ocrmypdf(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ocrmypdf", *PLUGIN, "--output-type", "pdf", *arguments],
        capture_output=True,
        text=True,
    )


def pdftotext(path: Path, *options: str) -> str:
    done = subprocess.run(
        ["pdftotext", *options, path, "-"], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_scan_becomes_searchable_by_what_ocr_read_gives(scan: Path, tmp_path: Path) -> None:
    done = run_ocrmypdf("--sidecar", tmp_path / "text", scan, tmp_path / "out.pdf")
    assert done.returncode == 0, done.stderr
    pages = [ocr.read(SAMPLES / name) for name in NAMES]
    assert (tmp_path / "text").read_text("utf-8") == "\f".join(page.text for page in pages)
    found = pdftotext(tmp_path / "out.pdf").splitlines()
    assert [line.strip() for line in found if line.strip()] == [
        line.text for page in pages for line in page.lines
    ]
    assert pdftotext(scan).strip() == ""

    words = [word for page in pages for line in page.lines for word in line.words]
    places = re.findall(r"<word (.*?)>", pdftotext(tmp_path / "out.pdf", "-bbox"))
    for word, place in zip(words, places, strict=True):
        left, top, right, bottom = (float(n) * DPI / 72 for n in re.findall(r'"(.*?)"', place))
        assert left == pytest.approx(word.box.left, abs=6)
        assert right == pytest.approx(word.box.right, abs=6)
        assert top < (word.box.top + word.box.bottom) / 2 < bottom


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["-l", "deu"], "ocr has a language model for eng only, none for deu"),
        (["--ocr-model", "none"], "no model none"),
        (["--pdf-renderer", "sandwich"], "ocr writes no PDF for --pdf-renderer sandwich"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    scan: Path, tmp_path: Path, options: list[str], complaint: str
) -> None:
    done = run_ocrmypdf(*options, scan, tmp_path / "out.pdf")
    assert done.returncode == ocrmypdf.ExitCode.bad_args
    [line] = done.stderr.splitlines()
    assert complaint in line


def test_another_engine_can_be_asked_for() -> None:
    assert isinstance(plugin.get_ocr_engine(options()), plugin.Engine)
    assert plugin.get_ocr_engine(options(ocr_engine="none")) is None
    plugin.check_options(options(ocr_engine="none", pdf_renderer="sandwich"))


def test_a_turned_page_is_set_straight(tmp_path: Path) -> None:
    with Image.open(SAMPLES / "print.png") as picture:
        turned = picture.convert("L").rotate(-2, Image.Resampling.BICUBIC, fillcolor=255)
    turned.save(tmp_path / "turned.png")
    assert plugin.Engine.get_deskew(tmp_path / "turned.png", options()) == pytest.approx(2, abs=0.3)
    Image.new("L", (300, 200), 255).save(tmp_path / "blank.png")
    assert plugin.Engine.get_deskew(tmp_path / "blank.png", options()) == 0


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pages_that_were_scanned_on_their_side_are_rotated(degrees: int, tmp_path: Path) -> None:
    with Image.open(SAMPLES / "print.png") as picture:
        upright = picture.convert("L")
    scan, out = tmp_path / "scan.pdf", tmp_path / "out.pdf"
    upright.rotate(degrees, expand=True).save(scan, resolution=DPI, quality=95)
    done = run_ocrmypdf("--rotate-pages", "--sidecar", tmp_path / "text", scan, out)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "text").read_text("utf-8").startswith("The quick brown fox jumps")
    with pdfium.PdfDocument(out) as document:
        width, height = document[0].get_size()
        shown = document[0].render(scale=upright.width / width).to_pil().convert("L")
    assert width > height
    expected = np.asarray(upright.resize(shown.size), float)
    assert np.abs(np.asarray(shown, float) - expected).mean() < 12


def test_a_few_letters_do_not_rotate_a_page(tmp_path: Path) -> None:
    handprint_page(["HAT"], seed=0).rotate(180).save(tmp_path / "hat.png")
    assert plugin.Engine.get_orientation(tmp_path / "hat.png", options()).confidence < 14


def test_a_line_that_climbs_is_laid_level() -> None:
    glyph = ocr.Glyph(ocr.Box(0, 90, 100, 120), "M", 0.5)
    line = ocr.Line((ocr.Word((glyph,)),), Baseline(100.0, 110.0, 10.0))
    [element] = plugin._tree(ocr.Page(200, 200, (line,)), 72, 0).lines
    assert (element.baseline.slope, element.baseline.intercept) == (0, 105 - 120)


@pytest.mark.skipif("hocr" not in FORMATS, reason="hOCR is not written yet")
def test_hocr_is_what_ocrmypdf_reads(tmp_path: Path) -> None:
    hocr, text = tmp_path / "hocr", tmp_path / "text"
    plugin.Engine.generate_hocr(SAMPLES / "label.png", hocr, text, options())
    page = HocrParser(hocr).parse()
    assert [word.text for word in page.words] == text.read_text("utf-8").split()
    assert text.read_text("utf-8") == ocr.read(SAMPLES / "label.png").text


def options(**given: Any) -> Any:
    """Options as OCRmyPDF hands them over."""
    return ocrmypdf.OcrOptions(input_file="in.pdf", output_file="out.pdf", **given)
