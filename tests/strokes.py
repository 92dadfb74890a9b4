"""Hand-printed letters as the strokes of a pen, drawn for this project."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # [n, 2], x and y

#: Character to pen strokes on a grid: each point is two digits, x to the right and y upward;
#: capitals stand on y = 2 and reach to 9, small letters to 6. "~" rounds the corners.
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
    ";": "16 16, 13 01",
    '"': "09 07, 29 27",
    "(": "~29 07 04 21",
    ")": "~09 27 24 01",
    "[": "29 09 01 21",
    "]": "09 29 21 01",
    "{": "~39 18 16 05, ~05 14 12 31",
    "}": "~09 28 26 35, ~35 24 22 01",
    "<": "47 05 43",
    ">": "07 45 03",
    "=": "06 46, 04 44",
    "+": "05 45, 27 23",
    "*": "28 24, 07 45, 05 47",
    "/": "01 49",
    "_": "01 51",
}

BASELINE = 2  # y of the grid
CAPITAL = 7  # grid units from there to the top of a capital


def points_of(stroke: str) -> Points:
    return np.array([[int(x), int(y) - BASELINE] for x, y in stroke.strip(" ~").split()], float)


def width_of(character: str) -> float:
    if character == " ":
        return 0
    return max(points_of(stroke)[:, 0].max() for stroke in STROKES[character].split(","))


def round_corners(points: Points) -> Points:
    """Return a Catmull-Rom curve through the points, closed if the last is near the first."""
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
