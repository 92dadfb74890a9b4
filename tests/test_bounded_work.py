"""Whatever is on a page, reading it takes no longer than ten times a page of text of its size."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

import ocr
from ocr.models_dir import models_dir
from tests.print_maker import printed_page
from tests.trouble import make_grain

SHAPE = (560, 800)
Y, X = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
ROWS = ["It was a bright cold day, and the clocks were striking"] * 11


def noise() -> np.ndarray:
    return 128 + 30 * np.random.default_rng(0).standard_normal(SHAPE)


def salt_and_pepper() -> np.ndarray:
    share = np.random.default_rng(0).random(SHAPE)
    return np.select([share < 0.05, share > 0.95], [0, 255], 200)


def halftone() -> np.ndarray:
    tone = 0.5 + 0.4 * np.sin(X / 110) * np.cos(Y / 110)
    screen = np.cos(2 * np.pi * (X + Y) / 16) + np.cos(2 * np.pi * (X - Y) / 16)
    return np.where((screen + 2) / 4 > tone, 230, 30)


def forest() -> np.ndarray:
    return 110 + 30 * sum(make_grain(SHAPE, radius, radius) for radius in (1, 3, 9))


def knit() -> np.ndarray:
    return 128 + 70 * np.sin(2 * np.pi * (Y + np.abs(X % 20 - 10)) / 14)


def hatching() -> np.ndarray:
    return np.where(((X + Y) % 14 < 4) & ((X - Y) // 60 % 2 == 0), 40, 235)


def glyphs() -> np.ndarray:
    page = printed_page(["#%&8B@" * 11] * 22, size=17, width=SHAPE[1])
    return np.asarray(page.convert("L").resize(SHAPE[::-1]))


def barcode() -> np.ndarray:
    widths = np.random.default_rng(0).integers(2, 9, SHAPE[1])
    return np.broadcast_to(np.repeat(np.arange(SHAPE[1]) % 2, widths)[: SHAPE[1]] * 220, SHAPE)


def qr_codes() -> np.ndarray:
    cells = np.random.default_rng(0).integers(0, 2, (-(-SHAPE[0] // 8), SHAPE[1] // 8))
    return np.kron(cells * 220, np.ones((8, 8)))[: SHAPE[0]]


#: Patterns, and whether they are empty of writing.
PATTERNS: dict[Callable[[], np.ndarray], bool] = {
    noise: True,
    salt_and_pepper: True,
    halftone: True,
    forest: True,
    knit: True,
    hatching: False,
    glyphs: False,
    barcode: True,
    qr_codes: False,
}


def read(page: np.ndarray) -> tuple[ocr.Page, float]:
    """Read a page; return it with the seconds of CPU time."""
    start = time.process_time()
    found = ocr.read(page.clip(0, 255).astype(np.uint8))
    return found, time.process_time() - start


@pytest.fixture(scope="module")
def text_seconds() -> float:
    page = printed_page(ROWS, size=27, width=SHAPE[1]).convert("L")
    page = np.asarray(page.resize(SHAPE[::-1], Image.Resampling.BICUBIC))
    return min(read(page)[1] for _ in range(2))  # the first loads the models


@pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_takes_ten_times_as_long_as_text(
    pattern: Callable[[], np.ndarray], text_seconds: float
) -> None:
    found, seconds = read(pattern())
    assert seconds < 10 * text_seconds
    if PATTERNS[pattern]:
        assert found.lines == ()
