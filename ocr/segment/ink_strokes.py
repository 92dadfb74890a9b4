"""Find the strokes of writing in the gray page where the ink network sees writing.

The probabilities of the network are too coarse for strokes, so they only gate: the strength of a
stroke is its gray value between that of the paper and that of the ink around it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components, Ink, find_components
from ocr.segment.ink_network import InkMaps
from ocr.segment.ink_scale import text_cells
from ocr.segment.ndimage import maximum_filter, median, uniform_filter
from ocr.segment.scaling import enlarge_by_strips, reduce_blocks, resize

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Probabilities of the network, 0 to 255:
MIN_CORE = 128  # of a row's core, and of a rule
MIN_EDGE = 77  # of ink that may be the edge of a stroke
MAX_PAPER = 38  # of ink, for a pixel that shows the gray of the paper
MIN_INK = 153  # of ink, for a pixel that shows the gray of the ink
MIN_MEAN = 0.45  # probability, 0 to 1, over a component: letters have 0.55 and more, blots less
MIN_STROKE = 102  # of 255, a full stroke, for a pixel to be ink; thin strokes are blurred
MIN_CONTRAST = 4  # gray levels between ink and paper
MAX_DISTANCE = 0.9  # letter heights from the core of a row, for dots and accents
ALONG_ROW = 3  # times farther along the row, because a core may be found in pieces
MIN_MARK = 0.12  # of the letter height; smaller marks are specks


def find_writing(gray: Bytes, maps: InkMaps) -> tuple[Ink, Components]:
    """Find the ink of a page, and the connected components of it that are writing.

    Parameters
    ----------
    gray : ndarray, uint8 [h, w]
        The page at the scale at which it is read.
    maps : InkMaps
        Of the same page at any scale.
    """
    cells = text_cells(maps)
    if not cells.any():
        ink = Ink(np.zeros(gray.shape, np.bool_), np.zeros(gray.shape, np.uint8))
        return ink, find_components(ink.mask)
    height = median(maps.height[cells]) * gray.shape[0] / maps.ink.shape[0]
    gate, rule = resize(maps.ink, gray.shape), resize(maps.rule, gray.shape)
    strength = stroke_strength(gray, gate, rule, height)
    ink = Ink(strength >= MIN_STROKE, strength)
    components = select_probable(find_components(ink.mask), ink.mask, gate)
    return ink, select_near_rows(components, maps.core, height)


def stroke_strength(gray: Bytes, gate: Bytes, rule: Bytes, height: float) -> Bytes:
    """Compute the share of a full stroke that covers each pixel, 0 to 255; 0 without writing.

    Parameters
    ----------
    gray : ndarray, uint8 [h, w]
    gate, rule : ndarray, uint8 [h, w]
        Probability of ink and of rules, 0 to 255.
    height : float
        Cap height in px; ink and paper are averaged over twice that.
    """
    step = max(1, round(height / 5))  # ink and paper change slowly, so a grid is enough
    side = 2 * round(height / step) + 1
    paper = local_mean(gray, (gate <= MAX_PAPER) & (rule < MIN_CORE), step, side)
    ink = local_mean(gray, gate >= MIN_INK, step, side)
    contrast = ink - paper
    contrast[np.abs(contrast) < MIN_CONTRAST] = np.inf
    strength = np.empty(gray.shape, np.uint8)
    pairs = zip(
        enlarge_by_strips(paper, gray.shape),
        enlarge_by_strips(np.float32(255) / contrast, gray.shape),
        strict=True,
    )
    for (rows, light), (_, slope) in pairs:
        np.subtract(gray[rows], light, out=light)
        np.multiply(light, slope, out=light)
        strength[rows] = np.rint(np.clip(light, 0, 255, out=light), out=light)
    strength *= maximum_filter(gate >= MIN_EDGE, 3)
    return strength


def local_mean(gray: Bytes, mask: Mask, step: int, side: int) -> Floats:
    """Average the masked pixels around each point of a grid; the page's mean if there are none."""
    if not mask.any():
        return np.full_like(reduce_blocks(gray, step), gray.mean())
    share = reduce_blocks(mask, step)
    light = reduce_blocks(gray * mask, step)
    overall = float(gray[mask].mean())
    prior = np.float32(1e-3)  # weight of the page's mean, in shares of the window
    total: Floats = uniform_filter(light, side) + prior * overall
    return total / (uniform_filter(share, side) + prior)


def select_probable(components: Components, mask: Mask, gate: Bytes) -> Components:
    """Select components with a high mean probability; blots and grain have it only in parts."""
    labels = components.labels[mask]
    size = len(components) + 1
    total = np.bincount(labels, gate[mask], size)[components.ids] / 255
    components = replace(components, probabilities=(total / components.areas).astype(np.float32))
    return components.take(components.probabilities >= MIN_MEAN)


def select_near_rows(components: Components, core: Bytes, height: float) -> Components:
    """Select components in or near the core of a row that are larger than specks.

    `core` is a map of the same page at any scale, `height` the cap height in pixels of the page.
    """
    page = components.labels.shape
    # a coarse grid that is wider than high
    core = resize(core, (-(-page[0] // 4), -(-page[1] // ALONG_ROW // 4)))
    near = maximum_filter(core >= MIN_CORE, 2 * max(1, round(MAX_DISTANCE * height / 4)) + 1)
    near = np.repeat(np.repeat(near, 4, 0), 4 * ALONG_ROW, 1)[: page[0], : page[1]]
    touched = np.zeros(int(components.labels.max(initial=0)) + 1, np.bool_)
    touched[components.labels[near]] = True
    longer = np.maximum(components.widths, components.heights)
    large = (components.areas >= 4) & (longer >= MIN_MARK * height)
    return components.take(touched[components.ids] & large)
