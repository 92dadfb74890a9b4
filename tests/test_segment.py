from __future__ import annotations

import numpy as np

from ocr.segment import load_binarizer, segment
from tests.bitmaps import array_page


def test_squares_of_the_paper_are_no_ink_and_letters_on_them_are() -> None:
    gray = np.full((400, 600), 0.95, np.float32)
    gray[20::60] = gray[21::60] = 0.5
    gray[:, 10::60] = gray[:, 11::60] = 0.5
    stems = np.zeros(gray.shape, np.bool_)
    for x in range(90, 500, 33):
        stems[150:190, x : x + 7] = True
    gray[stems] = 0.2
    found = segment(array_page((255 * gray).astype(np.uint8)), load_binarizer())
    [row] = found.rows
    assert len(row.members) == 13
    assert (found.ink.mask & ~stems).sum() < 0.05 * stems.sum()
