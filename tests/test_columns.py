from __future__ import annotations

import numpy as np
import pytest

from ocr.segment.columns import reading_order
from ocr.segment.rows import find_pieces
from tests.test_rows import Box, components

LETTER, PITCH = 20, 40  # px


def block(
    left: int, top: int, rows: int, letters: int, *, last: int | None = None, word: int = 5
) -> list[list[Box]]:
    """Rows of words; the last row may be shorter."""
    counts = [letters] * (rows - 1) + [letters if last is None else last]
    return [
        [
            (left + 18 * i + 10 * (i // word), y, left + 18 * i + 10 * (i // word) + 14, y + LETTER)
            for i in range(count)
        ]
        for y, count in zip(range(top, top + rows * PITCH, PITCH), counts, strict=True)
    ]


def in_order(
    *blocks: list[list[Box]], corners: list[tuple[int, int]] | None = None
) -> list[list[Box]]:
    """Rows of shuffled boxes as they are read, each from left to right."""
    boxes = [box for rows in blocks for row in rows for box in row]
    shuffled = [boxes[i] for i in np.random.default_rng(1).permutation(len(boxes))]
    pieces = find_pieces(components(shuffled), None)
    lines = reading_order(*pieces, np.array(corners or [], np.float64).reshape(-1, 2))
    return [sorted(shuffled[i] for i in line.members) for line in lines]


def across(*blocks: list[list[Box]]) -> list[list[Box]]:
    return [[box for part in parts for box in part] for parts in zip(*blocks, strict=True)]


def test_a_page_without_letters_has_no_rows() -> None:
    assert in_order([]) == []


def test_rows_of_one_column_are_read_from_the_top() -> None:
    text = block(0, 0, 12, 40)
    assert in_order(text[::-1]) == text


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = block(0, 0, 12, 20, last=7), block(500, 0, 12, 20)
    assert in_order(right, left) == left + right


def test_columns_of_four_rows_are_found() -> None:
    left, right = block(0, 0, 4, 20, last=7), block(500, 0, 4, 20)
    assert in_order(right, left) == left + right


def test_three_columns() -> None:
    columns = [block(x, 0, 12, 16) for x in (0, 400, 800)]
    assert in_order(*columns[::-1]) == sum(columns, [])


def test_ragged_columns_whose_rows_are_not_level_with_each_other() -> None:
    left = sum((block(0, 70 * k, 1, 14 + 5 * (k % 3)) for k in range(8)), [])
    right = block(520, 13, 11, 17)
    assert in_order(left, right) == left + right


def test_columns_are_found_on_a_tilted_page() -> None:
    left, right = (
        [[(x, y + round(0.1 * x), z, w + round(0.1 * x)) for x, y, z, w in row] for row in part]
        for part in (block(0, 0, 12, 20), block(500, 0, 12, 20))
    )
    assert in_order(left, right) == left + right


def test_a_heading_is_read_before_its_columns() -> None:
    heading = block(0, 0, 1, 46)
    left, right = block(0, 80, 12, 20), block(500, 80, 12, 20)
    assert in_order(left, right, heading) == heading + left + right


def test_a_heading_in_the_middle_parts_the_columns() -> None:
    above = [block(0, 0, 12, 20), block(500, 0, 12, 20)]
    heading = block(0, 540, 1, 46)
    below = [block(0, 640, 12, 20), block(500, 640, 12, 20)]
    order = [*above, heading, *below]
    assert in_order(*order[::-1]) == sum(order, [])


def test_a_caption_between_columns_is_read_after_them() -> None:
    left, right = block(0, 0, 16, 20), block(560, 0, 16, 20)
    left[6:9] = block(0, 240, 3, 14)
    right[6:9] = block(680, 240, 3, 14)
    caption = block(380, 240, 3, 12)
    assert in_order(left, caption, right) == left + right + caption


def test_a_table_is_read_across() -> None:
    cells = [block(x, 0, 12, 6) for x in (0, 300, 600)]
    assert in_order(*cells) == across(*cells)


@pytest.mark.parametrize("gap", [100, 300, 900])
def test_prices_beside_their_items_are_read_across(gap: int) -> None:
    items, prices = block(0, 0, 12, 20), block(400 + gap, 0, 12, 5)
    assert in_order(items, prices) == across(items, prices)


def test_a_ruled_table_with_wide_cells_is_read_across() -> None:
    cells = [block(0, 0, 8, 20), block(500, 0, 8, 20)]
    corners = [(x, y) for x in (-10, 450, 950) for y in range(-10, 330, PITCH)]
    assert in_order(*cells, corners=corners) == across(*cells)


def test_wide_word_spaces_that_meet_by_chance_are_no_gutter() -> None:
    rng = np.random.default_rng(0)
    rows: list[list[Box]] = []
    for y in range(0, 14 * PITCH, PITCH):  # words of 3 to 7 letters, 30 px apart
        x = 0
        rows.append([])
        while x < 900:
            count = int(rng.integers(3, 8))
            rows[-1] += [(x + 18 * i, y, x + 18 * i + 14, y + LETTER) for i in range(count)]
            x += 18 * count + 30
    assert in_order(rows) == rows
