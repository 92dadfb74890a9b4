"""What was read, drawn over the image."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.page import Box, Glyph, Page

Colour = tuple[int, int, int]

MAX_WIDTH = 1600  # px: wider than most screens show
FADE = 0.35  # of the way to white, so that the drawing stands out
ROW_COLOUR = (60, 110, 220)

#: Confidence to colour, between which others are mixed: red, amber, green.
CONFIDENCES = (0.5, 0.75, 1.0)
COLOURS = ((205, 25, 25), (225, 140, 0), (15, 140, 45))

LEGEND = (150, 38)  # px
LEGEND_SHARE = 4  # a legend is drawn where it takes at most a quarter of either side


def draw(image: Image.Image, page: Page) -> Image.Image:
    """Image with a box around each row and glyph, and what it was read as above.

    Parameters
    ----------
    image : Image
        The upright original, or the same at any other size.
    page : Page

    Returns
    -------
    Image
        RGB, at most 1600 px wide. The colour of a glyph is its confidence, by the
        legend in the corner with the fewest glyphs; a small image has none.
    """
    canvas = _canvas(image)
    pen = ImageDraw.Draw(canvas)
    scale = canvas.width / page.width
    glyphs = [_scaled(g, scale) for line in page.lines for w in line.words for g in w.glyphs]
    for line in page.lines:
        pen.rectangle(_corners(_scaled_box(line.box, scale)), outline=ROW_COLOUR)
    for glyph in glyphs:
        _draw_glyph(pen, glyph)
    if all(side >= LEGEND_SHARE * part for side, part in zip(canvas.size, LEGEND, strict=True)):
        _draw_legend(pen, _free_corner(canvas.size, glyphs))
    return canvas


def colour_of(confidence: float) -> Colour:
    """Colour of a confidence: red at 0.5 and below, amber at 0.75, green at 1.

    Examples
    --------
    >>> colour_of(0.1) == COLOURS[0], colour_of(0.75) == COLOURS[1], colour_of(1) == COLOURS[2]
    (True, True, True)
    """
    red, green, blue = (
        round(float(np.interp(confidence, CONFIDENCES, channel)))
        for channel in zip(*COLOURS, strict=True)
    )
    return red, green, blue


def _canvas(image: Image.Image) -> Image.Image:
    canvas = image.convert("RGB")
    if canvas.width > MAX_WIDTH:
        height = max(1, round(canvas.height * MAX_WIDTH / canvas.width))
        canvas = canvas.resize((MAX_WIDTH, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Image.blend(canvas, Image.new("RGB", canvas.size, "white"), FADE)


def _scaled(glyph: Glyph, scale: float) -> Glyph:
    return Glyph(_scaled_box(glyph.box, scale), glyph.character, glyph.confidence)


def _scaled_box(box: Box, scale: float) -> Box:
    left, top = round(box.left * scale), round(box.top * scale)
    right, bottom = round(box.right * scale), round(box.bottom * scale)
    return Box(left, top, max(left + 1, right), max(top + 1, bottom))


def _corners(box: Box) -> tuple[int, int, int, int]:
    """Corners as Pillow counts them: the last pixel belongs to the rectangle."""
    return box.left, box.top, box.right - 1, box.bottom - 1


def _draw_glyph(pen: ImageDraw.ImageDraw, glyph: Glyph) -> None:
    colour = colour_of(glyph.confidence)
    pen.rectangle(_corners(glyph.box), outline=colour, width=2)
    size = float(np.clip(0.6 * glyph.box.height, 12, 36))  # readable, and below the row above
    centre = (glyph.box.left + glyph.box.right) / 2
    pen.text(
        (centre, max(size, glyph.box.top)),  # a character above the first row stays on the page
        glyph.character,
        fill=colour,
        font=ImageFont.load_default(size),
        anchor="mb",
        stroke_width=2,
        stroke_fill="white",
    )


def _free_corner(size: tuple[int, int], glyphs: list[Glyph]) -> Box:
    """Place for the legend, in the corner that hides the fewest glyphs."""
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
    """Bar of the colours from 0.5 to 1, with both confidences under it."""
    pen.rectangle(_corners(place), fill="white", outline="gray")
    left, right = place.left + 10, place.right - 10
    for x in range(left, right):
        confidence = CONFIDENCES[0] + (x - left) / (right - left) * (1 - CONFIDENCES[0])
        pen.line((x, place.top + 6, x, place.top + 16), fill=colour_of(confidence))
    font = ImageFont.load_default(12)
    y = place.bottom - 4
    pen.text((left, y), "0.5", fill="black", font=font, anchor="ls")
    pen.text(((left + right) / 2, y), "confidence", fill="black", font=font, anchor="ms")
    pen.text((right, y), "1.0", fill="black", font=font, anchor="rs")
