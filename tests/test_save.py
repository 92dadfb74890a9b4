"""`Page.save`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr import export
from ocr.errors import ImageError, OutputError
from ocr.page import Page
from tests.small_page import PAGE, written


@pytest.mark.parametrize("form", sorted(set(export.FORMATS) - {"pdf"}))
def test_the_ending_chooses_the_format(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"page{export.FORMATS[form][0]}"
    PAGE.save(path)
    assert path.read_bytes() == written(form, PAGE, name="")


def test_a_folder_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write .*no such file or directory"):
        PAGE.save(tmp_path / "missing" / "page.json")


def test_name_number_and_resolution_are_written(tmp_path: Path) -> None:
    Page(9, 9, name="scan.tif#2", number=2, dpi=300.0).save(tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    assert '"image": "scan.tif#2", "number": 2, "dpi": 300.0' in text


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_formats_that_show_the_image_ask_for_it(ending: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"pass image=, the file that was read"):
        PAGE.save(tmp_path / f"a.{ending}")
    assert list(tmp_path.iterdir()) == []


def test_drawings_show_the_image(tmp_path: Path) -> None:
    PAGE.save(tmp_path / "a.png", image=np.zeros((100, 200), np.uint8))
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.size == (200, 100)
    PAGE.save(str(tmp_path / "a.svg"), image=Image.new("L", (200, 100)))
    assert b">H</text>" in (tmp_path / "a.svg").read_bytes()


def test_a_pdf_holds_the_image_as_it_came(tmp_path: Path) -> None:
    pytest.importorskip("pikepdf")
    file = io.BytesIO()
    Image.new("L", (200, 100), 200).save(file, "JPEG")
    PAGE.save(tmp_path / "a.pdf", image=file.getvalue())
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


def test_the_page_of_the_image_is_the_one_that_was_read(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no page 2"):
        Page(9, 9, number=2).save(tmp_path / "a.png", image=np.zeros((9, 9), np.uint8))


def test_an_unknown_ending_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.docx: unknown ending \(name it \.txt \.json"):
        PAGE.save(tmp_path / "a.docx")
