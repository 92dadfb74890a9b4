from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.segment.columns import reading_order
from ocr.segment.components import Components
from ocr.segment.ink_network import InkMaps, empty_maps
from ocr.segment.rows import Piece, find_pieces, make_row, straighten
from ocr.segment.touching import split_touching

Box = tuple[int, int, int, int]


def components(boxes: list[Box], *, size: int | None = None) -> Components:
    """Components that fill their boxes, on a square page."""
    array = np.array(boxes, np.int32).reshape(-1, 4)
    size = size or int(array.max(initial=0)) + 100
    labels = np.zeros((size, size), np.int32)
    for i, (left, top, right, bottom) in enumerate(boxes, 1):
        labels[top:bottom, left:right] = i
    areas = (array[:, 2] - array[:, 0]) * (array[:, 3] - array[:, 1])
    ids = np.arange(1, len(boxes) + 1, dtype=np.int32)
    return Components(labels, ids, array, areas, np.ones(len(ids), np.float32))


def maps_of(*cores: tuple[int, int, int, int, int]) -> InkMaps:
    """Maps of a page of 500 x 500 px: left, top, right, bottom and cap height of each core."""
    maps = empty_maps(500, 500)
    for part in maps:
        part[:] = 0
    for left, top, right, bottom, height in cores:
        maps.core[top // 2 : bottom // 2, left // 2 : right // 2] = 255
        maps.height[top // 8 : -(-bottom // 8), left // 8 : -(-right // 8)] = height
    return maps


def lines_of(page: Components, maps: InkMaps | None = None) -> list[Piece]:
    return reading_order(*find_pieces(page, maps), np.zeros((0, 2)))


def rows_of(boxes: list[Box], maps: InkMaps | None = None) -> list[list[Box]]:
    page = components(boxes, size=500 if maps else None)
    return [[boxes[i] for i in make_row(page, line).members] for line in lines_of(page, maps)]


def row(y: int, *, count: int = 10, left: int = 100, step: int = 30) -> list[Box]:
    """Letters of 20 by 30 px."""
    return [(left + step * i, y, left + step * i + 20, y + 30) for i in range(count)]


def turned(boxes: list[Box], degrees: float) -> list[Box]:
    """Boxes of the same size around turned middles; positive goes down to the right."""
    sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    result = []
    for left, top, right, bottom in boxes:
        x, y = (left + right) / 2 - 500, (top + bottom) / 2 - 500
        dx, dy = cos * x - sin * y - x, sin * x + cos * y - y
        result.append((round(left + dx), round(top + dy), round(right + dx), round(bottom + dy)))
    return result


def test_no_components_are_no_rows() -> None:
    assert rows_of([]) == []


def test_one_letter_is_a_row() -> None:
    assert rows_of([(5, 5, 20, 30)]) == [[(5, 5, 20, 30)]]


def test_lone_dots_are_a_row() -> None:
    dots = [(10, 10, 13, 13), (20, 10, 23, 13)]
    assert rows_of(dots) == [dots]


def test_rows_are_read_top_to_bottom_and_left_to_right() -> None:
    top, middle, bottom = row(100), row(160, left=220, count=4), row(220)
    assert rows_of([*bottom[::-1], *middle[::-1], *top[::-1]]) == [top, middle, bottom]


@pytest.mark.parametrize("degrees", [-5, -1, 0, 1, 5])
def test_tilted_rows_stay_rows(degrees: float) -> None:
    page = [turned(row(y), degrees) for y in (400, 460, 520, 580)]
    assert rows_of(sum(page, [])) == page


@pytest.mark.parametrize("degrees", [-5, -2, 2, 5])
def test_slope_is_the_tangent_of_the_tilt(degrees: float) -> None:
    page = turned(row(400) + row(460) + row(520), degrees)
    boxes = components(page)
    slope = make_row(boxes, lines_of(boxes)[0]).slope
    assert slope == pytest.approx(math.tan(math.radians(degrees)), abs=0.02)


def test_broken_capital_does_not_begin_two_rows() -> None:
    broken = [(80, 26, 105, 89), (96, 21, 101, 50), (110, 50, 126, 79)]
    ope = [(112, 67, 127, 90), (135, 50, 149, 119), (152, 55, 165, 92)]
    this = [(205, 33, 208, 57), (206, 75, 215, 93), (217, 31, 238, 83), (253, 52, 266, 88)]
    works = [(x, 48, x + 13, 84) for x in range(304, 400, 20)]
    page = [*broken, *ope, *this, *works]
    assert [len(found) for found in rows_of(page)] == [len(page)]


def test_row_that_climbs_beside_a_level_one_is_followed() -> None:
    climbing = [
        (x, 400 - (x - 100) // 12, x + 20, 430 - (x - 100) // 12) for x in range(100, 400, 30)
    ]
    assert rows_of(climbing + row(480)) == [climbing, row(480)]


def test_letters_with_ascenders_and_descenders_share_a_row() -> None:
    word = [(100, 100, 120, 130), (130, 112, 150, 130), (160, 112, 180, 142), (190, 100, 210, 142)]
    assert rows_of([*word, *row(180)]) == [word, row(180)]


def test_dots_and_commas_belong_to_their_row() -> None:
    dot, comma, below = (253, 152, 257, 156), (395, 186, 400, 197), (253, 212, 257, 216)
    first, second = row(160), row(220)
    found = [set(boxes) for boxes in rows_of([dot, *second, comma, below, *first])]
    assert found == [{*first, dot, comma}, {*second, below}]


@settings(max_examples=25, deadline=None)
@given(st.permutations(row(100, count=6) + row(150, count=5) + [(113, 90, 117, 94)]))
def test_order_of_the_components_does_not_matter(boxes: list[Box]) -> None:
    first, second = rows_of(boxes)
    assert sorted(first) == sorted([*row(100, count=6), (113, 90, 117, 94)])
    assert second == row(150, count=5)


def test_straightened_boxes_of_a_tilted_row_are_level() -> None:
    boxes = np.array([[100, 100, 120, 130], [200, 110, 220, 140]], np.int32)
    level = straighten(boxes, 0.1)
    assert level[0, 1::2].tolist() == level[1, 1::2].tolist()


def test_word_beyond_a_wide_space_is_in_the_row_though_it_climbs() -> None:
    first = [(100 + 30 * i, 100, 120 + 30 * i, 130) for i in range(7)]
    second = [(380 + 30 * i, 83, 400 + 30 * i, 113) for i in range(20)]
    below = row(160, count=30)
    assert [len(members) for members in rows_of([*first, *second, *below])] == [27, 30]


def test_quotation_marks_above_a_row_are_in_it() -> None:
    letters = row(100, count=12, step=40)
    marks = [(570, 86, 574, 100), (578, 86, 582, 100), (596, 86, 600, 100), (604, 86, 608, 100)]
    assert [len(members) for members in rows_of([*letters, *marks])] == [16]


def test_capital_beside_quotation_marks_stays_in_its_row() -> None:
    letters = [(x, 115, x + 20, 137) for x in range(100, 400, 25)]
    letters += [(430, 100, 456, 137), *((x + 360, y, z + 360, t) for x, y, z, t in letters)]
    marks = [(409, 102, 416, 114), (419, 102, 426, 114)]  # nearer to it than a letter is
    assert [len(members) for members in rows_of([*letters, *marks])] == [27]


def test_marks_that_follow_each_other_are_in_the_row() -> None:
    letters = row(100, count=5)
    equals = [(280, y, 300, y + 3) for y in (112, 120)]
    quotes = [(x, 100, x + 3, 109) for x in (335, 341, 349, 355)]
    colon = [(400, y, 404, y + 4) for y in (111, 125)]
    assert [len(members) for members in rows_of([*letters, *equals, *quotes, *colon])] == [13]


def test_large_letters_and_small_print_under_them_are_two_rows() -> None:
    large = [(x, 100, x + 40, 180) for x in range(100, 300, 50)]
    small = [(x, 190, x + 16, 220) for x in range(100, 260, 20)]
    maps = maps_of((100, 126, 292, 180, 80), (100, 198, 258, 220, 30))
    assert rows_of([*large, *small], maps) == [large, small]


def test_marks_far_from_every_row_are_left_out() -> None:
    maps = maps_of((100, 110, 390, 130, 30))
    assert rows_of([*row(100), (200, 400, 204, 404)], maps) == [row(100)]


def test_a_mark_belongs_to_the_nearest_letter() -> None:
    upper, lower = row(100), row(145)
    accent = (131, 138, 139, 142)  # nearer to the core of the upper row
    maps = maps_of((100, 110, 390, 130, 30), (100, 155, 390, 175, 30))
    found = rows_of([*upper, *lower, accent], maps)
    assert [set(boxes) for boxes in found] == [set(upper), {*lower, accent}]


def test_letters_of_two_rows_that_touch_are_split() -> None:
    upper, lower = row(100), row(145)
    both = (upper[3][0], 100, upper[3][2], 175)
    boxes = [*upper[:3], *upper[4:], *lower[:3], *lower[4:], both]
    page = components(boxes, size=500)
    maps = maps_of((100, 110, 390, 130, 30), (100, 155, 390, 175, 30))
    parts, lines = split_touching(page, lines_of(page, maps))
    found = [parts.boxes[make_row(parts, line).members].tolist() for line in lines]
    assert [len(boxes) for boxes in found] == [10, 10]
    assert found[0][3][3] == found[1][3][1]  # the upper part ends where the lower begins
    assert (page.labels == components(boxes, size=500).labels).all()


def test_a_long_descender_is_not_split() -> None:
    upper, lower = row(100), row(145)
    long = (upper[3][0], 100, upper[3][2], 150)
    boxes = [*upper[:3], long, *upper[4:], *lower]
    page = components(boxes, size=500)
    maps = maps_of((100, 110, 390, 130, 30), (100, 155, 390, 175, 30))
    assert split_touching(page, lines_of(page, maps))[0] is page


def test_cores_that_run_into_each_other_stay_two_rows() -> None:
    upper, lower = row(100), row(145)
    maps = maps_of((100, 110, 390, 130, 30), (100, 155, 390, 175, 30), (250, 110, 270, 175, 30))
    assert rows_of([*upper, *lower], maps) == [upper, lower]
