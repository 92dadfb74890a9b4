"""Glyph ink of any size to the 32×32 crop that every classifier reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = 32  # px, side of a crop
EXTENT = (
    24  # px, the longer side of the ink in it: leaves room for a stroke that augmentation moves
)


def fit(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale ink to a crop: longer side 24 px, aspect kept, centred, darkest point 1.

    Parameters
    ----------
    ink : ndarray, float32 [h, w]
        Ink 1.0 on paper 0.0, cut to the glyph's bounding box; h, w >= 1.

    Returns
    -------
    ndarray, float32 [32, 32]
        Thin strokes of a large glyph stay at full ink, as the darkest point is
        scaled to 1. All zero where `ink` is.
    """
    height, width = ink.shape
    scale = EXTENT / max(height, width)
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    small = Image.fromarray(ink).resize((new_width, new_height), Image.Resampling.BILINEAR)
    crop = np.zeros((SIZE, SIZE), np.float32)
    top, left = (SIZE - new_height) // 2, (SIZE - new_width) // 2
    crop[top : top + new_height, left : left + new_width] = np.asarray(small)
    peak = crop.max()
    return np.clip(crop / peak, 0, 1) if peak > 0 else crop
