"""Layouts of running text: notes, columns, headings, lists, code, boards, signs, big words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ocr.drawing import forms, paper, scenery, words
from ocr.drawing.canvas import Pen, ellipse
from ocr.drawing.lines import SMALL_UNIT, Group, Line
from ocr.drawing.page import Area, Page

Layout = Callable[[Page], None]


def random_layout(page: Page) -> None:
    """Fill the page's area with a layout at random."""
    kinds, weights = zip(*LAYOUTS.items(), strict=True)
    page.dice.choices(kinds, weights)[0](page)


def paragraph(
    page: Page,
    area: Area,
    *,
    height: float | None = None,
    group: Group | None = None,
    rows: int | None = None,
    pitch: float | None = None,
    justified: bool = False,
) -> float:
    """Write rows from the top of an area down to its end, and return where they end.

    Parameters
    ----------
    page : Page
    area : Area
    height : float, optional
        Capital height, px.
    group : Group, optional
        Its lines are written.
    rows : int, optional
        At most so many rows.
    pitch : float, optional
        From baseline to baseline, px.
    justified : bool
        Stretch the rows to the area's width.

    Returns
    -------
    float
        The last row's baseline, px.
    """
    dice = page.dice
    height = height or page.random_height()
    group = group or page.group(height)
    pen = page.pen(group)
    pitch = pitch or height * (
        dice.uniform(1.35, 2.1) if group.is_print else dice.uniform(1.4, 2.7)
    )
    y = area.top + height
    if page.ruling.kind != "plain" and not group.is_print and dice.random() < 0.75:
        y, pitch = _on_rules(page, y, height, pitch)
    rough = 0.0 if group.is_print else 1.0
    indent = height * dice.uniform(1, 3) if dice.random() < 0.3 else 0.0
    underlined = dice.random() < 0.08
    mixed_pens = dice.random() < 0.12
    for row in range(rows or 99):
        if y > min(area.bottom, page.canvas.size + height):
            break
        if dice.random() < 0.05 and row:
            y += pitch * (1 if group.is_print else dice.uniform(0.5, 1.5))
            continue
        x = area.left + rough * dice.gauss(0, height * 0.25) + (indent if row % 5 == 0 else 0)
        size = height * (1 + rough * dice.gauss(0, 0.04))
        line = page.row_of(group, (area.right - x) / height * dice.choice([1, 1, 1, 0.6]))
        used = replace(pen, slope=pen.slope + rough * dice.gauss(0, 0.006))
        room = max(area.right - x, 2 * height)
        stretch = _stretch(line, room / height) if justified else 1.0
        done = page.canvas.write(line, x, y, size, used, width=room, stretch=stretch)
        if done is not None:
            pen = replace(pen, value=None if mixed_pens else done.value)
            if underlined and dice.random() < 0.6:
                _underline(page, x, y, min(room, line.proportion * height), height, done)
            if dice.random() < 0.015:
                _strike_out(page, x, y, min(room, line.proportion * height), height, done)
        y += pitch
    return y - pitch


def _on_rules(page: Page, y: float, height: float, pitch: float) -> tuple[float, float]:
    """First baseline and pitch of rows written on the paper's rules."""
    rule = page.ruling.pitch
    first = page.area.top + page.ruling.offset % rule
    steps = max(0, round((y - first) / rule))
    return first + steps * rule - height * page.dice.uniform(-0.1, 0.25), rule * max(
        1, round(pitch / rule)
    )


def _stretch(line: Line, proportion: float) -> float:
    """Factor that brings a line to a width, where that takes little."""
    natural = min(line.proportion, proportion)
    wanted = proportion / max(natural, 0.1)
    return wanted if 1.0 <= wanted < 1.18 else 1.0


def _underline(page: Page, x: float, y: float, width: float, height: float, pen: Pen) -> None:
    drop = height * page.dice.uniform(0.08, 0.3)
    style = page.rule_style()._replace(value=pen.value or 0.0, width=max(1, round(height * 0.08)))
    for shift in (0.0, height * 0.2)[: page.dice.choice([1, 1, 1, 2])]:
        page.rule(x, y + drop + shift, x + width, y + drop + shift + pen.slope * width, style)


def _strike_out(page: Page, x: float, y: float, width: float, height: float, pen: Pen) -> None:
    style = page.rule_style()._replace(value=pen.value or 0.0, width=max(1, round(height * 0.08)))
    end = x + width * page.dice.uniform(0.2, 1)
    page.rule(x, y - height * 0.35, end, y - height * page.dice.uniform(0.25, 0.5), style)


def notes(page: Page) -> None:
    """One to four paragraphs by one hand or several, anywhere on the page."""
    dice, area = page.dice, page.area
    whole = area.width < page.canvas.size
    for i in range(dice.choice([1, 1, 2, 3, 4])):
        left = area.left + dice.uniform(0.02, 0.35) * area.width
        top = area.top + (dice.uniform(0, 0.35) if i == 0 else dice.uniform(0, 0.9)) * area.height
        right = area.right - (dice.uniform(4, 30) if whole else dice.uniform(-100, 150))
        rows = dice.choice([None, dice.randint(1, 14)])
        paragraph(page, Area(left, top, right, area.bottom - 4), rows=rows)


def columns(page: Page) -> None:
    """Print in two to four columns, justified or ragged, with a rule between them or not."""
    dice, area = page.dice, page.area
    count = dice.choice([1, 2, 2, 2, 3, 3, 4])
    limit = min(34.0, area.width / count / 7)
    height = (
        page.random_height(6.5, max(7.5, limit)) if dice.random() < 0.5 else dice.uniform(6.5, 10)
    )
    group = page.group(height, dice.random() < 0.92)
    gutter = height * dice.uniform(1.0, 4)
    wide = min((area.width - gutter * count) / count, height * dice.uniform(14, 60))
    left = area.left + gutter * dice.uniform(0, 1)
    top = area.top + dice.uniform(-20, 60)
    if dice.random() < 0.35:
        top = heading(page, Area(left, max(top, area.top), area.right, area.bottom)) + 1.2 * height
    pitch, justified = height * dice.uniform(1.3, 1.9), dice.random() < 0.65
    style = page.rule_style() if dice.random() < 0.2 else None
    for i in range(count):
        x = left + i * (wide + gutter)
        y = top + (0 if dice.random() < 0.7 else dice.uniform(0, 5) * pitch)
        if dice.random() < 0.15:
            tall = wide * dice.uniform(0.4, 1.2)
            scenery.lay_picture(page, Area(x, y, x + wide, y + tall))
            y += tall + height * 0.5
        column = Area(x, y, x + wide, area.bottom)
        paragraph(page, column, height=height, group=group, pitch=pitch, justified=justified)
        if style and i:
            page.rule(x - gutter / 2, top, x - gutter / 2, area.bottom, style)


def heading(page: Page, area: Area) -> float:
    """One or two rows of large letters, sometimes the width of the area; returns their end."""
    dice = page.dice
    height = page.random_height(14, min(90.0, area.height * 0.4 + 14))
    group = page.group(height)
    pen = replace(page.pen(group), contrast=dice.uniform(0.5, 1))
    y = area.top
    for _ in range(dice.choice([1, 1, 2])):
        y += height * 1.1
        line = dice.choice(group.lines)
        x = area.left
        if dice.random() < 0.5:
            x += max(0.0, (area.width - line.proportion * height) / 2)
        page.canvas.write(line, x, y, height, pen, width=area.right - x)
        y += height * dice.uniform(0.2, 0.6)
    if dice.random() < 0.15:
        page.rule(area.left, y, area.right, y, page.rule_style())
    return y


def title_page(page: Page) -> None:
    """Rows of very different sizes below each other, centered or not."""
    dice, area = page.dice, page.area
    y, centered = area.top + dice.uniform(0, 80), dice.random() < 0.6
    while y < area.bottom:
        height = page.random_height(7, 100)
        group = page.group(height)
        pen = page.pen(group)
        for _ in range(dice.choice([1, 1, 2, 3])):
            line = dice.choice(group.lines)
            wide = line.proportion * height
            x = area.left + (max(0.0, area.width - wide) / 2 if centered else 12)
            y += height * 1.2
            page.canvas.write(line, x, y, height, pen, width=area.right - x)
            y += height * dice.uniform(0.1, 0.5)
        y += height * dice.uniform(0.1, 0.8)


def big_word(page: Page) -> None:
    """One word, or a single sign, that fills the page."""
    dice, area = page.dice, page.area
    height = dice.uniform(45, 120)
    group = page.group(height)
    text = words.few_signs(dice) if dice.random() < 0.4 else words.short(dice, page.materials.lines)
    line = group.write(text, dice)
    if line is None:
        return
    height = min(height, 0.95 * area.width / max(line.proportion, 0.5))
    height = max(height, 24.0)
    wide = min(area.width, line.proportion * height)
    x = area.left + (area.width - wide) * dice.uniform(0.2, 0.8)
    y = area.top + height + max(0.0, area.height - height) * dice.uniform(0.1, 0.9)
    pen = page.pen(group)
    page.canvas.write(line, x, y, height, pen)
    for row in range(dice.choice([0, 0, 1, 2])):
        page.canvas.write(
            dice.choice(group.lines), area.left + 10, y + (row + 1) * height * 1.6, height, pen
        )


def spaced_signs(page: Page) -> None:
    """Single signs far apart in rows and columns, as on practice sheets."""
    dice, area = page.dice, page.area
    height = page.random_height(10, 90)
    group = page.group(height)
    pen = page.pen(group)
    step, pitch = height * dice.uniform(1.2, 5), height * dice.uniform(1.5, 3.2)
    y = area.top + height * dice.uniform(1, 2)
    while y < area.bottom:
        x = area.left + height * dice.uniform(0.2, 1)
        while x < area.right - height:
            line = group.sign(words.few_signs(dice)[0], dice)
            if line is not None:
                done = page.canvas.write(line, x, y + dice.gauss(0, 0.06) * height, height, pen)
                pen = done or pen
            x += step
        y += pitch


def scattered(page: Page) -> None:
    """Labels of many sizes here and there, as on maps, plans and drawings."""
    dice, area = page.dice, page.area
    for _ in range(dice.randint(2, 12)):
        height = page.random_height(6, 80)
        group = page.group(height)
        x = area.left + dice.uniform(-0.05, 0.8) * area.width
        y = area.top + dice.uniform(0.05, 1) * area.height
        pen = page.pen(group)
        if dice.random() < 0.3:
            pen = replace(pen, slope=dice.gauss(0, 0.15))
        room = height * dice.uniform(2, 16)
        page.canvas.write(dice.choice(group.lines), x, y, height, pen, width=room)
        if dice.random() < 0.25:
            scenery.drawing(page)


def lists(page: Page) -> None:
    """Two or three lists of short entries side by side."""
    dice, area = page.dice, page.area
    count = dice.choice([1, 2, 2, 3])
    height = page.random_height(8, min(60.0, area.width / count / 4))
    group = page.group(height)
    pitch, wide = height * dice.uniform(1.4, 2.6), area.width / count
    pen, top = page.pen(group), area.top + dice.uniform(0, 60)
    for i in range(count):
        x, y = area.left + i * wide + height * dice.uniform(0.2, 1), top + height
        for _ in range(dice.randint(2, 20)):
            if y > area.bottom:
                break
            if dice.random() < 0.3:
                paper.disc(page, x - height * 0.2, y - 0.35 * height, 0.1 * height, pen.value or 0)
            line = dice.choice(group.lines)
            room = (wide - 1.2 * height) * dice.uniform(0.3, 0.95)
            done = page.canvas.write(line, x + 0.3 * height, y, height, pen, width=room)
            pen = done or pen
            y += pitch


def code(page: Page) -> None:
    """Rows with different indents and short ends, as of programs."""
    dice, area = page.dice, page.area
    height = page.random_height(7, 44)
    group = page.group(min(height, 1.5 * SMALL_UNIT))
    pen, pitch = page.pen(group), height * dice.uniform(1.5, 2.4)
    step, depth = height * dice.uniform(1.5, 4), 0
    y = area.top + height * dice.uniform(1, 3)
    while y < area.bottom:
        if dice.random() < 0.85:
            x = area.left + 8 + depth * step
            room = max(3 * height, dice.uniform(0.2, 0.9) * area.width)
            done = page.canvas.write(dice.choice(group.lines), x, y, height, pen, width=room)
            if done is not None and dice.random() < 0.6:
                pen = replace(pen, value=done.value)
        depth = max(0, min(4, depth + dice.choice([-1, -1, 0, 0, 0, 1, 1])))
        y += pitch


def board(page: Page) -> None:
    """Writing of several sizes with drawings, arrows and circles between."""
    dice = page.dice
    for _ in range(dice.randint(1, 4)):
        scenery.drawing(page)
        area = page.area
        left = area.left + dice.uniform(0, 0.6) * area.width
        top = area.top + dice.uniform(0, 0.8) * area.height
        height = page.random_height(10, 80)
        group = page.group(height, False) if dice.random() < 0.8 else page.group(height)
        right = left + dice.uniform(0.25, 0.8) * area.width
        rows = dice.randint(1, 5)
        paragraph(page, Area(left, top, right, area.bottom), height=height, group=group, rows=rows)


def receipt(page: Page) -> None:
    """Names at the left and prices at the right, small, often faint, with a heading."""
    dice, area = page.dice, page.area
    height = page.random_height(6.5, 20)
    group, pen = page.group(height, True), page.pen(page.group(height, True))
    pen = replace(pen, contrast=dice.uniform(0.15, 0.9), pressure=dice.uniform(0, 0.5), slope=0.0)
    wide = min(area.width - 12, height * dice.uniform(22, 40))
    left, pitch = (
        area.left + dice.uniform(4, max(5, area.width - wide)),
        height * dice.uniform(1.3, 1.9),
    )
    y = area.top + height
    if dice.random() < 0.5:
        y = heading(page, Area(left, y, left + wide, area.bottom)) + pitch
    while y < area.bottom:
        drawn = dice.random()
        if drawn < 0.12:
            pass
        elif drawn < 0.2:
            style = page.rule_style()
            page.rule(left, y - height * 0.4, left + wide, y - height * 0.4, style)
        else:
            done = page.canvas.write(
                dice.choice(group.lines), left, y, height, pen, width=wide * 0.62
            )
            pen = done or pen
            amount = group.write(words.price(dice), dice) if drawn < 0.7 else None
            if amount is not None:
                x = left + wide - amount.proportion * height
                page.canvas.write(amount, x, y, height, pen)
        y += pitch


def signs(page: Page) -> None:
    """Panels with a few large words, as of streets, doors and machines."""
    for _ in range(page.dice.choice([1, 1, 2, 3])):
        panel(page)


def panel(page: Page) -> None:
    """A plate in one gray with one to four rows of writing."""
    dice, size = page.dice, page.canvas.size
    wide, tall = dice.uniform(0.2, 0.95) * size, dice.uniform(0.08, 0.6) * size
    x, y = dice.uniform(-20, size - wide * 0.8), dice.uniform(-10, size - tall * 0.8)
    if not page.canvas.is_free(x, y, x + wide, y + tall):
        return
    value = dice.choice([dice.uniform(0, 0.35), dice.uniform(0.2, 0.6), dice.uniform(0.7, 1)])
    corners = [(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)]
    if dice.random() < 0.2:
        rim = ellipse(x + wide / 2, y + tall / 2, wide / 2, tall / 2, 40)
        page.canvas.stroke([rim], value, 1, 1.0, fill=True)
    else:
        page.canvas.stroke([corners], value, 1, 1.0, fill=True)
        if dice.random() < 0.5:
            edge = 1 - value if dice.random() < 0.5 else dice.random()
            page.canvas.stroke([corners], edge, dice.choice([1, 2, 4]), 1.0, closed=True)
    _fill_panel(page, Area(x, y, x + wide, y + tall))


def _fill_panel(page: Page, area: Area) -> None:
    dice = page.dice
    rows = dice.choice([1, 1, 2, 3, 4])
    largest = min(120.0, area.height / (rows * dice.uniform(1.5, 2.4)))
    group = page.group(largest, True if dice.random() < 0.7 else None)
    pen = replace(page.pen(group), slope=0.0)
    pen = replace(pen, contrast=max(pen.contrast, 0.35))
    for row in range(rows):
        line = dice.choice(group.lines)
        fits = 0.92 * area.width / line.proportion
        height = max(7.0, min(largest, max(fits, largest * 0.5)))
        x = area.left + area.width * dice.uniform(0.03, 0.15)
        if dice.random() < 0.5:
            x = area.left + max(4.0, (area.width - line.proportion * height) / 2)
        y = area.top + area.height * (row + 0.5) / rows + height / 2
        page.canvas.write(line, x, y, height, pen, width=area.right - x - 3)


def inscription(page: Page) -> None:
    """Large letters straight on wood, stone or a wall, painted or cut in."""
    dice, area = page.dice, page.area
    relief = dice.uniform(0.1, 0.5) if dice.random() < 0.35 else 0.0
    height = page.random_height(10, 110)
    group = page.group(height, True if dice.random() < 0.5 else None)
    pen = replace(page.pen(group), relief=relief, slope=dice.gauss(0, 0.02))
    pen = replace(pen, contrast=max(pen.contrast, 0.3))
    rows = dice.choice([1, 1, 2, 3, 5])
    y = area.top + height + dice.uniform(0, 0.6) * area.height
    centered = dice.random() < 0.5
    for _ in range(rows):
        line = dice.choice(group.lines)
        x = area.left + dice.uniform(5, 60)
        if centered:
            x = area.left + max(5.0, (area.width - line.proportion * height) / 2)
        page.canvas.write(line, x, y, height, pen, width=area.right - x)
        y += height * dice.uniform(1.4, 2)


def combs(page: Page) -> None:
    """Combs with labels between."""
    for _ in range(page.dice.choice([1, 2, 3, 4])):
        forms.comb(page)
    if page.dice.random() < 0.6:
        scattered(page)


LAYOUTS: dict[Layout, float] = {
    notes: 20,
    columns: 15,
    title_page: 7,
    big_word: 11,
    spaced_signs: 4,
    scattered: 6,
    lists: 6,
    code: 5,
    board: 4,
    receipt: 6,
    combs: 9,
    forms.form: 7,
    forms.table: 10,
    forms.checks: 4,
    forms.grid: 4,
}
