from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from ocr import classifiers, pipeline
from ocr.alphabet import Alphabet
from ocr.cli.commands import main
from ocr.cli.eval import command
from ocr.errors import MissingExtraError, ModelError, OutputError
from ocr.input.page_image import PageImage
from ocr.page import Box, Glyph, Line, Page, Word
from tests.fakes import RaisingClassifier, UniformClassifier

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``ocr eval`` with a classifier that knows nothing, and pages that all say HI."""

    def load(name: str, *, alphabet: str | None, threads: int | None) -> classifiers.Classifier:
        knowing = UniformClassifier(Alphabet("ABC"))
        return knowing if alphabet is None else classifiers.restrict(knowing, alphabet)

    monkeypatch.setattr(classifiers, "load", load)
    monkeypatch.setattr(pipeline, "read", read_hi)
    monkeypatch.setattr("ocr.decode.language.english", lambda: None)
    return lambda *args: CliRunner().invoke(main, ["eval", *map(str, args)])


def read_hi(
    image: PageImage,
    classifier: object,
    **options: object,
) -> Page:
    glyphs = tuple(Glyph(Box(i, 0, i + 1, 1), c, 0.9) for i, c in enumerate("HI"))
    return Page(*image.size, (Line((Word(glyphs),)),))


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a picture with its ground truth."""

    def write(name: str, truth: str) -> Path:
        Image.new("L", (9, 9), 255).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.gt.txt").write_text(truth)
        return tmp_path / f"{name}.png"

    return write


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """One A, three B and one Z, as a data file."""
    path = tmp_path / "letters.npz"
    images = np.zeros((5, 28, 28), np.uint8)
    images[:, 4:24, 10:16] = 255
    np.savez(path, images=images, chars=np.array(list("ABBBZ")))
    return path


def test_page_without_text_is_reported(run: Run, page: Callable[[str, str], Path]) -> None:
    page("one", "HI")
    lonely = page("two", "HI").with_suffix(".gt.txt")
    lonely.unlink()
    result = run(lonely.parent)
    assert result.exit_code == 0
    assert f"left out: {lonely.parent}/two.png has no two.gt.txt\n" in result.stderr


def test_pages_are_scored_in_one_table(run: Run, page: Callable[..., Path]) -> None:
    page("right", "HI")
    result = run(page("wrong", "HO").parent)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0].split("/")[-1] for line in lines[1:3]] == ["right.png", "wrong.png"]
    assert lines[4].split() == ["all", "pages", "25.00", "25.00", "25.00", "50.00", "4", "1"]


def test_language_model_can_be_left_out(
    run: Run, page: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def read(image: PageImage, classifier: object, *, language: object, **options: object) -> Page:
        used.append(language)
        return Page(*image.size)

    monkeypatch.setattr(pipeline, "read", read)
    monkeypatch.setattr("ocr.decode.language.english", lambda: "english")
    path = page("a", "HI")
    run(path)
    run(path, "--language", "none")
    assert used == ["english", None]


def test_worst_page_alone(run: Run, page: Callable[..., Path]) -> None:
    page("right", "HI")
    result = run(page("wrong", "HO").parent, "--worst", 1)
    assert "wrong.png" in result.stdout
    assert "right.png" not in result.stdout


def test_json_of_pages(run: Run, page: Callable[..., Path]) -> None:
    values = json.loads(run(page("wrong", "HO"), "--json", "-m", "my.onnx").stdout)
    assert (values["version"], values["model"]) == (1, "my.onnx")
    assert values["confusions"] == [{"truth": "O", "read": "I", "times": 1}]


def test_image_that_cannot_be_read_counts_as_empty(run: Run, page: Callable[..., Path]) -> None:
    page("right", "HI")
    broken = page("broken", "NO")
    broken.write_text("no picture")
    result = run(broken.parent, "--json")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"ocr: error: cannot read {broken}: not an image")
    values = json.loads(result.stdout)
    assert [page["cer_strict"] for page in values["pages"]] == [1.0, 0.0]
    assert values["pages"][0]["error"].startswith(f"cannot read {broken}")
    assert values["total"]["cer_strict"] == 0.5


def test_model_that_fails_on_a_page_ends_with_its_code(
    run: Run, page: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(
        image: PageImage,
        classifier: RaisingClassifier,
        **options: object,
    ) -> Page:
        classifier.log_probs(np.zeros((1, 32, 32), np.float32))
        raise AssertionError

    monkeypatch.setattr(
        classifiers, "load", lambda name, **options: RaisingClassifier(Alphabet("A"))
    )
    monkeypatch.setattr(pipeline, "read", read)
    result = run(page("a", "HI"))
    assert result.exit_code == ModelError.exit_code
    assert "a.png (failed)" in result.stdout


def test_named_image_without_truth_does_not_stop_the_others(
    run: Run, page: Callable[..., Path], tmp_path: Path
) -> None:
    lonely = tmp_path / "lonely.png"
    lonely.touch()
    result = run(lonely, tmp_path / "none.png", page("right", "HI"))
    assert result.exit_code == 5
    assert "lonely.png: no ground truth" in result.stderr
    assert "none.png: no such file" in result.stderr
    assert "all pages" in result.stdout


def test_truth_that_cannot_be_read_is_left_out(run: Run, page: Callable[..., Path]) -> None:
    damaged = page("damaged", "").with_suffix(".gt.txt")
    damaged.write_bytes(b"\xff\xfe\xfd")
    result = run(damaged.parent)
    assert result.exit_code == 5
    assert "not UTF-8" in result.stderr


def test_folder_without_truth_is_reported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    result = run(tmp_path)
    assert (result.exit_code, result.stdout) == (5, "")
    assert "no image in" in result.stderr


def test_letters_of_a_data_file_are_scored(run: Run, letters: Path) -> None:
    result = run(letters)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].split() == ["4", "25.00", "25.00"]


def test_alphabet_restricts_the_answers_and_the_letters(run: Run, letters: Path) -> None:
    values = json.loads(run(letters, "--alphabet", "BC", "--json").stdout)
    assert (values["samples"], values["accuracy"]) == (3, 1.0)


def test_letters_in_a_folder_for_each_class_are_scored(run: Run, tmp_path: Path) -> None:
    for name in "AB":
        (tmp_path / "data" / name).mkdir(parents=True)
        picture = Image.new("L", (20, 20), 255)
        picture.paste(0, (8, 3, 12, 17))
        picture.save(tmp_path / "data" / name / "1.png")
    assert json.loads(run(tmp_path / "data", "--json").stdout)["accuracy"] == 0.5


def test_part_of_a_folder_is_scored(run: Run, letters: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        (tmp_path / "parts").mkdir(exist_ok=True)
        (tmp_path / "parts" / f"{part}.npz").write_bytes(letters.read_bytes())
    assert json.loads(run(tmp_path / "parts", "--json").stdout)["samples"] == 8
    assert json.loads(run(f"{tmp_path / 'parts'}@test", "--json").stdout)["samples"] == 4


def test_bad_data_file_does_not_stop_the_others(run: Run, letters: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "none.npz", letters, "--json")
    assert result.exit_code == 5
    assert "none.npz: no such file" in result.stderr
    assert json.loads(result.stdout)["samples"] == 4


def test_pages_and_letters_have_no_score_in_common(
    run: Run, letters: Path, page: Callable[..., Path]
) -> None:
    result = run(page("a", "HI"), letters)
    assert result.exit_code == 2
    assert "give either pages or letters" in result.stderr


def test_confusions_are_drawn_of_pages_and_of_letters(
    run: Run, letters: Path, page: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    for path in (letters, page("a", "HO")):
        picture = tmp_path / f"{path.stem}-matrix.png"
        assert run(path, "--confusions", picture).exit_code == 0
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_help_names_what_it_takes() -> None:
    assert "NAME.gt.txt" in CliRunner().invoke(command, ["--help"]).stdout


def test_missing_matplotlib_is_reported_before_anything_is_read(
    run: Run, page: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run(page("a", "HI"), "--confusions", tmp_path / "matrix.png")
    assert result.exit_code == MissingExtraError.exit_code
    assert result.stdout == ""


def test_an_unwritable_matrix_is_reported_before_anything_is_read(
    run: Run, page: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    result = run(page("a", "HI"), "--confusions", tmp_path / "missing" / "matrix.png")
    assert result.exit_code == OutputError.exit_code
    assert result.stdout == ""


def test_help_explains_the_error_rates() -> None:
    text = " ".join(CliRunner().invoke(command, ["--help"]).stdout.split())
    assert "CER and WER, the character and word error rates" in text
