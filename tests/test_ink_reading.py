"""Reading with an ink network, tested with networks that are always right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

import ocr
from ocr.cli.commands import main
from ocr.errors import ModelError
from ocr.input.page_image import PageImage
from ocr.models_dir import models_dir
from ocr.segment import load_binarizer, segment
from ocr.segment.components import find_components
from ocr.segment.ink_network import TILE, InkMaps, empty_maps, tiles
from ocr.segment.ink_scale import (
    CAP_HEIGHT,
    FIRST_SIDE,
    Pass,
    find_scale,
    merge_large_letters,
    quarter_turns,
    typical_height,
)
from ocr.segment.ink_strokes import find_writing, select_near_rows, select_probable, stroke_strength
from tests.page_maker import handprint_page


def page_of_bars(height: int, shape: tuple[int, int] = (400, 1200)) -> np.ndarray:
    """Three rows of five upright bars, as letters of a height in px, on light paper."""
    gray = np.full(shape, 220, np.uint8)
    for row in range(3):
        for i in range(5):
            top, left = (1 + 2 * row) * height, (1 + i) * height
            gray[top : top + height, left : left + max(height // 4, 1)] = 30
    return gray


class Seer:
    """A network that knows how large the letters of a page are, and sees dark pixels as ink."""

    def __init__(self, height: float, page_width: int) -> None:
        self.height, self.page_width = height, page_width
        self.widths: list[int] = []

    def maps(self, gray: np.ndarray) -> InkMaps:
        maps = empty_maps(*gray.shape)
        self.widths.append(gray.shape[1])
        maps.ink[:] = np.where(gray < 128, 255, 0)
        maps.rule[:] = 0
        letter = self.height * gray.shape[1] / self.page_width
        maps.core[:] = 0
        dark = np.argwhere(gray < 128)
        if len(dark):
            left, right = dark[:, 1].min() // 2, dark[:, 1].max() // 2 + 1
            maps.core[dark[:, 0] // 2, left:right] = 255
        maps.height[:] = letter
        maps.turn[:] = 0
        return maps


@given(st.integers(1, 5000))
def test_tiles_cover_every_pixel_once_and_are_small(length: int) -> None:
    parts = list(tiles(length))
    assert [t.first for t in parts[1:]] == [t.last for t in parts[:-1]]
    assert parts[0].first == 0 and parts[-1].last == length
    assert all(t.stop - t.start <= TILE and t.start % 32 == 0 for t in parts)
    assert all(t.start <= t.first < t.last <= t.stop for t in parts)


@pytest.mark.parametrize("height", [8, 20, 60])
def test_letters_of_any_size_are_seen_at_the_scale_that_suits_the_network(height: int) -> None:
    gray = page_of_bars(height)
    found = find_scale(gray, Seer(height, gray.shape[1]))  # type: ignore[arg-type]
    assert 0.7 * CAP_HEIGHT <= typical_height(found.maps) <= 1.7 * CAP_HEIGHT
    assert found.scale == pytest.approx(found.gray.shape[1] / gray.shape[1], rel=0.01)


def test_a_blank_page_needs_two_passes() -> None:
    seer = Seer(20, 3000)
    found = find_scale(np.full((2000, 3000), 200, np.uint8), seer)  # type: ignore[arg-type]
    assert seer.widths == [FIRST_SIDE, 427] and found.scale < 0.5


def test_most_rows_decide_the_size_and_not_a_heading() -> None:
    maps = empty_maps(64, 64)
    maps.core[:] = 255
    maps.height[:4] = 100
    maps.height[4:] = 20
    assert typical_height(maps) == 20


def test_large_letters_come_from_the_coarse_pass() -> None:
    fine, coarse = empty_maps(256, 256), empty_maps(64, 64)
    for maps, height in ((fine, 20.0), (coarse, 30.0)):
        for one in maps[:3]:
            one[:] = 0
        maps.height[:] = height
    coarse.core[8:16, 8:16] = 255
    coarse.ink[16:32, 16:32] = 200
    best = merge_large_letters(Pass(fine.ink, 1.0, fine), Pass(coarse.ink, 0.25, coarse))
    assert best.maps.ink[96, 96] == 200
    assert best.maps.height[12, 12] == pytest.approx(120)
    assert best.maps.ink[0, 255] == 0


def test_small_print_that_looks_like_a_large_letter_from_afar_stays_small() -> None:
    fine, coarse = empty_maps(256, 256), empty_maps(64, 64)
    for maps, height in ((fine, 20.0), (coarse, 30.0)):
        for one in maps[:3]:
            one[:] = 0
        maps.height[:] = height
    coarse.core[8:24, 8:24] = 255
    fine.core[32:96:8, 32:96] = fine.core[33:96:8, 32:96] = fine.core[34:96:8, 32:96] = 255
    look = Pass(fine.ink, 1.0, fine)
    assert merge_large_letters(look, Pass(coarse.ink, 0.25, coarse)) is look


def test_text_decides_the_turn() -> None:
    maps = empty_maps(64, 64)
    maps.core[:] = 0
    maps.core[:16, :16] = 255
    maps.turn[:] = 0
    maps.turn[3, 0, 0] = 4
    maps.turn[1, 1, 1] = 90  # paper
    assert quarter_turns(maps).argmax() == 3


@pytest.mark.parametrize("paper, ink", [(200, 80), (40, 120)])
def test_a_stroke_is_full_inside_and_half_at_its_rim(paper: int, ink: int) -> None:
    gray = np.full((60, 60), paper, np.uint8)
    gray[20:40, 28:32] = ink
    gray[20:40, 32] = (paper + ink) // 2
    gray[5, 5] = ink  # a speck outside the gate
    gate = np.zeros_like(gray)
    gate[20:40, 28:33] = 255
    strength = stroke_strength(gray, gate, np.zeros_like(gate), 20.0)
    assert strength[30, 29] > 200
    assert 75 < strength[30, 32] < 180
    assert strength[30, 36] < 25 and strength[5, 5] == 0


def test_a_dot_near_a_row_stays_and_a_mark_far_from_it_goes() -> None:
    mask = np.zeros((100, 100), bool)
    mask[40:60, 20:24] = mask[40:60, 30:34] = True
    mask[30:34, 20:24] = True  # a dot
    mask[90:96, 90:96] = True
    core = np.zeros((100, 100), np.uint8)
    core[44:60, 18:36] = 255
    kept = select_near_rows(find_components(mask), core, 20.0)
    assert kept.boxes[:, 1].tolist() == [30, 40, 40]


def test_a_blot_of_which_the_network_sees_a_part_goes() -> None:
    mask = np.zeros((60, 100), bool)
    mask[20:40, 10:14] = mask[20:40, 60:80] = True
    gate = np.zeros((60, 100), np.uint8)
    gate[20:40, 10:14] = 220
    gate[20:40, 60:64] = 220
    kept = select_probable(find_components(mask), mask, gate)
    assert kept.boxes[:, 0].tolist() == [10]
    core = np.full((30, 50), 255, np.uint8)
    assert len(select_near_rows(kept, core, 20.0)) == 1


def test_a_page_without_text_has_no_ink() -> None:
    maps = empty_maps(64, 64)
    for one in maps:
        one[:] = 0
    ink, components = find_writing(np.full((64, 64), 9, np.uint8), maps)
    assert not ink.mask.any() and not len(components)


def test_rows_of_a_page_are_found_at_a_size_at_which_they_are_read() -> None:
    gray = page_of_bars(60)
    image = PageImage(gray, 1.0, (1200, 400), "bars", None, 1, None)
    found = segment(image, Seer(60, 1200))  # type: ignore[arg-type]
    assert [len(row.members) for row in found.rows] == [5, 5, 5]
    assert found.image.scale == pytest.approx(32 / 60, rel=0.05)


def white_on_black_sign() -> Image.Image:
    """A dark sign with light letters on a light wall."""
    page = handprint_page(["MAKE A LIST", "OF THINGS"], seed=3, size=(900, 500))
    wall = Image.new("L", (1100, 700), 200)
    wall.paste(ImageOps.invert(page.convert("L")), (100, 100))
    return wall


def test_the_network_reads_light_letters_on_a_part_of_the_page() -> None:
    found = ocr.read(white_on_black_sign(), binarize="network")
    assert found.text.upper() == "MAKE A LIST\nOF THINGS\n"


def test_grain_without_writing_is_blank() -> None:
    grain = np.random.default_rng(0).normal(128, 30, (700, 900)).clip(0, 255).astype(np.uint8)
    assert ocr.read(grain, binarize="network").lines == ()


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "not an ONNX model"), (None, "not an ink network")]
)
def test_another_file_is_no_ink_network(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "ink.onnx"
    path.write_bytes((models_dir() / "default.onnx").read_bytes() if content is None else content)
    with pytest.raises(ModelError, match=message):
        load_binarizer(path)


def test_commands_take_a_network(tmp_path: Path) -> None:
    path = str(tmp_path / "sign.png")
    white_on_black_sign().save(path)
    result = CliRunner().invoke(main, ["read", path, "--binarize", "network"])
    assert (result.exit_code, result.stdout.upper()) == (0, "MAKE A LIST\nOF THINGS\n")
    result = CliRunner().invoke(main, ["read", path, "--binarize", "none.onnx"])
    assert result.exit_code == ModelError.exit_code


@pytest.mark.parametrize("method", ["sauvola", "otsu"])
def test_a_threshold_reads_dark_ink_on_paper(method: str) -> None:
    page = handprint_page(["MAKE A LIST", "OF THINGS"], seed=3, size=(900, 500))
    assert ocr.read(page, binarize=method).text.upper() == "MAKE A LIST\nOF THINGS\n"


@pytest.mark.parametrize("method", ["sauvola", "otsu"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (300, 300)])
def test_a_threshold_finds_nothing_on_a_blank_page(method: str, shape: tuple[int, int]) -> None:
    assert ocr.read(np.full(shape, 200, np.uint8), binarize=method).lines == ()
