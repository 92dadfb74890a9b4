from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ocr.alphabet import Alphabet
from ocr.classifiers import describe, find, load
from ocr.cli import commands
from ocr.data.samples import Samples
from ocr.errors import DataError, ImageError
from ocr.segment.lattice import Lattice
from ocr.training.fine_tune_on_pages import limit_wrong_cuts
from ocr.training.fine_tuning import blend_states
from ocr.training.forced_alignment import Labels
from ocr.training.pages import (
    RowOfPage,
    Written,
    WrittenLine,
    hold_out_lines,
    is_pages,
    read_pages,
    samples_of,
)
from ocr.training.row_matching import match_rows
from tests.page_maker import handprint_page

LATIN = Alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZ", reject=True)


def write_page(folder: Path, name: str, lines: list[str], *, seed: int, text: str = "") -> Path:
    """Write a page of hand-print and its text."""
    handprint_page(lines, seed=seed, letter_height=40).save(folder / f"{name}.png")
    (folder / f"{name}.gt.txt").write_text(text or "\n".join(lines) + "\n")
    return folder / f"{name}.png"


def test_rows_are_matched_to_lines_in_order_and_scratches_passed_over() -> None:
    assert match_rows(["TO DO", "|", "MI1K", "BREAD"], ["To do", "Milk", "Bread"], LATIN) == {
        0: 0,
        1: 2,
        2: 3,
    }


def test_a_line_without_a_row_is_left_out() -> None:
    assert match_rows(["HELLO", "WORLD"], ["Hello", "my big", "World"], LATIN) == {0: 0, 2: 1}


def test_rows_of_an_unknown_script_are_matched_by_their_length() -> None:
    assert match_rows(["AEXOE", "TX"], ["λόγος", "να"], LATIN) == {0: 0, 1: 1}


def test_letters_of_a_page_come_with_their_characters(tmp_path: Path) -> None:
    write_page(tmp_path, "page", ["MAKE A LIST", "OF THINGS"], seed=1)
    written = read_pages([str(tmp_path)], load("default"))
    samples = samples_of(written.lines, LATIN)
    shown = [str(c) for c in samples.characters if c]
    assert written.characters == 17
    assert len(shown) >= 15
    assert set(shown) <= set("MAKEALISTOFTHINGS")
    assert written.left_out == ()


def test_a_line_that_is_not_on_the_page_is_reported_with_its_number(tmp_path: Path) -> None:
    text = "MAKE A LIST\nQUICK BROWN FOX\nOF THINGS\n"
    write_page(tmp_path, "page", ["MAKE A LIST", "OF THINGS"], seed=1, text=text)
    written = read_pages([str(tmp_path)], load("default"))
    assert [line.text for line in written.lines] == ["MAKE A LIST", "OF THINGS"]
    assert written.left_out == ("page.gt.txt line 2: 'QUICK BROWN FOX' found no row",)
    assert written.summary(LATIN)[-1].endswith("1 of 3 lines left out")


def test_pages_of_other_text_are_refused(tmp_path: Path) -> None:
    write_page(tmp_path, "page", ["MAKE A LIST"], seed=1, text="QUICK BROWN FOX\n")
    with pytest.raises(DataError, match="no line of .* was found"):
        read_pages([str(tmp_path)], load("default"))


def blank_lines(count: int, file: str = "page.gt.txt") -> list[WrittenLine]:
    """Lines of a file, of which nothing was found."""
    row = RowOfPage(Lattice([], [], 1, 0), np.zeros((0, 32, 32), np.uint8), np.zeros(0))
    return [WrittenLine((Path(file), n), row, "", Labels([], [])) for n in range(1, count + 1)]


def test_one_line_in_five_and_at_least_one_is_hold_out_lines() -> None:
    training, held = hold_out_lines(blank_lines(10), seed=0)
    assert (len(training), len(held)) == (8, 2)
    training, held = hold_out_lines(blank_lines(2), seed=0)
    assert (len(training), len(held)) == (1, 1)
    with pytest.raises(DataError, match="too few"):
        hold_out_lines(blank_lines(1), seed=0)


def test_a_line_is_not_trained_on_and_held_out_whatever_images_show_it() -> None:
    lines = [*blank_lines(10), *blank_lines(10), *blank_lines(5, "other.gt.txt")]
    training, held = hold_out_lines(lines, seed=0)
    assert len(training) + len(held) == 25
    assert len({line.place for line in held}) == 3
    assert not {line.place for line in held} & {line.place for line in training}
    with pytest.raises(DataError, match="too few"):
        hold_out_lines(blank_lines(1) * 2, seed=0)


def test_lines_know_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_page(tmp_path, "page", ["MAKE A LIST", "OF THINGS"], seed=1)
    (tmp_path / "page.jpeg").write_bytes((tmp_path / "page.png").read_bytes())
    written = read_pages([".", str(tmp_path)], load("default"))  # the folder counts once
    place = tmp_path / "page.gt.txt"
    assert [line.place for line in written.lines] == [(place, 1), (place, 2)] * 2


def test_a_page_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    good = write_page(tmp_path, "good", ["MAKE A LIST", "OF THINGS"], seed=1)
    for name in ("bad", "latin-1"):
        (tmp_path / f"{name}.png").write_bytes(good.read_bytes())
        (tmp_path / f"{name}.gt.txt").write_text("OF THINGS\n")
    (tmp_path / "bad.png").write_bytes(b"no image")
    (tmp_path / "latin-1.gt.txt").write_bytes("Één".encode("latin-1"))
    written = read_pages([str(tmp_path)], load("default"))
    assert [line.text for line in written.lines] == ["MAKE A LIST", "OF THINGS"]
    bad, latin = map(str, written.unread)
    assert bad.startswith(f"cannot read {tmp_path}/bad.png: not an image")
    assert latin.startswith(f"cannot read {tmp_path}/latin-1.gt.txt: not UTF-8")
    assert written.summary(LATIN)[-1].endswith("0 of 2 lines left out")
    with pytest.raises(ImageError, match="not an image"):
        read_pages([str(tmp_path / "bad.png")], load("default"))


def test_a_page_whose_text_is_empty_is_told(tmp_path: Path) -> None:
    page = write_page(tmp_path, "good", ["OF THINGS"], seed=1)
    (tmp_path / "empty.png").write_bytes(page.read_bytes())
    (tmp_path / "empty.gt.txt").write_text(" \n")
    (message,) = map(str, read_pages([str(tmp_path)], load("default")).unread)
    assert message == f"{tmp_path}/empty.gt.txt is empty (write the text of empty.png to it)"


def written_line(text: str) -> WrittenLine:
    """A line all of whose letters were found."""
    row = RowOfPage(Lattice([], [], 1, 0), np.zeros((9, 32, 32), np.uint8), np.zeros(0))
    letters = tuple((k, k) for k in range(len("".join(text.split()))))
    return WrittenLine((Path("a"), 1), row, text, Labels(letters, ()))


def test_letters_that_the_alphabet_lacks_are_told_and_not_counted_as_used() -> None:
    written = Written((written_line("AεB"), written_line("éεC")), 6, ())
    assert written.summary(LATIN) == [
        "left out: 2 ε, 1 é, not in the alphabet (add them by --alphabet)",
        "pages: 3 of 6 letters used, 0 of 2 lines left out",
    ]
    assert len(written.summary(Alphabet("ABCεé"))) == 1


def test_letters_that_are_not_found_are_named_with_their_line() -> None:
    line = replace(written_line("TO DO"), labels=Labels([(0, 0), (1, 1), (3, 3)], []))
    assert Written((line,), 4, ()).summary(LATIN) == [
        "left out: D (a line 1), which no ink in the row shows for certain",
        "pages: 3 of 4 letters used, 0 of 1 lines left out",
    ]


def test_a_folder_without_texts_is_no_page(tmp_path: Path) -> None:
    handprint_page(["A"], seed=0).save(tmp_path / "page.png")
    assert not is_pages(str(tmp_path))
    (tmp_path / "page.gt.txt").write_text("A")
    assert is_pages(str(tmp_path))
    assert is_pages(str(tmp_path / "page.png"))


def test_an_image_without_text_is_told_where_that_belongs(tmp_path: Path) -> None:
    page = tmp_path / "lonely.png"
    handprint_page(["A"], seed=0).save(page)
    assert is_pages(str(page))
    with pytest.raises(DataError, match=r"no ground truth \(write it to lonely\.gt\.txt\)"):
        read_pages([str(page)], load("default"))


def test_wrong_cuts_are_no_more_than_half_again_as_many_as_letters() -> None:
    labels = np.array(["A", "B", *[""] * 10], "<U1")
    samples = Samples(np.zeros((12, 32, 32), np.uint8), labels, np.zeros_like(labels))
    assert sorted(limit_wrong_cuts(samples, seed=0).characters) == ["", "", "", "A", "B"]


def test_a_blend_lies_between_the_weights_and_counts_are_the_later_ones() -> None:
    before = {"w": np.array([0.0, 2.0], np.float32), "n": np.array(1)}
    after = {"w": np.array([1.0, 2.0], np.float32), "n": np.array(9), "m": np.ones(1)}
    mixed = blend_states(before, after, 0.25)
    assert mixed["w"].tolist() == [0.25, 2.0]
    assert mixed["w"].dtype == np.float32
    assert (mixed["n"], mixed["m"]) == (9, 1)


def test_latin_is_another_name_of_the_default_model() -> None:
    assert find("latin") == find("default")


def test_training_from_pages_keeps_the_alphabet_and_measures_held_out_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setattr(
        "ocr.cli.train.draw_learning_curves", lambda output: None
    )  # Matplotlib takes seconds
    for seed, lines in enumerate((["MAKE A LIST", "OF THINGS"], ["TO DO", "TODAY"])):
        write_page(tmp_path, f"page{seed}", lines, seed=seed)
    options = ["train", "--data", ".", "--init", "latin", "--epochs", "2", "-o", "mine"]
    result = CliRunner().invoke(commands.main, options)
    assert result.exit_code == 0, result.output
    assert "letters used, 0 of 4 lines left out" in result.output
    assert "held-out lines (1, " in result.output
    card = describe("mine.onnx")
    assert card["alphabet"] == describe("default")["alphabet"]
    assert card["data"] == [tmp_path.name]


def test_pages_alone_ask_for_a_model_to_start_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_page(tmp_path, "page", ["A"], seed=0)
    result = CliRunner().invoke(commands.main, ["train", "--backend", "numpy", "--data", "."])
    assert result.exit_code == DataError.exit_code
    assert "--init default" in result.output


def test_numpy_networks_learn_from_pages_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "ocr.cli.train.draw_learning_curves", lambda output: None
    )  # Matplotlib takes seconds
    write_page(tmp_path, "page", ["MAKE A LIST", "OF THINGS", "TODAY"], seed=1)
    options = ["train", "--backend", "numpy", "--init", "mlp", "--data", ".", "-o", "mine"]
    result = CliRunner().invoke(commands.main, options)
    assert result.exit_code == 0, result.output
    assert "held-out lines (1, " in result.output
