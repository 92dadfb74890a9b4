from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from ocr.data.datasets import load
from ocr.data.readers import unipen
from ocr.errors import DataError

SEVEN = [[[0, 100], [60, 100], [20, 0]]]  # y grows upward: the bar is on top
LINES: list[dict[str, object]] = [
    {"c": "7", "s": SEVEN, "donor": "aga"},
    {"c": "7", "s": SEVEN, "donor": "ibm/ibm0"},
    {"c": "z", "s": SEVEN, "donor": "kai/kai1"},
    {"c": "7", "s": SEVEN, "donor": "kai/kai1"},
    {"c": ".", "s": [[[5, 5]]], "donor": "aga"},
]


def write(path: Path, lines: list[dict[str, object]]) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_seven_is_drawn_upright(tmp_path: Path, name: str) -> None:
    crop = unipen.read(write(tmp_path / name, LINES[:1]), alphabet="7", seed=0).crops[0]
    top, bottom = crop[4:8].sum(), crop[24:28].sum()
    assert top > 2 * bottom > 0


def test_donors_of_cursive_or_incomplete_letters_are_left_out(tmp_path: Path) -> None:
    samples = unipen.read(write(tmp_path / "a.jsonl", LINES), alphabet="7z.", seed=0)
    assert samples.characters.tolist() == ["7", "7", "."]


def test_folder_is_read_in_the_order_of_its_files(tmp_path: Path) -> None:
    write(tmp_path / "b.jsonl", LINES[4:])
    write(tmp_path / "a.jsonl.gz", LINES[:1])
    assert unipen.read(tmp_path, alphabet="7.", seed=0).characters.tolist() == ["7", "."]


def test_dot_is_a_round_blob() -> None:
    ink = unipen.draw_strokes((np.array([[5, 5]], np.float32),), pen=1.0)
    assert 0.7 < ink.mean() < 0.85  # a disc fills pi/4 of its square


def test_thicker_pen_leaves_more_ink() -> None:
    stroke = (np.array([[0, 0], [100, 100]], np.float32),)
    assert (
        unipen.draw_strokes(stroke, pen=18).mean() > 2 * unipen.draw_strokes(stroke, pen=5).mean()
    )


def test_same_seed_draws_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", LINES)
    first, second, other = (unipen.read(path, alphabet="7", seed=s).crops for s in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()


def test_train_and_test_share_no_donor(tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [{"c": "7", "s": SEVEN, "donor": f"d{i}"} for i in range(200)]
    path = write(tmp_path / "a.jsonl", lines)
    counts = [len(unipen.read(path, alphabet="7", seed=0, part=s)) for s in ("train", "test")]
    assert sum(counts) == 200
    assert 2 <= counts[1] <= 25


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        '{"c": "7", "donor": "aga"}',
        '{"c": "7", "donor": "aga", "s": []}',
        '{"c": "7", "donor": "aga", "s": [[[1]]]}',
        '{"c": "7", "donor": "aga", "s": [[[1, NaN]]]}',
    ],
)
def test_invalid_line_is_named(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "a.jsonl", LINES[:1])
    path.write_text(path.read_text() + line)
    with pytest.raises(DataError, match="a.jsonl line 2 is not a character"):
        unipen.read(path, alphabet="7", seed=0)


def test_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.gz", LINES)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match="cannot read"):
        unipen.read(path, alphabet="7", seed=0)


def test_unknown_part_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", LINES)
    with pytest.raises(DataError, match="choose train or test"):
        load(f"{path}@valid", alphabet="7")
