from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw, ImageFont

from ocr import pipeline
from ocr.alphabet import characters_of
from ocr.classifiers import load
from ocr.cli import commands
from ocr.decode.geometry import forget_case
from ocr.decode.language import english
from ocr.errors import ModelError
from ocr.evaluation.report import score_page
from ocr.input import loading
from ocr.segment import load_binarizer

GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥ"
LINES = ["ΔΗΜΟΣ ΚΑΙ ΝΟΜΟΣ", "ΒΙΒΛΙΟ ΖΕΥΓΟΣ", "ΞΑΝΘΟΣ ΥΠΝΟΣ", "ΓΡΑΜΜΑΤΑ ΤΕΛΟΣ"]


@pytest.fixture
def font(tmp_path: Path) -> Path:
    """A folder with one font, which has Greek."""
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is None or matplotlib.origin is None:
        pytest.skip("no font with Greek: Matplotlib, which has one, is not installed")
    folder = tmp_path / "font"
    folder.mkdir()
    source = Path(matplotlib.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    shutil.copy(source, folder)
    return folder


def printed(lines: list[str], font: Path) -> Image.Image:
    page = Image.new("RGB", (700, 80 + 64 * len(lines)), "white")
    face = ImageFont.truetype(str(font / "DejaVuSans.ttf"), 40)
    for i, line in enumerate(lines):
        ImageDraw.Draw(page).text((40, 40 + 64 * i), line, font=face, fill=(20, 20, 60))
    return page


def test_greek_learned_from_one_font_is_read_back_with_its_spaces(
    font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setattr(
        "ocr.cli.train.draw_learning_curves", lambda output: None
    )  # Matplotlib takes seconds
    options = ["--data", f"fonts:{font}", "--alphabet", GREEK, "--init", "default"]
    brief = ["--per-class", "60", "--epochs", "4", "-o", str(tmp_path / "greek")]
    result = CliRunner().invoke(commands.main, ["train", *options, *brief])
    assert result.exit_code == 0, result.output
    printed(LINES, font).save(tmp_path / "page.png")
    [page] = loading.load(tmp_path / "page.png")
    classifier = load(tmp_path / "greek.onnx")
    text = pipeline.read(page, classifier, language=english(), binarizer=load_binarizer()).text
    score = score_page("\n".join(LINES), text)
    # 8 epochs of 200 a class read a page of 172 letters without an error
    assert (score.strict.error_rate or 0) <= 0.05
    assert score.letters.length == 49


def test_letters_of_a_foreign_page_are_scored_and_those_of_an_english_one_as_ever() -> None:
    assert score_page("ΔΗΜΟΣ", "ΔΗΜΟΖ").letters.edits == 1
    assert score_page("λόγος", "ΛΌΓΟΣ").letters.edits == 0
    assert score_page("naïve 1", "NA VE 1").letters.edits == 0


def test_an_alphabet_is_composed_and_goes_beyond_the_first_plane() -> None:
    assert characters_of("e\u0301ᚠ\U00010330") == "éᚠ\U00010330"


@pytest.mark.parametrize("sign", ["x\u0302", "क\u093f", "a\u200db", "🇬🇷", "☝🏽", "\x07", "\udcff"])
def test_a_sign_of_several_code_points_is_refused_by_name(sign: str) -> None:
    with pytest.raises(ModelError, match="no single character"):
        characters_of("AB" + sign)


@pytest.mark.parametrize("pair", ["Οο", "Жж"])
def test_the_case_of_greek_and_cyrillic_letters_of_one_shape_is_left_to_their_size(
    pair: str,
) -> None:
    shared = forget_case(np.log(np.array([[0.9, 0.1]], np.float32)), pair)
    assert shared[0, 0] == pytest.approx(shared[0, 1])
