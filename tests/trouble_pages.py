"""Pages with everything that makes reading difficult, and their text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from tests.page_maker import LINE, handprint_page
from tests.print_maker import columns_page, dot_matrix_page, printed_page, table_page
from tests.strokes import CAPITAL
from tests.trouble import (
    BEECH,
    add_flash,
    add_noise,
    add_shadow,
    add_wiped_writing,
    bend,
    blur_page,
    break_up_ink,
    compress_as_jpeg,
    draw_boxes,
    draw_lines,
    draw_margin,
    draw_rules,
    draw_squares,
    lay_on_table,
    take_by_webcam,
)

ROW = LINE / CAPITAL  # letter heights from row to row
BASELINE = 1.2 + (LINE - 4) / CAPITAL  # letter heights from the top to the first row's baseline

LETTER = [
    "Dear Martha,",
    "the train was late, so we walked",
    "home along the river. It is quiet",
    "here now; only the mill is heard.",
    "Bring a lamp, please, and my grey",
    "coat. Shall we meet on Monday?",
]
NOTE = ["MEET AT THE LIBRARY", "ON FRIDAY MORNING", "BRING 25 BOOKS, PAPER", "AND THE BLUE FOLDER"]
BOARD = ["Sprint goals", "1. fix the login page", "2. ship version 3", "3. plan the demo"]
WIPED = ["old budget 4700", "ask Henry about", "the next release", "call the bank"]
FORM = ["NAME JOHN WEAVER", "CITY BRISTOL", "BORN 27 05 1984", "CODE QX 3098 KF"]
CODE = [
    "def total(items):",
    "    count = 0",
    "    for item in items:",
    "        if item > 3:",
    "            count += item * 2",
    "    return count",
]
POINTS = [
    "Packing list",
    "  kitchen",
    "    pots, pans, knives",
    "    tea and sugar",
    "  garden",
    "    spade, rake, gloves",
]
PRINT = [
    "It was a bright cold day, and the clocks",
    "were striking: nobody listened. \"Who's",
    'there?" she asked; the wind, perhaps.',
    "Well-made things (a jug, a bowl, a lamp)",
    "stood by the door - all of them old!",
]
LEFT = [
    "The harbour was built when",
    "the town still lived from",
    "fish, and boats of all sizes",
    "came in with every tide. Now",
    "the quay is a place to walk,",
    "to eat ice cream and to look",
    "at the gulls, which have not",
    "changed their habits at all.",
]
RIGHT = [
    "A museum tells how the nets",
    "were made by hand in winter.",
    "Children may tie knots there",
    "and take them home. It opens",
    "on most days at ten, and the",
    "last visitors must leave by",
    "five, when the lights go out",
    "and the old clock is wound.",
]
PRICES = [
    ["Article", "Size", "Stock", "Price"],
    ["Hammer", "small", "14", "9.50"],
    ["Nails", "40 mm", "200", "2.75"],
    ["Saw", "large", "6", "18.90"],
    ["Glue", "tube", "31", "3.40"],
    ["Ladder", "3 m", "2", "64.00"],
]
RECEIPT = ["INVOICE 20417", "2 LAMPS   38.00", "1 CABLE    7.60", "TOTAL     45.60", "THANK YOU"]


@dataclass(frozen=True)
class Page:
    """The text of a page, and the function that draws it."""

    lines: Sequence[str]
    draw: Callable[[], Image.Image]

    @property
    def truth(self) -> str:
        return "\n".join(self.lines)


def write_page(lines: Sequence[str], *, seed: int = 0, **hand: Any) -> Image.Image:
    """Draw a clean page of hand-print in even light."""
    return handprint_page(lines, seed=seed, **{"shade": 0, "noise": 0, **hand})


def ruled_page(lines: Sequence[str], *, height: float, seed: int, **hand: Any) -> Image.Image:
    """Draw hand-print on ruled paper with a red margin; rows stand on the rules."""
    page = write_page(lines, seed=seed, letter_height=height, **hand)
    page = draw_rules(page, spacing=ROW * height, first=BASELINE * height)
    return draw_margin(page, 0.8 * height)


def ruled_paper() -> Image.Image:
    return add_noise(ruled_page(LETTER, height=54, seed=11), seed=0)


def dark_rules() -> Image.Image:
    page = write_page(NOTE, seed=3, letter_height=48, ink=(30, 30, 34))
    page = draw_rules(page, spacing=ROW * 48, first=BASELINE * 48 + 4, color=(110, 116, 130))
    return add_noise(page, seed=1)


def ruled_in_shadow() -> Image.Image:
    page = ruled_page(LETTER, height=54, seed=6)
    return add_noise(add_shadow(page, through=(0.58, 0.5), degrees=24, depth=0.5), seed=2)


def squared_paper() -> Image.Image:
    page = write_page(NOTE, seed=12, letter_height=52, ink=(32, 44, 110))
    return add_noise(draw_squares(page, spacing=ROW * 52 / 3, first=(17, BASELINE * 52)), seed=3)


def letter_a_square() -> Image.Image:
    height = 44
    unit = height / CAPITAL
    page = write_page(FORM, seed=5, letter_height=height, pitch=LINE)
    first = (1.2 * height, 1.2 * height - 0.75 * unit)
    return add_noise(draw_squares(page, spacing=LINE * unit, first=first), seed=4)


def form_boxes(color: tuple[int, int, int] = (96, 100, 110)) -> Image.Image:
    height, pitch = 46, 10.5
    side = height / CAPITAL * pitch
    page = write_page(FORM, seed=8, letter_height=height, pitch=pitch, ink=(24, 36, 92))
    boxes = [
        (left, top, left + side, top + 1.45 * height)
        for row, line in enumerate(FORM)
        for column, character in enumerate(line)
        if character != " "
        for left in [1.2 * height + column * side]
        for top in [(BASELINE - 1.2 + row * ROW) * height]
    ]
    return add_noise(draw_boxes(page, boxes, color), seed=5)


def form_fields() -> Image.Image:
    height = 46
    page = write_page(FORM, seed=9, letter_height=height)
    fields = [
        (0.7 * height, top, page.width - 30, top + 1.6 * height)
        for row in range(len(FORM))
        for top in [(BASELINE - 1.3 + row * ROW) * height]
    ]
    return add_noise(draw_boxes(page, fields, width=4), seed=6)


def underlined() -> Image.Image:
    height = 50
    page = write_page(LETTER[:4], seed=4, letter_height=height)
    lines = [
        (1.0 * height, y, page.width - 40 - 90 * (row % 2), y + 3)
        for row in range(4)
        for y in [(BASELINE + 0.1 + row * ROW) * height]
    ]
    return add_noise(draw_lines(page, lines, (40, 44, 70), 4), seed=7)


def shadow() -> Image.Image:
    page = write_page(LETTER, seed=2, letter_height=48)
    return add_noise(add_shadow(page, through=(0.4, 0.5), degrees=-35, depth=0.6, blur=3), seed=8)


def flash() -> Image.Image:
    page = write_page(LETTER, seed=13, letter_height=48)
    return add_noise(add_flash(page, center=(0.62, 0.4)), seed=9)


def whiteboard() -> Image.Image:
    board = {"letter_height": 56, "paper": (228, 231, 232), "pen": 0.13}
    page = write_page(BOARD, seed=14, ink=(30, 64, 150), **board)
    page = add_wiped_writing(page, write_page(WIPED, seed=15, ink=(30, 30, 30), **board))
    return add_noise(add_flash(page, center=(0.8, 0.15), reach=0.1, strength=0.4, dim=0.3), seed=10)


def colored_paper() -> Image.Image:
    page = write_page(NOTE, seed=16, letter_height=50, paper=(236, 118, 150), ink=(90, 30, 80))
    return add_noise(add_shadow(page, through=(0.9, 0.5), degrees=10, depth=0.3, blur=60), seed=11)


def blackboard() -> Image.Image:
    page = write_page(BOARD, seed=17, letter_height=56, paper=(44, 62, 54), ink=(226, 226, 214))
    return add_noise(blur_page(break_up_ink(page, seed=1, lost=0.6), 0.8), seed=12)


def pencil() -> Image.Image:
    page = write_page(LETTER, seed=18, letter_height=48, pen=0.08, ink=(150, 150, 154))
    return add_noise(blur_page(break_up_ink(page, seed=2, lost=0.6), 0.8), seed=13, noise=3)


def marker() -> Image.Image:
    return add_noise(blur_page(write_page(NOTE, seed=19, pen=0.24, ink=(20, 20, 24)), 1), seed=14)


def low_resolution() -> Image.Image:
    return take_by_webcam(write_page(NOTE, seed=20), factor=5, seed=15)


def low_resolution_print() -> Image.Image:
    return take_by_webcam(printed_page(PRINT, size=48, width=1180), factor=3, seed=16)


def dot_matrix() -> Image.Image:
    return add_noise(dot_matrix_page(RECEIPT, seed=17), seed=17)


def touching() -> Image.Image:
    return add_noise(write_page(NOTE, seed=21, letter_height=52, gap=0.9), seed=18)


def touching_lower_case() -> Image.Image:
    return add_noise(write_page(LETTER, seed=22, letter_height=52, gap=1.4), seed=19)


def sheet_on_table() -> Image.Image:
    sheet = ruled_page(NOTE, height=46, seed=23)
    return add_noise(lay_on_table(sheet, degrees=8), seed=20)


def sheet_on_light_table() -> Image.Image:
    sheet = write_page(LETTER, letter_height=42, seed=29)
    return add_noise(lay_on_table(sheet, degrees=-5, wood=BEECH), seed=29)


def climbing_rows() -> Image.Image:
    return add_noise(bend(write_page(LETTER, seed=24, letter_height=44), fan=45), seed=21)


def bent_rows() -> Image.Image:
    page = ruled_page(LETTER, height=44, seed=25)
    return add_noise(bend(page, sag=60, fan=20), seed=22)


def two_columns() -> Image.Image:
    page = columns_page("News from the harbour", [LEFT, RIGHT], size=26, width=900)
    return add_noise(bend(page, fan=4), seed=23)


def table() -> Image.Image:
    page = table_page(PRICES, stops=(60, 320, 560, 800))
    lines = [(40, y, 940, y) for y in (50, 100)] + [(40, page.height - 56, 940, page.height - 56)]
    return add_noise(draw_lines(page, lines, (60, 60, 60), 3), seed=24)


def spaced_capitals() -> Image.Image:
    return add_noise(write_page(NOTE, seed=27, letter_height=50, gap=7), seed=26)


#: Pages by name; each difficulty was met on photographs of real pages.
PAGES = {
    "ruled paper": Page(LETTER, ruled_paper),
    "dark rules": Page(NOTE, dark_rules),
    "ruled paper in shadow": Page(LETTER, ruled_in_shadow),
    "squared paper": Page(NOTE, squared_paper),
    "a letter a square": Page(FORM, letter_a_square),
    "form boxes": Page(FORM, form_boxes),
    "form fields": Page(FORM, form_fields),
    "underlined": Page(LETTER[:4], underlined),
    "shadow": Page(LETTER, shadow),
    "flash": Page(LETTER, flash),
    "whiteboard": Page(BOARD, whiteboard),
    "coloured paper": Page(NOTE, colored_paper),
    "blackboard": Page(BOARD, blackboard),
    "pencil": Page(LETTER, pencil),
    "marker": Page(NOTE, marker),
    "low resolution": Page(NOTE, low_resolution),
    "print of low resolution": Page(PRINT, low_resolution_print),
    "dot matrix": Page(RECEIPT, dot_matrix),
    "touching capitals": Page(NOTE, touching),
    "touching lower case": Page(LETTER, touching_lower_case),
    "sheet on a table": Page(NOTE, sheet_on_table),
    "sheet on a light table": Page(LETTER, sheet_on_light_table),
    "climbing rows": Page(LETTER, climbing_rows),
    "bent rows": Page(LETTER, bent_rows),
    "two columns": Page(["News from the harbour", *LEFT, *RIGHT], two_columns),
    "table": Page([" ".join(row) for row in PRICES], table),
    "indents": Page(
        POINTS, lambda: add_noise(write_page(POINTS, seed=26, letter_height=48), seed=25)
    ),
    "spaced capitals": Page(NOTE, spaced_capitals),
    "print with punctuation": Page(
        PRINT, lambda: compress_as_jpeg(add_noise(printed_page(PRINT), seed=27), 60)
    ),
    "source code": Page(
        CODE, lambda: add_noise(write_page(CODE, seed=28, letter_height=50), seed=28)
    ),
}
