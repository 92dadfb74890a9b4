"""Changes of a picture that take nothing from its text hardly change what is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageOps

import ocr
from ocr.evaluation.report import PageScore, score_page
from ocr.models_dir import models_dir
from tests.page_maker import handprint_page
from tests.print_maker import printed_page
from tests.trouble import add_noise, compress_as_jpeg
from tests.trouble_pages import FORM, NOTE, form_fields

MAX_CHANGE = 0.03  # of the characters of a page
SMALL_PAGE = 2  # errors, of which a short page may have so many more or less

LINES = ["The harbor was built when the town", "still lived from fish, and boats", "came in."]

PAGES: dict[str, tuple[list[str], Callable[[], Image.Image]]] = {
    "note": (NOTE, lambda: handprint_page(NOTE, seed=3, letter_height=34)),
    "print": (LINES, lambda: printed_page(LINES, size=34, width=680)),
    "form": (FORM, form_fields),
}


def paper_of(page: Image.Image) -> tuple[int, ...]:
    return tuple(int(v) for v in np.median(np.asarray(page).reshape(-1, 3), axis=0))


def turn(page: Image.Image, degrees: float) -> Image.Image:
    method = Image.Resampling.BICUBIC
    return page.rotate(degrees, method, expand=True, fillcolor=paper_of(page))


def scale(page: Image.Image, factor: float) -> Image.Image:
    size = round(page.width * factor), round(page.height * factor)
    return page.resize(size, Image.Resampling.LANCZOS)


def crop(page: Image.Image) -> Image.Image:
    return ImageOps.crop(page, round(0.03 * min(page.size)))


def add_border(page: Image.Image, color: tuple[int, ...]) -> Image.Image:
    return ImageOps.expand(page, round(0.05 * max(page.size)), color)


def light(page: Image.Image, factor: float) -> Image.Image:
    return page.point(lambda value: min(255, round(factor * value)))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "turned left": lambda page: turn(page, 3),
    "turned right": lambda page: turn(page, -3),
    "smaller": lambda page: scale(page, 0.7),
    "larger": lambda page: scale(page, 1.4),
    "cropped": crop,
    "white border": lambda page: add_border(page, (255, 255, 255)),
    "black border": lambda page: add_border(page, (0, 0, 0)),
    "border of paper": lambda page: add_border(page, paper_of(page)),
    "lighter": lambda page: light(page, 1.2),
    "darker": lambda page: light(page, 0.8),
    "noise": lambda page: add_noise(page, seed=1, noise=8),
    "JPEG": lambda page: compress_as_jpeg(page, 40),
}


@cache
def drawn(name: str) -> Image.Image:
    return PAGES[name][1]().convert("RGB")


def score(name: str, page: Image.Image) -> PageScore:
    return score_page("\n".join(PAGES[name][0]), ocr.read(page).text)


@cache
def unchanged(name: str) -> PageScore:
    return score(name, drawn(name))


@pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_harmless_change_hardly_changes_the_text(name: str, change: str) -> None:
    before, after = unchanged(name), score(name, CHANGES[change](drawn(name)))
    for one, other in ((before.letters, after.letters), (before.strict, after.strict)):
        assert abs(one.edits - other.edits) <= max(MAX_CHANGE * one.length, SMALL_PAGE)
