from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.small_page import BLANK, PAGE, of_one_glyph, written

SAMPLE = Path(__file__).parents[1] / "samples" / "label.png"


def rows(content: bytes) -> list[list[str]]:
    return [line.split("\t") for line in content.decode().splitlines()]


def test_each_level_has_its_row_with_left_top_width_and_height() -> None:
    assert rows(written("tsv", PAGE))[1:] == [
        ["1", "1", "0", "0", "0", "0", "0", "0", "200", "100", "-1", ""],
        ["2", "1", "1", "0", "0", "0", "10", "20", "100", "70", "-1", ""],
        ["3", "1", "1", "1", "0", "0", "10", "20", "100", "70", "-1", ""],
        ["4", "1", "1", "1", "1", "0", "10", "20", "100", "44", "-1", ""],
        ["5", "1", "1", "1", "1", "1", "10", "20", "36", "40", "74.38", "Hi"],
        ["5", "1", "1", "1", "1", "2", "80", "24", "30", "40", "100.00", "&"],
        ["4", "1", "1", "1", "2", "0", "12", "80", "6", "10", "-1", ""],
        ["5", "1", "1", "1", "2", "1", "12", "80", "6", "10", "25.00", '"'],
    ]


def test_blank_page_is_one_row_and_the_next_is_page_two() -> None:
    table = rows(written("tsv", BLANK, PAGE))
    assert table[1] == ["1", "1", "0", "0", "0", "0", "0", "0", "200", "100", "-1", ""]
    assert {row[1] for row in table[2:]} == {"2"}


def test_no_text_ends_its_cell() -> None:
    for character in "\t\n\r\udcff\x00":
        table = rows(written("tsv", of_one_glyph(character)))
        assert {len(row) for row in table} == {12}
        assert len(table) == 6


def test_pandas_reads_it() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(io.BytesIO(written("tsv", PAGE, PAGE)), sep="\t", quoting=3)
    found = table[table.level == 5]
    assert list(found.text) == ["Hi", "&", '"'] * 2
    assert list(found.conf[:3]) == [74.38, 100, 25]
    assert set(table.conf[table.level < 5]) == {-1}


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs tesseract, to compare with")
def test_it_is_built_as_tesseract_builds_it(tmp_path: Path) -> None:
    command = ["tesseract", str(SAMPLE), str(tmp_path / "a"), "tsv"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if done.returncode:
        pytest.skip("tesseract has no model of English")
    theirs, ours = rows((tmp_path / "a.tsv").read_bytes()), rows(written("tsv", PAGE))
    assert ours[0] == theirs[0]
    for table in (ours[1:], theirs[1:]):
        assert [row[:6] for row in table] == _numbered([int(row[0]) for row in table])
        assert all((row[10] == "-1") == (row[0] != "5") == (not row[11]) for row in table)


def _numbered(levels: list[int]) -> list[list[str]]:
    """First six columns of rows of these levels: each level counts within the one above it."""
    counts, expected = [0] * 5, []
    for level in levels:
        counts[level - 1] += 1
        counts[level:] = [0] * (5 - level)
        expected.append([str(n) for n in (level, *counts)])
    return expected
