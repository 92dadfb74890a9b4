"""The ink of a page, and its connected components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.segment.ndimage import minimum_filter
from ocr.segment.runs import bounding_boxes, find_runs, label_runs, paint_runs

Mask = NDArray[np.bool_]
Ints = NDArray[np.int32]

MAX_RATIO = 5  # between the heights of two letters of a page
MIN_HEIGHT = 6  # px; lower letters cannot be read, and grains of noise are lower


@dataclass(frozen=True)
class Ink:
    """Ink found on a page.

    Attributes
    ----------
    mask : ndarray, bool [h, w]
    strength : ndarray, uint8 [h, w]
        Share of a full stroke that covers each pixel, 0 to 255: soft at its edges.
    """

    mask: Mask
    strength: NDArray[np.uint8]


@dataclass(frozen=True)
class Components:
    """Connected components of a page.

    Attributes
    ----------
    labels : ndarray, int32 [h, w]
        0 is paper; component i has the label ``ids[i]``.
    ids : ndarray, int32 [n]
    boxes : ndarray, int32 [n, 4]
        Left, top, right, bottom; half-open.
    areas : ndarray, int32 [n]
        Pixels of ink.
    probabilities : ndarray, float32 [n]
        That they are ink, by the network; 1 without a network.
    """

    labels: Ints
    ids: Ints
    boxes: Ints
    areas: Ints
    probabilities: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def widths(self) -> Ints:
        """Widths in pixels, int32 [n]."""
        return self.boxes[:, 2] - self.boxes[:, 0]

    @property
    def heights(self) -> Ints:
        """Heights in pixels, int32 [n]."""
        return self.boxes[:, 3] - self.boxes[:, 1]

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Components:
        """Select components by a mask or an index array."""
        return Components(
            self.labels,
            self.ids[which],
            self.boxes[which],
            self.areas[which],
            self.probabilities[which],
        )


def find_components(mask: Mask) -> Components:
    """Label the connected components of a mask, diagonals included.

    Examples
    --------
    >>> dots = np.array([[1, 0, 0, 1], [0, 1, 0, 1]], bool)
    >>> find_components(dots).boxes.tolist()
    [[0, 0, 2, 2], [3, 0, 4, 2]]
    """
    runs = find_runs(mask)
    parts, count = label_runs(runs)
    return Components(
        paint_runs(runs, parts + 1, mask.shape),
        np.arange(1, count + 1, dtype=np.int32),
        bounding_boxes(runs, parts, count),
        np.bincount(parts, runs.stop - runs.start, count).astype(np.int32),
        np.ones(count, np.float32),
    )


def letter_height(components: Components) -> float:
    """Estimate the height of a typical letter in pixels; 0 without components.

    This is the median weighted by the square of the height, which is about the area of a
    component, so that neither hundreds of specks nor a few pictures decide.

    Examples
    --------
    >>> page = np.zeros((40, 40), bool)
    >>> page[5:25, 5:8] = page[5:25, 15:18] = page[30, 30] = True
    >>> letter_height(find_components(page))
    20.0
    """
    heights = np.sort(components.heights)
    if not len(heights):
        return 0.0
    heights = heights[heights <= _tallest_letter(heights)]
    weight = np.cumsum(heights.astype(np.float64) ** 2)
    return float(heights[np.searchsorted(weight, weight[-1] / 2)])


def _tallest_letter(heights: Ints) -> float:
    """Estimate the height above which components are pictures, from ascending heights.

    The range of heights with the most weight is writing. The weight grows more slowly than the
    area because letters are many and pictures few.
    """
    weights = heights**1.5 * (heights >= MIN_HEIGHT)
    ends = np.searchsorted(heights, MAX_RATIO * heights, "right")
    alike = np.cumsum(weights)[ends - 1] - np.cumsum(weights) + weights
    return float(MAX_RATIO * max(heights[alike.argmax()], MIN_HEIGHT))


def stroke_width(mask: Mask) -> float:
    """Estimate the mean stroke width in pixels: twice the area over the length of the edges."""
    area = int(mask.sum())
    rim = area - int(minimum_filter(mask, 3).sum())
    return 2 * area / rim if rim else 0.0
