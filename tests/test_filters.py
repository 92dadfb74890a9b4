from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ocr.segment.filters import box_mean, closing, maximum, minimum, resize, shrink

grays = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)))
odd_sides = st.integers(0, 5).map(lambda half: 2 * half + 1)


def test_maximum_grows_a_pixel_to_the_window() -> None:
    dot = np.zeros((5, 5), np.uint8)
    dot[2, 1] = 7
    assert maximum(dot, 3).tolist() == [
        [0, 0, 0, 0, 0],
        [7, 7, 7, 0, 0],
        [7, 7, 7, 0, 0],
        [7, 7, 7, 0, 0],
        [0, 0, 0, 0, 0],
    ]


@given(grays, odd_sides)
def test_minimum_is_maximum_of_the_negative(image: np.ndarray, side: int) -> None:
    assert (minimum(image, side) == 255 - maximum(255 - image, side)).all()


@given(grays, odd_sides)
def test_maximum_and_mean_are_those_of_scipy(image: np.ndarray, side: int) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    assert (maximum(image, side) == ndimage.maximum_filter(image, side, mode="nearest")).all()
    exact = image.astype(np.float64)
    mean = ndimage.uniform_filter(exact, side, mode="nearest")
    np.testing.assert_allclose(box_mean(exact.astype(np.float32), side), mean, atol=1e-3)


def test_closing_fills_a_narrow_mark_and_leaves_a_wide_one() -> None:
    paper = np.array([[9, 9, 1, 9, 9, 9, 1, 1, 1, 1, 9, 9]])
    assert closing(paper, 3).tolist() == [[9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 9, 9]]


def test_shrink_averages_blocks_and_leaves_the_remainder() -> None:
    image = np.array([[0, 2, 8, 8, 5], [2, 4, 8, 8, 5], [9, 9, 9, 9, 9]])
    assert shrink(image, 2).tolist() == [[2.0, 8.0]]


@pytest.mark.parametrize("factor", [0, 1, 4])
def test_what_has_no_whole_block_is_not_shrunk(factor: int) -> None:
    assert shrink(np.array([[1, 2], [3, 4]]), factor).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_resize_keeps_an_even_light_even() -> None:
    assert (resize(np.full((3, 4), 0.25, np.float32), (7, 9)) == 0.25).all()
