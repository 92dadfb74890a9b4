"""Draw boxes and characters of a page over its image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.export.fonts import load_font
from ocr.page import Baseline, Box, Glyph, Line, Page

Color = tuple[int, int, int]

MAX_WIDTH = 1600  # px, more than most screens show
MIN_GLYPH_HEIGHT = 24  # px; images of smaller letters are enlarged, so that labels have room
MAX_ENLARGEMENT = 4
FADE = 0.35  # share of white mixed into the image, so that the drawing stands out
LINE_COLOR = (60, 110, 220)

#: Colors of three confidences; those between are interpolated: red, amber, green.
CONFIDENCES = (0.5, 0.75, 1.0)
COLORS = ((205, 25, 25), (225, 140, 0), (15, 140, 45))

LABEL_SIZE = 0.6  # of a line's cap height
MIN_LABEL, MAX_LABEL = 8, 36  # px, still readable and still small
MAX_LABEL_OF_PITCH = 0.5  # of the distance to the line above, so that labels do not cover it

LEGEND = (150, 38)  # px, width and height
LEGEND_SHARE = 4  # the legend is drawn if it takes at most a quarter of both sides


def draw(image: Image.Image, page: Page) -> Image.Image:
    """Return the image with a box around each line and glyph and a label above each glyph.

    The image is the upright original at any size; the result is RGB, enlarged if its letters
    are small, at most 1600 px wide. The color of a glyph is its confidence, explained by a
    legend in the corner with the fewest glyphs unless the image is tiny.
    """
    canvas = _make_canvas(image, page)
    pen = ImageDraw.Draw(canvas)
    lines = [_scale_line(line, canvas.width / page.width) for line in page.lines]
    for line in lines:
        pen.rectangle(_corners(line.box), outline=LINE_COLOR)
    glyphs = [glyph for line in lines for glyph in line.glyphs]
    for glyph in glyphs:
        pen.rectangle(_corners(glyph.box), outline=color_of(glyph.confidence), width=2)
    for line in lines:
        _draw_labels(pen, line, lines)
    if all(side >= LEGEND_SHARE * part for side, part in zip(canvas.size, LEGEND, strict=True)):
        _draw_legend(pen, _free_corner(canvas.size, glyphs))
    return canvas


def color_of(confidence: float) -> Color:
    """Return the color of a confidence: red at 0.5 and below, amber at 0.75, green at 1.

    >>> color_of(0.1) == COLORS[0], color_of(0.75) == COLORS[1], color_of(1) == COLORS[2]
    (True, True, True)
    """
    red, green, blue = (
        np.interp(confidence, CONFIDENCES, part) for part in zip(*COLORS, strict=True)
    )
    return round(float(red)), round(float(green)), round(float(blue))


def _make_canvas(image: Image.Image, page: Page) -> Image.Image:
    canvas = image.convert("RGB")
    factor = _enlargement(canvas.width / page.width, page)
    if canvas.width * factor > MAX_WIDTH:
        factor = MAX_WIDTH / canvas.width
    if factor != 1:
        size = round(canvas.width * factor), max(1, round(canvas.height * factor))
        canvas = canvas.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Image.blend(canvas, Image.new("RGB", canvas.size, "white"), FADE)


def _enlargement(scale: float, page: Page) -> float:
    """Factor that makes half of the glyphs at least `MIN_GLYPH_HEIGHT` high."""
    heights = [g.box.height * scale for line in page.lines for g in line.glyphs if g.character]
    if not heights:  # nothing has a label
        return 1.0
    return float(np.clip(MIN_GLYPH_HEIGHT / np.median(heights), 1, MAX_ENLARGEMENT))


def _scale_line(line: Line, scale: float) -> Line:
    baseline = line.baseline and Baseline(*(value * scale for value in line.baseline))
    scaled = line.map_glyphs(lambda glyph: replace(glyph, box=_scale_box(glyph.box, scale)))
    return replace(scaled, baseline=baseline)


def _scale_box(box: Box, scale: float) -> Box:
    left, top = round(box.left * scale), round(box.top * scale)
    right, bottom = round(box.right * scale), round(box.bottom * scale)
    return Box(left, top, max(left + 1, right), max(top + 1, bottom))


def _corners(box: Box) -> tuple[int, int, int, int]:
    """Corners for Pillow, which includes the last pixel in the rectangle."""
    return box.left, box.top, box.right - 1, box.bottom - 1


def _draw_labels(pen: ImageDraw.ImageDraw, line: Line, lines: list[Line]) -> None:
    """Write the characters of a line above its glyphs, in a row where its baseline is known."""
    base = line.baseline
    capital = base.capital if base else max(glyph.box.height for glyph in line.glyphs)
    room = min(MAX_LABEL, MAX_LABEL_OF_PITCH * _distance_above(line, lines))
    size = max(MIN_LABEL, min(LABEL_SIZE * capital, room))
    for glyph in line.glyphs:
        center = (glyph.box.left + glyph.box.right) / 2
        bottom = float(glyph.box.top)
        if base:
            ends = (line.box.left, line.box.right), (base.left, base.right)
            bottom = min(bottom, float(np.interp(center, *ends)) - capital)
        pen.text(
            (center, max(size, bottom)),  # a label above the first line stays on the page
            glyph.character,
            fill=color_of(glyph.confidence),
            font=load_font(glyph.character, size),
            anchor="mb",
            stroke_width=2,
            stroke_fill="white",
        )


def _distance_above(line: Line, lines: list[Line]) -> float:
    """Pixels from a line's top up to that of the next line above it."""
    box = line.box
    distances = (
        box.top - other.box.top
        for other in lines
        if other.box.left < box.right and box.left < other.box.right
    )
    return min((distance for distance in distances if distance > 0), default=float("inf"))


def _free_corner(size: tuple[int, int], glyphs: list[Glyph]) -> Box:
    """Return the place for the legend that hides the fewest glyphs."""
    width, height = LEGEND
    corners = [
        Box(x, y, x + width, y + height)
        for y in (size[1] - height, 0)
        for x in (size[0] - width, 0)
    ]
    return min(corners, key=lambda c: sum(_overlap(c, glyph.box) for glyph in glyphs))


def _overlap(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


def _draw_legend(pen: ImageDraw.ImageDraw, place: Box) -> None:
    """Draw a bar of the colors from 0.5 to 1 with both confidences below it."""
    pen.rectangle(_corners(place), fill="white", outline="gray")
    left, right = place.left + 10, place.right - 10
    for x in range(left, right):
        confidence = CONFIDENCES[0] + (x - left) / (right - left) * (1 - CONFIDENCES[0])
        pen.line((x, place.top + 6, x, place.top + 16), fill=color_of(confidence))
    font = ImageFont.load_default(12)
    y = place.bottom - 4
    pen.text((left, y), "0.5", fill="black", font=font, anchor="ls")
    pen.text(((left + right) / 2, y), "confidence", fill="black", font=font, anchor="ms")
    pen.text((right, y), "1.0", fill="black", font=font, anchor="rs")
