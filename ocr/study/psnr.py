"""How well images were restored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_ERROR = 1e-10  # a perfect copy counts 100 dB, so that a mean stays finite


def mean_psnr(images: NDArray[np.floating[Any]], restored: NDArray[np.floating[Any]]) -> float:
    """Peak signal to noise ratio in dB of images of range 1 [N, D]: of each, then the mean.

    Examples
    --------
    >>> round(mean_psnr(np.zeros((2, 4)), np.full((2, 4), 0.1)), 6)
    20.0
    """
    errors = ((images.astype(np.float64) - restored) ** 2).mean(axis=1)
    return float((-10 * np.log10(np.maximum(errors, LEAST_ERROR))).mean())
