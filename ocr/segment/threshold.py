"""Binarize a page with a threshold of scikit-image: dark ink on light paper, without a network."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocr.errors import MissingExtraError
from ocr.segment.components import Components, Ink, find_components, letter_height

Method = Literal["sauvola", "otsu"]

WINDOW = 51  # px, of Sauvola's local statistics: two letters at 25 px, the size of hand print
SIZES = (0.1, 4.0)  # letter heights; smaller components are specks, larger ones no letters


def binarize(gray: NDArray[np.uint8], method: Method) -> Ink:
    """Take as ink what is darker than the threshold of Sauvola 2000 or Otsu 1979.

    Raises MissingExtraError without scikit-image.
    """
    try:
        from skimage.filters import threshold_otsu, threshold_sauvola
    except ImportError as error:
        raise MissingExtraError(f"--binarize {method}", "study") from error
    if method == "sauvola":
        threshold = threshold_sauvola(gray, min(WINDOW, (min(gray.shape) - 1) // 2 * 2 + 1))
    else:
        threshold = threshold_otsu(gray)
    depth = np.float32(threshold) - gray
    mask = depth > 0
    if not mask.any():
        return Ink(mask, mask.astype(np.uint8))
    # the threshold lies halfway between ink and paper
    share = np.clip(0.5 + depth / (4 * depth[mask].mean()), 0, 1)
    return Ink(mask, np.rint(255 * share).astype(np.uint8))


def find_letters(mask: NDArray[np.bool_]) -> Components:
    """Find the connected components of a mask that have about the size of letters."""
    components = find_components(mask)
    low, high = (share * letter_height(components) for share in SIZES)
    longer = np.maximum(components.widths, components.heights)
    return components.take((longer >= low) & (longer <= high))
