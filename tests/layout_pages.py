"""Pages whose rows are hard to find or to put in order, and their text."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from tests.page_maker import handprint_page
from tests.print_maker import INK, LEADING, PAPER, write
from tests.trouble import add_noise, bend, draw_lines
from tests.trouble_pages import LETTER, PRICES, Page

PROSE = (
    "The harbor was built when the town still lived from fish, and boats of all sizes came in "
    "with every tide. Now the quay is a place to walk, to eat ice cream and to look at the gulls, "
    "which have not changed their habits at all. A museum tells how the nets were made by hand in "
    "winter. Children may tie knots there and take them home. It opens on most days at ten, and "
    "the last visitors must leave by five, when the lights go out and the old clock is wound. "
    "Behind the market a lane climbs to the church, whose tower can be seen from far out at sea. "
    "The keeper of the light wrote down each ship that passed, her master, her port and what she "
    "carried. His books fill three shelves, and nobody has yet read them from end to end. In the "
    "spring of that year a storm took the roof of the long shed where the ropes were twisted, and "
    "the men worked in the open until the autumn. They sang, it is said, so that the foreman knew "
    "that no one slept."
)
HEADING = "News from the harbor and the town"
CHORES = ["CALL THE BANK", "BUY MILK AND EGGS", "FIX THE GATE", "WATER THE PLANTS", "PAY THE RENT"]
ERRANDS = ["RETURN THE BOOKS", "CLEAN THE SHED", "VISIT OLD TOM", "POST A LETTER", "FEED THE CAT"]
BILL = [
    ("Bread and rolls", "4.20"),
    ("Milk", "1.35"),
    ("Oranges from Spain", "6.80"),
    ("Soap", "2.15"),
    ("Two candles", "3.90"),
    ("Total", "18.40"),
]
GOODS = [["7", "Hammer", "1", "299"], ["8", "Nails", "200", "12"], ["9", "Saw", "3", "845"]]
GOODS += [["10", "Glue", "31", "340"], ["11", "Ladder", "2", "640"]]


def set_columns(
    count: int,
    gutter: float,
    *,
    ragged: bool,
    heading: bool = False,
    rows: int = 10,
    size: float = 24,
) -> Page:
    """Set running text in columns with gutters of so many letter heights."""
    font = ImageFont.load_default(size)
    cap_height = font.getbbox("H")[3] - font.getbbox("H")[1]
    width = 330
    lines = wrap(PROSE, font, width)
    columns = [lines[k * rows : (k + 1) * rows] for k in range(count)]
    columns[0] = columns[0][: rows - 1] + [columns[0][rows - 1].split()[0]]
    margin = 2 * size
    top = margin + (2.5 * size if heading else 0)
    step = width + gutter * cap_height
    page = blank(2 * margin + count * step - gutter * cap_height, top + margin + rows * size * 1.45)
    if heading:
        write(page, [HEADING], (margin, margin), 1.4 * size)
    for k, column in enumerate(columns):
        for row, line in enumerate(column):
            place = (margin + k * step, top + LEADING * size * row)
            whole = not ragged and row < len(column) - 1
            write_line(page, line, place, font, width if whole else None)
    truth = [HEADING] * heading + [line for column in columns for line in column]
    return Page(truth, lambda: add_noise(page, seed=count))


def wrap(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break text into lines of at most a width in pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if font.getlength(longer) <= width else [*lines, word]
    return lines


def write_line(
    page: Image.Image,
    line: str,
    place: tuple[float, float],
    font: ImageFont.FreeTypeFont,
    width: float | None = None,
) -> None:
    """Write a line of print; with a width, spread its words over it."""
    x, y = place
    words = line.split()
    space = font.getlength(" ")
    if width is not None and len(words) > 1:
        space = (width - sum(map(font.getlength, words))) / (len(words) - 1)
    for word in words:
        ImageDraw.Draw(page).text((x, y), word, fill=INK, font=font)
        x += font.getlength(word) + space


def blank(width: float, height: float) -> Image.Image:
    return Image.new("RGB", (round(width), round(height)), PAPER)


def side_by_side(lists: Sequence[Sequence[str]], *, gap: int = 150, seed: int = 31) -> Page:
    """Draw hand-printed lists next to each other, with rows at the same heights."""
    ink = {"letter_height": 40, "shade": 0, "noise": 0}
    parts = [handprint_page(lines, seed=seed + k, **ink) for k, lines in enumerate(lists)]
    page = Image.new(
        "RGB", (sum(p.width + gap for p in parts) - gap, parts[0].height), parts[0].getpixel((0, 0))
    )
    x = 0
    for part in parts:
        page.paste(part, (x, 0))
        x += part.width + gap
    truth = [line for lines in lists for line in lines]
    return Page(truth, lambda: add_noise(page, seed=seed))


def receipt(*, leaders: bool) -> Page:
    """Draw items with right-aligned prices, and perhaps dots from one to the other."""
    font = ImageFont.load_default(28)
    page = blank(620, 100 + 44 * len(BILL))
    for row, (item, price) in enumerate(BILL):
        y = 50 + 44 * row
        start, end = 50 + font.getlength(item) + 8, 570 - font.getlength(price)
        write_line(page, item, (50, y), font)
        write_line(page, price, (end, y), font)
        dots = int((end - 8 - start) / font.getlength(".")) if leaders else 0
        ImageDraw.Draw(page).text((start, y), "." * dots, fill=INK, font=font)
    truth = [f"{item} {price}" for item, price in BILL]
    return Page(truth, lambda: add_noise(page, seed=5))


def table(cells: Sequence[Sequence[str]], stops: Sequence[int], *, ruled: bool) -> Page:
    """Draw a table; `stops` are the left edges of its columns and the right edge of the last."""
    size, pitch = 26, 44
    page = blank(stops[-1] + 40, 80 + pitch * len(cells))
    for row, texts in enumerate(cells):
        for x, text in zip(stops, texts, strict=False):
            write(page, [text], (x + 8, 44 + pitch * row), size)
    if ruled:
        bottom = 40 + pitch * len(cells)
        across = [(stops[0], y, stops[-1], y) for y in range(40, bottom + 1, pitch)]
        down = [(x, 40, x, bottom) for x in stops]
        page = draw_lines(page, across + down, (60, 60, 60), 3)
    return Page([" ".join(row) for row in cells], lambda: add_noise(page, seed=6))


def tilted(page: Page, degrees: float) -> Page:
    """Rotate a page counterclockwise."""
    color = page.draw().getpixel((2, 2))
    return Page(
        page.lines,
        lambda: page.draw().rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=color),
    )


def hand(lines: Sequence[str] = LETTER, *, sag: float = 0, fan: float = 0, **style: float) -> Page:
    """Draw hand-print in rows that may bend like those of a book."""

    def draw() -> Image.Image:
        page = handprint_page(lines, seed=24, letter_height=44, shade=0, noise=0, **style)
        return add_noise(bend(page, sag=sag, fan=fan), seed=21)

    return Page(lines, draw)


#: Pages by name.
PAGES = {
    "two justified columns": set_columns(2, 3, ragged=False),
    "two ragged columns": set_columns(2, 3, ragged=True),
    "two columns, wide gutter": set_columns(2, 7, ragged=True),
    "two columns, narrow gutter": set_columns(2, 1.5, ragged=False),
    "three columns under a heading": set_columns(3, 2.5, ragged=False, heading=True),
    "three ragged columns": set_columns(3, 2.5, ragged=True),
    "four columns, narrow gutters": set_columns(4, 1.5, ragged=False, rows=8),
    "four ragged columns under a heading": set_columns(4, 2, ragged=True, heading=True, rows=8),
    "short columns": set_columns(2, 3, ragged=True, rows=4),
    "two lists": side_by_side([CHORES, ERRANDS]),
    "two lists close together": side_by_side([CHORES, ERRANDS], gap=20),
    "lists of four": side_by_side([CHORES[:4], ERRANDS[:4]]),
    "one list, wide spaces": side_by_side([[line.replace(" ", "  ") for line in CHORES]]),
    "receipt": receipt(leaders=False),
    "receipt with leaders": receipt(leaders=True),
    "table": table(PRICES, (40, 300, 520, 700, 860), ruled=False),
    "ruled table": table(PRICES, (40, 240, 380, 500, 640), ruled=True),
    "table of numbers": table(GOODS, (40, 100, 260, 330, 430), ruled=False),
    "ruled table of numbers": table(GOODS, (40, 84, 180, 236, 296), ruled=True),
    "climbing page": tilted(set_columns(1, 0, ragged=True), 5),
    "columns on a tilted page": tilted(set_columns(2, 3, ragged=True), -4),
    "climbing hand": tilted(hand(), 5),
    "fanned rows": hand(fan=60),
    "bent rows": hand(sag=45),
    "bent columns": Page(
        set_columns(2, 3, ragged=False).lines,
        lambda: bend(set_columns(2, 3, ragged=False).draw(), sag=40, fan=20),
    ),
    "rows close together": hand(leading=11),
    "touching rows": hand(leading=9.2),
}
