"""What paper, light and camera do to a page: each trouble a function from image to image."""

from __future__ import annotations

import math
from collections.abc import Iterable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Floats = NDArray[np.float64]

WHITE = (255, 255, 255)
BLUE_RULE = (168, 190, 224)
RED_RULE = (226, 120, 128)
WALNUT, BEECH = (62, 46, 36), (152, 112, 76)


# What is printed on the paper, or lies on it.


def ruled(
    page: Image.Image,
    *,
    spacing: float,
    first: float,
    colour: Colour = BLUE_RULE,
    width: int = 2,
) -> Image.Image:
    """Lines across the page, the first so many pixels from its top."""
    lines = [(0, y, page.width, y) for y in np.arange(first % spacing, page.height, spacing)]
    return with_lines(page, lines, colour, width)


def squared(
    page: Image.Image,
    *,
    spacing: float,
    first: tuple[float, float] = (0, 0),
    colour: Colour = BLUE_RULE,
    width: int = 2,
) -> Image.Image:
    """Lines across and down the page."""
    left, top = first
    down = [(x, 0, x, page.height) for x in np.arange(left % spacing, page.width, spacing)]
    page = ruled(page, spacing=spacing, first=top, colour=colour, width=width)
    return with_lines(page, down, colour, width)


def with_margin(page: Image.Image, x: float, colour: Colour = RED_RULE) -> Image.Image:
    """A red line down the page."""
    return with_lines(page, [(x, 0, x, page.height)], colour, 3)


def boxed(
    page: Image.Image,
    boxes: Iterable[tuple[float, float, float, float]],
    colour: Colour = (70, 74, 82),
    width: int = 3,
) -> Image.Image:
    """Boxes of a form, each left, top, right, bottom."""
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
    return with_lines(page, sides, colour, width)


def with_lines(
    page: Image.Image,
    lines: Iterable[tuple[float, float, float, float]],
    colour: Colour,
    width: int,
) -> Image.Image:
    """Lines in translucent ink, each from x, y to x, y: what is under them shows through."""
    ink = Image.new("RGB", page.size, WHITE)
    draw = ImageDraw.Draw(ink)
    for line in lines:
        draw.line([round(end) for end in line], fill=colour, width=width)
    return ImageChops.multiply(page, ink)


def ghosted(page: Image.Image, older: Image.Image, *, left: float = 0.25) -> Image.Image:
    """Older writing on a whiteboard, wiped so badly that this share of its ink is left."""
    ink = 1 - scaled_to_one(older.resize(page.size))
    smears = Image.fromarray(np.uint8(255 * ink)).filter(ImageFilter.BoxBlur((9, 1)))
    wiped = 0.6 * ink + 0.7 * np.asarray(smears) / 255
    return from_unit(scaled_to_one(page) * (1 - left * wiped.clip(0, 1)))


def rubbed(page: Image.Image, *, seed: int, lost: float = 0.5) -> Image.Image:
    """Ink broken up by the tooth of the paper, as pencil and chalk are."""
    values = scaled_to_one(page)
    paper = np.median(values, axis=(0, 1))
    tooth = grain(values.shape[:2], seed, 1.0)
    kept = 1 - lost * (1 / (1 + np.exp(-2.5 * tooth)))[..., None]
    return from_unit(paper + (values - paper) * kept)


# What the light does.


def shadowed(
    page: Image.Image,
    *,
    through: tuple[float, float],
    degrees: float,
    depth: float = 0.45,
    blur: float = 6,
) -> Image.Image:
    """A shadow whose edge passes, at an angle, a place given in parts of width and height."""
    away = distance(page.size, through, degrees)
    shade = 1 / (1 + np.exp(np.clip(-away / blur, -50, 50)))
    return from_unit(scaled_to_one(page) * (1 - depth * shade)[..., None])


def flashed(
    page: Image.Image,
    *,
    centre: tuple[float, float],
    reach: float = 0.16,
    strength: float = 0.75,
    dim: float = 0.45,
) -> Image.Image:
    """A flash mirrored in the page, which grows darker away from it."""
    width, height = page.size
    y, x = np.mgrid[0:height, 0:width]
    square = (x - centre[0] * width) ** 2 + (y - centre[1] * height) ** 2
    square = square / max(width, height) ** 2
    glare = strength * np.exp(-square / (2 * reach**2))
    light = 1 - dim * (1 - np.exp(-square / 0.35))
    lit = scaled_to_one(page) * light[..., None]
    return from_unit(lit + glare[..., None] * (1 - lit))


# Where the page lies, and how.


def bent(page: Image.Image, *, sag: float = 0, fan: float = 0) -> Image.Image:
    """A page of an open book: rows sag by so many pixels, and fan out by so many at the end."""
    width, height = page.size
    pad = math.ceil(abs(sag) + abs(fan))
    padded = Image.fromarray(np.pad(np.asarray(page), ((pad, pad), (0, 0), (0, 0)), "edge"))

    def lifted(x: float, y: float) -> float:
        across, down = x / width, y / height
        return y + pad - sag * math.sin(math.pi * across) + 2 * fan * (down - 0.5) * across

    mesh = []
    edges = np.linspace(0, width, 49).round().astype(int).tolist()
    for left, right in zip(edges, edges[1:], strict=False):
        corners = [(left, 0), (left, height), (right, height), (right, 0)]
        quad = [value for x, y in corners for value in (x, lifted(x, y))]
        mesh.append(((left, 0, right, height), quad))
    return padded.transform(page.size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)


def on_table(
    page: Image.Image, *, degrees: float, wood: Colour = WALNUT, around: int = 160
) -> Image.Image:
    """The sheet turned anticlockwise on a table, with its shadow beside it."""
    size = (page.width + 2 * around, page.height + 2 * around)
    fibres = 1 + 0.05 * grain(size[::-1], 0, 1.0, stretch=60)
    table = from_unit(np.array(wood) / 255 * fibres[..., None])
    sheet = page.convert("RGBA").rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    corner = ((size[0] - sheet.width) // 2, (size[1] - sheet.height) // 2)
    alpha = sheet.getchannel("A")
    dark = Image.new("L", size, 255)
    dark.paste(110, (corner[0] + 10, corner[1] + 14), alpha)
    dark = dark.filter(ImageFilter.GaussianBlur(8))
    table = ImageChops.multiply(table, Image.merge("RGB", [dark] * 3))
    table.paste(sheet, corner, alpha)
    return table


# What the camera does.


def webcam(page: Image.Image, *, factor: float, seed: int) -> Image.Image:
    """So many times smaller, noisy, sharpened and squeezed, as from a cheap camera."""
    size = (round(page.width / factor), round(page.height / factor))
    small = page.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.4))
    return jpeg(noisy(small, seed=seed, noise=3).filter(ImageFilter.UnsharpMask(1, 60)), 70)


def noisy(page: Image.Image, *, seed: int, noise: float = 4) -> Image.Image:
    """Noise of the sensor, its standard deviation of 255."""
    rng = np.random.default_rng(seed)
    values = np.asarray(page, float) + noise * rng.standard_normal((page.height, page.width, 1))
    return from_unit(values / 255)


def blurred(page: Image.Image, radius: float) -> Image.Image:
    """Out of focus."""
    return page.filter(ImageFilter.GaussianBlur(radius))


def jpeg(page: Image.Image, quality: int) -> Image.Image:
    """As the file keeps it."""
    file = BytesIO()
    page.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


# What these share.


def scaled_to_one(page: Image.Image) -> Floats:
    return np.asarray(page.convert("RGB"), float) / 255


def from_unit(values: Floats) -> Image.Image:
    return Image.fromarray(np.uint8(np.round(255 * values.clip(0, 1))))


def grain(shape: tuple[int, ...], seed: int, radius: float, *, stretch: float = 1) -> Floats:
    """Random relief [h, w] of mean 0 and deviation 1, `stretch` times longer than wide."""
    rng = np.random.default_rng(seed)
    rough = Image.fromarray(rng.integers(0, 256, shape, np.uint8))
    smooth = np.asarray(rough.filter(ImageFilter.BoxBlur((radius * stretch, radius))), float)
    return (smooth - smooth.mean()) / smooth.std()


def distance(size: tuple[int, int], through: tuple[float, float], degrees: float) -> Floats:
    """Pixels from a line, [h, w], positive on its right; 0 degrees runs down the page."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    angle = math.radians(degrees)
    across, down = x - through[0] * width, y - through[1] * height
    return math.cos(angle) * across + math.sin(angle) * down
