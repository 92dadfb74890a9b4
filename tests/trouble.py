"""Effects of paper, light and camera on a page: functions from image to image."""

from __future__ import annotations

import math
from collections.abc import Iterable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Color = tuple[int, int, int]
Floats = NDArray[np.float64]

WHITE = (255, 255, 255)
BLUE_RULE = (168, 190, 224)
RED_RULE = (226, 120, 128)
WALNUT, BEECH = (62, 46, 36), (152, 112, 76)


# On the paper


def draw_rules(
    page: Image.Image,
    *,
    spacing: float,
    first: float,
    color: Color = BLUE_RULE,
    width: int = 2,
) -> Image.Image:
    """Draw lines across the page; `first` is the height of the first in pixels."""
    lines = [(0, y, page.width, y) for y in np.arange(first % spacing, page.height, spacing)]
    return draw_lines(page, lines, color, width)


def draw_squares(
    page: Image.Image,
    *,
    spacing: float,
    first: tuple[float, float] = (0, 0),
    color: Color = BLUE_RULE,
    width: int = 2,
) -> Image.Image:
    """Draw lines across and down the page."""
    left, top = first
    down = [(x, 0, x, page.height) for x in np.arange(left % spacing, page.width, spacing)]
    page = draw_rules(page, spacing=spacing, first=top, color=color, width=width)
    return draw_lines(page, down, color, width)


def draw_margin(page: Image.Image, x: float, color: Color = RED_RULE) -> Image.Image:
    """Draw a red line down the page."""
    return draw_lines(page, [(x, 0, x, page.height)], color, 3)


def draw_boxes(
    page: Image.Image,
    boxes: Iterable[tuple[float, float, float, float]],
    color: Color = (70, 74, 82),
    width: int = 3,
) -> Image.Image:
    """Draw boxes of a form, each left, top, right, bottom."""
    sides = [
        side
        for left, top, right, bottom in boxes
        for side in (
            (left, top, right, top),
            (left, bottom, right, bottom),
            (left, top, left, bottom),
            (right, top, right, bottom),
        )
    ]
    return draw_lines(page, sides, color, width)


def draw_lines(
    page: Image.Image,
    lines: Iterable[tuple[float, float, float, float]],
    color: Color,
    width: int,
) -> Image.Image:
    """Draw lines in translucent ink, each from x, y to x, y."""
    ink = Image.new("RGB", page.size, WHITE)
    draw = ImageDraw.Draw(ink)
    for line in lines:
        draw.line([round(end) for end in line], fill=color, width=width)
    return ImageChops.multiply(page, ink)


def add_wiped_writing(page: Image.Image, older: Image.Image, *, left: float = 0.25) -> Image.Image:
    """Add older writing to a whiteboard, of which a share of the ink is left after wiping."""
    ink = 1 - scaled_to_one(older.resize(page.size))
    smears = Image.fromarray(np.uint8(255 * ink)).filter(ImageFilter.BoxBlur((9, 1)))
    wiped = 0.6 * ink + 0.7 * np.asarray(smears) / 255
    return to_image(scaled_to_one(page) * (1 - left * wiped.clip(0, 1)))


def break_up_ink(page: Image.Image, *, seed: int, lost: float = 0.5) -> Image.Image:
    """Break up ink by the grain of the paper, like pencil and chalk."""
    values = scaled_to_one(page)
    paper = np.median(values, axis=(0, 1))
    tooth = make_grain(values.shape[:2], seed, 1.0)
    kept = 1 - lost * (1 / (1 + np.exp(-2.5 * tooth)))[..., None]
    return to_image(paper + (values - paper) * kept)


# Light


def add_shadow(
    page: Image.Image,
    *,
    through: tuple[float, float],
    degrees: float,
    depth: float = 0.45,
    blur: float = 6,
) -> Image.Image:
    """Add a shadow whose edge passes a point, in parts of width and height, at an angle."""
    away = distance_from_line(page.size, through, degrees)
    shade = 1 / (1 + np.exp(np.clip(-away / blur, -50, 50)))
    return to_image(scaled_to_one(page) * (1 - depth * shade)[..., None])


def add_flash(
    page: Image.Image,
    *,
    center: tuple[float, float],
    reach: float = 0.16,
    strength: float = 0.75,
    dim: float = 0.45,
) -> Image.Image:
    """Add the reflection of a flash, with the page darker away from it."""
    width, height = page.size
    y, x = np.mgrid[0:height, 0:width]
    square = (x - center[0] * width) ** 2 + (y - center[1] * height) ** 2
    square = square / max(width, height) ** 2
    glare = strength * np.exp(-square / (2 * reach**2))
    light = 1 - dim * (1 - np.exp(-square / 0.35))
    lit = scaled_to_one(page) * light[..., None]
    return to_image(lit + glare[..., None] * (1 - lit))


# Position of the page


def bend(page: Image.Image, *, sag: float = 0, fan: float = 0) -> Image.Image:
    """Bend a page like that of an open book: rows sag, and fan out to the right, in pixels."""
    width, height = page.size
    pad = math.ceil(abs(sag) + abs(fan))
    padded = Image.fromarray(np.pad(np.asarray(page), ((pad, pad), (0, 0), (0, 0)), "edge"))

    def source_y(x: float, y: float) -> float:
        across, down = x / width, y / height
        return y + pad - sag * math.sin(math.pi * across) + 2 * fan * (down - 0.5) * across

    mesh = []
    edges = np.linspace(0, width, 49).round().astype(int).tolist()
    for left, right in zip(edges, edges[1:], strict=False):
        corners = [(left, 0), (left, height), (right, height), (right, 0)]
        quad = [value for x, y in corners for value in (x, source_y(x, y))]
        mesh.append(((left, 0, right, height), quad))
    return padded.transform(page.size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)


def lay_on_table(
    page: Image.Image, *, degrees: float, wood: Color = WALNUT, around: int = 160
) -> Image.Image:
    """Lay the sheet, rotated counterclockwise, on a table, with its shadow."""
    size = (page.width + 2 * around, page.height + 2 * around)
    fibres = 1 + 0.05 * make_grain(size[::-1], 0, 1.0, stretch=60)
    table = to_image(np.array(wood) / 255 * fibres[..., None])
    sheet = page.convert("RGBA").rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    corner = ((size[0] - sheet.width) // 2, (size[1] - sheet.height) // 2)
    alpha = sheet.getchannel("A")
    dark = Image.new("L", size, 255)
    dark.paste(110, (corner[0] + 10, corner[1] + 14), alpha)
    dark = dark.filter(ImageFilter.GaussianBlur(8))
    table = ImageChops.multiply(table, Image.merge("RGB", [dark] * 3))
    table.paste(sheet, corner, alpha)
    return table


# Camera


def take_by_webcam(page: Image.Image, *, factor: float, seed: int) -> Image.Image:
    """Shrink by a factor, add noise, sharpen and compress, like a cheap camera."""
    size = (round(page.width / factor), round(page.height / factor))
    small = page.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.4))
    return compress_as_jpeg(
        add_noise(small, seed=seed, noise=3).filter(ImageFilter.UnsharpMask(1, 60)), 70
    )


def add_noise(page: Image.Image, *, seed: int, noise: float = 4) -> Image.Image:
    """Add sensor noise of a standard deviation, of 255."""
    rng = np.random.default_rng(seed)
    values = np.asarray(page, float) + noise * rng.standard_normal((page.height, page.width, 1))
    return to_image(values / 255)


def blur_page(page: Image.Image, radius: float) -> Image.Image:
    """Blur the page as if out of focus."""
    return page.filter(ImageFilter.GaussianBlur(radius))


def compress_as_jpeg(page: Image.Image, quality: int) -> Image.Image:
    """Compress the page and decode it again."""
    file = BytesIO()
    page.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


# Helpers


def scaled_to_one(page: Image.Image) -> Floats:
    return np.asarray(page.convert("RGB"), float) / 255


def to_image(values: Floats) -> Image.Image:
    return Image.fromarray(np.uint8(np.round(255 * values.clip(0, 1))))


def make_grain(shape: tuple[int, ...], seed: int, radius: float, *, stretch: float = 1) -> Floats:
    """Return random grain [h, w] of mean 0 and deviation 1, `stretch` times longer than wide."""
    rng = np.random.default_rng(seed)
    rough = Image.fromarray(rng.integers(0, 256, shape, np.uint8))
    smooth = np.asarray(rough.filter(ImageFilter.BoxBlur((radius * stretch, radius))), float)
    return (smooth - smooth.mean()) / smooth.std()


def distance_from_line(
    size: tuple[int, int], through: tuple[float, float], degrees: float
) -> Floats:
    """Return each pixel's distance from a line, positive on its right; 0 degrees is vertical."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    angle = math.radians(degrees)
    across, down = x - through[0] * width, y - through[1] * height
    return math.cos(angle) * across + math.sin(angle) * down
