"""Grey images of signs to ink 255 on paper 0, whatever the polarity was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.segment.ndimage import EIGHT_NEIGHBORS, label, maximum_filter

NOISY = 12  # grey levels; the border of a clean scan varies less, that of a photograph more
FLAT = 1  # grey levels; an image that varies less shows nothing


def has_clean_border(images: NDArray[np.uint8]) -> bool:
    """Whether the borders of most images [N, h, w] are plain paper, as in a scan."""
    return bool(np.median(_borders(images).std(axis=1)) < NOISY)


def ink_of_scans(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink of images [N, h, w] that share one polarity: what their borders show is paper."""
    paper = np.uint8(np.median(_borders(images)))
    if paper > 127:
        return paper - np.minimum(images, paper)
    return np.maximum(images, paper) - paper


def ink_of_photographs(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink of images [N, h, w], each of its own polarity, contrast and background."""
    ink = np.zeros_like(images)
    for i, image in enumerate(images):
        ink[i] = ink_of_photograph(image)
    return ink


def ink_of_photograph(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink of one cutting of a photograph [h, w].

    Otsu's threshold (1979) parts the grey levels, what most of the border is made of
    is paper, and levels between the two parts' means stay between, so that edges are
    soft. Parts of neighbours at the border are wiped out.
    """
    if np.ptp(image) < FLAT:
        return np.zeros_like(image)
    bright = image > otsu(image)
    paper_is_bright = bool(_borders(bright[None]).mean() > 0.5)
    dark_mean, bright_mean = image[~bright].mean(), image[bright].mean()
    paper, ink = (bright_mean, dark_mean) if paper_is_bright else (dark_mean, bright_mean)
    soft = np.clip((image - paper) / (ink - paper), 0, 1) * 255
    kept = maximum_filter(without_neighbours(bright != paper_is_bright), 3)
    return np.where(kept, soft, 0).astype(np.uint8)


def otsu(image: NDArray[np.uint8]) -> int:
    """Highest grey level of the darker part that Otsu's threshold makes."""
    counts = np.bincount(image.ravel(), minlength=256).astype(float)
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * np.arange(256)).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = sums / below - (sums[-1] - sums) / above
    return int(np.nanargmax(np.where((below > 0) & (above > 0), below * above * apart**2, 0)))


def without_neighbours(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Ink [h, w] without the marks at its left and right border, save the largest mark."""
    marks, count = label(ink, EIGHT_NEIGHBORS)
    if count < 2:
        return ink
    areas = np.bincount(marks.ravel())[1:]
    at_border = np.union1d(marks[:, 0], marks[:, -1])
    foreign = np.setdiff1d(at_border, [0, 1 + areas.argmax()])
    return ink & ~np.isin(marks, foreign)


def _borders(images: NDArray[np.uint8] | NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Outermost pixels of images [N, h, w], as [N, 2h + 2w]."""
    sides = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    return np.concatenate(sides, axis=1)
