from __future__ import annotations

import numpy as np

from ocr.data.samples import Samples
from ocr.data.sheet import GAP, MARGIN, PAPER, contact_sheet

STEP = 32 + GAP


def flat(characters: str) -> Samples:
    """Crops of one gray level each, its number plus one."""
    crops = np.ones((len(characters), 32, 32), np.uint8)
    crops *= np.arange(1, len(characters) + 1, dtype=np.uint8)[:, None, None]
    return Samples(crops, np.array(list(characters)), np.full(len(characters), ""))


def shown(samples: Samples, **options: int) -> list[list[int]]:
    """Numbers of the samples that a sheet shows, row by row."""
    sheet = np.asarray(contact_sheet(samples, **options))
    middles = sheet[GAP + 16 :: STEP, MARGIN + 16 :: STEP]
    return [[255 - int(v) - 1 for v in row if v != PAPER] for row in middles]


def test_each_class_has_its_row() -> None:
    rows = shown(flat("BABAB"), columns=5)
    assert [sorted(row) for row in rows] == [[1, 3], [0, 2, 4]]


def test_no_row_has_more_than_its_columns() -> None:
    assert [len(row) for row in shown(flat("A" * 9 + "B"), columns=3)] == [3, 1]


def test_choice_follows_the_seed() -> None:
    samples = flat("A" * 19)
    chosen = [shown(samples, columns=5, seed=s) for s in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_rows_are_labelled_in_any_script() -> None:
    sheet = np.asarray(contact_sheet(flat("Aα"), columns=1))
    margins = [sheet[top : top + 32, : MARGIN - GAP] for top in (GAP, GAP + STEP)]
    assert all(margin.min() < 60 for margin in margins)
    assert margins[0][:, :40].min() < 60  # the letter itself; for others the code point alone
    assert margins[1][:, :40].min() == PAPER
