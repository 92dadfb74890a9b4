"""Draw pages of hand-printed text, from strokes made for this project."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from tests.strokes import CAPITAL, STROKES, Points, points_of, round_corners, width_of

LINE = 13.5  # grid units from row to row
SUPERSAMPLING = 2  # the pen draws at this multiple of the page's resolution


def handprint_page(
    lines: Sequence[str],
    *,
    seed: int,
    letter_height: float = 60,
    tilt: float = 0,
    ink: tuple[int, int, int] = (38, 42, 70),
    paper: tuple[int, int, int] = (240, 236, 226),
    shade: float = 0.25,
    noise: float = 4,
    jitter: float = 1,
    pen: float = 0.11,
    gap: float = 2.3,
    pitch: float | None = None,
    leading: float = LINE,
    size: tuple[int, int] | None = None,
) -> Image.Image:
    """Draw a page with one row of hand-printed letters for each line.

    Parameters
    ----------
    lines : sequence of str
        Characters of `STROKES` and spaces; an empty line leaves a gap.
    seed : int
        The same seed and arguments draw the same page.
    letter_height : float
        Height of a capital in pixels.
    tilt : float
        Degrees by which the page is rotated counterclockwise.
    ink, paper : (int, int, int)
        Colors; light ink on dark paper works.
    shade : float
        Part of the light that is lost in the darkest corner.
    noise : float
        Standard deviation of the camera's noise, of 255.
    jitter : float
        Unsteadiness of the hand; 0 draws every A alike.
    pen : float
        Width of a stroke in letter heights.
    gap : float
        White between letters in grid units, 7 to a letter height; around 0 they touch.
    pitch : float, optional
        Grid units from letter to letter, where each stands in a square of its own.
    leading : float
        Grid units from row to row; with less than 9 descenders touch the next row.
    size : (int, int), optional
        Width and height in pixels; by default the text with a margin.

    Returns
    -------
    Image
        RGB.
    """
    rng = np.random.default_rng(seed)
    unit = letter_height / CAPITAL
    strokes = [points * unit for points in _place_strokes(lines, jitter, gap, pitch, leading, rng)]
    corner = np.max([points.max(axis=0) for points in strokes], axis=0) if strokes else np.zeros(2)
    margin = 1.2 * letter_height
    width, height = size or tuple(math.ceil(side + 2 * margin) for side in corner)
    mask = _draw_ink(
        [_rotate(points + margin, tilt, (width / 2, height / 2)) for points in strokes],
        (width, height),
        pen=pen * letter_height,
        rng=rng,
    )
    return _photograph(mask, ink, paper, shade, noise, rng)


def _place_strokes(
    lines: Sequence[str],
    jitter: float,
    gap: float,
    pitch: float | None,
    leading: float,
    rng: np.random.Generator,
) -> list[Points]:
    """Return all strokes in grid units, y downward, the first line's capitals at y = 0."""
    slant = 0.08 * jitter * rng.standard_normal()
    strokes = []
    for row, line in enumerate(lines):
        x = 1.5 * jitter * rng.random()
        drift = 0.01 * jitter * rng.standard_normal()  # slope of the row
        for column, character in enumerate(line):
            if pitch is not None:
                x = (column + 0.5) * pitch - width_of(character) / 2
            if character == " ":
                x += 4.5 + 0.5 * jitter * rng.random()
                continue
            for points in _letter(character, slant, jitter, rng):
                strokes.append(points + (x, LINE - 4 + row * leading - drift * x))
            x += width_of(character) + gap + 0.25 * jitter * rng.standard_normal()
    return strokes


def _letter(character: str, slant: float, jitter: float, rng: np.random.Generator) -> list[Points]:
    """Return the strokes of a letter whose left end is on the baseline at (0, 0)."""
    angle = math.radians(2 * jitter) * rng.standard_normal()
    size = 1 + 0.05 * jitter * rng.standard_normal()
    stretch = 1 + 0.05 * jitter * rng.standard_normal()
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    lean = np.array([[size * stretch, 0], [slant, -size]])  # and y downward
    lift = (0, 0.2 * jitter * rng.standard_normal())
    letter = []
    for stroke in STROKES[character].split(","):
        points = points_of(stroke)
        points = points + 0.16 * jitter * rng.standard_normal(points.shape)
        if "~" in stroke:
            points = round_corners(points)
        letter.append(points @ lean @ turn + lift)
    return letter


def _rotate(points: Points, degrees: float, center: tuple[float, float]) -> Points:
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (points - center) @ turn + center


def _draw_ink(
    strokes: list[Points], size: tuple[int, int], *, pen: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw strokes as ink, float [h, w], 0 none to 1 full."""
    canvas = Image.new("L", (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    for points in strokes:
        width = pen * SUPERSAMPLING * (1 + 0.06 * rng.standard_normal())
        xy = [tuple(point) for point in points * SUPERSAMPLING]
        draw.line(xy, fill=255, width=max(1, round(width)), joint="curve")
        for x, y in (xy[0], xy[-1]):  # the pen is round
            draw.circle((x, y), 0.55 * width, fill=255)
    return np.asarray(canvas.reduce(SUPERSAMPLING).filter(ImageFilter.GaussianBlur(0.7))) / 255


def _photograph(
    mask: NDArray[np.float64],
    ink: tuple[int, int, int],
    paper: tuple[int, int, int],
    shade: float,
    noise: float,
    rng: np.random.Generator,
) -> Image.Image:
    """Return a picture of the page in uneven light, by a camera with noise."""
    height, width = mask.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    away = np.hypot(x - rng.uniform(0.1, 0.9), y - rng.uniform(0.1, 0.9))
    light = 1 - shade * away / away.max()
    pressure = mask * rng.uniform(0.88, 1, mask.shape)  # of the pen on rough paper
    colors = np.array(paper) + pressure[..., None] * (np.array(ink) - np.array(paper))
    grain = noise * rng.standard_normal(mask.shape)
    picture = colors * light[..., None] + grain[..., None]
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))
