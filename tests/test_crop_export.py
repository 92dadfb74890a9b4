"""Crops of letters that were read: write, correct and train on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ocr import classifiers
from ocr.classifiers import describe
from ocr.cli import commands
from ocr.data import datasets
from ocr.data.readers import class_folder
from ocr.errors import OutputError
from ocr.export.crops import crop_writer
from ocr.page import REJECTED, Box, Glyph, Line, Page, Word
from tests.page_maker import handprint_page
from tests.templates import TemplateClassifier, page_image

LETTERS = TemplateClassifier.knowing("AEFHKLMNTWXZ")
CROPS = np.random.default_rng(0).random((3, 32, 32), np.float32)
IMAGE = page_image(handprint_page(["A"], seed=0))

Run = Callable[..., Result]


def page(*lines: str) -> Page:
    """Page of lines of one word."""
    words = [Word(tuple(Glyph(Box(0, 0, 1, 1), c, 0.9) for c in line)) for line in lines]
    return Page(9, 9, tuple(Line((word,)) for word in words))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ocr in an empty folder with a page `note.png`, which is read by templates."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setattr(
        "ocr.cli.train.draw_learning_curves", lambda output: None
    )  # Matplotlib takes seconds
    monkeypatch.setattr("ocr.training.log.TensorboardLog.add", lambda *_: None)
    drawn = handprint_page(["THE HALF", "MAN"], seed=0, jitter=0, letter_height=40)
    drawn.save("note.png")

    def invoke(*args: object) -> Result:
        return CliRunner().invoke(commands.main, [str(a) for a in args])

    return invoke


@pytest.fixture
def by_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    import ocr.cli.train  # noqa: F401  what it imports must not be made of what is patched

    monkeypatch.setattr(classifiers, "load", lambda *_, **__: LETTERS)


def test_folder_names_page_line_and_position_of_each_letter(tmp_path: Path) -> None:
    writer = crop_writer(tmp_path / "letters")
    writer.add(IMAGE, page("Ab"), CROPS[:2])
    writer.add(IMAGE, page(f"A{REJECTED}", "7"), CROPS)
    writer.finish()
    written = {str(p.relative_to(tmp_path / "letters")) for p in tmp_path.rglob("*.png")}
    assert written == {
        "upper_a/001-picture-01-01.png",
        "lower_b/001-picture-01-02.png",
        "upper_a/002-picture-01-01.png",
        "unsure/002-picture-01-02.png",
        "7/002-picture-02-01.png",
    }


def test_folder_is_read_as_it_was_written_without_what_is_unsure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crop_writer(tmp_path).add(IMAGE, page(f"A{REJECTED}/"), CROPS)
    samples = class_folder.read(tmp_path, alphabet=None)
    assert samples.characters.tolist() == ["/", "A"]
    assert (samples.crops == np.rint(CROPS[[2, 0]] * 255)).all()
    assert capsys.readouterr().err == (
        f"left out: {tmp_path / 'unsure'} (move its letters to their folders)\n"
    )


def test_archive_is_read_as_it_was_written_without_what_was_rejected(tmp_path: Path) -> None:
    writer = crop_writer(tmp_path / "letters.npz")
    writer.add(IMAGE, page(f"A{REJECTED}", "é"), CROPS)
    writer.finish()
    samples = datasets.load(tmp_path / "letters.npz", alphabet=None)
    assert samples.characters.tolist() == ["A", "é"]
    assert (samples.crops == np.rint(CROPS[[0, 2]] * 255)).all()


@pytest.mark.parametrize("name", ["letters", "letters.npz"])
def test_existing_letters_are_kept(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix:
        path.touch()
    else:
        (path / "upper_a").mkdir(parents=True)
    with pytest.raises(OutputError, match="exists already|not empty"):
        crop_writer(path)


@pytest.mark.usefixtures("by_templates")
def test_text_is_printed_as_well_as_the_crops(run: Run) -> None:
    result = run("read", "note.png", "--language", "none", "--crops", "letters")
    assert (result.stdout, result.stderr) == ("THE HALF\nMAN\n", "")
    assert len(list(Path("letters").rglob("*.png"))) == 10
    assert (
        run("read", "note.png", "--language", "none", "--crops", "letters.npz").stdout
        == "THE HALF\nMAN\n"
    )
    assert len(datasets.load("letters.npz", alphabet=None)) == 10


@pytest.mark.usefixtures("by_templates")
def test_used_folder_is_refused_before_anything_is_read(run: Run) -> None:
    Path("letters").mkdir()
    Path("letters/mine.txt").touch()
    result = run("read", "note.png", "--language", "none", "--crops", "letters")
    assert (result.exit_code, result.stdout) == (OutputError.exit_code, "")


def corrected(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a page four times into the folder `letters`, where a person says that F is K."""
    with monkeypatch.context() as patch:
        patch.setattr(classifiers, "load", lambda *_, **__: LETTERS)
        assert (
            run("read", *["note.png"] * 4, "--language", "none", "--crops", "letters").exit_code
            == 0
        )
    wrong, right = (Path("letters") / f"upper_{name}" for name in "fk")
    right.mkdir()
    for file in wrong.iterdir():
        file.rename(right / file.name)


def test_what_was_read_and_corrected_trains_a_model(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(run, monkeypatch)
    options = ["--backend", "numpy", "--alphabet", "AEHKLMNT", "--epochs", 1, "-o", "mine"]
    result = run("train", "--data", "letters", *options)
    assert result.exit_code == 0
    start = "reading data ...\n38 crops to train on, 2 to validate; at most "
    assert result.stderr.startswith(start)
    assert describe("mine.npz")["alphabet"] == "AEHKLMNT"


def test_a_model_that_knows_more_learns_the_letters_and_keeps_the_rest(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    corrected(run, monkeypatch)
    result = run("train", "--data", "letters", "--init", "latin", "--epochs", 1, "-o", "mine")
    assert result.exit_code == 0
    measured = [
        line for line in result.stderr.splitlines() if line.startswith("held-out letters (")
    ]
    assert len(measured) == 1
    card = describe("mine.onnx")
    assert card["alphabet"] == describe("default")["alphabet"]
    assert 0 < card["blend"] < 1
