"""Draw pages of print in Pillow's own typefaces."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.strokes import STROKES, points_of

INK, PAPER = (28, 28, 32), (246, 244, 238)
LEADING = 1.45  # type sizes from row to row


def printed_page(lines: Sequence[str], *, size: float = 30, width: int = 1000) -> Image.Image:
    """Draw one row of print for each line; an empty line leaves a gap."""
    margin = 2 * size
    page = Image.new("RGB", (width, math.ceil(2 * margin + LEADING * size * len(lines))), PAPER)
    write(page, lines, (margin, margin), size)
    return page


def columns_page(
    heading: str, columns: Sequence[Sequence[str]], *, size: float = 26, width: int = 1300
) -> Image.Image:
    """Draw running text in columns under a heading."""
    margin = 2 * size
    rows = max(len(column) for column in columns)
    height = math.ceil(2 * margin + 3.2 * size + LEADING * size * rows)
    page = Image.new("RGB", (width, height), PAPER)
    write(page, [heading], (margin, margin), 1.5 * size)
    step = (width - 2 * margin + 1.5 * size) / len(columns)
    for k, column in enumerate(columns):
        write(page, column, (margin + k * step, margin + 3.2 * size), size)
    return page


def table_page(
    rows: Sequence[Sequence[str]], *, stops: Sequence[float], size: float = 28, width: int = 1000
) -> Image.Image:
    """Draw a table; `stops` are the columns' distances from the left in pixels."""
    step = 1.7 * size
    page = Image.new("RGB", (width, math.ceil(4 * size + step * len(rows))), PAPER)
    for k, row in enumerate(rows):
        for x, cell in zip(stops, row, strict=True):
            write(page, [cell], (x, 2 * size + k * step), size)
    return page


def write(
    page: Image.Image, lines: Sequence[str], corner: tuple[float, float], size: float
) -> None:
    font = ImageFont.load_default(size)
    for row, line in enumerate(lines):
        place = (corner[0], corner[1] + LEADING * size * row)
        ImageDraw.Draw(page).text(place, line, fill=INK, font=font)


def dot_matrix_page(lines: Sequence[str], *, seed: int, pitch: int = 5) -> Image.Image:
    """Draw print of a dot-matrix printer: capitals eight dots high, dots apart."""
    rng = np.random.default_rng(seed)
    bitmap = Image.new("1", (9 * max(map(len, lines)), 15 * len(lines)))
    draw = ImageDraw.Draw(bitmap)
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            if character == " ":
                continue
            for stroke in STROKES[character].split(","):
                points = points_of(stroke) * (1, -1) + (9 * column, 15 * row + 11)
                draw.line([tuple(point) for point in points], fill=1)
    margin = 12 * pitch
    page = Image.new("RGB", tuple(pitch * side + 2 * margin for side in bitmap.size), PAPER)
    draw = ImageDraw.Draw(page)
    for y, x in np.argwhere(np.asarray(bitmap)):
        place = margin + pitch * np.array([x, y]) + 0.3 * rng.standard_normal(2)
        shade = round(float(rng.uniform(50, 90)))  # of a worn ribbon
        draw.circle(tuple(place), 0.45 * pitch, fill=(shade, shade, shade + 12))
    return page.filter(ImageFilter.GaussianBlur(1.0))
