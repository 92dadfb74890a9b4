"""Pages with marks and pictures beside or over the text, and pages from poor devices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from tests.print_maker import printed_page
from tests.strokes import CAPITAL
from tests.trouble import WHITE, add_noise, draw_boxes, draw_lines, make_grain, to_image
from tests.trouble_pages import BASELINE, FORM, NOTE, RECEIPT, ROW, WIPED, Page, write_page

HEIGHT = 36  # px, of a capital
TASKS = ["WATER THE PLANTS", "PAY THE RENT", "CALL BRISTOL", "BUY 12 LAMPS"]
STOCK = ["- 40 PENS, BLACK", "- 12 BOXES", "- 7 FOLDERS"]


def note(seed: int, **hand: object) -> Image.Image:
    return write_page(NOTE, seed=seed, letter_height=HEIGHT, **hand)


def row_top(row: int) -> float:
    """Ordinate of the top of a row's capitals."""
    return (BASELINE - 1 + row * ROW) * HEIGHT


def mark(page: Image.Image, draw_on: Callable[[ImageDraw.ImageDraw], object]) -> Image.Image:
    """Draw marks in translucent ink."""
    ink = Image.new("RGB", page.size, WHITE)
    draw_on(ImageDraw.Draw(ink))
    return ImageChops.multiply(page, ink)


def comb_boxes() -> Image.Image:
    pitch = 10.0
    side = HEIGHT / CAPITAL * pitch
    page = write_page(FORM, seed=31, letter_height=HEIGHT, pitch=pitch)
    length = max(map(len, FORM))
    lines = []
    for row in range(len(FORM)):
        left, bottom = 1.2 * HEIGHT, row_top(row) + 1.25 * HEIGHT
        lines.append((left, bottom, left + length * side, bottom))
        for x in left + side * np.arange(length + 1):
            lines.append((x, bottom - 0.5 * HEIGHT, x, bottom))
    return add_noise(draw_lines(page, lines, (110, 116, 128), 2), seed=31)


def check_boxes() -> Image.Image:
    page = write_page(TASKS, seed=32, letter_height=HEIGHT)
    page = ImageOps.expand(page, (60, 0, 0, 0), page.getpixel((0, 0)))
    boxes = [(40, row_top(row), 40 + 34, row_top(row) + 34) for row in range(len(TASKS))]
    return add_noise(draw_boxes(page, boxes, width=3), seed=32)


def stamp() -> Image.Image:
    page = note(33)
    seal = Image.new("RGB", (300, 90), WHITE)
    draw = ImageDraw.Draw(seal)
    draw.rounded_rectangle((4, 4, 295, 85), 8, outline=(214, 150, 160), width=6)
    seal = seal.rotate(14, Image.Resampling.BICUBIC, expand=True, fillcolor=WHITE)
    layer = Image.new("RGB", page.size, WHITE)
    layer.paste(seal, (page.width // 2 - 60, page.height // 2 - 80))
    return add_noise(ImageChops.multiply(page, layer), seed=33)


def circle_and_arrow() -> Image.Image:
    page = ImageOps.expand(note(34), (0, 0, 150, 0), (240, 236, 226))
    top = row_top(1)
    red = (214, 50, 60)

    def marks(draw: ImageDraw.ImageDraw) -> None:
        draw.ellipse((18, top - 20, page.width - 130, top + HEIGHT + 20), outline=red, width=4)
        end = (page.width - 124, top + 20)
        draw.line([(page.width - 30, top + 130), end], fill=red, width=4)
        draw.line([(end[0] + 4, end[1] + 26), end, (end[0] + 28, end[1] + 8)], fill=red, width=4)

    return add_noise(mark(page, marks), seed=34)


def show_through() -> Image.Image:
    page = note(35)
    back = ImageOps.mirror(write_page(WIPED, seed=36, letter_height=HEIGHT).resize(page.size))
    faint = to_image(1 - 0.22 * (1 - np.asarray(back.filter(ImageFilter.BoxBlur(2)), float) / 255))
    return add_noise(ImageChops.multiply(page, faint), seed=35)


def holes_and_fold() -> Image.Image:
    page = ImageOps.expand(note(37), (60, 0, 0, 0), (240, 236, 226))
    draw = ImageDraw.Draw(page)
    for y in (page.height // 4, 3 * page.height // 4):
        draw.circle((34, y), 20, fill=(64, 60, 58))
    x = np.arange(page.width) - 0.55 * page.width
    fold = 1 - 0.35 * np.exp(-np.abs(x) / 14) * (x > 0) + 0.04 * np.exp(-np.abs(x) / 9) * (x <= 0)
    return add_noise(to_image(np.asarray(page, float) / 255 * fold[:, None]), seed=37)


def finger() -> Image.Image:
    page = ImageOps.expand(note(38), (0, 0, 0, 90), (240, 236, 226))
    draw = ImageDraw.Draw(page)
    box = (page.width - 230, page.height - 80, page.width - 110, page.height + 140)
    draw.rounded_rectangle(box, 60, fill=(206, 154, 128))
    return add_noise(page.filter(ImageFilter.GaussianBlur(0.6)), seed=38)


def photograph_on_page() -> Image.Image:
    page = note(39)
    clouds = make_grain((260, page.width - 80), 39, 12) + make_grain((260, page.width - 80), 40, 3)
    picture = to_image(np.repeat((0.45 + 0.16 * clouds)[..., None], 3, 2))
    page = ImageOps.expand(page, (0, 0, 0, 280), (240, 236, 226))
    page.paste(picture, (40, page.height - 290))
    return add_noise(page, seed=39)


def dark_band() -> Image.Image:
    page = note(41)
    band = round(row_top(0) + 1.45 * HEIGHT)
    page.paste(ImageOps.invert(page.crop((0, 0, page.width, band))), (0, 0))
    return add_noise(page, seed=41)


def qr_code() -> Image.Image:
    page = ImageOps.expand(note(42), (0, 0, 230, 0), (240, 236, 226))
    cells = np.random.default_rng(42).integers(0, 2, (25, 25), np.uint8) * 225
    code = Image.fromarray(np.kron(cells, np.ones((7, 7), np.uint8)))
    page.paste(code.convert("RGB"), (page.width - 205, 40))
    return add_noise(page, seed=42)


def moire() -> Image.Image:
    page = np.asarray(note(43), float) / 255
    y, x = np.mgrid[0 : page.shape[0], 0 : page.shape[1]]
    waves = 0.07 * np.sin(x / 2.3 + 6 * np.sin(y / 90)) + 0.07 * np.sin(
        y / 2.1 + 5 * np.sin(x / 70)
    )
    return add_noise(to_image(page * (0.92 + waves)[..., None]), seed=43)


def fax() -> Image.Image:
    page = note(44).convert("L")
    page = page.resize((page.width // 2, page.height // 4 * 2), Image.Resampling.BOX)
    noisy = np.asarray(page, float) + 26 * np.random.default_rng(44).standard_normal(
        page.size[::-1]
    )
    return Image.fromarray(np.where(noisy > 140, 255, 0).astype(np.uint8)).convert("RGB")


def thermal_print() -> Image.Image:
    page = printed_page(RECEIPT, size=26, width=420)
    faded = 0.55 + 0.45 * np.asarray(page, float) / 255
    streaks = 1 - 0.18 * (np.arange(page.width) % 97 < 2)
    fade = to_image(1 - (1 - faded) * streaks[None, :, None])
    return add_noise(fade, seed=45)


def dithering() -> Image.Image:
    page = note(46, paper=(206, 202, 194))
    return page.convert("1").convert("RGB")


def touching_border() -> Image.Image:
    page = note(47)
    ink = np.asarray(page.convert("L")) < 140
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return add_noise(page.crop(box), seed=47)


def dash_at_border() -> Image.Image:
    page = write_page(STOCK, seed=48, letter_height=HEIGHT)
    ink = np.flatnonzero((np.asarray(page.convert("L")) < 140).any(0))
    return add_noise(page.crop((int(ink[0]), 0, page.width, page.height)), seed=48)


#: Pages by name.
MARKED = {
    "comb boxes": Page(FORM, comb_boxes),
    "check boxes": Page(TASKS, check_boxes),
    "stamp": Page(NOTE, stamp),
    "circle and arrow": Page(NOTE, circle_and_arrow),
    "show-through": Page(NOTE, show_through),
    "holes and a fold": Page(NOTE, holes_and_fold),
    "finger": Page(NOTE, finger),
    "photograph on the page": Page(NOTE, photograph_on_page),
    "light text in a dark band": Page(NOTE, dark_band),
    "QR code": Page(NOTE, qr_code),
    "moiré": Page(NOTE, moire),
    "fax": Page(NOTE, fax),
    "thermal print": Page(RECEIPT, thermal_print),
    "dithering": Page(NOTE, dithering),
    "text at the border": Page(NOTE, touching_border),
    "dash at the border": Page(STOCK, dash_at_border),
}
