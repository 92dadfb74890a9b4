from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ocr.segment.scaling import enlarge_by_strips, reduce_blocks, resize

grays = arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30)))


def test_blocks_are_averaged_and_a_remainder_is_left_out() -> None:
    image = np.array([[0, 2, 8, 8, 5], [2, 4, 8, 8, 5], [9, 9, 9, 9, 9]])
    assert reduce_blocks(image, 2).tolist() == [[2.0, 8.0]]


@given(grays, st.integers(2, 9))
def test_block_means_are_those_of_scikit_image(image: np.ndarray, factor: int) -> None:
    from skimage.transform import downscale_local_mean

    height, width = (n // factor * factor for n in image.shape)
    if height and width:
        expected = downscale_local_mean(image[:height, :width], (factor, factor))
        np.testing.assert_allclose(reduce_blocks(image, factor), expected, rtol=1e-6)


@pytest.mark.parametrize("factor", [0, 1, 4])
def test_image_smaller_than_a_block_is_not_reduced(factor: int) -> None:
    assert reduce_blocks(np.array([[1, 2], [3, 4]]), factor).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_resize_keeps_an_even_light_even() -> None:
    assert (resize(np.full((3, 4), 0.25, np.float32), (7, 9)) == 0.25).all()


def test_strips_make_up_the_image_scaled_at_once() -> None:
    small = np.random.default_rng(0).random((9, 5), np.float32)
    strips = np.concatenate([strip for _, strip in enlarge_by_strips(small, (90, 40))])
    np.testing.assert_allclose(strips, resize(small, (90, 40)), atol=1e-6)
