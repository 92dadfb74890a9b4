from __future__ import annotations

import numpy as np
import pytest

from ocr.segment.components import (
    Components,
    find_components,
    letter_height,
    stroke_width,
)
from tests.bitmaps import bitmap


def test_components_know_their_box_area_and_label() -> None:
    found = find_components(bitmap("##..# #...# ....#"))
    assert found.boxes.tolist() == [[0, 0, 2, 2], [4, 0, 5, 3]]
    assert found.areas.tolist() == [3, 3]
    assert (found.widths.tolist(), found.heights.tolist()) == ([2, 1], [2, 3])
    assert found.labels[2, 4] == found.ids[1] == 2


def test_taken_components_keep_their_labels() -> None:
    taken = find_components(bitmap("#.#.#")).take(np.array([False, True, True]))
    assert (len(taken), taken.ids.tolist()) == (2, [2, 3])


def test_blank_page_has_none() -> None:
    found = find_components(np.zeros((9, 9), np.bool_))
    assert len(found) == letter_height(found) == 0


def with_heights(*heights: int) -> Components:
    boxes = np.array([[0, 0, 1, h] for h in heights], np.int32)
    ids = np.arange(1, len(heights) + 1, dtype=np.int32)
    return Components(
        np.zeros((99, 99), np.int32), ids, boxes, boxes[:, 3], np.ones(len(ids), np.float32)
    )


def test_specks_do_not_decide_the_letter_height() -> None:
    assert letter_height(with_heights(*[1] * 50, 20, 20, 21)) == 20


def test_thousands_of_grains_do_not_decide_the_letter_height() -> None:
    assert letter_height(with_heights(*[2] * 3000, *[20] * 40)) == 20


def test_pictures_do_not_decide_the_letter_height() -> None:
    assert letter_height(with_heights(*[20] * 200, 300, 400)) == 20


@pytest.mark.parametrize("width", [2, 4])
def test_stroke_is_as_wide_as_it_was_drawn(width: int) -> None:
    mask = np.zeros((60, 20), np.bool_)
    mask[5:55, 8 : 8 + width] = True
    assert stroke_width(mask) == pytest.approx(width, rel=0.35)


def test_no_ink_has_no_stroke_width() -> None:
    assert stroke_width(np.zeros((5, 5), np.bool_)) == 0
