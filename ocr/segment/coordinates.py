"""Convert positions from pixels of the working image to pixels of the original."""

from __future__ import annotations

import math
from dataclasses import replace

from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Line


def to_original(line: Line, image: PageImage) -> Line:
    """Map a line's boxes and baseline from working pixels to pixels of the upright original.

    On a page that was levelled, boxes become those around the turned ones.
    """
    mapped = line.map_glyphs(lambda glyph: replace(glyph, box=box_to_original(glyph.box, image)))
    if line.baseline is None:
        return mapped
    left, right, capital = line.baseline
    x, y = point_to_original(line.box.left, left, image)
    x_end, y_end = point_to_original(line.box.right, right, image)
    climb = (y_end - y) / (x_end - x)
    left, right = (y + climb * (side - x) for side in (mapped.box.left, mapped.box.right))
    return replace(mapped, baseline=Baseline(left, right, capital / image.scale))


def box_to_original(box: Box, image: PageImage) -> Box:
    """Map a box to the original; it stays inside the image and at least 1 px wide."""
    width, height = image.size
    corners = [(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
    xs, ys = zip(*(point_to_original(x, y, image) for x, y in corners), strict=True)
    left = min(max(int(min(xs)), 0), width - 1)
    top = min(max(int(min(ys)), 0), height - 1)
    right = min(max(round(max(xs)), left + 1), width)
    bottom = min(max(round(max(ys)), top + 1), height)
    return Box(left, top, right, bottom)


def point_to_original(x: float, y: float, image: PageImage) -> tuple[float, float]:
    """Map a point of the working image, which may have been levelled, to the upright original."""
    if not image.tilt:
        return x / image.scale, y / image.scale
    height, width = image.gray.shape
    right, down = (x - width / 2) / image.scale, (y - height / 2) / image.scale
    cos, sin = math.cos(math.radians(image.tilt)), math.sin(math.radians(image.tilt))
    middle = image.size[0] / 2, image.size[1] / 2
    return middle[0] + right * cos - down * sin, middle[1] + right * sin + down * cos
