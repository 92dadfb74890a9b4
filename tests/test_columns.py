from __future__ import annotations

import numpy as np

from ocr.segment.columns import reading_order
from tests.test_rows import Box, components

LETTER, PITCH = 20, 40  # px


def block(
    left: int, top: int, rows: int, letters: int, *, last: int | None = None, word: int = 5
) -> list[Box]:
    """Rows of words; the last row may be shorter."""
    counts = [letters] * (rows - 1) + [letters if last is None else last]
    return [
        (x, y, x + 14, y + LETTER)
        for y, count in zip(range(top, top + rows * PITCH, PITCH), counts, strict=True)
        for x in (left + 18 * i + 10 * (i // word) for i in range(count))
    ]


def read_in_blocks(*parts: list[Box]) -> list[list[Box]]:
    """Blocks of shuffled boxes, each block sorted."""
    boxes = [box for part in parts for box in part]
    shuffled = [boxes[i] for i in np.random.default_rng(1).permutation(len(boxes))]
    return [sorted(shuffled[i] for i in found) for found in reading_order(components(shuffled))]


def test_a_page_without_letters_has_no_block() -> None:
    assert reading_order(components([])) == []


def test_one_column_is_one_block() -> None:
    text = block(0, 0, 12, 40)
    assert read_in_blocks(text) == [sorted(text)]


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = block(0, 0, 12, 20, last=7), block(500, 0, 12, 20)
    assert read_in_blocks(right, left) == [sorted(left), sorted(right)]


def test_three_columns() -> None:
    columns = [block(x, 0, 12, 16) for x in (0, 400, 800)]
    assert read_in_blocks(*columns[::-1]) == [sorted(column) for column in columns]


def test_columns_are_found_on_a_tilted_page() -> None:
    left, right = (
        [(x, y + round(0.1 * x), z, w + round(0.1 * x)) for x, y, z, w in part]
        for part in (block(0, 0, 12, 20), block(500, 0, 12, 20))
    )
    assert read_in_blocks(left, right) == [sorted(left), sorted(right)]


def test_a_heading_is_read_before_its_columns() -> None:
    heading = block(0, 0, 1, 46)
    left, right = block(0, 80, 12, 20), block(500, 80, 12, 20)
    assert read_in_blocks(left, right, heading) == [sorted(heading), sorted(left), sorted(right)]


def test_a_heading_in_the_middle_parts_the_columns() -> None:
    above = [block(0, 0, 12, 20), block(500, 0, 12, 20)]
    heading = block(0, 540, 1, 46)
    below = [block(0, 640, 12, 20), block(500, 640, 12, 20)]
    order = [*above, heading, *below]
    assert read_in_blocks(*order[::-1]) == [sorted(part) for part in order]


def test_a_table_is_read_across() -> None:
    cells = [block(x, 0, 12, 6) for x in (0, 300, 600)]
    assert len(read_in_blocks(*cells)) == 1


def test_prices_beside_their_items_are_read_across() -> None:
    assert len(read_in_blocks(block(0, 0, 12, 20), block(600, 0, 12, 5))) == 1


def test_wide_word_spaces_that_meet_by_chance_are_no_gutter() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for k in range(14):  # words of 3 to 7 letters, 30 px apart
        x = 0
        while x < 900:
            count = int(rng.integers(3, 8))
            rows += [
                (x + 18 * i, k * PITCH, x + 18 * i + 14, k * PITCH + LETTER) for i in range(count)
            ]
            x += 18 * count + 30
    assert len(read_in_blocks(rows)) == 1
