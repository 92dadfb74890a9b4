"""Convert positions from pixels of the working image to pixels of the original."""

from __future__ import annotations

from dataclasses import replace

from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Line


def to_original(line: Line, image: PageImage) -> Line:
    """Scale a line's boxes and baseline from working pixels to pixels of the original."""
    scaled = line.map_glyphs(lambda glyph: replace(glyph, box=scale_box(glyph.box, image)))
    if line.baseline is None:
        return scaled
    return replace(scaled, baseline=Baseline(*(length / image.scale for length in line.baseline)))


def scale_box(box: Box, image: PageImage) -> Box:
    """Scale a box to original pixels; it stays inside the image and at least 1 px wide."""
    width, height = image.size
    left = min(int(box.left / image.scale), width - 1)
    top = min(int(box.top / image.scale), height - 1)
    right = min(max(round(box.right / image.scale), left + 1), width)
    bottom = min(max(round(box.bottom / image.scale), top + 1), height)
    return Box(left, top, right, bottom)
