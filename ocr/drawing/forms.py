"""Layouts with ruled lines: tables, forms, combs, check boxes, grids of single signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.drawing import scenery, words
from ocr.drawing.canvas import band, ellipse
from ocr.drawing.lines import BRIDGE
from ocr.drawing.page import Area, Page, RuleStyle, Writer


def table(page: Page) -> None:
    """Rows and columns with all rules, horizontal ones only, or none; a dark head sometimes."""
    dice, area = page.dice, page.area
    height = page.random_height(6.5, 36)
    pitch = height * dice.uniform(1.5, 2.8)
    columns, rows = dice.randint(2, 7), dice.randint(2, 16)
    widths = np.array([dice.uniform(2.5, 10) * height for _ in range(columns)])
    x0 = area.left + dice.uniform(-0.1, 0.15) * area.width
    y0 = area.top + dice.uniform(-0.1, 0.3) * area.height
    edges = x0 + np.concatenate([[0.0], np.cumsum(widths)])
    bottom = y0 + rows * pitch
    head = _shade(page, edges, y0, pitch, rows)
    _rules(page, edges, y0 + pitch * np.arange(rows + 1, dtype=np.float64), bottom)
    writers = [Writer.random(page, height) for _ in range(3)]
    numeric = [dice.random() < 0.4 for _ in range(columns)]
    for row in range(rows):
        y = y0 + (row + 0.5) * pitch + height * dice.uniform(0.42, 0.58)
        for column in range(columns):
            if dice.random() < 0.82:
                writer = writers[0 if row == 0 else 1 if column == 0 else 2]
                left, right = float(edges[column]), float(edges[column + 1])
                _fill_cell(writer, left, right, y, numeric[column] and row > 0, row == 0 and head)


def _shade(page: Page, edges: NDArray[np.float64], top: float, pitch: float, rows: int) -> bool:
    """Shade a table's head, or every other row; tell whether the head was shaded."""
    dice = page.dice

    def shade(row: int, value: float, alpha: float) -> None:
        y = top + row * pitch
        corners = [(edges[0], y), (edges[-1], y), (edges[-1], y + pitch), (edges[0], y + pitch)]
        page.canvas.stroke([corners], value, 1, alpha, fill=True)

    if dice.random() < 0.15:
        for row in range(1, rows, 2):
            shade(row, 0.5, 0.2)
    if dice.random() < 0.35:
        shade(0, dice.uniform(0.02, 0.5), 1.0)
        return True
    return False


def _rules(
    page: Page, edges: NDArray[np.float64], rows: NDArray[np.float64], bottom: float
) -> None:
    """Draw all rules of a table, the horizontal ones, or none."""
    drawn, style = page.dice.random(), page.rule_style()
    lines = []
    if drawn < 0.8:
        lines += [[(edges[0], y), (edges[-1], y)] for y in rows]
    if drawn < 0.6:
        lines += [[(x, rows[0]), (x, bottom)] for x in edges]
    page.canvas.stroke(lines, *style, is_rule=True)


def _fill_cell(
    writer: Writer, left: float, right: float, y: float, numeric: bool, over: bool
) -> None:
    """Write into a table's cell, numbers to its right end."""
    dice, height = writer.page.dice, writer.height
    line = writer.line(words.number(dice) if numeric else None)
    if line is None:
        return
    x = left + height * dice.uniform(0.15, 0.4)
    if numeric:
        x = max(x, right - (line.proportion + 0.3) * height)
    writer.write(x, y, line=line, width=right - left - height * dice.uniform(0.3, 0.6), over=over)


@dataclass
class Form:
    """What prints a form's labels, what fills it in, and how its lines look."""

    page: Page
    label: Writer
    answer: Writer
    style: RuleStyle


def form(page: Page) -> None:
    """Printed labels with boxes or lines to be filled in by hand."""
    dice, area = page.dice, page.area
    small = page.random_height(6.5, 16)
    large = small * dice.uniform(1.1, 2.6)
    label, answer = Writer.random(page, small, True), Writer.random(page, large, False)
    blank = Form(page, label, answer, page.rule_style())
    boxed = dice.random() < 0.55
    y = area.top + dice.uniform(0, 60)
    while y < area.bottom:
        tall = large * dice.uniform(1.3, 2.2)
        y += _boxed_fields(blank, y, tall) if boxed else _lined_field(blank, y, tall)


def _boxed_fields(form: Form, y: float, tall: float) -> float:
    """One to three boxes side by side, each with a small label at its top; their height, px."""
    page, dice, small = form.page, form.page.dice, form.label.height
    count, x = dice.choice([1, 1, 2, 3]), page.area.left + dice.uniform(0, 20)
    wide = (page.area.right - x) / count * dice.uniform(0.7, 1)
    whole = small * 1.6 + tall
    for left in (x + i * wide for i in range(count)):
        page.frame(Area(left, y, left + wide, y + whole), form.style)
        form.label.write(left + 4, y + small * 1.35, width=wide * 0.8)
        if dice.random() < 0.75:
            start = left + dice.uniform(4, 40)
            form.answer.write(start, y + small * 1.6 + tall * 0.85, width=left + wide - start - 3)
    return whole + dice.choice([0.0, 0.0, small])


def _lined_field(form: Form, y: float, tall: float) -> float:
    """A label with a line behind it, sometimes filled in, sometimes a check box; its height, px."""
    page, dice, small = form.page, form.page.dice, form.label.height
    x, base = page.area.left + dice.uniform(2, 20), y + tall
    start = x + dice.uniform(3, 9) * small
    end = min(page.area.right - 10, start + dice.uniform(80, 340))
    form.label.write(x, base, width=start - x)
    under = base + small * dice.uniform(0.05, 0.3)
    page.rule(start, under, end, under, form.style)
    if dice.random() < 0.75:
        place = start + small * dice.uniform(0.3, 2)
        form.answer.write(place, base - small * dice.uniform(-0.1, 0.2), width=end - place)
    if dice.random() < 0.3:
        check_box(page, end + small, base - 1.1 * small, 1.1 * small, form.style)
    return tall * 1.25 + small * 0.3


def check_box(page: Page, x: float, y: float, side: float, style: RuleStyle) -> None:
    """A box, empty or with a tick or a cross, which is not ink of writing."""
    dice = page.dice
    if dice.random() < 0.15:
        half = side / 2
        rim = ellipse(x + half, y + half, half, half)
        page.canvas.stroke([rim], *style, closed=True, is_rule=True)
    else:
        page.frame(Area(x, y, x + side, y + side), style)
    page.canvas.occupy(x, y, x + side, y + side)
    if dice.random() < 0.55:
        width = max(1, round(side * dice.uniform(0.06, 0.16)))
        pencil = page.rule_style()
        scenery.mark(page, x, y, side, pencil.value, width, max(0.7, pencil.alpha))


def checks(page: Page) -> None:
    """Check boxes with labels before or behind them, in one to three columns, ticked or not."""
    dice, area = page.dice, page.area
    height = page.random_height(7, 34)
    writer, style = Writer.random(page, height), page.rule_style()
    columns, side = dice.choice([1, 1, 2, 3]), height * dice.uniform(0.9, 2.2)
    pitch, wide = max(side, height) * dice.uniform(1.25, 2.4), area.width / columns
    behind = dice.random() < 0.25
    for column in range(columns):
        x, y = area.left + column * wide + dice.uniform(4, 20), area.top + dice.uniform(5, 60)
        while y < area.bottom - side:
            if dice.random() < 0.9:
                _checked_row(writer, Area(x, y, x + wide - 24, y + side), style, behind)
            y += pitch


def _checked_row(writer: Writer, area: Area, style: RuleStyle, behind: bool) -> None:
    """A check box as high as the area, before or behind a label."""
    page, dice, height, side = writer.page, writer.page.dice, writer.height, area.height
    check_box(page, area.right - side if behind else area.left, area.top, side, style)
    start = area.left if behind else area.left + side + height * dice.uniform(0.3, 1)
    room = area.width - side - 1.5 * height
    if room > height and dice.random() < 0.85:
        writer.write(start, area.top + side / 2 + height / 2, width=room)


def comb(page: Page) -> None:
    """Rows of cells for one sign each, partly filled in; the separators may touch the signs."""
    dice, area = page.dice, page.area
    height = page.random_height(8, 44)
    cell, tall = height * dice.uniform(0.85, 2.1), height * dice.uniform(1.1, 2.1)
    count = max(2, min(dice.randint(3, 22), int(area.width / cell)))
    style, kind = page.rule_style(), dice.choice(["full", "full", "full", "ticks", "walls", "gaps"])
    x = area.left + dice.uniform(-0.1, 0.5) * max(0.0, area.width - count * cell)
    y = area.top + dice.uniform(0, 0.9) * max(1.0, area.height - tall)
    writer = Writer.random(page, height, False if dice.random() < 0.75 else None)
    step = tall + dice.choice([0.0, 0.0, tall * 0.5, tall])
    for row in range(dice.choice([1, 1, 1, 2, 3, 6])):
        top = y + row * step
        if top > page.canvas.size:
            break
        draw_comb(page, x, top, cell, tall, count, style, kind)
        if dice.random() < 0.85:
            _fill_comb(writer, x, top + (tall + height) / 2, cell, count)
        page.canvas.occupy(x, top, x + count * cell, top + tall)


def draw_comb(
    page: Page,
    x: float,
    y: float,
    cell: float,
    tall: float,
    count: int,
    style: RuleStyle,
    kind: str,
) -> None:
    """Draw the cells of a comb: "full" boxes, "ticks" on a line, "walls" only, or with "gaps"."""
    bottom, right = y + tall, x + count * cell
    edges = [x + i * cell for i in range(count + 1)]
    if kind == "gaps":
        for left in edges[:-1]:
            page.frame(Area(left, y, left + cell - style.width - 2, bottom), style)
        return
    short = y + tall * page.dice.uniform(0.5, 0.75) if kind == "ticks" else y
    lines = [[(e, short), (e, bottom)] for e in edges]
    if kind != "walls":
        lines.append([(x, bottom), (right, bottom)])
    if kind == "full":
        lines.append([(x, y), (right, y)])
    page.canvas.stroke(lines, *style, is_rule=True)


def _comb_text(page: Page, count: int) -> str:
    dice = page.dice
    text = (
        "".join(words.random_text(dice, page.materials.lines).split())
        if dice.random() < 0.7
        else ""
    )
    text = text or str(dice.randrange(10 ** min(count, 12)))
    return (text.upper() if dice.random() < 0.7 else text)[
        : max(1, round(count * dice.uniform(0.3, 1)))
    ]


def _fill_comb(writer: Writer, x: float, base: float, cell: float, count: int) -> None:
    """Write a word into a comb, sign by sign, and mark it as one row."""
    page, dice, height = writer.page, writer.page.dice, writer.height
    placed: list[tuple[float, float]] = []
    first = dice.choice([0, 0, 0, dice.randint(0, max(0, count // 2))])
    for i, character in enumerate(_comb_text(page, count - first), first):
        line = writer.line(character) if dice.random() > 0.06 else None
        if line is not None:
            wide = line.proportion * height
            left = x + (i + 0.5) * cell - wide / 2 + dice.gauss(0, 0.08) * cell
            writer.write(
                left, base + dice.gauss(0, 0.08) * height, line=line, over=True, core=False
            )
            placed.append((left, left + wide))
    _mark_comb(page, placed, base, height)


def _mark_comb(page: Page, placed: list[tuple[float, float]], base: float, height: float) -> None:
    """Mark signs in a comb as one row, divided where more than two letter heights are empty."""
    bands: list[list[float]] = []
    for left, right in placed:
        if bands and left - bands[-1][1] < BRIDGE * height:
            bands[-1][1] = right
        else:
            bands.append([left, right])
    page.canvas.mark_rows([band(a, b, base, base, height) for a, b in bands], height)


def grid(page: Page) -> None:
    """A sudoku, crossword or bingo card: one sign in a cell, some cells empty or black."""
    dice, area = page.dice, page.area
    count = dice.choice([3, 4, 5, 6, 9, 9, 9, 12])
    room = min(area.width, area.height) * dice.uniform(0.7, 1.15)
    side = room / count
    if side < 11:
        return
    x0 = area.left + (area.width - room) * dice.uniform(0.2, 0.8)
    y0 = area.top + (area.height - room) * dice.uniform(0.2, 0.8)
    style, thick = page.rule_style(), dice.choice([0, 0, 3])
    lines = [[(x0, y0 + i * side), (x0 + room, y0 + i * side)] for i in range(count + 1)]
    lines += [[(x0 + i * side, y0), (x0 + i * side, y0 + room)] for i in range(count + 1)]
    page.canvas.stroke(lines, style.value, style.width, max(0.5, style.alpha), is_rule=True)
    if thick:
        bold = lines[: count + 1 : thick] + lines[count + 1 :: thick]
        page.canvas.stroke(bold, style.value, style.width + 2, 1.0, is_rule=True)
    _fill_grid(page, x0, y0, side, count)


def _fill_grid(page: Page, x0: float, y0: float, side: float, count: int) -> None:
    dice = page.dice
    height = max(6.0, min(120.0, side * dice.uniform(0.4, 0.75)))
    writers = [Writer.random(page, height) for _ in range(2)]
    filled, black = dice.uniform(0.25, 1), dice.choice([0, 0, 0.15])
    for i in range(count * count):
        x, y = x0 + i % count * side, y0 + i // count * side
        drawn = dice.random()
        if drawn < black:
            corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
            page.canvas.stroke([corners], 0.1, 1, 1.0, fill=True)
        elif drawn < black + filled * (1 - black):
            writer = dice.choice([writers[0], writers[0], writers[1]])
            line = writer.line(words.few_signs(dice)[0])
            if line is not None:
                left = x + side / 2 - line.proportion * height / 2 + dice.gauss(0, 0.04) * side
                base = y + side / 2 + height / 2 + dice.gauss(0, 0.03) * side
                writer.write(left, base, line=line)
