from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from ocr.export.csv import Writer
from tests.small_page import BLANK, PAGE, image_of, of_one_glyph, written


def test_each_word_is_a_row_and_the_header_comes_once() -> None:
    assert written("csv", PAGE, BLANK, name="notes, old.png").decode().split("\r\n") == [
        "file,page,line,word,left,top,right,bottom,confidence,text",
        '"notes, old.png",1,1,1,10,20,46,60,0.7438,Hi',
        '"notes, old.png",1,1,2,80,24,110,64,1.0,&',
        '"notes, old.png",1,2,1,12,80,18,90,0.25,""""',
        "",
    ]


@pytest.mark.parametrize("character", [",", '"', "\n", "\r", "'", ";"])
def test_any_character_comes_back_as_it_was(character: str) -> None:
    text = written("csv", of_one_glyph(character)).decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert row["text"] == character


def test_later_pages_of_a_file_have_its_name_and_their_number() -> None:
    writer = Writer()
    writer.add(replace(image_of(PAGE), name="scan.tif#2", number=2), PAGE)
    first_row = writer.finish().decode().split("\r\n")[1]
    assert first_row.startswith("scan.tif,2,1,1,")


def test_pandas_reads_it() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(io.BytesIO(written("csv", PAGE)))
    assert list(table.text) == ["Hi", "&", '"']
    assert list(table.right - table.left) == [36, 30, 6]
