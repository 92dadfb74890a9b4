from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ocr.segment.labels import bounding_boxes, fill_holes, label
from tests.bitmaps import bitmap

masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def test_parts_are_numbered_as_they_are_met() -> None:
    labels, count = label(bitmap("..#.# #.#.# #...# .#..."))
    assert count == 3
    assert labels.tolist() == [[0, 0, 1, 0, 2], [3, 0, 1, 0, 2], [3, 0, 0, 0, 2], [0, 3, 0, 0, 0]]


def test_arms_that_meet_at_the_foot_are_one_part() -> None:
    assert label(bitmap("#.#.# #.#.# #####"))[1] == 1


def test_rows_that_end_and_begin_at_the_borders_are_apart() -> None:
    assert label(bitmap("....# #...."))[1] == 2


def test_empty_mask_has_no_parts() -> None:
    labels, count = label(np.zeros((3, 4), bool))
    assert (labels.any(), count) == (False, 0)
    assert bounding_boxes(labels, count).shape == (0, 4)


def test_boxes_are_half_open() -> None:
    labels, count = label(bitmap(".##.. .#... ....#"))
    assert bounding_boxes(labels, count).tolist() == [[1, 0, 3, 2], [4, 2, 5, 3]]


@given(masks)
def test_labels_and_boxes_are_those_of_scipy(mask: np.ndarray) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    labels, count = label(mask)
    wanted, wanted_count = ndimage.label(mask, np.ones((3, 3)))
    assert count == wanted_count
    assert len({*zip(labels.flat, wanted.flat, strict=True)}) == len(np.unique(labels))
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labels)]
    assert bounding_boxes(labels, count).tolist() == [list(box) for box in boxes]


def test_holes_are_filled_and_bays_are_not() -> None:
    filled = fill_holes(bitmap("####.##. #..#.#.. ####.##."))
    assert (filled == bitmap("####.##. ####.#.. ####.##.")).all()
