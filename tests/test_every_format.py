"""All formats side by side, and what docs/formats.md shows of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ocr import export
from ocr.cli import commands
from ocr.models_dir import models_dir
from ocr.page import Baseline, Box, Glyph, Line, Page, Word
from tests.small_page import written

pytest.importorskip("lxml")
ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "note.jpg"

#: What docs/formats.md shows: "Hi" in one word.
SHOWN = Page(
    640,
    480,
    (
        Line(
            (
                Word(
                    (
                        Glyph(Box(100, 50, 130, 90), "H", 0.98),
                        Glyph(Box(140, 48, 148, 92), "i", 0.9, (("l", 0.06),)),
                    )
                ),
            ),
            Baseline(90.0, 92.4, 40.0),
        ),
    ),
)


@pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists() or not SAMPLE.exists(),
    reason="needs the default model and the samples",
)
def test_every_format_has_the_same_words_in_the_same_boxes(tmp_path: Path) -> None:
    from tests.read_back import READERS, words

    targets = {form: tmp_path / f"a{export.FORMATS[form][0]}" for form in READERS}
    args = [part for path in targets.values() for part in ("-o", str(path))]
    result = CliRunner().invoke(commands.main, ["read", str(SAMPLE), *args])
    assert (result.exit_code, result.stdout) == (0, "")
    found = {form: words(form, path.read_bytes()) for form, path in targets.items()}
    assert len(found["json"]) > 20
    for form in READERS:
        assert found[form] == found["json"], form


@pytest.mark.parametrize("form", ["json", "tsv", "csv", "hocr", "alto", "page"])
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=9))
def test_any_word_comes_back_as_it_was(form: str, text: str) -> None:
    from tests.read_back import words

    glyphs = [Glyph(Box(9 * i, 5, 9 * i + 8, 20), c, 0.5) for i, c in enumerate(text)]
    page = Page(100, 30, (Line((Word(tuple(glyphs)),)),))
    assert words(form, written(form, page)) == [(text, (0, 5, 9 * len(text) - 1, 20))]


@pytest.mark.parametrize("form", ["json", "tsv", "csv", "hocr", "alto", "page"])
def test_same_pages_give_the_same_bytes(form: str) -> None:
    assert written(form, SHOWN) == written(form, SHOWN)


@pytest.mark.parametrize("form", ["json", "tsv", "csv", "hocr", "alto", "page"])
def test_documentation_shows_what_is_written(form: str) -> None:
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    section = re.search(rf"\n## [^\n]*`{form}`.*?\n```\w*\n(.*?)\n```", text, re.DOTALL)
    assert section is not None
    shown = section.group(1)
    content = written(form, SHOWN, name="scan.png", dpi=300.0).decode()
    if form == "json":
        assert json.loads(shown) == json.loads(content)
    else:
        lines = iter(_lines(content))
        assert all(line in lines for line in _lines(shown))  # in the same order


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() not in {"", "..."}]
