"""Which pixels are ink: the background is removed, then each stroke is cut at half its depth.

Polarity is decided from the page. The threshold follows Su, Lu and Tan 2010 ("Binarization of
historical document images using the local maximum and minimum"): it is the mean darkness of
the edge pixels around, which lies half-way between paper and ink wherever that ink is pale.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.ndimage import (
    EIGHT_NEIGHBORS,
    binary_fill_holes,
    grey_closing,
    label,
    maximum_filter,
    median,
    minimum_filter,
    uniform_filter,
)
from ocr.segment.scaling import enlarge_by_strips, reduce_blocks, resize

Gray = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

POLARITY_SIDE = 320  # px, side of the small image that polarity is taken from
BACKGROUND_SIDE = 160  # px, side of the small image that the background is taken from
WIDEST_STROKE = 1 / 14  # of the longer side; a wider dark area is background, not ink
RIM = 7  # px of the small image that are taken off the edge of a sheet, half on each side
TABLE = 2.6  # times darker than the sheet is what it lies on; a shadow is 2.5 times as a rule, ...
DARK_TABLE = 3.5  # ... and as dark as this where the bright part reaches three sides of the image
PALE_TABLE = 1.6  # times darker at the least is a table all around a sheet with sharp edges
LARGE = 0.3  # of the view is a sheet on a pale table: a wall beside a blackboard has less
SHARP = 0.85  # of the contrast is seen within the blur of a sheet's edge, not of a shadow's
REACHED = 0.2  # of a side of the image, that a sheet leaves the image by
FAINTEST = 0.045  # share of the paper's light that ink takes away at the least
NOISE_FACTOR = 5.0  # an edge stands out from the grain of the paper by so many deviations


class Ink(NamedTuple):
    """Ink found on a page.

    Attributes
    ----------
    mask : ndarray, bool [h, w]
    strength : ndarray, float32 [h, w]
        How much of a full stroke covers each pixel, 0 to 1: soft at its edges.
    """

    mask: Mask
    strength: Gray

    def without(self, other: Mask) -> Ink:
        """Ink less some pixels, bool [h, w], that turned out to be none."""
        if not other.any():
            return self
        return Ink(self.mask & ~other, np.where(other, np.float32(0), self.strength))


def find_ink(gray: Gray | Bytes) -> Ink:
    """Separate ink from paper.

    Parameters
    ----------
    gray : ndarray, uint8 or float32 [h, w]
        0 black to 255 or 1.0 white.

    Returns
    -------
    Ink
        No ink at all on a blank page.
    """
    page = as_bytes(gray)
    background = estimate_background(page)
    sheet = find_sheet(background)
    if is_light_on_dark(page, sheet):
        page = 255 - page
        background = estimate_background(page)
        sheet = find_sheet(background)
    darkness = missing_light(page, background)
    if sheet is not None:
        darkness *= enlarged_mask(sheet, page.shape)
    return threshold_at_edges(darkness, find_edges(darkness))


def as_bytes(gray: Gray | Bytes) -> Bytes:
    """Page as uint8, 0 black to 255 white: whole pages are worked on in bytes."""
    if gray.dtype == np.uint8:
        return gray  # type: ignore[return-value]
    return (np.clip(gray, 0, 1) * 255).round().astype(np.uint8)


def is_light_on_dark(gray: Bytes, sheet: Mask | None) -> bool:
    """Whether the letters of a page are lighter than what they stand on.

    Strokes are the rarer side of whatever stands out from its surroundings, so that the
    skew of the differences, on the sheet if there is one, tells which side they are on.
    """
    small = shrink_to(gray, POLARITY_SIDE)
    around = max(3, max(small.shape) // 12) | 1
    if sheet is None:
        detail = (small - uniform_filter(small, around, mode="nearest")).ravel()
    else:
        inside = enlarged_mask(sheet, small.shape)
        share = uniform_filter(inside.astype(np.float32), around, mode="nearest")
        mean = uniform_filter(small * inside, around, mode="nearest") / np.maximum(share, 1e-3)
        detail = (small - mean)[inside]
    detail = detail[np.abs(detail) > FAINTEST]
    return bool(detail.size) and bool(np.mean(detail * detail * detail) > 0)


def estimate_background(gray: Bytes) -> Gray:
    """Light of the paper without what is written on it, 0 to 1, shrunk to about 160 px.

    A grey closing fills every dark mark narrower than `WIDEST_STROKE`; steps of light, as
    at the edge of a shadow or of a sheet, stay where they are.
    """
    small = shrink_to(gray, BACKGROUND_SIDE)
    side = max(3, round(max(small.shape) * WIDEST_STROKE)) | 1
    return uniform_filter(grey_closing(small, side), 3, mode="nearest")


def missing_light(page: Bytes, background: Gray) -> Bytes:
    """Share of the paper's light that is missing at each pixel, 0 to 255."""
    darkness = np.empty_like(page)
    for rows, light in enlarge_by_strips(np.maximum(background, np.float32(0.05)), page.shape):
        share = np.divide(page[rows], light, out=light)
        np.subtract(255, share, out=share)
        darkness[rows] = np.maximum(share, 0, out=share)
    return darkness


def find_sheet(background: Gray) -> Mask | None:
    """The sheet where it lies on something much darker, bool [h, w]; None where it is everything.

    A rim of half of `RIM` is taken off: it is blurred, and its shade is neither paper nor ink.
    """
    bright = background > otsu(background)
    if not bright.any() or bright.all():
        return None
    contrast = background[bright].mean() / max(float(background[~bright].mean()), 0.02)
    if contrast < PALE_TABLE:
        return None
    labels, _ = label(bright, EIGHT_NEIGHBORS)
    sheet = binary_fill_holes(
        labels == 1 + np.bincount(labels.ravel())[1:].argmax(), EIGHT_NEIGHBORS
    )
    if sheet.mean() < 0.12 or not lies_on_table(sheet, background, float(contrast)):
        return None
    return minimum_filter(sheet, RIM)


def lies_on_table(sheet: Mask, background: Gray, contrast: float) -> bool:
    """Whether a bright part of the view is a sheet on something darker, not paper half in shadow.

    A shadow falls in from one side, or two; on the other three, or two, paper fills the view.
    """
    sides = (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1])
    if sum(side.mean() > REACHED for side in sides) > 2:
        return contrast >= DARK_TABLE
    if contrast >= TABLE or sheet.mean() < LARGE:
        return contrast >= TABLE
    edge = sheet & ~minimum_filter(sheet, 3)
    steps = maximum_filter(background, 5)[edge] / np.maximum(
        minimum_filter(background, 5)[edge], 0.02
    )
    return median(steps) >= SHARP * contrast


def enlarged_mask(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Mask of another size."""
    return resize(mask * np.uint8(255), shape) > 127


def find_edges(darkness: Bytes) -> Mask:
    """Pixels on the rims of strokes: where darkness changes far more than the grain does."""
    contrast = maximum_filter(darkness, 3) - minimum_filter(darkness, 3)
    sample = contrast[::4, ::4]
    level = max(255 * FAINTEST, NOISE_FACTOR / 2 * median(sample))
    strong = sample[sample > level]
    if strong.size:
        level = max(level, 0.5 * otsu(strong))
    edges: Mask = contrast > level
    return edges


def threshold_at_edges(darkness: Bytes, edges: Mask) -> Ink:
    """Ink is what is darker than the mean of the edge pixels around it."""
    if not edges.any():
        return Ink(np.zeros(darkness.shape, np.bool_), np.zeros(darkness.shape, np.float32))
    window = max(15, max(darkness.shape) // 24)
    step = window // 8  # the level changes slowly: it is worked out on a grid
    side = (window // max(step, 1)) | 1
    at_edges = darkness * edges
    count = uniform_filter(reduce_blocks(edges, step), side, mode="nearest")
    total = uniform_filter(reduce_blocks(at_edges, step), side, mode="nearest")
    overall = float(at_edges.sum() / np.count_nonzero(edges))
    prior = 0.002  # share of edge pixels at which the window counts as much as the page
    level = (total + prior * overall) / (count + prior)
    level = np.maximum(level, 0.35 * overall)
    level[count <= 1e-4] = 1e9  # nothing is written near
    mask = np.empty(darkness.shape, np.bool_)
    strength = np.empty(darkness.shape, np.float32)
    for rows, threshold in enlarge_by_strips(level, darkness.shape):
        np.greater(darkness[rows], threshold, out=mask[rows])
        np.divide(darkness[rows], 2 * threshold, out=strength[rows])
        np.minimum(strength[rows], 1, out=strength[rows])
    return Ink(mask, strength)


def otsu(values: NDArray[np.generic]) -> float:
    """Threshold that separates two peaks best (Otsu 1979).

    Examples
    --------
    >>> 0.1 < otsu(np.array([0.1, 0.1, 0.1, 0.9, 0.9], np.float32)) < 0.9
    True
    """
    counts, borders = np.histogram(values, 128)
    middles = (borders[:-1] + borders[1:]) / 2
    below, above = np.cumsum(counts), counts.sum() - np.cumsum(counts)
    sums = np.cumsum(counts * middles)
    mean_below = sums / np.maximum(below, 1)
    mean_above = (sums[-1] - sums) / np.maximum(above, 1)
    between = below * above * (mean_below - mean_above) ** 2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))  # flat between far peaks
    return float(borders[1 + best[len(best) // 2]])


def shrink_to(gray: Bytes, side: int) -> Gray:
    """Average blocks so that the longer side is about `side` px; unchanged if smaller."""
    return reduce_blocks(gray, max(gray.shape) // side) * np.float32(1 / 255)
