"""Set a page upright: level its rows, and find which way up it is.

The ink network marks the rows, from which the tilt is measured, and tells which way up their
letters are. Where it says that a page is turned, or is in doubt, the page is segmented each way
up that is possible; `ocr.pipeline` reads all of them and keeps the likeliest text.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.input.page_image import PageImage
from ocr.segment.ink_network import InkMaps, InkNetwork
from ocr.segment.ink_scale import (
    MIN_CORE,
    Pass,
    find_scale,
    quarter_turns,
    text_cells,
    typical_height,
)
from ocr.segment.ndimage import median

KEPT_TILT = 3.0  # degrees; letters that are tilted less are part of the training data
MIN_SHARPNESS = 1.5  # times that of level rows; some direction of a few letters is sharp by chance
MAX_POINTS = 5000  # of the rows' cores; enough for a profile, whatever the size of the page
SURE = 0.7  # probability from which a page is upright; of 61 upright pages two had less
POSSIBLE = 0.05  # probability from which a page is read upright too


class View(NamedTuple):
    """A page set upright, and the output of the network for it."""

    image: PageImage
    found: Pass


def find_views(image: PageImage, network: InkNetwork, *, rotate: bool) -> list[View]:
    """Level a page, and turn it each way up that is possible, the likeliest first.

    Nearly every page has only one view. Without `rotate` it keeps the way up that it has.
    """
    found = find_scale(image.gray, network)
    tilt = find_tilt(found.maps)
    if abs(tilt) > KEPT_TILT:
        image = level(image, tilt)
        found = find_scale(image.gray, network)
    views = []
    for turn in possible_turns(found.maps) if rotate else [0]:
        turned = image.turn(90 * turn)
        views.append(View(turned, find_scale(turned.gray, network) if turn else found))
    return views


def find_tilt(maps: InkMaps) -> float:
    """Measure by how many degrees, -45 to 45, the rows of a page run downward.

    It is the direction in which the profile of the rows' cores is sharpest (Postl 1986), or 0 if
    none is much sharper than that of level rows. For a page on its side the tilt is what is left
    after a quarter turn.
    """
    if not text_cells(maps).any():
        return 0.0
    y, x = np.nonzero(maps.core >= MIN_CORE)
    step = -(-len(y) // MAX_POINTS)
    # a bin is a sixth of a capital; a pixel of the core is two of the page
    unit = max(typical_height(maps) / 12, 1.0)
    turns = quarter_turns(maps)
    on_side = turns[1] + turns[3] > 0.5
    tilts = np.arange(-45, 46)
    directions = np.radians(tilts + 90 * on_side)
    scores = np.array([_sharpness(x[::step], y[::step], d, unit) for d in directions])
    best = int(scores.argmax())
    return float(tilts[best]) if scores[best] > MIN_SHARPNESS * scores[45] else 0.0


def _sharpness(x: NDArray[np.intp], y: NDArray[np.intp], direction: float, unit: float) -> float:
    """Sum the squared differences of the profile of points along a direction, in radians."""
    place = (y * math.cos(direction) - x * math.sin(direction)) / unit
    place -= place.min()
    base = place.astype(np.intp)
    share = place - base
    size = int(base.max()) + 3
    # points are shared by two bins, so that no direction fits the grid of pixels better
    profile = np.bincount(base, 1 - share, size) + np.bincount(base + 1, share, size)
    smooth = np.convolve(profile, [1, 1])
    return float((np.diff(smooth, prepend=0) ** 2).sum())


def level(image: PageImage, tilt: float) -> PageImage:
    """Rotate a page whose rows run downward by some degrees, so that they are level."""
    height, width = image.gray.shape
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    new_width = math.ceil(width * cos + height * abs(sin))
    new_height = math.ceil(height * cos + width * abs(sin))
    x, y = new_width / 2, new_height / 2
    matrix = (cos, -sin, width / 2 - cos * x + sin * y, sin, cos, height / 2 - sin * x - cos * y)
    rotated = image.picture().transform(
        (new_width, new_height),
        Image.Transform.AFFINE,
        matrix,
        Image.Resampling.BICUBIC,
        fillcolor=int(median(image.gray)),
    )
    return replace(image, gray=np.asarray(rotated), tilt=image.tilt + tilt)


def possible_turns(maps: InkMaps) -> list[int]:
    """List the clockwise quarter turns that may set a page upright, the likeliest first.

    The network rarely errs about whether rows are level, but letters such as O, S and 8 look the
    same upside down, so a page that is turned is read both ways up.
    """
    odds = quarter_turns(maps)
    if odds[0] >= SURE or not text_cells(maps).any():
        return [0]
    best = int(odds.argmax())
    turns = {best, (best + 2) % 4} | ({0} if odds[0] > POSSIBLE else set())
    return sorted(turns, key=lambda turn: -odds[turn])
