"""Ruled lines: walls between the cells of tables and forms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.segment.components import Components
from ocr.segment.ink_network import TYPICAL_HEIGHT, InkMaps
from ocr.segment.ndimage import maximum_filter, maximum_filter1d
from ocr.segment.scaling import resize_mask

Mask = NDArray[np.bool_]

MIN_RULE = 128  # probability, 0 to 255, of a ruled line
MIN_LENGTH = round(0.8 * TYPICAL_HEIGHT)  # px of a wall above and below any of its points
MAX_APART = 4  # px between the ends of two lines that meet


class Ruling(NamedTuple):
    """Ruled lines of a page."""

    walls: Mask  # middles of upright lines, [h, w]
    corners: NDArray[np.float64]  # x and y of points where lines meet, px of the page, [n, 2]
    scale: float  # pixels of `walls` per pixel of the page


def find_ruling(maps: InkMaps | None, page: tuple[int, ...]) -> Ruling:
    """Find the ruled lines of a page of h x w pixels; none without the maps of a network."""
    rule = maps.rule >= MIN_RULE if maps else np.zeros((1, 1), np.bool_)
    scale = rule.shape[1] / page[1]
    upright, level = (~maximum_filter1d(~rule, MIN_LENGTH, axis=axis) for axis in (0, 1))
    near = (
        maximum_filter1d(line, MIN_LENGTH + MAX_APART, axis=axis)
        for axis, line in ((0, upright), (1, level))
    )
    y, x = np.nonzero(np.logical_and(*near))
    return Ruling(upright, np.column_stack([x, y]) / scale, scale)


def drop_walls(components: Components, ruling: Ruling) -> Components:
    """Drop components that mostly lie on upright lines, such as the sides of boxes."""
    if not ruling.walls.any():
        return components
    lines = maximum_filter(maximum_filter1d(ruling.walls, MIN_LENGTH, axis=0), 3)
    labels = components.labels
    covered = np.bincount(labels[resize_mask(lines, labels.shape)], minlength=labels.max() + 1)
    return components.take(covered[components.ids] <= 0.5 * components.areas)
