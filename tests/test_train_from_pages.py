"""`ocr train` on pages whose text is known, start to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ocr.classifiers import describe, load
from ocr.cli import commands
from tests.page_maker import handprint_page

Run = Callable[..., Result]
PAGES = (("THE WHALE SWAM", "PAST NINE SHIPS", "AND DOVE"), ("SEVEN OXEN GRAZE", "BY THE RIVER"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Train for an epoch on two pages in the folder `pages`, in an empty folder."""
    pytest.importorskip("torch", reason="needs the extra torch")
    pytest.importorskip("onnx", reason="needs the extra torch")
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, lines in enumerate(PAGES):
        handprint_page(lines, seed=number, letter_height=40).save(folder / f"{number}.png")
        (folder / f"{number}.gt.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setattr(
        "ocr.cli.train.draw_learning_curves", lambda output: None
    )  # Matplotlib takes seconds
    monkeypatch.setattr("ocr.training.log.TensorboardLog.add", lambda *_: None)
    options = ["--data", "pages", "--epochs", 1, "-o", "mine"]

    def invoke(*args: object) -> Result:
        return CliRunner().invoke(commands.main, [str(a) for a in ("train", *options, *args)])

    return invoke


def test_pages_are_used_and_held_out_and_the_whole_alphabet_stays(run: Run) -> None:
    lines = run("--init", "latin").stderr.splitlines()
    summary = next(line for line in lines if line.startswith("pages: "))
    used, total = (int(summary.split()[k]) for k in (1, 3))
    assert total == sum(len("".join(line.split())) for page in PAGES for line in page)
    assert 0.8 * total < used <= total
    assert summary.endswith("letters used, 0 of 5 lines left out")
    assert any(line.startswith("held-out lines (1, ") for line in lines)
    assert describe("mine.onnx")["alphabet"] == describe("default")["alphabet"]


def test_a_page_and_a_line_that_are_left_out_are_named(run: Run) -> None:
    with Path("pages/0.gt.txt").open("a") as file:
        file.write("\nZZZZ QQQQ JJJJ\n")
    Path("pages/broken.png").write_bytes(b"no image")
    Path("pages/broken.gt.txt").write_text("TEXT\n")
    Path("pages/1.jpg.gt.txt").write_text("TEXT\n")
    lines = run("--init", "latin").stderr.splitlines()[1:]  # the first: reading data ...
    assert lines[0] == "left out: pages/1.jpg.gt.txt has no image next to it"
    assert lines[1].startswith("left out: cannot read pages/broken.png: not an image")
    assert lines[2] == "left out: 0.gt.txt line 5: 'ZZZZ QQQQ JJJJ' found no row"
    assert any(line.endswith("1 of 6 lines left out") for line in lines)


def test_the_model_lies_between_the_start_and_what_was_learned(run: Run) -> None:
    run("--init", "latin")
    crops = np.random.default_rng(0).random((8, 32, 32), np.float32)
    before, after = (load(name).log_probs(crops) for name in ("default", "mine.onnx"))
    assert before.shape == after.shape
    assert not np.allclose(before, after)
    blend = describe("mine.onnx")["blend"]
    assert 0 < blend < 1
    card = Path("mine.onnx.md").read_text()
    assert f"the best, its weights blended with {1 - blend:.0%} of those before." in card
    assert "\nHeld-out lines (1, " in card
    assert "| learning rate | 0.0003 |" in card


def test_a_run_on_pages_that_was_killed_at_its_end_resumes_to_the_same_model(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--init", "latin")
    undisturbed = Path("mine.onnx").read_bytes()
    Path("mine.onnx").unlink()
    with monkeypatch.context() as patch:
        patch.setattr("ocr.cli.train.write_model_card", _die)
        assert run("--init", "latin").exit_code == 1
    assert Path("mine.onnx").read_bytes() == undisturbed  # blended before it was killed
    assert run("--init", "latin", "--resume").exit_code == 0  # and is not blended twice
    assert Path("mine.onnx").read_bytes() == undisturbed


def _die(*_: object, **options: object) -> None:
    raise RuntimeError("killed")


def test_pages_whose_text_is_missing_are_lines_where_it_belongs(run: Run) -> None:
    for text in Path("pages").glob("*.gt.txt"):
        text.unlink()
    result = run("--init", "latin")
    assert result.exit_code == 5
    assert result.stderr.endswith("(write the text of the page NAME.jpg to NAME.gt.txt)\n")
