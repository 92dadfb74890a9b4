"""A page while it is drawn: its canvas, the area to write on, materials and random numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

import numpy as np

from ocr.drawing.canvas import Canvas, Pen, random_pen
from ocr.drawing.lines import Group, Line, RecentLines, join_lines
from ocr.drawing.materials import Materials

LOWEST, HIGHEST = 6.0, 120.0  # px, capital heights that the network meets


class Area(NamedTuple):
    """A rectangle of the canvas, px."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width, px."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height, px."""
        return self.bottom - self.top


class RuleStyle(NamedTuple):
    """How a ruled line looks: its gray from 0 to 1, its width in px, its opacity."""

    value: float
    width: int
    alpha: float


class Ruling(NamedTuple):
    """Lines printed on the paper: "plain", "ruled" or "squared"; pitch and offset in px."""

    kind: str
    pitch: float
    offset: float


@dataclass
class Page:
    """A canvas with what is needed to draw on it."""

    canvas: Canvas
    area: Area
    materials: Materials
    recent: RecentLines
    rng: np.random.Generator
    ruling: Ruling = Ruling("plain", 30.0, 0.0)

    @property
    def dice(self) -> Random:
        """Random numbers for all choices; `rng` gives arrays of them."""
        return self.canvas.dice

    def group(self, height: float, is_print: bool | None = None) -> Group:
        """Lines by one hand whose letters can be drawn at this height (px)."""
        return self.recent.group(self.dice, height=height, is_print=is_print)

    def rule_style(self, ground: float | None = None) -> RuleStyle:
        """How the lines of a form or a sheet look on this ground."""
        dice = self.dice
        base = self.canvas.ground(0, 0, 9999, 9999) if ground is None else ground
        contrast = dice.choice([dice.uniform(0.08, 0.3), dice.uniform(0.3, 0.9)])
        value = base - contrast * base if base > 0.4 else base + contrast * (1 - base)
        return RuleStyle(value, dice.choice([1, 1, 1, 1, 2, 2, 3]), dice.choice([1, 1, 0.75, 0.5]))

    def rule(self, x0: float, y0: float, x1: float, y1: float, style: RuleStyle) -> None:
        """Draw a ruled line."""
        self.canvas.stroke([[(x0, y0), (x1, y1)]], *style, is_rule=True)

    def frame(self, area: Area, style: RuleStyle) -> None:
        """Draw the four sides of a rectangle as rules."""
        left, top, right, bottom = area
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        self.canvas.stroke([corners], *style, closed=True, is_rule=True)

    def random_height(self, low: float = LOWEST, high: float = HIGHEST) -> float:
        """A capital height between two, px: mostly 12 to 30, all others often enough."""
        dice = self.dice
        if dice.random() < 0.3:
            return math.exp(dice.uniform(math.log(low), math.log(max(high, low))))
        return min(high, max(low, math.exp(dice.gauss(math.log(18), 0.45))))

    def pen(self, group: Group) -> Pen:
        """A pen that suits a group's hand."""
        return random_pen(self.dice, group.is_print)

    def row_of(self, group: Group, proportion: float) -> Line:
        """A line of about so many capital heights, of one or more of the group's lines."""
        line = self.dice.choice(group.lines)
        for _ in range(4):
            if line.proportion > proportion * 0.9:
                break
            line = join_lines(line, self.dice.choice(group.lines), self.dice.uniform(0.4, 0.8))
        return line


@dataclass
class Writer:
    """Fills in a part of a page with lines of one group, of one capital height (px), by one pen.

    The pen keeps the gray that it took when it wrote first.
    """

    page: Page
    group: Group
    height: float
    pen: Pen

    @classmethod
    def random(cls, page: Page, height: float, is_print: bool | None = None) -> Writer:
        """Choose lines and a pen for level rows of this height."""
        group = page.group(height, is_print)
        return cls(page, group, height, replace(page.pen(group), slope=0.0))

    def line(self, text: str | None = None) -> Line | None:
        """A line of the group, or this text by the group's hand."""
        dice = self.page.dice
        if text is None:
            return dice.choice(self.group.lines)
        return self.group.sign(text, dice) if len(text) == 1 else self.group.write(text, dice)

    def write(
        self,
        x: float,
        y: float,
        *,
        line: Line | None = None,
        width: float | None = None,
        over: bool = False,
        core: bool = True,
    ) -> None:
        """Write a line, by default any of the group, from (x, y) on; see ``Canvas.write``."""
        line = line or self.page.dice.choice(self.group.lines)
        room = None if width is None else max(width, self.height)
        pen = replace(self.pen, value=None) if over and core else self.pen
        done = self.page.canvas.write(
            line, x, y, self.height, pen, width=room, over=over, core=core
        )
        if done is not None and not (over and core):
            self.pen = done
