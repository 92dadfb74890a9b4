"""Glyph ink of any size to the 32×32 crop that every classifier reads."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

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
    small = weights(height, new_height) @ ink @ weights(width, new_width).T
    crop = np.zeros((SIZE, SIZE), np.float32)
    top, left = (SIZE - new_height) // 2, (SIZE - new_width) // 2
    peak = small.max()
    if peak > 0:
        np.divide(small, peak, out=crop[top : top + new_height, left : left + new_width])
    return crop


@lru_cache(maxsize=1024)
def weights(size: int, new_size: int) -> NDArray[np.float32]:
    """Share of each old pixel in each new one, float32 [new_size, size]: bilinear, antialiased.

    A matrix is quicker than Pillow's `resize` on pieces as small as letters.
    """
    scale = size / new_size
    middles = (np.arange(new_size)[:, None] + 0.5) * scale
    away = np.abs(np.arange(size) + 0.5 - middles) / max(scale, 1.0)
    shares = np.maximum(1 - away, 0)
    parts: NDArray[np.float32] = (shares / shares.sum(1, keepdims=True)).astype(np.float32)
    return parts
