"""Draws pages of hand-printed text, from strokes that this project may ship."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Points = NDArray[np.float64]  # [n, 2], x and y

#: Character to pen strokes on a grid: each point is two digits, x to the right and y upward;
#: capitals stand on y = 2 and reach to 9, small letters to 6. "~" has the pen go round the corners.
STROKES = {
    "A": "02 39 62, 14 54",
    "B": "09 02, ~09 39 58 57 36 06, ~06 46 64 43 32 02",
    "C": "~58 49 29 07 04 22 42 53",
    "D": "09 02, ~09 39 67 64 32 02",
    "E": "59 09 02 52, 06 46",
    "F": "59 09 02, 06 46",
    "G": "~58 49 29 07 04 22 42 53, 35 55 52",
    "H": "09 02, 59 52, 06 56",
    "I": "29 22, 09 49, 02 42",
    "J": "~59 56 54 42 22 04",
    "K": "09 02, 59 05 52",
    "L": "09 02 52",
    "M": "02 09 34 69 62",
    "N": "02 09 52 59",
    "O": "~39 18 06 13 32 53 65 58 39",
    "P": "09 02, ~09 39 58 56 35 05",
    "Q": "~39 18 06 13 32 53 65 58 39, 44 71",
    "R": "09 02, ~09 39 58 56 35 05, 25 52",
    "S": "~58 39 18 17 35 54 53 32 03",
    "T": "09 69, 39 32",
    "U": "~09 05 13 32 53 65 69",
    "V": "09 32 69",
    "W": "09 22 47 62 89",
    "X": "09 52, 59 02",
    "Y": "09 36 69, 36 32",
    "Z": "09 59 02 52",
    "0": "~29 07 04 22 44 47 29",
    "1": "07 29 22",
    "2": "~07 19 39 57 45 02, 02 52",
    "3": "~08 29 48 47 26, ~26 45 54 43 22 03",
    "4": "39 04 54, 47 42",
    "5": "59 19 16, ~16 36 55 53 32 03",
    "6": "~49 28 05 03 22 43 45 26 04",
    "7": "09 59 22",
    "8": "~26 08 29 48 26 04 22 44 26",
    "9": "~48 29 07 06 25 47, 48 32",
    "a": "~45 26 05 03 22 44, 46 42",
    "b": "09 02, ~04 26 45 43 22 03",
    "c": "~45 26 05 03 22 43",
    "d": "~45 26 05 03 22 44, 49 42",
    "e": "04 44, ~44 45 26 05 03 22 43",
    "f": "~49 39 27 25 22, 06 46",
    "g": "~45 26 05 03 22 44, ~46 43 41 20 01",
    "h": "09 02, ~04 26 45 42",
    "i": "06 02, 08 08",
    "j": "~26 23 21 00, 28 28",
    "k": "09 02, 46 04 42",
    "l": "~09 05 03 22",
    "m": "06 02, ~04 26 35 32, ~34 56 65 62",
    "n": "06 02, ~04 26 45 42",
    "o": "~26 05 03 22 43 45 26",
    "p": "06 00, ~04 26 45 43 22 03",
    "q": "~45 26 05 03 22 44, 46 40",
    "r": "06 02, ~04 26 35",
    "s": "~45 26 05 34 43 22 03",
    "t": "~28 25 23 42, 06 46",
    "u": "~06 03 22 44, 46 42",
    "v": "06 22 46",
    "w": "06 12 35 52 66",
    "x": "06 42, 46 02",
    "y": "06 23, 46 10",
    "z": "06 46 02 42",
    ".": "02 02",
    ",": "13 01",
    "!": "09 04, 02 02",
    "?": "~07 19 39 47 25 24, 22 22",
    "-": "05 35",
    "'": "09 07",
    ":": "06 06, 03 03",
}

BASELINE = 2  # y of the grid
CAPITAL = 7  # grid units from there to the top of a capital
LINE = 13.5  # grid units from row to row
FINE = 2  # the pen draws at twice the resolution of the page


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
    size: tuple[int, int] | None = None,
) -> Image.Image:
    """Page with one row of hand-printed letters for each line.

    Parameters
    ----------
    lines : sequence of str
        Made of the characters of `STROKES` and spaces; an empty one leaves a gap.
    seed : int
        The same seed and arguments draw the same page.
    letter_height : float
        Height of a capital in pixels.
    tilt : float
        Degrees by which the page is turned anticlockwise.
    ink, paper : (int, int, int)
        Colours; light ink on dark paper works.
    shade : float
        Part of the light that is lost in the darkest corner.
    noise : float
        Standard deviation of the camera's noise, of 255.
    jitter : float
        Unsteadiness of the hand; 0 draws every A alike.
    size : (int, int), optional
        Width and height in pixels; by default the text with a margin.

    Returns
    -------
    Image
        RGB.
    """
    rng = np.random.default_rng(seed)
    unit = letter_height / CAPITAL
    strokes = [points * unit for points in _written(lines, jitter, rng)]
    corner = np.max([points.max(axis=0) for points in strokes], axis=0) if strokes else np.zeros(2)
    margin = 1.2 * letter_height
    width, height = size or tuple(math.ceil(side + 2 * margin) for side in corner)
    mask = _drawn(
        [_turned(points + margin, tilt, (width / 2, height / 2)) for points in strokes],
        (width, height),
        pen=0.11 * letter_height,
        rng=rng,
    )
    return _photographed(mask, ink, paper, shade, noise, rng)


def _written(lines: Sequence[str], jitter: float, rng: np.random.Generator) -> list[Points]:
    """Strokes of the whole text in grid units, y downward, the first line's capitals at y = 0."""
    slant = 0.08 * jitter * rng.standard_normal()
    strokes = []
    for row, line in enumerate(lines):
        x = 1.5 * jitter * rng.random()
        drift = 0.01 * jitter * rng.standard_normal()  # of the row, which no hand keeps level
        for character in line:
            if character == " ":
                x += 4.5 + 0.5 * jitter * rng.random()
                continue
            for points in _letter(character, slant, jitter, rng):
                strokes.append(points + (x, (row + 1) * LINE - 4 - drift * x))
            x += _width(character) + 2.3 + 0.25 * jitter * rng.standard_normal()
    return strokes


def _letter(character: str, slant: float, jitter: float, rng: np.random.Generator) -> list[Points]:
    """Strokes of one letter, its left end on the baseline at (0, 0)."""
    angle = math.radians(2 * jitter) * rng.standard_normal()
    size = 1 + 0.05 * jitter * rng.standard_normal()
    stretch = 1 + 0.05 * jitter * rng.standard_normal()
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    lean = np.array([[size * stretch, 0], [slant, -size]])  # and y downward
    lift = (0, 0.2 * jitter * rng.standard_normal())
    letter = []
    for stroke in STROKES[character].split(","):
        points = _points(stroke)
        points = points + 0.16 * jitter * rng.standard_normal(points.shape)
        if "~" in stroke:
            points = _rounded(points)
        letter.append(points @ lean @ turn + lift)
    return letter


def _points(stroke: str) -> Points:
    return np.array([[int(x), int(y) - BASELINE] for x, y in stroke.strip(" ~").split()], float)


def _width(character: str) -> float:
    return max(_points(stroke)[:, 0].max() for stroke in STROKES[character].split(","))


def _rounded(points: Points) -> Points:
    """Catmull-Rom curve through the points, closed where the last is near the first."""
    before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    if len(points) > 4 and np.hypot(*(points[0] - points[-1])) < 1:
        points[-1] = points[0]
        before, after = points[-2], points[1]
    p = np.vstack([before, points, after])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    curves = [
        (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        / 2
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.vstack([*curves, points[-1:]])


def _turned(points: Points, degrees: float, centre: tuple[float, float]) -> Points:
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (points - centre) @ turn + centre


def _drawn(
    strokes: list[Points], size: tuple[int, int], *, pen: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Ink, float [h, w], 0 none to 1 full."""
    canvas = Image.new("L", (size[0] * FINE, size[1] * FINE))
    draw = ImageDraw.Draw(canvas)
    for points in strokes:
        width = pen * FINE * (1 + 0.06 * rng.standard_normal())
        xy = [tuple(point) for point in points * FINE]
        draw.line(xy, fill=255, width=max(1, round(width)), joint="curve")
        for x, y in (xy[0], xy[-1]):  # the pen is round
            draw.circle((x, y), 0.55 * width, fill=255)
    return np.asarray(canvas.reduce(FINE).filter(ImageFilter.GaussianBlur(0.7))) / 255


def _photographed(
    mask: NDArray[np.float64],
    ink: tuple[int, int, int],
    paper: tuple[int, int, int],
    shade: float,
    noise: float,
    rng: np.random.Generator,
) -> Image.Image:
    """Picture of the page in uneven light, by a camera with noise."""
    height, width = mask.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    away = np.hypot(x - rng.uniform(0.1, 0.9), y - rng.uniform(0.1, 0.9))
    light = 1 - shade * away / away.max()
    pressure = mask * rng.uniform(0.88, 1, mask.shape)  # of the pen on rough paper
    colours = np.array(paper) + pressure[..., None] * (np.array(ink) - np.array(paper))
    grain = noise * rng.standard_normal(mask.shape)
    picture = colours * light[..., None] + grain[..., None]
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))
