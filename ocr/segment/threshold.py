"""Find dark ink on light paper, and the cores of rows, without a network."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocr.errors import MissingExtraError
from ocr.segment.components import Components, Ink, find_components, letter_height
from ocr.segment.ndimage import maximum_filter1d, uniform_filter1d
from ocr.segment.scaling import reduce_blocks

Method = Literal["sauvola", "otsu"]

WINDOW = 51  # px, of Sauvola's local statistics: two letters at 25 px, the size of hand print
CAPITAL = 1.2  # times the height of a typical letter, large or small
CORE_SHARE = 0.6  # of the densest ink in a row, for its core: ascenders have less
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


def smear(components: Components) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Find the cores of rows where rows have the most ink, and the height of capitals.

    This stands in for a network's maps of the same names; see `InkMaps`.
    """
    height = CAPITAL * letter_height(components)
    step = max(1, round(height / 10))
    size = round(height / step)
    is_kept = np.zeros(int(components.labels.max(initial=0)) + 1, np.bool_)
    is_kept[components.ids] = True
    ink = reduce_blocks(is_kept[components.labels], step)
    along = uniform_filter1d(ink, 2 * round(0.7 * size) + 1, axis=1)  # a letter and its neighbors
    density = uniform_filter1d(along, size // 2 + 1, axis=0)
    peak = maximum_filter1d(density, 2 * size + 1, axis=0)
    cells = [-(-side // 4) for side in ink.shape]
    return (density >= CORE_SHARE * peak) & (peak > 0), np.full(cells, 2 * size, np.float32)
