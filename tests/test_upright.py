"""Pages that lie on their side, upside down or tilted are set upright."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import ocr
from ocr.cli.commands import main
from ocr.input.arrays import load_pages
from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Word
from ocr.segment.coordinates import point_to_original, to_original
from ocr.segment.ink_network import InkMaps, empty_maps
from ocr.segment.upright import find_tilt, level, possible_turns
from tests.page_maker import handprint_page

NOTE = ["SEND THE BILL TO ANNA", "BUY MILK AND EGGS", "CALL BEN AT NINE"]
PAPER = (200, 197, 189)  # about the color of the paper in its corners


def page(tilt: float = 0) -> Image.Image:
    """Three rows of hand-print, rotated counterclockwise by some degrees."""
    drawn = handprint_page(NOTE, seed=2, letter_height=40)
    return drawn.rotate(tilt, Image.Resampling.BICUBIC, expand=True, fillcolor=PAPER)


def maps_of_rows(tilt: float, *, rows: int = 5, length: float = 180) -> InkMaps:
    """Maps of 400 x 400 px, with the cores of rows that run downward by some degrees."""
    maps = empty_maps(400, 400)
    y, x = np.mgrid[0:200, 0:200] - 100.0
    angle = np.radians(tilt)
    along, down = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside = (np.abs(along) < length / 2) & (np.abs(down) < 9 * rows) & ((down + 900) % 18 < 6)
    maps.core[:] = np.where(inside, 255, 0)
    maps.height[:] = 20
    maps.turn[:] = 0
    maps.turn[0] = 9
    return maps


def array_image(gray: np.ndarray) -> PageImage:
    return PageImage(gray, 1.0, (gray.shape[1], gray.shape[0]), "array")


@pytest.mark.parametrize("tilt", [-44, -30, -13, -6, 0, 2, 9, 21, 44])
def test_tilt_is_measured_to_a_degree(tilt: float) -> None:
    assert find_tilt(maps_of_rows(tilt)) == pytest.approx(tilt, abs=1)


@pytest.mark.parametrize("tilt", [-25, 25])
def test_tilt_of_a_page_on_its_side_is_what_is_left_after_a_quarter_turn(tilt: float) -> None:
    maps = maps_of_rows(tilt + 90)
    maps.turn[1] = 18
    assert find_tilt(maps) == pytest.approx(tilt, abs=1)


def test_a_single_letter_has_no_tilt() -> None:
    assert find_tilt(maps_of_rows(12, rows=1, length=10)) == 0


def test_a_blank_page_has_no_tilt_and_no_turn() -> None:
    maps = empty_maps(64, 64)
    maps.core[:] = 0
    maps.height[:] = 20
    maps.turn[:] = 0
    assert (find_tilt(maps), possible_turns(maps)) == (0, [0])


@pytest.mark.parametrize(
    ("odds", "turns"),
    [
        ((0.8, 0.0, 0.2, 0.0), [0]),  # sure enough
        ((0.6, 0.0, 0.4, 0.0), [0, 2]),
        ((0.1, 0.0, 0.9, 0.0), [2, 0]),
        ((0.0, 0.99, 0.0, 0.01), [1, 3]),  # letters may look the same upside down
        ((0.1, 0.0, 0.1, 0.8), [3, 0, 1]),
    ],
)
def test_doubtful_pages_are_read_each_way_up_that_is_possible(
    odds: tuple[float, ...], turns: list[int]
) -> None:
    maps = maps_of_rows(0)
    maps.turn[:] = np.log(np.maximum(odds, 1e-4))[:, None, None]
    assert possible_turns(maps) == turns


@pytest.mark.parametrize("degrees", [90, 180, 270, -90])
def test_a_page_is_turned_clockwise(degrees: int) -> None:
    gray = np.arange(6, dtype=np.uint8).reshape(2, 3)
    turned = array_image(gray).turn(degrees)
    assert (turned.gray == np.rot90(gray, -degrees // 90)).all()
    assert turned.size == turned.gray.shape[::-1]
    assert turned.rotation == degrees % 360
    assert (turned.turn(-degrees).gray == gray).all()


@pytest.mark.parametrize("tilt", [-40, 10, 45])
def test_points_of_a_levelled_page_are_mapped_back(tilt: float) -> None:
    gray = np.full((120, 200), 255, np.uint8)
    gray[30:33, 150:153] = 0
    levelled = level(array_image(gray), tilt)
    y, x = np.argwhere(levelled.gray < 128).mean(0) + 0.5
    assert point_to_original(x, y, levelled) == pytest.approx((151.5, 31.5), abs=0.6)


def test_boxes_and_baselines_of_a_levelled_page_are_around_the_tilted_ones() -> None:
    image = level(array_image(np.zeros((300, 300), np.uint8)), 45)
    middle = image.gray.shape[0] // 2
    box = Box(middle - 50, middle - 10, middle + 50, middle + 10)
    line = to_original(
        Line((Word((Glyph(box, "A", 1.0),)),), Baseline(box.bottom, box.bottom, 20.0)), image
    )
    reach = 60 / np.sqrt(2)
    assert tuple(line.box) == pytest.approx([150 - reach] * 2 + [150 + reach] * 2, abs=2)
    assert line.baseline is not None
    climb = line.baseline.right - line.baseline.left
    assert climb == pytest.approx(line.box.width, abs=0.1)  # 45 degrees
    # 10 px below the middle, across the baseline
    assert line.baseline.left == pytest.approx(line.box.left + 10 * np.sqrt(2), abs=2)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_read_as_the_upright_one(degrees: int) -> None:
    upright = ocr.read(page())
    turned = ocr.read(page().rotate(degrees, expand=True))
    assert (upright.rotation, turned.rotation) == (0, degrees)
    assert turned.text == upright.text
    assert turned.lines[0].box == upright.lines[0].box
    assert (turned.width, turned.height) == page().size


@pytest.mark.parametrize("tilt", [5, 13, 30, 45, -30])
def test_a_tilted_page_is_read_as_the_level_one(tilt: float) -> None:
    picture = page(tilt)
    read = ocr.read(picture)
    assert read.text.split() == " ".join(NOTE).split()
    assert (read.width, read.height, read.rotation) == (*picture.size, 0)
    gray = np.asarray(picture.convert("L"))
    for line in read.lines:
        for glyph in line.glyphs:
            left, top, right, bottom = glyph.box
            assert gray[top:bottom, left:right].min() < 100  # there is ink


def test_a_page_both_turned_and_tilted_is_read() -> None:
    read = ocr.read(page(20).rotate(90, expand=True))
    assert read.text.split() == " ".join(NOTE).split()
    assert read.rotation == 90


def test_without_rotation_a_page_stays_as_it_is() -> None:
    turned = page().rotate(180)
    read = ocr.read(turned, rotate=False)
    assert read.rotation == 0
    assert "MILK" not in read.text


def test_commands_set_a_page_upright(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    page().rotate(90, expand=True).save(path)
    run = CliRunner().invoke
    output, drawn = tmp_path / "a.json", tmp_path / "a.png"
    done = run(main, ["read", str(path), "-o", str(output), "--overlay", str(drawn)])
    assert done.exit_code == 0, done.output
    [read] = json.loads(output.read_text())["pages"]
    assert (read["rotation"], read["width"], read["height"]) == (90, *page().size)
    with Image.open(drawn) as overlay:
        assert overlay.width > overlay.height
    assert run(main, ["segment", str(path), "-o", str(tmp_path / "rows")]).exit_code == 0
    assert len(list((tmp_path / "rows").glob("row-*.png"))) == len(NOTE)
    done = run(main, ["read", "--no-rotate", str(path)])
    assert done.exit_code == 0
    assert "MILK" not in done.stdout


def test_a_saved_page_shows_its_image_upright(tmp_path: Path) -> None:
    turned = page().rotate(270, expand=True)
    ocr.read(turned).save(tmp_path / "a.png", image=turned)
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.width > drawn.height


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("form", ["PNG", "PDF"])
def test_a_pdf_shows_a_turned_page_upright(tmp_path: Path, form: str, degrees: int) -> None:
    pdfium = pytest.importorskip("pypdfium2", reason="needs the extra pdf")
    pytest.importorskip("pikepdf", reason="needs the extra pdf")
    pytest.importorskip("img2pdf", reason="needs the extra pdf")
    upright = page()
    path = tmp_path / f"page.{form.lower()}"
    upright.rotate(degrees, expand=True).save(path)
    [image] = load_pages(path)
    box = Box(20, 20, 60, 60)
    line = Line((Word((Glyph(box, "S", 1.0),)),), Baseline(60, 60, 40))
    read = ocr.Page(*image.turn(degrees).size, (line,), rotation=degrees)
    read.save(tmp_path / "a.pdf", image=path)
    with pdfium.PdfDocument(tmp_path / "a.pdf") as document:
        width, height = document[0].get_size()
        shown = document[0].render(scale=upright.width / width).to_pil().convert("L")
    assert width > height
    expected = np.asarray(upright.convert("L").resize(shown.size), float)
    assert np.abs(np.asarray(shown, float) - expected).mean() < 4
