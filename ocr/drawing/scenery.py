"""All that is not writing: textures, buildings, pictures, drawings, barcodes, desks, fingers."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.drawing.canvas import ellipse
from ocr.drawing.page import Area, Page

Gray = NDArray[np.float32]


def backdrop(page: Page, kind: str = "") -> Gray:
    """A scene or a surface without writing, float32 [C, C]; ``kind`` as in Materials.texture."""
    dice, size = page.dice, page.canvas.size
    drawn = dice.random()
    if drawn < 0.72 and (picture := photograph(page, size, size, kind)) is not None:
        return picture
    if drawn < 0.86 and kind != "surface":
        return buildings(page)
    return grain(page)


def photograph(page: Page, height: int, width: int, kind: str = "") -> Gray | None:
    """A window of a real picture, float32 [height, width], mirrored or dimmed sometimes."""
    dice = page.dice
    texture = page.materials.texture(dice, kind)
    if texture is None:
        return None
    pixels = texture.pixels
    share = dice.uniform(0.3, 1)
    tall, wide = (max(24, int(side * share)) for side in pixels.shape)
    y, x = (dice.randint(0, max(0, a - b)) for a, b in zip(pixels.shape, (tall, wide), strict=True))
    part = pixels[y : y + tall, x : x + wide]
    if dice.random() < 0.5:
        part = part[:, ::-1]
    if dice.random() < 0.3:
        part = part.T
    grown = cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=cv2.INTER_CUBIC)
    gray = grown.astype(np.float32) * np.float32(1 / 255)
    if dice.random() < 0.5:
        gain, lift = dice.uniform(0.5, 1.8), dice.uniform(-0.15, 0.15)
        gray = (gray - 0.5) * np.float32(gain) + np.float32(0.5 + lift)
    return np.clip(gray, 0, 1, out=gray)


def grain(page: Page) -> Gray:
    """Wood, clouds, a weave or rough grain out of noise, float32 [C, C]."""
    dice, size = page.dice, page.canvas.size
    noise, drawn = page.canvas.noise, dice.random()
    if drawn < 0.35:
        cut = noise[: dice.randint(40, 200), : dice.randint(3, 14)]
        field = cv2.resize(cut, (size, size), interpolation=cv2.INTER_CUBIC)
        field = field.T if dice.random() < 0.5 else field
    elif drawn < 0.6:
        cut = noise[: dice.randint(10, 400), : dice.randint(10, 400)]
        field = cv2.resize(cut, (size, size), interpolation=cv2.INTER_CUBIC)
    elif drawn < 0.8:
        ramp = np.arange(size, dtype=np.float32) * dice.uniform(0.2, 1.6)
        field = np.sin(ramp)[:, None] + np.sin(ramp * dice.uniform(0.6, 1.4))[None]
        field = field + _tile(noise, size) * 0.3
    else:
        field = cv2.GaussianBlur(_tile(noise, size), (0, 0), dice.uniform(0.8, 4))
        field = field / (field.std() + 1e-3)
    gray = dice.uniform(0.1, 0.85) + field * np.float32(dice.uniform(0.02, 0.12))
    return np.asarray(np.clip(gray, 0, 1), np.float32)


def _tile(noise: Gray, size: int) -> Gray:
    """Noise of any size."""
    times = -(-size // noise.shape[0])
    return np.tile(noise, (times, times))[:size, :size] if times > 1 else noise[:size, :size]


def buildings(page: Page) -> Gray:
    """Faces and edges, as of buildings, furniture, windows and statues; float32 [C, C]."""
    dice, rng, size = page.dice, page.rng, page.canvas.size
    gray = np.full((size, size), dice.uniform(0.1, 0.9), np.float32)
    base = dice.uniform(0.1, 0.9)
    for _ in range(dice.randint(4, 50)):
        shape = _random_shape(page, math.exp(dice.gauss(3.6, 0.9)))
        value = min(1.0, max(0.0, base + dice.gauss(0, 0.2)))
        fixed = [np.round(shape * 16).astype(np.int32)]
        if dice.random() < 0.7:
            cv2.fillPoly(gray, fixed, value, cv2.LINE_AA, 4)
        else:
            cv2.polylines(gray, fixed, True, value, dice.choice([1, 1, 2, 3, 5]), cv2.LINE_AA, 4)
    if dice.random() < 0.35:
        _windows(page, gray, base)
    if dice.random() < 0.5:
        gray[:] = cv2.GaussianBlur(gray, (0, 0), dice.uniform(0.5, 3))
    if dice.random() < 0.4:
        gray += _tile(page.canvas.noise, size) * np.float32(rng.uniform(0.01, 0.08))
    return np.asarray(np.clip(gray, 0, 1), np.float32)


def _random_shape(page: Page, scale: float) -> Gray:
    """Corners of a polygon, a slanted rectangle or a blob, float32 [n, 2]."""
    dice, rng = page.dice, page.rng
    center = rng.uniform(0, page.canvas.size, 2)
    drawn = dice.random()
    if drawn < 0.4:
        return np.asarray(center + rng.normal(0, scale, (dice.randint(3, 6), 2)), np.float32)
    if drawn < 0.75:
        angle = dice.gauss(0, 0.1) if dice.random() < 0.7 else dice.uniform(0, 3)
        half = np.array([scale * dice.uniform(0.05, 3), scale * dice.uniform(0.05, 3)])
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return np.asarray(corners @ turn + center, np.float32)
    t = np.linspace(0, 2 * math.pi, 24)
    radius = scale * (1 + 0.25 * np.sin(t * dice.randint(1, 5) + dice.random() * 6))
    flat = dice.uniform(0.3, 1.2)
    return np.asarray(
        np.stack([radius * np.cos(t), radius * np.sin(t) * flat], axis=1) + center, np.float32
    )


def _windows(page: Page, gray: Gray, base: float) -> None:
    """A front of windows, all alike, in rows."""
    dice = page.dice
    pitch_x, pitch_y = dice.uniform(12, 60), dice.uniform(12, 70)
    wide, tall = pitch_x * dice.uniform(0.3, 0.8), pitch_y * dice.uniform(0.3, 0.8)
    value = min(1.0, max(0.0, base + dice.uniform(-0.5, 0.5)))
    x0, y0 = dice.uniform(0, 200), dice.uniform(0, 200)
    for row in range(dice.randint(1, 8)):
        for column in range(dice.randint(1, 9)):
            x, y = int(x0 + column * pitch_x), int(y0 + row * pitch_y)
            cv2.rectangle(
                gray, (x, y), (int(x + wide), int(y + tall)), value, dice.choice([-1, -1, 1, 2])
            )


def drawing(page: Page) -> None:
    """A circle, an arrow, a box, a scribble, a polygon, hatching, a barcode or a QR code."""
    rare = (polygon, hatching, barcode, qr_code, stamp, tick, bracket)
    kinds = (circle, arrow, box, scribble, *rare)
    page.dice.choices(kinds, (18, 18, 12, 12, 7, 7, 7, 3, 5, 8, 5))[0](page)


def _pencil(page: Page) -> tuple[float, int, float]:
    """Gray, width and opacity of a drawn line."""
    style = page.rule_style()
    return style.value, max(style.width, page.dice.choice([1, 2, 2, 3, 4])), style.alpha


def _spot(page: Page) -> tuple[float, float, float]:
    """A place on the page and a size, px."""
    dice, size = page.dice, page.canvas.size
    return dice.uniform(0, size), dice.uniform(0, size), math.exp(dice.gauss(3.7, 0.7))


def circle(page: Page) -> None:
    """A ring, closed or not quite, around writing or beside it."""
    dice, (x, y, scale) = page.dice, _spot(page)
    t = np.linspace(dice.random(), 2 * math.pi * dice.uniform(0.7, 1.08), 30)
    flat = dice.uniform(0.35, 1.3)
    page.canvas.stroke([ellipse(x, y, scale, scale * flat, t)], *_pencil(page))


def arrow(page: Page) -> None:
    """An arrow with an open or closed head."""
    dice, (x, y, scale) = page.dice, _spot(page)
    angle = dice.uniform(0, 2 * math.pi)
    way = np.array([math.cos(angle), math.sin(angle)], np.float32)
    side = np.array([-way[1], way[0]], np.float32) * dice.uniform(3, 9)
    start = np.array([x, y], np.float32)
    end = start + way * scale * 1.5
    back = end - way * dice.uniform(5, 14)
    pencil = _pencil(page)
    page.canvas.stroke([np.stack([start, end])], *pencil)
    head = np.stack([back + side, end, back - side])
    page.canvas.stroke([head], *pencil, closed=dice.random() < 0.3, fill=dice.random() < 0.3)


def box(page: Page) -> None:
    """A drawn rectangle, with a little slant."""
    dice, (x, y, scale) = page.dice, _spot(page)
    wide, slant = scale * dice.uniform(0.5, 3), dice.gauss(0, 2)
    corners = [(x, y), (x + wide, y + slant), (x + wide, y + scale + slant), (x, y + scale)]
    page.canvas.stroke([corners], *_pencil(page), closed=True)


def scribble(page: Page) -> None:
    """A curve without meaning, as of doodles and signatures crossed out."""
    dice, rng, (x, y, scale) = page.dice, page.rng, _spot(page)
    knots = np.cumsum(rng.normal(0, scale * 0.25, (dice.randint(4, 14), 2)), axis=0) + (x, y)
    t = np.linspace(0, len(knots) - 1, 60)
    curve = np.stack([np.interp(t, range(len(knots)), knots[:, i]) for i in (0, 1)], axis=1)
    smooth = cv2.blur(curve.astype(np.float32), (1, 7))
    page.canvas.stroke([np.asarray(smooth, np.float32)], *_pencil(page))


def polygon(page: Page) -> None:
    """A filled patch with straight sides."""
    dice, (x, y, scale) = page.dice, _spot(page)
    corners = page.rng.normal(0, scale * 0.6, (dice.randint(3, 7), 2)) + (x, y)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if page.canvas.is_free(low[0], low[1], high[0], high[1]):
        page.canvas.stroke([corners.astype(np.float32)], *_pencil(page), fill=True)
        page.canvas.occupy(low[0], low[1], high[0], high[1])


def hatching(page: Page) -> None:
    """Parallel slanted strokes."""
    dice, (x, y, scale) = page.dice, _spot(page)
    step, lean = dice.uniform(3, 8), scale * dice.uniform(-0.5, 0.5)
    lines = [
        [(x + i * step, y), (x + i * step + lean, y + scale)] for i in range(dice.randint(4, 20))
    ]
    page.canvas.stroke(lines, *_pencil(page))


def barcode(page: Page) -> None:
    """Vertical bars of four widths."""
    dice, (x, y, scale) = page.dice, _spot(page)
    unit, bars, at = dice.choice([1, 1, 2]), [], 0.0
    for _ in range(dice.randint(12, 50)):
        wide = dice.choice([1, 1, 2, 3]) * unit
        bars.append(
            [(x + at, y), (x + at + wide, y), (x + at + wide, y + scale), (x + at, y + scale)]
        )
        at += wide + dice.choice([1, 1, 2, 3]) * unit
    if page.canvas.is_free(x, y, x + at, y + scale):
        value = page.rule_style().value
        page.canvas.stroke(bars, value, 1, 1.0, fill=True)
        page.canvas.occupy(x, y, x + at, y + scale)


def qr_code(page: Page) -> None:
    """Black and white squares at random."""
    dice, (x, y, scale) = page.dice, _spot(page)
    side = int(scale) + 20
    x0, y0 = int(min(x, page.canvas.size - side - 1)), int(min(y, page.canvas.size - side - 1))
    if x0 < 0 or y0 < 0 or not page.canvas.is_free(x0, y0, x0 + side, y0 + side):
        return
    cells = (page.rng.random((dice.randint(9, 25),) * 2) > 0.5).astype(np.float32)
    for corner in ((slice(7), slice(7)), (slice(7), slice(-7, None)), (slice(-7, None), slice(7))):
        cells[corner] = 0
        cells[corner][1:6, 1:6] = 1
        cells[corner][2:5, 2:5] = 0
    code = cv2.resize(cells, (side, side), interpolation=cv2.INTER_NEAREST)
    page.canvas.gray[y0 : y0 + side, x0 : x0 + side] = 0.1 + 0.8 * code
    page.canvas.occupy(x0, y0, x0 + side, y0 + side)


def stamp(page: Page) -> None:
    """Rings and a star, as on stamps and seals, without their writing."""
    dice, (x, y, scale) = page.dice, _spot(page)
    pencil = _pencil(page)
    for share in (1.0, 0.9, 0.55)[: dice.randint(1, 3)]:
        rim = ellipse(x, y, scale * share, scale * share, 48)
        page.canvas.stroke([rim], *pencil, closed=True)
    if dice.random() < 0.5:
        t = np.arange(10) * math.pi / 5
        radius = scale * np.where(np.arange(10) % 2, 0.12, 0.3)
        star = np.stack([x + radius * np.sin(t), y - radius * np.cos(t)], axis=1)
        page.canvas.stroke([star.astype(np.float32)], *pencil, fill=True)


def tick(page: Page) -> None:
    """A tick or a cross, which is not ink of writing."""
    x, y, scale = _spot(page)
    mark(page, x, y, min(scale, 40.0), *_pencil(page))


def mark(
    page: Page, x: float, y: float, side: float, value: float, width: int, alpha: float
) -> None:
    """A tick, cross, slash, dot or filling in a box of this side, its top left at (x, y)."""
    dice, canvas = page.dice, page.canvas
    a, b = dice.uniform(-0.1, 0.2) * side, dice.uniform(0.8, 1.25) * side
    drawn = dice.random()
    if drawn < 0.4:
        down = (x + side * dice.uniform(0.3, 0.5), y + b)
        canvas.stroke([[(x + a, y + side * 0.5), down, (x + b, y + a)]], value, width, alpha)
    elif drawn < 0.75:
        lines = [[(x + a, y + a), (x + b, y + b)], [(x + b, y + a), (x + a, y + b)]]
        canvas.stroke(lines, value, width, alpha)
    elif drawn < 0.85:
        canvas.stroke([[(x + b, y + a), (x + a, y + b)]], value, width, alpha)
    else:
        c, d = 0.2 * side, 0.8 * side
        corners = [(x + c, y + c), (x + d, y + c), (x + d, y + d), (x + c, y + d)]
        canvas.stroke([corners], value, width, alpha, fill=True)


def bracket(page: Page) -> None:
    """A tall brace or a wavy line beside or under writing."""
    dice, (x, y, scale) = page.dice, _spot(page)
    t = np.linspace(0, 1, 40)
    wave = np.sin(t * dice.uniform(3, 40)) * dice.uniform(1, 6)
    along = t * scale * 2.5
    curve = np.stack(
        [x + along, y + wave] if dice.random() < 0.6 else [x + wave, y + along], axis=1
    )
    page.canvas.stroke([curve.astype(np.float32)], *_pencil(page))


def picture(page: Page) -> None:
    """A photograph on the page, plain or as a halftone."""
    dice, size = page.dice, page.canvas.size
    wide, tall = dice.randint(40, size * 2 // 3), dice.randint(40, size * 2 // 3)
    x, y = dice.randint(0, size - wide), dice.randint(0, size - tall)
    if page.canvas.is_free(x, y, x + wide, y + tall):
        lay_picture(page, Area(x, y, x + wide, y + tall))


def lay_picture(page: Page, area: Area) -> None:
    """Fill an area with a photograph, plain or as a halftone, and keep it free of writing."""
    x0, y0 = max(0, int(area.left)), max(0, int(area.top))
    x1, y1 = min(page.canvas.size, int(area.right)), min(page.canvas.size, int(area.bottom))
    if x1 - x0 < 8 or y1 - y0 < 8:
        return
    gray = photograph(page, y1 - y0, x1 - x0, "scene")
    gray = buildings(page)[: y1 - y0, : x1 - x0] if gray is None else gray
    page.canvas.gray[y0:y1, x0:x1] = halftone(page, gray) if page.dice.random() < 0.4 else gray
    page.canvas.occupy(x0, y0, x1, y1)


def halftone(page: Page, gray: Gray) -> Gray:
    """A picture as dots of print, 2 to 5 px apart."""
    pitch = page.dice.uniform(2.2, 5)
    rows, columns = np.arange(gray.shape[0])[:, None], np.arange(gray.shape[1])[None]
    waves = np.sin((rows + columns) * np.pi / pitch) * np.sin((rows - columns) * np.pi / pitch)
    return np.asarray(np.clip((gray - (waves + 1) / 2) * 4 + 0.5, 0, 1), np.float32)


def edges(page: Page, sheet: Area | None) -> None:
    """Cut the page off at some sides, or all around a sheet, and put a desk under it.

    Nothing written or ruled beyond the edge is left, in the picture or in the truth.
    """
    dice, canvas = page.dice, page.canvas
    corners = _cut_page(page) if sheet is None else _corners(page, sheet)
    mask = np.zeros((canvas.size, canvas.size), np.uint8)
    cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    desk = _desk(page)
    if dice.random() < 0.7:
        small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        shade = cv2.GaussianBlur(small, (0, 0), dice.uniform(0.7, 3))
        shade = np.roll(shade, (dice.randint(-2, 2), dice.randint(-2, 2)), (0, 1))
        shade = cv2.resize(shade, (canvas.size, canvas.size))
        desk = desk * (1 - shade.astype(np.float32) * np.float32(dice.uniform(0, 0.6) / 255))
    inside = mask.astype(np.float32) * np.float32(1 / 255)
    canvas.gray = canvas.gray * inside + desk * (1 - inside)
    outside = mask < 128
    for truth in (canvas.ink, canvas.rule, canvas.core, canvas.doubt):
        truth[outside] = 0


def _desk(page: Page) -> Gray:
    """What a page lies on, float32 [C, C]."""
    if page.dice.random() < 0.2:
        return np.full((page.canvas.size,) * 2, page.dice.random(), np.float32)
    return backdrop(page, page.dice.choice(["surface", "surface", "scene"]))


def _cut_page(page: Page) -> Gray:
    """Corners of a page that ends at one or two sides of the view, float32 [4, 2]."""
    dice, size = page.dice, page.canvas.size
    low = [-60.0, -60.0]
    high = [size + 60.0, size + 60.0]
    for side in dice.sample(range(4), dice.choice([1, 1, 2])):
        depth = dice.uniform(10, 0.4 * size)
        if side < 2:
            low[side] = depth
        else:
            high[side - 2] = size - depth
    return _corners(page, Area(low[0], low[1], high[0], high[1]))


def _corners(page: Page, area: Area) -> Gray:
    """Corners of a sheet that is not quite a rectangle, float32 [4, 2]."""
    left, top, right, bottom = area
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    return np.asarray(corners + page.rng.normal(0, page.dice.uniform(0, 7), (4, 2)), np.float32)


def finger(page: Page) -> None:
    """A finger that reaches into the view from one side."""
    dice, canvas = page.dice, page.canvas
    width, reach = dice.uniform(14, 50), dice.uniform(30, 130)
    at = dice.uniform(0, canvas.size)
    t = np.linspace(-math.pi / 2, math.pi / 2, 16)
    tip = np.stack([reach + width * np.cos(t), at + width * np.sin(t)], axis=1)
    shape = np.concatenate([[(-50, at - width)], tip, [(-50, at + width)]]).astype(np.float32)
    if dice.random() < 0.5:
        shape[:, 0] = canvas.size - shape[:, 0]
    if dice.random() < 0.4:
        shape = shape[:, ::-1].copy()
    mask = np.zeros((canvas.size, canvas.size), np.uint8)
    cv2.fillPoly(mask, [np.round(shape * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft = cv2.blur(mask, (9, 9)).astype(np.float32) * np.float32(1 / 255)
    inside = mask.astype(np.float32) * np.float32(1 / 255)
    skin = dice.uniform(0.25, 0.75) * (0.7 + 0.3 * soft)
    canvas.gray = canvas.gray * (1 - inside) + skin * inside
    for truth in (canvas.ink, canvas.rule, canvas.core, canvas.doubt):
        truth[mask > 127] = 0
