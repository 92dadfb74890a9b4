"""The canvas of a page: its gray, and for each pixel the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.drawing.lines import BASELINE, Line

CORE_TOP = 0.60  # capital heights above the baseline; a little less than x-height, 0.66
CORE_BOTTOM = 0.06  # so that cores of rows that nearly touch do not
DARK = 0.42  # of white; on darker grounds the pen is light

Points = Sequence[tuple[float, float]] | NDArray[np.float32]


@dataclass(frozen=True)
class Pen:
    """How a line of writing looks on the page.

    Parameters
    ----------
    contrast : float
        Share of the way from the ground's gray to black (or white on dark grounds).
    value : float, optional
        Gray of the ink, 0 to 1; by default taken from the ground and the contrast.
    slope, shear : float
        Of the baseline and of the letters, px per px.
    grain, pressure : float
        How much the ink breaks up pixel by pixel, and fades along the line; 0 to 1.
    blur : float
        Softness of the edge, capital heights.
    relief : float
        Letters cut into the ground: strength of the light edge beside the dark one.
    """

    contrast: float
    value: float | None = None
    slope: float = 0.0
    shear: float = 0.0
    grain: float = 0.0
    pressure: float = 0.0
    blur: float = 0.0
    relief: float = 0.0


def random_pen(dice: Random, is_print: bool) -> Pen:
    """Choose a pen, a pencil, a marker or a printer at random."""
    if is_print:
        contrast = dice.choice(
            [dice.uniform(0.25, 0.6), dice.uniform(0.5, 1), dice.uniform(0.75, 1)]
        )
        grain = dice.uniform(0.2, 0.9) if dice.random() < 0.1 else 0.0
        return Pen(contrast, slope=dice.gauss(0, 0.003), grain=grain, pressure=_pressure(dice))
    ranges = [(0.12, 0.35), (0.3, 0.6), (0.5, 0.95), (0.5, 0.95), (0.7, 1.0)]
    return Pen(
        contrast=dice.uniform(*dice.choice(ranges)),
        slope=dice.gauss(0, 0.02),
        shear=dice.gauss(0, 0.1) if dice.random() < 0.5 else 0.0,
        grain=dice.uniform(0.2, 0.9) if dice.random() < 0.3 else 0.0,
        pressure=_pressure(dice),
    )


def _pressure(dice: Random) -> float:
    return dice.uniform(0.1, 0.35) if dice.random() < 0.4 else 0.0


@dataclass
class Canvas:
    """A square page while it is drawn.

    ``gray`` is float32 [C, C] from 0 black to 1 white; ``ink``, ``rule``, ``core`` and
    ``doubt`` are uint8 [C, C] coverages; ``height`` is uint8 [C, C], the capital height of
    the row around a pixel, px; ``busy`` is uint8 [C, C], not 0 where something stands.
    ``noise`` is white noise of unit variance, float32 [n, n]; ``heights`` are the capital
    heights (px) of all lines that were write_line.
    """

    gray: NDArray[np.float32]
    noise: NDArray[np.float32]
    dice: Random
    heights: list[float] = field(default_factory=list)
    size: int = field(init=False)
    ink: NDArray[np.uint8] = field(init=False)
    rule: NDArray[np.uint8] = field(init=False)
    core: NDArray[np.uint8] = field(init=False)
    doubt: NDArray[np.uint8] = field(init=False)
    height: NDArray[np.uint8] = field(init=False)
    busy: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.size = self.gray.shape[0]
        for name in ("ink", "rule", "core", "doubt", "height", "busy"):
            setattr(self, name, np.zeros((self.size, self.size), np.uint8))

    def write(
        self,
        line: Line,
        x: float,
        y: float,
        height: float,
        pen: Pen,
        *,
        width: float | None = None,
        over: bool = False,
        core: bool = True,
        stretch: float = 1.0,
    ) -> Pen | None:
        """Write a line from x on, its baseline at y.

        Parameters
        ----------
        line : Line
        x, y, height : float
            Left end, baseline and capital height, px.
        pen : Pen
        width : float, optional
            The line is cut between letters to fit into so many px.
        over : bool
            Write even where something stands.
        core : bool
            Mark the row's core.
        stretch : float
            Factor on the width.

        Returns
        -------
        Pen or None
            The pen with the gray that it took, for the lines that follow; None where there
            was no room.
        """
        scale = height / line.unit
        if y < -height or y > self.size + 2 * height or x > self.size:
            return None
        limit = (width if width is not None else 9999.0) / (scale * stretch)
        cut = line.cut(max(1, int(min(limit, (self.size + 4 - x) / (scale * stretch) + line.unit))))
        if cut is None:
            return None
        alpha, left, top = _place_line(cut, x, y, scale, stretch, pen)
        box = self._box(left, top, alpha.shape[1], alpha.shape[0])
        if box is None:
            return None
        (y0, y1, x0, x1) = box
        alpha = alpha[y0 - top : y1 - top, x0 - left : x1 - left]
        bands = _bands(cut, x, y, scale * stretch, height, pen.slope)
        if not over and self._occupied(bands):
            return None
        region = (slice(y0, y1), slice(x0, x1))
        pen = self._blend_ink(pen, region, alpha, height)
        self.heights.append(height)
        if core:
            self.mark_rows(bands, height)
        return pen

    def _blend_ink(
        self,
        pen: Pen,
        region: tuple[slice, slice],
        alpha: NDArray[np.uint8],
        height: float,
    ) -> Pen:
        """Blend a line's ink into the gray and note it in the truth."""
        ground = self.gray[region]
        if pen.value is None:
            pen = replace(pen, value=_ink_value(ground, alpha, pen.contrast, self.dice))
        cover = np.minimum(alpha.astype(np.float32) * np.float32(_gain(alpha) / 255), 1)
        truth = np.clip(cover * 1.6 - 0.2, 0, 1)
        marked = self.ink[region]
        np.maximum(marked, (truth * 255).astype(np.uint8), out=marked)
        if height < 13:
            cover = np.minimum(
                1, cover * 1.25
            )  # such small print is drawn darker, or it would be gray
        cover = self._wear_off(cover, pen)
        if pen.blur > 0:
            cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), pen.blur * height), np.float32)
        if pen.relief > 0:
            shifted = np.roll(cover, (1 + round(height * 0.03),) * 2, (0, 1))
            ground += (shifted - cover).clip(0, 1) * np.float32(pen.relief)
        ground += (np.float32(pen.value or 0.0) - ground) * cover
        return pen

    def _wear_off(self, cover: NDArray[np.float32], pen: Pen) -> NDArray[np.float32]:
        """Coverage with the pen's grain and pressure."""
        dice = self.dice
        rows, columns = cover.shape
        if pen.grain > 0 and rows < self.noise.shape[0] and columns < self.noise.shape[1]:
            a = dice.randrange(self.noise.shape[0] - rows)
            b = dice.randrange(self.noise.shape[1] - columns)
            grain = self.noise[a : a + rows, b : b + columns]
            cover = cover * np.clip(1 - pen.grain * (grain * 0.6 + 0.5), 0.05, 1)
        if pen.pressure > 0:
            a, b = dice.randrange(400), dice.randrange(400)
            fade = cv2.resize(self.noise[a : a + 3, b : b + 8], (columns, rows))
            cover = cover * np.clip(1 - pen.pressure * np.abs(fade), 0.3, 1)
        return np.asarray(cover, np.float32)

    def _occupied(self, bands: list[NDArray[np.float32]]) -> bool:
        """Whether something stands where a row's core would go."""
        for band in bands:
            (x0, y0), (x1, y1) = band.min(axis=0), band.max(axis=0)
            part = self.busy[
                max(0, int(y0)) : max(0, int(y1) + 1), max(0, int(x0)) : max(0, int(x1) + 1)
            ]
            if part.size and part.any():
                return True
        return False

    def mark_rows(self, bands: list[NDArray[np.float32]], height: float) -> None:
        """Note rows' cores, float32 [4, 2] corners each, with their capital height (px)."""
        fixed = [np.round(b * 16).astype(np.int32) for b in bands]
        for corners in fixed:
            cv2.fillPoly(self.core, [corners], 255, cv2.LINE_AA, 4)
            cv2.fillPoly(self.height, [corners], float(min(255, round(height))), cv2.LINE_8, 4)
        for band in bands:
            x0, x1 = int(band[:, 0].min()), int(band[:, 0].max()) + 1
            y0, y1 = band[:, 1].min() - height * 0.45, band[:, 1].max() + height * 0.3
            self.busy[max(0, int(y0)) : max(0, int(y1) + 1), max(0, x0) : max(0, x1)] = 1

    def stroke(
        self,
        lines: Sequence[Points],
        value: float,
        width: int = 1,
        alpha: float = 1.0,
        *,
        closed: bool = False,
        fill: bool = False,
        is_rule: bool = False,
    ) -> None:
        """Draw lines through points, or fill polygons, in a gray from 0 to 1.

        A rule is noted in the truth as one; anything else leaves no trace there.
        """
        if not lines:
            return
        points = np.concatenate([np.asarray(p, np.float32) for p in lines])
        left, top = (int(v) for v in points.min(axis=0) - width - 2)
        right, bottom = (int(v) for v in points.max(axis=0) + width + 3)
        box = self._box(left, top, right - left, bottom - top)
        if box is None:
            return
        y0, y1, x0, x1 = box
        ends = np.cumsum([len(p) for p in lines])
        fixed = np.split(_fixed(points - np.array([x0, y0], np.float32)), ends[:-1])
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        if fill:
            cv2.fillPoly(mask, fixed, 255, cv2.LINE_AA, 4)
        else:
            cv2.polylines(mask, fixed, closed, 255, max(1, int(width)), cv2.LINE_AA, 4)
        ground = self.gray[y0:y1, x0:x1]
        ground += (np.float32(value) - ground) * (mask.astype(np.float32) * np.float32(alpha / 255))
        if is_rule:
            np.maximum(self.rule[y0:y1, x0:x1], mask, out=self.rule[y0:y1, x0:x1])

    def ground(self, x0: float, y0: float, x1: float, y1: float) -> float:
        """Mean gray of a rectangle, or of the page where it lies outside."""
        part = self.gray[max(0, int(y0)) : max(0, int(y1)), max(0, int(x0)) : max(0, int(x1))]
        return float(part.mean()) if part.size else float(self.gray[::8, ::8].mean())

    def occupy(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Keep a rectangle free of further writing."""
        self.busy[max(0, int(y0)) : max(0, int(y1)), max(0, int(x0)) : max(0, int(x1))] = 1

    def is_free(self, x0: float, y0: float, x1: float, y1: float) -> bool:
        """Whether nothing stands in a rectangle."""
        part = self.busy[max(0, int(y0)) : max(0, int(y1)), max(0, int(x0)) : max(0, int(x1))]
        return not part.any()

    def _box(self, left: int, top: int, wide: int, tall: int) -> tuple[int, int, int, int] | None:
        """Rows and columns of a rectangle inside the page: top, bottom, left, right."""
        y0, y1 = max(top, 0), min(top + tall, self.size)
        x0, x1 = max(left, 0), min(left + wide, self.size)
        return (y0, y1, x0, x1) if y1 - y0 > 1 and x1 - x0 > 1 else None


def ellipse(
    x: float, y: float, a: float, b: float, angles: NDArray[np.float64] | int = 24
) -> NDArray[np.float32]:
    """Points of an ellipse around (x, y) with half axes a and b, float32 [n, 2]; at n angles."""
    t = np.linspace(0, 2 * np.pi, angles) if isinstance(angles, int) else angles
    return np.stack([x + a * np.cos(t), y + b * np.sin(t)], axis=1).astype(np.float32)


def _fixed(points: NDArray[np.float32]) -> NDArray[np.int32]:
    """Points as fixed-point numbers with 4 bits of fraction, kept near the page."""
    return np.asarray(np.rint(points.clip(-2000, 4000) * 16), np.int32)


def _place_line(
    line: Line, x: float, y: float, scale: float, stretch: float, pen: Pen
) -> tuple[NDArray[np.uint8], int, int]:
    """Ink of a line scaled, sheared and sloped, and where its top left corner stands."""
    first, last = line.rows  # the rest of the canvas is empty, and would take longest
    tall, wide = last - first, line.ink.shape[1]
    size = (max(2, round(wide * scale * stretch)), max(2, round(tall * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    ink = cv2.resize(line.ink[first:last], size, interpolation=how)
    baseline = (BASELINE * line.unit - first) * size[1] / tall
    left, top = round(x), round(y - baseline)
    rise = abs(pen.slope) * size[0]
    if rise > 0.8 or abs(pen.shear) > 0.02:
        side, above = int(abs(pen.shear) * size[1]) + 1, int(rise) + 1
        matrix = np.array(
            [[1, pen.shear, side - pen.shear * baseline], [pen.slope, 1, above]], np.float32
        )
        ink = cv2.warpAffine(ink, matrix, (size[0] + 2 * side, size[1] + 2 * above))
        left, top = left - side, top - above
    return np.asarray(ink, np.uint8), left, top


def _gain(alpha: NDArray[np.uint8]) -> float:
    """Factor that makes thin strokes, scaled down to a fraction of a pixel, dark in the middle."""
    inked = alpha[alpha > 25]
    if inked.size == 0:
        return 1.0
    middle = inked[inked >= int(inked.mean())]
    return min(2.6, max(1.0, 215 / float(middle.mean())))


def _bands(
    line: Line, x: float, y: float, scale: float, height: float, slope: float
) -> list[NDArray[np.float32]]:
    """Corners of a row's cores, float32 [4, 2] each."""
    return [
        band(x + a * scale, x + b * scale, y + a * scale * slope, y + b * scale * slope, height)
        for a, b in line.spans
    ]


def band(x0: float, x1: float, y0: float, y1: float, height: float) -> NDArray[np.float32]:
    """Corners of a core from (x0, y0) to (x1, y1) on the baseline, float32 [4, 2]."""
    up, down = CORE_TOP * height, CORE_BOTTOM * height
    return np.array([(x0, y0 - up), (x1, y1 - up), (x1, y1 - down), (x0, y0 - down)], np.float32)


def _ink_value(
    ground: NDArray[np.float32], alpha: NDArray[np.uint8], contrast: float, dice: Random
) -> float:
    """Gray of ink on a ground: towards white where it is dark, else towards black."""
    under = ground[alpha > 60]
    if under.size == 0:
        under = ground.ravel()
    base, spread = float(under.mean()), float(under.std())
    contrast = min(1.0, max(contrast, 2.5 * spread))  # else it could not be seen on a texture
    if base < DARK or (base < 0.6 and dice.random() < 0.35):
        return base + contrast * (1 - base)
    return base - contrast * base
