"""Overlays: boxes and characters drawn over an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFont

from ocr.export import fonts, overlay
from ocr.page import Box, Glyph, Line, Page, Word
from tests.small_page import of_one_glyph

H = Glyph(Box(10, 20, 30, 60), "H", 0.98765)
I = Glyph(Box(40, 22, 46, 60), "i", 0.5)  # noqa: E741
PAGE = Page(200, 100, (Line((Word((H, I)), Word((Glyph(Box(80, 50, 90, 60), ".", 1.0),)))),))


def white(width: int, height: int) -> Image.Image:
    return Image.new("L", (width, height), 255)


def test_colors_run_from_red_to_green() -> None:
    red, green = overlay.color_of(0.0), overlay.color_of(1.0)
    assert red[0] > red[1]
    assert green[1] > green[0]
    assert overlay.color_of(0.2) == red


def test_box_has_the_color_of_its_confidence() -> None:
    drawn = overlay.draw(white(200, 100), PAGE)
    assert (drawn.mode, drawn.size) == ("RGB", (200, 100))
    assert drawn.getpixel((11, 40)) == overlay.color_of(0.98765)
    assert drawn.getpixel((41, 40)) == overlay.color_of(0.5)


def test_boxes_follow_an_image_of_another_size() -> None:
    drawn = overlay.draw(white(400, 200), PAGE)
    assert drawn.getpixel((21, 80)) == overlay.color_of(0.98765)


def test_large_photograph_is_drawn_smaller() -> None:
    assert overlay.draw(white(4000, 1000), Page(4000, 1000)).size == (1600, 400)


def test_legend_stands_where_it_hides_least() -> None:
    glyphs = [Glyph(Box(x, y, x + 40, y + 40), "A", 1.0) for x in (0, 760) for y in (0, 560)]
    three = Page(800, 600, (Line((Word(tuple(glyphs[:3])),)),))
    drawn = np.asarray(overlay.draw(white(800, 600), three))
    assert (drawn[564:, 652:] != 255).any()
    assert (drawn[564:, 152:650] == 255).all(axis=-1).mean() > 0.9


def test_tiny_image_has_no_legend() -> None:
    assert (np.asarray(overlay.draw(white(34, 9), Page(34, 9))) == 255).all()


def test_image_that_was_given_stays_as_it_was() -> None:
    image = white(200, 100)
    overlay.draw(image, PAGE)
    assert image.getextrema() == (255, 255)


def line_at(top: int, height: int, text: str = "AAAA") -> Line:
    boxes = [Box(20 * i, top, 20 * i + 15, top + height) for i in range(len(text))]
    return Line((Word(tuple(Glyph(b, c, 1.0) for b, c in zip(boxes, text, strict=True))),))


def label_rows(page: Page, line: int) -> set[int]:
    """Pixel rows where labels of a line are drawn, found by leaving its characters out."""
    image = white(page.width, page.height)
    words = (Word((replace(g, character=""),)) for w in page.lines[line].words for g in w.glyphs)
    lines = (*page.lines[:line], Line(tuple(words)), *page.lines[line + 1 :])
    drawn = overlay.draw(image, page)
    bare = overlay.draw(image, replace(page, lines=lines))
    return set(np.asarray(ImageChops.difference(drawn, bare)).any(axis=(1, 2)).nonzero()[0])


def test_labels_of_close_lines_do_not_overlap() -> None:
    page = Page(1600, 400, tuple(line_at(40 + 28 * i, 26) for i in range(6)))
    rows = [label_rows(page, i) for i in range(6)]
    assert all(rows)
    for above, below in pairwise(rows):
        assert max(above) < min(below)


def test_images_of_small_letters_are_enlarged() -> None:
    page = Page(200, 100, (line_at(40, 8),))
    assert overlay.draw(white(200, 100), page).size == (600, 300)
    assert overlay.draw(white(1000, 500), page).size == (1000, 500)


@pytest.fixture
def use_fonts_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Make the fonts of a folder those of the system."""

    def forget() -> None:
        for cached in (fonts.load_font, fonts.find_font, fonts.system_fonts):
            cached.cache_clear()

    def use(folder: Path) -> None:
        monkeypatch.setattr(fonts, "SYSTEM_FOLDERS", (str(folder),))
        forget()

    yield use
    forget()


@pytest.mark.parametrize("character", "§êΩж€")
def test_every_character_has_its_own_label(
    character: str, tmp_path: Path, use_fonts_in: Callable[[Path], None]
) -> None:
    font = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not font.exists():
        pytest.skip("needs the DejaVu fonts")
    (tmp_path / "Some.ttf").write_bytes(font.read_bytes())
    use_fonts_in(tmp_path)
    assert fonts.has_glyph(fonts.load_font(character, 20), character)


def test_without_a_font_the_built_in_one_draws(
    tmp_path: Path, use_fonts_in: Callable[[Path], None]
) -> None:
    (tmp_path / "damaged.ttf").write_bytes(b"no font")
    use_fonts_in(tmp_path)
    overlay.draw(white(9, 9), of_one_glyph("Ω"))
    assert fonts.load_font("Ω", 20).getname() == ImageFont.load_default(20).getname()
