"""Find the connected components of ink, and drop those that cannot be writing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.segment.ndimage import minimum_filter
from ocr.segment.runs import bounding_boxes, find_runs, label_runs, paint_runs

Mask = NDArray[np.bool_]
Ints = NDArray[np.int32]

MAX_RATIO = 5  # between the heights of two letters of a page
MIN_HEIGHT = 6  # px; lower letters cannot be read, and grains of noise are lower
MIN_DOT = 0.05  # of the letter height: the smallest dot of a thin pen
MIN_DOT_FILL = 0.6  # of a square as wide as the stroke


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
    """

    labels: Ints
    ids: Ints
    boxes: Ints
    areas: Ints

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
        return Components(self.labels, self.ids[which], self.boxes[which], self.areas[which])


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


def drop_non_text(components: Components) -> Components:
    """Drop specks, rules, frames, pictures and what reaches in from the border.

    Dots and dashes down to a tenth of a letter are kept.
    """
    components = components.take(~_is_surroundings(components) & ~_is_frame(components))
    height = letter_height(components)
    components = components.take(~_is_speck(components, height))
    height = letter_height(components)
    keep = ~_is_large(components, height) & ~_is_rule(components, height)
    return components.take(keep & ~_reaches_in(components, height))


def _is_surroundings(components: Components) -> Mask:
    """Mark what surrounds the page: large and touching the border, or a long thin bar."""
    page_height, page_width = components.labels.shape
    widths, heights = components.widths, components.heights
    large: Mask = (heights > 0.2 * page_height) | (widths > 0.2 * page_width)
    longer, shorter = np.maximum(widths, heights), np.minimum(widths, heights)
    bar: Mask = (longer > 0.15 * max(page_height, page_width)) & (shorter < 0.08 * longer)
    # the frame of a board, the edge of a table: slanting or thick, but far longer than letters
    out = (large & _touches_border(components)) | bar
    airy = components.areas < 0.05 * widths * heights
    compact = longer[(shorter > 0.25 * longer) & ~airy & ~out]
    scale = max(2.5 * float(compact.max(initial=0)), 0.3 * max(page_height, page_width))
    beam: Mask = (longer > scale) & ((shorter < 0.17 * longer) | airy) & bool(len(compact))
    return out | beam


def _is_frame(components: Components) -> Mask:
    """Mark borders around writing, and tables: large, hollow, with letters inside."""
    page_height, page_width = components.labels.shape
    widths, heights, boxes = components.widths, components.heights, components.boxes
    large = (heights > 0.1 * page_height) & (widths > 0.1 * page_width)
    hollow: Mask = large & (components.areas < 0.2 * widths * heights)
    letters = boxes[heights >= 8]  # px; smaller ones are specks or dots
    for i in np.flatnonzero(hollow):
        inside = (letters[:, :2] > boxes[i, :2]).all(1) & (letters[:, 2:] < boxes[i, 2:]).all(1)
        hollow[i] = inside.sum() > 2  # a slash may contain both rings of a percent sign
    return hollow


def _is_speck(components: Components, height: float) -> Mask:
    """Mark what is smaller than a tenth of a letter and is not the dot of a thin pen."""
    longer = np.maximum(components.widths, components.heights)
    speck: Mask = (longer < max(2.0, 0.1 * height)) | (components.areas < max(3, 0.004 * height**2))
    in_doubt = np.flatnonzero(speck & (longer >= max(3.0, MIN_DOT * height)))
    if len(in_doubt):
        speck[in_doubt] = ~_is_dot(components.take(in_doubt))
    return speck


def _is_dot(components: Components) -> Mask:
    """Mark what is as large as strokes are wide, and stands apart from any other ink."""
    stroke = stroke_width(components.labels > 0)
    longer = np.maximum(components.widths, components.heights)
    dot: Mask = (longer >= stroke) & (components.areas >= MIN_DOT_FILL * stroke**2)
    reach = math.ceil(stroke)
    for i in np.flatnonzero(dot):
        left, top, right, bottom = components.boxes[i]
        around = components.labels[
            max(top - reach, 0) : bottom + reach, max(left - reach, 0) : right + reach
        ]
        dot[i] = np.count_nonzero(around) == components.areas[i]
    return dot


def _is_large(components: Components, height: float) -> Mask:
    """Mark frames and pictures: larger than any letter in both directions."""
    large: Mask = (components.heights > 4 * height) & (components.widths > 2.5 * height)
    return large | (components.heights > 8 * height)


def _is_rule(components: Components, height: float) -> Mask:
    """Mark lines of paper, tables and margins: long and as thin as a stroke."""
    widths, heights = components.widths, components.heights
    across = (widths > 5 * height) & (heights < 0.15 * widths) & (heights < height)
    down: Mask = (heights > 2.5 * height) & (widths < 0.12 * heights)
    # on a tilted sheet the box of a rule is not slender, but almost empty
    airy = components.areas < 0.3 * widths * heights
    leaning: Mask = (heights > 4 * height) & (widths < 0.25 * heights) & airy
    return across | down | leaning


def _reaches_in(components: Components, height: float) -> Mask:
    """Mark fingers, desks and shadows: solid or large, and cut by the border of the image."""
    widths, heights = components.widths, components.heights
    solid = components.areas > 0.6 * widths * heights
    huge = (heights > 2.2 * height) | (widths > 4 * height)
    big = components.areas > 0.3 * height**2
    # part of a rule; dashes do not touch the border
    flat = (heights < 0.25 * widths) & (widths > 0.5 * height)
    reaches: Mask = _touches_border(components) & ((solid & big) | huge | flat)
    return reaches


def _touches_border(components: Components) -> Mask:
    height, width = components.labels.shape
    left, top, right, bottom = components.boxes.T
    touches: Mask = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    return touches
