from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as scipy_ndimage

from ocr.segment import ndimage
from ocr.segment.ndimage import label
from tests.bitmaps import bitmap

grays = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)))
masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))
sizes = st.integers(1, 12)

EIGHT_NEIGHBORS = np.ones((3, 3), bool)  # structure of scipy's in which corners touch too


def test_maximum_grows_a_pixel_to_the_window() -> None:
    dot = np.zeros((5, 5), np.uint8)
    dot[2, 1] = 7
    assert ndimage.maximum_filter(dot, 3).tolist() == [
        [0, 0, 0, 0, 0],
        [7, 7, 7, 0, 0],
        [7, 7, 7, 0, 0],
        [7, 7, 7, 0, 0],
        [0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize("name", ["maximum_filter", "minimum_filter"])
@given(image=grays, size=sizes)
def test_extremes_are_those_of_scipy(name: str, image: np.ndarray, size: int) -> None:
    expected = getattr(scipy_ndimage, name)(image, size, mode="nearest")
    assert (getattr(ndimage, name)(image, size) == expected).all()


@given(grays, sizes)
def test_mean_is_that_of_scipy(image: np.ndarray, size: int) -> None:
    mean = ndimage.uniform_filter(image.astype(np.float32), size)
    expected = scipy_ndimage.uniform_filter(image.astype(np.float64), size, mode="nearest")
    np.testing.assert_allclose(mean, expected, atol=1e-3)


@given(grays)
def test_median_is_that_of_scipy(image: np.ndarray) -> None:
    assert ndimage.median(image) == scipy_ndimage.median(image)


def test_components_are_numbered_in_reading_order() -> None:
    labels, count = label(bitmap("..#.# #.#.# #...# .#..."))
    assert count == 3
    assert labels.tolist() == [[0, 0, 1, 0, 2], [3, 0, 1, 0, 2], [3, 0, 0, 0, 2], [0, 3, 0, 0, 0]]


def test_arms_that_meet_at_the_foot_are_one_component() -> None:
    assert label(bitmap("#.#.# #.#.# #####"))[1] == 1


def test_runs_at_opposite_borders_are_not_connected() -> None:
    assert label(bitmap("....# #...."))[1] == 2


def test_empty_mask_has_no_components() -> None:
    labels, count = label(np.zeros((3, 4), bool))
    assert (labels.any(), count) == (False, 0)


@given(masks)
def test_labels_are_those_of_scipy(mask: np.ndarray) -> None:
    labels, count = label(mask)
    expected, expected_count = scipy_ndimage.label(mask, EIGHT_NEIGHBORS)
    assert count == expected_count
    assert (labels == expected).all()
