"""Binarize a page: remove the background, then threshold each stroke at half its depth.

The polarity is decided from the page. The threshold follows Su, Lu and Tan 2010 ("Binarization
of historical document images using the local maximum and minimum"): it is the mean darkness of
nearby edge pixels, which lies halfway between paper and ink for pale ink too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.segment.ndimage import (
    binary_fill_holes,
    label,
    maximum_filter,
    median,
    minimum_filter,
    uniform_filter,
)
from ocr.segment.scaling import enlarge_by_strips, reduce_blocks, resize_mask

Gray = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

POLARITY_SIDE = 320  # px, longer side of the image that decides polarity
BACKGROUND_SIDE = 160  # px, longer side of the image that the background is estimated from
MAX_STROKE = 1 / 14  # of the longer side; a wider dark area is background, not ink
SHEET_RIM = 7  # px of the small image that are eroded from a sheet, half on each side
# Ratio of light between a sheet of paper and the desk that it lies on:
MIN_CONTRAST = 2.6  # a shadow usually has up to 2.5
MIN_CONTRAST_AT_BORDER = 3.5  # if the sheet reaches three sides of the image
MIN_CONTRAST_SHARP = 1.6  # if the sheet is large and has sharp edges all around
MIN_SHEET = 0.3  # of the view, for the last; a wall next to a blackboard covers less
MIN_SHARPNESS = 0.85  # of the contrast lies within the blur of a sheet's edge; a shadow is softer
MIN_SIDE_SHARE = 0.2  # of a side of the image, for a sheet to count as reaching it
MIN_DARKNESS = 0.045  # share of the paper's light that ink takes away
NOISE_FACTOR = 5.0  # standard deviations of the paper's grain, for an edge to stand out


@dataclass(frozen=True)
class Ink:
    """Ink found on a page.

    Attributes
    ----------
    mask : ndarray, bool [h, w]
    strength : ndarray, float32 [h, w]
        Share of a full stroke that covers each pixel, 0 to 1: soft at its edges.
    """

    mask: Mask
    strength: Gray

    def without(self, other: Mask) -> Ink:
        """Return the ink without some pixels, bool [h, w]."""
        if not other.any():
            return self
        return Ink(self.mask & ~other, np.where(other, np.float32(0), self.strength))


def find_ink(gray: Gray | Bytes) -> Ink:
    """Separate ink from paper in an image [h, w], 0 black to 255 or 1.0 white.

    A blank page has no ink at all.
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
        darkness *= resize_mask(sheet, page.shape)
    return threshold_at_edges(darkness, find_edges(darkness))


def as_bytes(gray: Gray | Bytes) -> Bytes:
    """Convert a page to uint8, 0 black to 255 white, to save memory."""
    if gray.dtype == np.uint8:
        return gray  # type: ignore[return-value]
    return (np.clip(gray, 0, 1) * 255).round().astype(np.uint8)


def is_light_on_dark(gray: Bytes, sheet: Mask | None) -> bool:
    """Whether the letters of a page are lighter than their background.

    Strokes cover less area than what lies between them, so the skewness of the local contrast
    (on the sheet, if there is one) shows which side they are on.
    """
    small = shrink_to(gray, POLARITY_SIDE)
    around = max(3, max(small.shape) // 12) | 1
    if sheet is None:
        detail = (small - uniform_filter(small, around)).ravel()
    else:
        inside = resize_mask(sheet, small.shape)
        share = uniform_filter(inside.astype(np.float32), around)
        mean = uniform_filter(small * inside, around) / np.maximum(share, 1e-3)
        detail = (small - mean)[inside]
    detail = detail[np.abs(detail) > MIN_DARKNESS]
    return bool(detail.size) and bool(np.mean(detail * detail * detail) > 0)


def estimate_background(gray: Bytes) -> Gray:
    """Estimate the light of the paper without its ink, 0 to 1, reduced to about 160 px.

    A gray closing fills every dark mark narrower than `MAX_STROKE`; steps of light, as at the
    edge of a shadow or a sheet, stay where they are.
    """
    small = shrink_to(gray, BACKGROUND_SIDE)
    side = max(3, round(max(small.shape) * MAX_STROKE)) | 1
    return uniform_filter(minimum_filter(maximum_filter(small, side), side), 3)


def missing_light(page: Bytes, background: Gray) -> Bytes:
    """Compute the share of the paper's light that is missing at each pixel, 0 to 255."""
    darkness = np.empty_like(page)
    for rows, light in enlarge_by_strips(np.maximum(background, np.float32(0.05)), page.shape):
        share = np.divide(page[rows], light, out=light)
        np.subtract(255, share, out=share)
        darkness[rows] = np.maximum(share, 0, out=share)
    return darkness


def find_sheet(background: Gray) -> Mask | None:
    """Find a sheet on something much darker, bool [h, w]; None if the paper fills the view.

    Half of `SHEET_RIM` is eroded because the edge is blurred and neither paper nor ink.
    """
    bright = background > otsu(background)
    if not bright.any() or bright.all():
        return None
    contrast = background[bright].mean() / max(float(background[~bright].mean()), 0.02)
    if contrast < MIN_CONTRAST_SHARP:
        return None
    labels, _ = label(bright)
    sheet = binary_fill_holes(labels == 1 + np.bincount(labels.ravel())[1:].argmax())
    if sheet.mean() < 0.12 or not lies_on_table(sheet, background, float(contrast)):
        return None
    return minimum_filter(sheet, SHEET_RIM)


def lies_on_table(sheet: Mask, background: Gray, contrast: float) -> bool:
    """Whether a bright part of the view is a sheet on something darker, not paper half in shadow.

    A shadow comes from one or two sides; on the other sides paper fills the view.
    """
    sides = (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1])
    if sum(side.mean() > MIN_SIDE_SHARE for side in sides) > 2:
        return contrast >= MIN_CONTRAST_AT_BORDER
    if contrast >= MIN_CONTRAST or sheet.mean() < MIN_SHEET:
        return contrast >= MIN_CONTRAST
    edge = sheet & ~minimum_filter(sheet, 3)
    darker = np.maximum(minimum_filter(background, 5)[edge], 0.02)
    return median(maximum_filter(background, 5)[edge] / darker) >= MIN_SHARPNESS * contrast


def find_edges(darkness: Bytes) -> Mask:
    """Find pixels on the edges of strokes: darkness changes far more there than the grain."""
    contrast = maximum_filter(darkness, 3) - minimum_filter(darkness, 3)
    sample = contrast[::4, ::4]
    level = max(255 * MIN_DARKNESS, NOISE_FACTOR / 2 * median(sample))
    strong = sample[sample > level]
    if strong.size:
        level = max(level, 0.5 * otsu(strong))
    edges: Mask = contrast > level
    return edges


def threshold_at_edges(darkness: Bytes, edges: Mask) -> Ink:
    """Take as ink what is darker than the mean of nearby edge pixels."""
    if not edges.any():
        return Ink(np.zeros(darkness.shape, np.bool_), np.zeros(darkness.shape, np.float32))
    window = max(15, max(darkness.shape) // 24)
    step = window // 8  # the threshold changes slowly, so a coarse grid is enough
    side = (window // max(step, 1)) | 1
    at_edges = darkness * edges
    count = uniform_filter(reduce_blocks(edges, step), side)
    total = uniform_filter(reduce_blocks(at_edges, step), side)
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
    """Find the threshold that separates two peaks best (Otsu 1979).

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
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))  # a plateau between distant peaks
    return float(borders[1 + best[len(best) // 2]])


def shrink_to(gray: Bytes, side: int) -> Gray:
    """Average blocks so that the longer side is about `side` px; unchanged if smaller."""
    return reduce_blocks(gray, max(gray.shape) // side) * np.float32(1 / 255)
