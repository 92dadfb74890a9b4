from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.segment.crops import fit


def extent(crop: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row and column of ink."""
    rows, columns = np.nonzero(crop)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@given(st.integers(1, 80), st.integers(1, 80))
def test_longer_side_is_24_px_in_the_middle(height: int, width: int) -> None:
    crop = fit(np.ones((height, width), np.float32))
    top, bottom, left, right = extent(crop)
    assert (crop.shape, crop.dtype) == ((32, 32), np.float32)
    assert max(bottom - top, right - left) == 23
    assert abs(top + bottom - 31) <= 1
    assert abs(left + right - 31) <= 1


def test_aspect_is_kept() -> None:
    assert extent(fit(np.ones((50, 25), np.float32))) == (4, 27, 10, 21)


def test_pale_and_thin_strokes_come_out_at_full_ink() -> None:
    thin = np.zeros((200, 200), np.float32)
    thin[:, 100] = 0.5
    assert fit(thin).max() == pytest.approx(1.0)


def test_no_ink_stays_none() -> None:
    assert not fit(np.zeros((9, 4), np.float32)).any()
