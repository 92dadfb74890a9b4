"""Choose the scale at which the ink network sees a page: it works best on letters of 20 px.

A first pass shows how large the letters are; a second one, at a third of the size, finds letters
that are too large for the first. If most letters have another size, the passes are repeated at
the right scale.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.ink_network import InkMaps, InkNetwork
from ocr.segment.ndimage import label, maximum_filter
from ocr.segment.scaling import reduce_blocks, resize, resize_mask, scale_image

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FIRST_SIDE = 1280  # px of the longer side in the first pass: 10-point letters on A4 have 10 px
MIN_SIDE = 96  # px of the longer side; enough for a single letter
MAX_PASSES = 3  # heights far from those in training are estimated roughly
COARSE_FACTOR = 3.0  # how much smaller the pass for large letters is
CAP_HEIGHT = 20.0  # px, at which the network works best
GOOD_HEIGHTS = (0.7, 1.6)  # times `CAP_HEIGHT`, for which no other pass is needed
LARGE = 2.5  # times `CAP_HEIGHT`; larger letters are taken from the coarse pass
MAX_ENLARGEMENT = 2.5  # more only blurs small letters
MAX_PIXELS = 7_000_000  # px of a page that was enlarged; reading it takes 250 MB
READING_HEIGHT = 32.0  # px, cap height at which a page is read
KEPT_SCALES = (0.6, 1.3)  # reading scales so near to 1 that nothing is resampled
MAX_READING_SCALE = 3.0  # more only blurs letters of 8 px
MIN_CORE = 128  # probability, of 255, from which there is a row's core
MAX_COVERED = 0.05  # of a large letter, by rows of the fine pass; 0.14 and more of small print
MIN_CELL_SHARE = 1 / 8  # of a cell, inside a core; cores of the smallest letters fill a fourth


class Pass(NamedTuple):
    """An image at one scale, and the output of the network for it.

    Attributes
    ----------
    gray : ndarray, uint8 [h, w]
    scale : float
        Pixels of `gray` per pixel of the page.
    maps : InkMaps
    """

    gray: Bytes
    scale: float
    maps: InkMaps

    def reading_scale(self, gray: Bytes) -> float:
        """Choose the scale to read the page at, not coarser than the ink map."""
        has_text = text_cells(self.maps).any()
        height = typical_height(self.maps) / self.scale if has_text else 0.0
        return max(reading_scale(height, gray), min(self.scale, 1.0))


def find_scale(gray: Bytes, network: InkNetwork) -> Pass:
    """Run the network on a page, uint8 [h, w], at the scale that suits its letters."""
    longer = max(gray.shape)
    most = min(MAX_ENLARGEMENT, math.sqrt(MAX_PIXELS / gray.size))
    scale = min(1.0, FIRST_SIDE / longer)
    for _ in range(MAX_PASSES):
        found = run_both(gray, scale, network)
        if not text_cells(found.maps).any():
            break
        height = typical_height(found.maps) / CAP_HEIGHT
        better = min(max(scale / height, MIN_SIDE / longer), most)
        if (
            GOOD_HEIGHTS[0] <= height <= GOOD_HEIGHTS[1]
            or GOOD_HEIGHTS[0] <= scale / better <= GOOD_HEIGHTS[1]
        ):
            break
        scale = better
    return found


def run_both(gray: Bytes, scale: float, network: InkNetwork) -> Pass:
    """Run the network at a scale, and at a third of it for large letters."""
    return merge_large_letters(run(gray, scale, network), run(gray, scale / COARSE_FACTOR, network))


def reading_scale(height: float, gray: Bytes) -> float:
    """Choose the scale to read a page at: 1.0 if its letters are neither small nor very large.

    It is larger than that for the network because a crop shows 24 px of a letter. `height` is the
    cap height in px, 0 without letters.
    """
    scale = READING_HEIGHT / height if height else 1.0
    if KEPT_SCALES[0] <= scale <= KEPT_SCALES[1]:
        return 1.0
    return min(scale, MAX_READING_SCALE, math.sqrt(MAX_PIXELS / gray.size))


def run(gray: Bytes, scale: float, network: InkNetwork) -> Pass:
    """Run the network on an image at a scale."""
    gray = scale_image(gray, scale)
    return Pass(gray, scale, network.maps(gray))


def text_cells(maps: InkMaps) -> Mask:
    """Mark the cells of the height map that contain part of a row's core."""
    return core_shares(maps) >= MIN_CELL_SHARE


def core_shares(maps: InkMaps) -> Floats:
    """Compute the share of each cell of the height map that lies in a row's core, float32."""
    sides = zip(maps.height.shape, maps.core.shape, strict=True)
    core = np.pad(maps.core >= MIN_CORE, [(0, 4 * cells - n) for cells, n in sides])
    return reduce_blocks(core, 4)


def typical_height(maps: InkMaps) -> float:
    """Compute the median cap height in px, weighted by the length of the rows.

    The few letters of a heading count little, and so do scraps between the strokes of a word that
    fills the picture.
    """
    shares = core_shares(maps)
    cells = shares >= MIN_CELL_SHARE
    heights = maps.height[cells]
    order = np.argsort(heights)
    length = np.cumsum((shares[cells] / heights)[order])  # the area of a row over its height
    return float(heights[order][np.searchsorted(length, length[-1] / 2)])


def merge_large_letters(best: Pass, coarse: Pass) -> Pass:
    """Replace letters that are too large for the fine pass by those of the coarse pass."""
    factor = best.scale / coarse.scale
    tall = coarse.maps.height
    rows = small_print(best.maps, tall.shape)
    cells = text_cells(coarse.maps) & (tall * factor > LARGE * CAP_HEIGHT)
    cells = drop_covered(cells, rows)
    if not cells.any():
        return best
    around = 2 * math.ceil(float(tall[cells].max()) / 8) + 1  # a letter height on each side
    place = maximum_filter(cells, around) & ~maximum_filter(rows >= MIN_CELL_SHARE, 3)
    maps = best.maps
    ink, rule, core = (
        np.where(resize_mask(place, to.shape), resize(of, to.shape), to)
        for to, of in zip(maps[:3], coarse.maps[:3], strict=True)
    )
    height = np.where(
        resize_mask(place, maps.height.shape), factor * resize(tall, maps.height.shape), maps.height
    )
    return best._replace(maps=InkMaps(ink, rule, core, height, maps.turn))


def small_print(maps: InkMaps, shape: tuple[int, ...]) -> Floats:
    """Compute the share of rows that the fine pass sees in each cell of a coarser grid."""
    small = np.where(maps.height <= LARGE * CAP_HEIGHT, core_shares(maps), np.float32(0))
    return resize(small, shape)


def drop_covered(cells: Mask, rows: Floats) -> Mask:
    """Drop parts that lie on rows of the fine pass: small print may look like a large letter."""
    labels, count = label(cells)
    covered = np.bincount(labels.ravel(), rows.ravel(), count + 1)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = covered < MAX_COVERED * sizes
    large[0] = False
    chosen: Mask = large[labels]
    return chosen


def quarter_turns(maps: InkMaps) -> Floats:
    """Compute the probability of each number of quarter turns, counterclockwise, float32 [4].

    They are equal if there is no text.
    """
    _, height, width = maps.turn.shape
    missing = [(0, 16 * n - m) for n, m in zip((height, width), maps.core.shape, strict=True)]
    text = reduce_blocks(np.pad(maps.core, missing), 16)
    logits = (maps.turn * text).sum((1, 2)) / max(float(text.sum()), 1e-6)
    odds = np.exp(logits - logits.max())
    shares: Floats = odds / odds.sum()
    return shares
