from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as scipy_ndimage

from ocr.segment.runs import bounding_boxes, find_runs, label_runs, paint_runs
from tests.bitmaps import bitmap

masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def boxes_of(mask: np.ndarray) -> list[list[int]]:
    runs = find_runs(mask)
    return bounding_boxes(runs, *label_runs(runs)).tolist()


def test_runs_are_half_open() -> None:
    runs = find_runs(bitmap(".##.# ....."))
    assert (runs.y.tolist(), runs.start.tolist(), runs.stop.tolist()) == ([0, 0], [1, 4], [3, 5])


@given(masks)
def test_painted_runs_are_the_mask(mask: np.ndarray) -> None:
    runs = find_runs(mask)
    assert (paint_runs(runs, np.ones(len(runs.y), np.int32), mask.shape) == mask).all()


def test_boxes_are_half_open() -> None:
    assert boxes_of(bitmap(".##.. .#... ....#")) == [[1, 0, 3, 2], [4, 2, 5, 3]]


def test_empty_mask_has_no_boxes() -> None:
    assert boxes_of(np.zeros((3, 4), bool)) == []


@given(masks)
def test_boxes_are_those_of_scipy(mask: np.ndarray) -> None:
    labels, _ = scipy_ndimage.label(mask, np.ones((3, 3)))
    objects = scipy_ndimage.find_objects(labels)
    assert boxes_of(mask) == [[x.start, y.start, x.stop, y.stop] for y, x in objects]
