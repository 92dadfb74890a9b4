"""Paper and other grounds: rules, squares, margins, folds, holes, stains, show-through."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.drawing.canvas import Pen, ellipse
from ocr.drawing.lines import BASELINE, paste
from ocr.drawing.page import Area, Page, RuleStyle, Ruling


def prepare(page: Page) -> None:
    """Print rules, squares, dots or nothing on the paper, and age it."""
    dice = page.dice
    style = page.rule_style()
    drawn = dice.random()
    if drawn < 0.25:
        page.ruling = Ruling("ruled", dice.uniform(14, 64), dice.uniform(0, 64))
        draw_ruling(page, style)
        if dice.random() < 0.4:
            margin(page)
    elif drawn < 0.34:
        page.ruling = Ruling("squared", dice.uniform(7, 40), dice.uniform(0, 40))
        draw_ruling(page, style)
    elif drawn < 0.38:
        draw_dots(page, style)
    if dice.random() < 0.12:
        fold(page)
    if dice.random() < 0.06:
        punch(page)


def draw_ruling(page: Page, style: RuleStyle) -> None:
    """Draw the lines of ruled or squared paper over the page."""
    area, pitch, offset = page.area, page.ruling.pitch, page.ruling.offset
    rows = np.arange(area.top + offset % pitch, area.bottom, pitch)
    lines = [[(area.left, y), (area.right, y)] for y in rows]
    if page.ruling.kind == "squared":
        columns = np.arange(area.left + offset % pitch, area.right, pitch)
        lines += [[(x, area.top), (x, area.bottom)] for x in columns]
        style = style._replace(width=min(style.width, 2))
    elif page.dice.random() < 0.12:
        dash = page.dice.uniform(3, 9)
        starts = np.arange(area.left, area.right, dash)
        lines = [[(x, y), (x + dash * 0.45, y)] for y in rows for x in starts]
    page.canvas.stroke(lines, *style, is_rule=True)


def draw_dots(page: Page, style: RuleStyle) -> None:
    """Draw a grid of dots, which are neither ink nor rules."""
    area, pitch = page.area, page.dice.uniform(10, 32)
    rows, columns = np.arange(area.top, area.bottom, pitch), np.arange(area.left, area.right, pitch)
    spots = [[(x, y), (x + 0.5, y)] for y in rows for x in columns]
    page.canvas.stroke(spots, style.value, page.dice.choice([1, 2]), style.alpha)


def margin(page: Page) -> None:
    """A vertical line, or two, beside the text."""
    x = page.area.left + page.dice.uniform(10, 130)
    style = page.rule_style()
    for shift in (0, 4)[: page.dice.choice([1, 1, 2])]:
        page.rule(x + shift, page.area.top, x + shift, page.area.bottom, style)


def fold(page: Page) -> None:
    """A crease: a thin light and dark edge, and a step in the light."""
    dice, canvas = page.dice, page.canvas
    at = int(dice.uniform(0.1, 0.9) * canvas.size)
    depth = dice.uniform(0.02, 0.12)
    view = canvas.gray if dice.random() < 0.5 else canvas.gray.T
    view[at:] *= 1 - depth * dice.random()
    view[at : at + dice.choice([1, 1, 2])] *= 1 - depth
    view[at - 1 : at] += depth * 0.5


def punch(page: Page) -> None:
    """Holes for a ring binder at one side."""
    dice = page.dice
    radius = dice.uniform(5, 14)
    x = page.area.left + dice.uniform(12, 40)
    value = dice.uniform(0, 1)
    for y in np.arange(
        page.area.top + dice.uniform(0, 90), page.area.bottom, dice.uniform(50, 200)
    ):
        disc(page, x, float(y), radius, value)


def disc(page: Page, x: float, y: float, radius: float, value: float, alpha: float = 1.0) -> None:
    """A filled disc, kept free of writing."""
    page.canvas.stroke([ellipse(x, y, radius, radius)], value, 1, alpha, fill=True)
    page.canvas.occupy(x - radius, y - radius, x + radius, y + radius)


def stain(page: Page) -> None:
    """Specks of dirt, a ring of coffee, a spot of grease."""
    dice, canvas = page.dice, page.canvas
    if dice.random() < 0.6:
        spots = page.rng.uniform(0, canvas.size, (dice.randint(1, 60), 1, 2)).astype(np.float32)
        lines = [np.concatenate([s, s + 0.5]) for s in spots]
        canvas.stroke(lines, dice.random(), dice.choice([1, 1, 2, 3]), dice.uniform(0.3, 1))
    if dice.random() < 0.5:
        mask = np.zeros((canvas.size // 4, canvas.size // 4), np.uint8)
        center = (dice.randrange(mask.shape[0]), dice.randrange(mask.shape[0]))
        axes = (dice.randint(3, 30), dice.randint(3, 30))
        thick = -1 if dice.random() < 0.6 else dice.randint(1, 3)
        cv2.ellipse(mask, center, axes, dice.randrange(180), 0, 360, 255, thick, cv2.LINE_AA)
        grown = cv2.resize(cv2.blur(mask, (3, 3)), (canvas.size, canvas.size))
        canvas.gray *= 1 - grown.astype(np.float32) * np.float32(dice.uniform(0.05, 0.4) / 255)


def show_through(page: Page) -> None:
    """Writing of the other side that shows through, mirrored and soft.

    Strong ghosts are doubtful: whether they are to be read cannot be told.
    """
    dice, canvas = page.dice, page.canvas
    height = page.random_height(8, 40)
    group = page.group(height)
    layer = np.zeros((canvas.size, canvas.size), np.uint8)
    y, scale = page.area.top + dice.uniform(0, 60), height / group.unit
    while y < min(page.area.bottom, canvas.size) - 10:
        ink = page.row_of(group, page.area.width / height).ink[:, ::-1]
        small = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        place = int(page.area.left) + 8, int(y - BASELINE * height)
        paste(layer, np.asarray(small, np.uint8), *place)
        y += height * dice.uniform(1.8, 2.2)
    soft = cv2.GaussianBlur(layer, (0, 0), max(0.7, height * dice.uniform(0.04, 0.14)))
    depth = dice.uniform(0.03, 0.2)
    canvas.gray *= 1 - soft.astype(np.float32) * np.float32(depth / 255)
    if depth > 0.12:
        np.maximum(canvas.doubt, cv2.dilate(layer, np.ones((3, 3), np.uint8)), out=canvas.doubt)


def wiped_writing(page: Page) -> None:
    """Traces of writing wiped off a board: doubtful all over."""
    dice, canvas = page.dice, page.canvas
    height = page.random_height(12, 60)
    group = page.group(height)
    pen = Pen(dice.uniform(0.05, 0.2), blur=dice.uniform(0.04, 0.15))
    ink, core, rows = canvas.ink.copy(), canvas.core.copy(), canvas.height.copy()
    canvas.ink[:] = 0
    for _ in range(dice.randint(1, 4)):
        x, y = dice.uniform(0, canvas.size * 0.6), dice.uniform(0, canvas.size)
        canvas.write(page.row_of(group, 8), x, y, height, pen)
    traces = cv2.dilate(canvas.ink, np.ones((7, 7), np.uint8))
    canvas.ink, canvas.core, canvas.height = ink, core, rows
    canvas.doubt[traces > 30] = 255
    canvas.busy[:] = 0


def sheet_area(page: Page) -> Area | None:
    """A whole sheet inside the view, or None where the paper goes on beyond it."""
    dice, size = page.dice, page.canvas.size
    if dice.random() > 0.27:
        return None
    wide, tall = (dice.uniform(0.5, 1.0) * size for _ in range(2))
    left, top = dice.uniform(0, size - wide), dice.uniform(0, size - tall)
    return Area(left, top, left + wide, top + tall)
