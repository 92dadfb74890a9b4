from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ocr import segment as stages
from ocr.cli.commands import main
from ocr.export.overlay import COLORS
from ocr.input.loading import load
from tests.page_maker import handprint_page


def segment(source: Path, folder: Path) -> str:
    """Run the command and return its messages."""
    result = CliRunner().invoke(main, ["segment", str(source), "-o", str(folder)])
    assert result.exit_code == 0, result.stderr
    return result.stderr


def extent(mask: np.ndarray) -> list[int]:
    rows, columns = np.nonzero(mask)
    return [columns.min(), rows.min(), columns.max(), rows.max()]


@pytest.mark.parametrize("letter_height", [16, 40, 160], ids=["small", "usual", "large"])
def test_box_is_drawn_around_the_letter_at_any_resolution(
    tmp_path: Path, letter_height: float
) -> None:
    page = handprint_page(
        ["H"], seed=0, letter_height=letter_height, noise=0, shade=0, size=(1500, 900)
    )
    page.save(tmp_path / "h.png")
    segment(tmp_path / "h.png", tmp_path / "out")
    with Image.open(tmp_path / "out" / "overlay.png") as overlay:
        drawn = np.asarray(overlay.convert("RGB"))
    box = (drawn == COLORS[-1]).all(2)
    box[-40:, -150:] = False  # the legend
    ink = np.asarray(page.convert("L")) < 140
    # a letter is read at a height of about 32 px
    np.testing.assert_allclose(extent(box), extent(ink), atol=max(3, letter_height / 32))


def test_crops_are_those_that_are_classified(tmp_path: Path) -> None:
    handprint_page(["LIT", "HAT"], seed=0).save(tmp_path / "lit.png")
    segment(tmp_path / "lit.png", tmp_path / "out")
    [page] = [stages.segment(page, stages.load_binarizer()) for page in load(tmp_path / "lit.png")]
    shown = []
    for path in sorted((tmp_path / "out").glob("row-0*/*.png")):
        with Image.open(path) as crop:
            shown.append(255 - np.asarray(crop))
    classified = np.rint(255 * stages.crop(page))
    assert np.abs(np.array(shown) - classified).max() <= 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "overlay.png",
        "row-01",
        "row-01.png",
        "row-02",
        "row-02.png",
    }


def test_every_page_of_a_tiff_has_its_folder(tmp_path: Path) -> None:
    pages = [handprint_page([text], seed=0) for text in ("HAT", "TAXI")]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    said = segment(tmp_path / "two.tif", tmp_path / "out")
    assert said.count("1 rows") == 2
    for number, page in enumerate(load(tmp_path / "two.tif"), start=1):
        written = list((tmp_path / "out").glob(f"page-0{number}/row-01/*.png"))
        assert len(written) == len(stages.crop(stages.segment(page, stages.load_binarizer())))
