"""Rows are found, put in order and parted into words on pages drawn for that."""

from __future__ import annotations

import pytest

from ocr import Reader
from ocr.evaluation.report import score_page
from ocr.models_dir import models_dir
from tests.layout_pages import PAGES

MAX_ERRORS = 0.03  # of the letters; a row in the wrong place costs more
#: Pages whose letters are hard to read, with their share of letters that are wrong
HARD = {"rows close together": 0.05, "touching rows": 0.13, "ruled table of numbers": 0.07}
MAX_WORD_ERRORS = 0.16  # without case and punctuation: two narrow spaces of a table are missed


@pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
)
@pytest.mark.parametrize("name", PAGES)
def test_rows_are_read_in_order(name: str) -> None:
    page = PAGES[name]
    read = Reader().read(page.draw())
    score = score_page(page.truth, read.text, name=name)
    assert score.letters.error_rate is not None
    assert score.letters.error_rate <= HARD.get(name, MAX_ERRORS), read.text
    assert len(read.lines) == len(page.lines)
    words = score_page(letters_and_spaces(page.truth), letters_and_spaces(read.text)).words
    if name not in HARD:
        assert (words.error_rate or 0) <= MAX_WORD_ERRORS, read.text


def letters_and_spaces(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum() or c.isspace())
