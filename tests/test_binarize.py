from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr.segment.binarize import (
    as_bytes,
    estimate_background,
    find_ink,
    find_sheet,
    is_light_on_dark,
    otsu,
)

Gray = NDArray[np.float32]

HEIGHT, WIDTH = 240, 320


def strokes() -> NDArray[np.bool_]:
    """Three rows of upright strokes, 5 px wide and 24 px tall, well inside the page."""
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    for top in (60, 110, 160):
        for left in range(60, 250, 15):
            mask[top : top + 24, left : left + 5] = True
    return mask


def written(paper: Gray | float = 0.9, ink: float = 0.25) -> Gray:
    """Page of strokes that take away all but a share of the paper's light."""
    light = np.broadcast_to(np.asarray(paper, np.float32), (HEIGHT, WIDTH))
    return np.where(strokes(), ink * light, light).astype(np.float32)


def grain(size: float) -> Gray:
    noise = np.random.default_rng(0).normal(0, size, (HEIGHT, WIDTH))
    return noise.astype(np.float32)


def agreement(mask: NDArray[np.bool_]) -> float:
    """Pixels that are ink in a mask and on the page, as a share of those that are in either."""
    return float((mask & strokes()).sum() / (mask | strokes()).sum())


def test_strokes_are_found_to_the_pixel() -> None:
    assert agreement(find_ink(written()).mask) > 0.99


def test_strength_is_full_within_a_stroke_and_none_on_paper() -> None:
    strength = find_ink(written()).strength
    assert strength.dtype == np.float32
    assert strength[72, 62] == 1
    assert strength[20, 20] < 0.05


@pytest.mark.parametrize("paper", [0.95, 0.6])
def test_both_polarities_give_the_same_ink(paper: float) -> None:
    page = written(paper)
    assert (find_ink(page).mask == find_ink(1 - page).mask).all()


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_blank_page_has_no_ink(level: float) -> None:
    ink = find_ink(np.full((HEIGHT, WIDTH), level, np.float32))
    assert not ink.mask.any()
    assert not ink.strength.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 3)])
def test_tiny_pages_have_no_ink(shape: tuple[int, int]) -> None:
    assert not find_ink(np.ones(shape, np.float32)).mask.any()


def test_grain_of_the_paper_is_no_ink() -> None:
    assert find_ink(0.8 + grain(0.03)).mask.mean() < 0.001


def test_strokes_are_found_in_grain() -> None:
    assert agreement(find_ink(np.clip(written() + grain(0.03), 0, 1)).mask) > 0.95


def test_light_that_falls_off_is_no_ink() -> None:
    light = np.linspace(1, 0.35, WIDTH, dtype=np.float32)[None]
    assert agreement(find_ink(written(light)).mask) > 0.97


@pytest.mark.parametrize("left", [0.6, 0.45, 0.33])
def test_edge_of_a_shadow_is_no_ink(left: float) -> None:
    light = np.ones((HEIGHT, WIDTH), np.float32)
    light[:, 203:] = left  # between two strokes
    soft = np.asarray(Image.fromarray(light).resize((40, 30)).resize((WIDTH, HEIGHT)))
    assert agreement(find_ink(written(soft)).mask) > 0.95


def test_pale_strokes_are_found_beside_dark_ones() -> None:
    page = written()
    page[:, 160:] = written(ink=0.5)[:, 160:]
    assert agreement(find_ink(page).mask) > 0.97


def sheet_on_table(degrees: float, table: float = 0.15) -> tuple[Gray, NDArray[np.bool_]]:
    """Page turned on a dark table, and where the sheet is."""
    page = Image.fromarray(written()).rotate(degrees, Image.Resampling.BILINEAR, fillcolor=-1)
    gray = np.asarray(page.resize((int(0.8 * WIDTH), int(0.8 * HEIGHT)), Image.Resampling.BILINEAR))
    whole = np.full((HEIGHT, WIDTH), -1, np.float32)
    whole[24 : 24 + gray.shape[0], 32 : 32 + gray.shape[1]] = gray
    sheet = whole > 0
    return np.where(sheet, whole, table).astype(np.float32), sheet


@pytest.mark.parametrize("table", [0.15, 0.5])
@pytest.mark.parametrize("degrees", [0, 8, -8])
def test_edge_of_a_sheet_on_a_table_is_no_ink(degrees: float, table: float) -> None:
    page, sheet = sheet_on_table(degrees, table)
    ink = find_ink(page).mask
    assert ink.sum() > 2000
    assert not (ink & ~sheet).any()
    inner = np.asarray(Image.fromarray(sheet).resize((80, 60)).resize((WIDTH, HEIGHT)))
    assert not (ink & ~inner).any()


def test_pool_of_light_is_no_sheet() -> None:
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    light = (0.4 + 0.6 * np.exp(-2 * (x * x + y * y))).astype(np.float32)
    assert find_sheet(estimate_background(as_bytes(written(light)))) is None


def test_sheet_is_everything_where_there_is_no_table() -> None:
    assert find_sheet(estimate_background(as_bytes(written()))) is None


def test_background_is_the_paper_without_the_strokes() -> None:
    background = estimate_background(as_bytes(written(0.9)))
    np.testing.assert_allclose(background, 0.9, atol=0.02)


def test_polarity_is_that_of_the_letters() -> None:
    page = as_bytes(written())
    assert not is_light_on_dark(page, None)
    assert is_light_on_dark(255 - page, None)


def test_otsu_separates_two_peaks() -> None:
    values = np.array([0.1, 0.12, 0.1, 0.11, 0.8, 0.85], np.float32)
    assert 0.12 < otsu(values) < 0.8


def test_otsu_of_one_value_does_not_fail() -> None:
    assert np.isfinite(otsu(np.full(5, 0.5, np.float32)))
