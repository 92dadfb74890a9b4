from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from ocr.data.datasets import load
from ocr.data.readers import fonts
from ocr.errors import DataError


@pytest.fixture(autouse=True)
def only_pillows_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has neither Matplotlib nor fonts of its own."""
    monkeypatch.setattr(fonts, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_every_character_is_drawn_without_any_font_installed() -> None:
    samples = fonts.synthesize("AZaz09.!", seed=0, per_character=3)
    assert samples.characters.tolist() == [c for c in "AZaz09.!" for _ in range(3)]
    assert (samples.crops.max(axis=(1, 2)) == 255).all()


def test_source_may_be_one_font_file(tmp_path: Path) -> None:
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    font.path.seek(0)
    (tmp_path / "one.ttf").write_bytes(font.path.read())
    samples = load(f"fonts:{tmp_path}/one.ttf", alphabet="AB")
    assert set(samples.characters.tolist()) == {"A", "B"}


def test_one_font_gives_varied_glyphs() -> None:
    crops = fonts.synthesize("R", seed=0, per_character=20).crops
    assert len(np.unique(crops, axis=0)) == 20


def test_same_seed_draws_the_same() -> None:
    first, second = (fonts.synthesize("Rg", seed=4, per_character=3).crops for _ in range(2))
    assert (first == second).all()


def test_character_that_no_font_has_is_left_out() -> None:
    assert len(fonts.synthesize("\u4e2d", seed=0, per_character=2)) == 0


def test_missing_and_blank_glyphs_are_recognized() -> None:
    font = ImageFont.load_default(72)
    assert isinstance(font, ImageFont.FreeTypeFont)
    assert fonts.has_glyph(font, "A")
    assert not fonts.has_glyph(font, "\u4e2d")
    assert not fonts.has_glyph(font, " ")


def test_positive_slant_leans_to_the_right() -> None:
    bar = np.zeros((20, 9), np.uint8)
    bar[2:18, 4] = 255
    leaning = np.asarray(fonts.slant_image(Image.fromarray(bar), slant=0.25, stretch=1.0))
    assert leaning[3].argmax() > leaning[16].argmax()
    assert leaning.sum() > 0.8 * bar.sum()


def test_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(DataError, match="has no fonts"):
        fonts.synthesize("A", seed=0, folder=tmp_path)
