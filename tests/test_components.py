from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.segment.components import (
    Components,
    drop_non_text,
    find_components,
    letter_height,
    stroke_width,
)
from tests.bitmaps import bitmap

Box = tuple[int, int, int, int]
LETTERS: list[Box] = [(x, y, x + 14, y + 20) for y in (60, 110, 160) for x in range(60, 240, 20)]


def rings(*boxes: Box, width: int = 3) -> NDArray[np.bool_]:
    """Page of outlines, as letters are: more paper than ink."""
    mask = np.zeros((240, 320), np.bool_)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = True
        mask[top + width : bottom - width, left + width : right - width] = False
    return mask


def kept(mask: NDArray[np.bool_]) -> set[Box]:
    boxes = drop_non_text(find_components(mask)).boxes.tolist()
    return {(left, top, right, bottom) for left, top, right, bottom in boxes}


def test_components_know_their_box_area_and_label() -> None:
    found = find_components(bitmap("##..# #...# ....#"))
    assert found.boxes.tolist() == [[0, 0, 2, 2], [4, 0, 5, 3]]
    assert found.areas.tolist() == [3, 3]
    assert (found.widths.tolist(), found.heights.tolist()) == ([2, 1], [2, 3])
    assert found.labels[2, 4] == found.ids[1] == 2


def test_taken_components_keep_their_labels() -> None:
    taken = find_components(bitmap("#.#.#")).take(np.array([False, True, True]))
    assert (len(taken), taken.ids.tolist()) == (2, [2, 3])


def test_blank_page_has_none() -> None:
    found = drop_non_text(find_components(np.zeros((9, 9), np.bool_)))
    assert len(found) == letter_height(found) == 0


def with_heights(*heights: int) -> Components:
    boxes = np.array([[0, 0, 1, h] for h in heights], np.int32)
    ids = np.arange(1, len(heights) + 1, dtype=np.int32)
    return Components(np.zeros((99, 99), np.int32), ids, boxes, boxes[:, 3])


def test_specks_do_not_decide_the_letter_height() -> None:
    assert letter_height(with_heights(*[1] * 50, 20, 20, 21)) == 20


def test_thousands_of_grains_do_not_decide_the_letter_height() -> None:
    assert letter_height(with_heights(*[2] * 3000, *[20] * 40)) == 20


def test_pictures_do_not_decide_the_letter_height() -> None:
    assert letter_height(with_heights(*[20] * 200, 300, 400)) == 20


def test_dots_as_large_as_the_strokes_are_wide_are_kept() -> None:
    tall = [(x, 60, x + 40, 130) for x in range(60, 240, 60)]
    page = rings(*tall, width=3)
    colon = [(260, 80, 264, 84), (260, 110, 264, 114)]  # less than a tenth of a letter's height
    crumb = (102, 90, 106, 94)  # beside the rim of a letter
    for left, top, right, bottom in [*colon, crumb]:
        page[top:bottom, left:right] = True
    assert kept(page) == {*tall, *colon}


@pytest.mark.parametrize("width", [2, 4])
def test_stroke_is_as_wide_as_it_was_drawn(width: int) -> None:
    mask = np.zeros((60, 20), np.bool_)
    mask[5:55, 8 : 8 + width] = True
    assert stroke_width(mask) == pytest.approx(width, rel=0.35)


def test_no_ink_has_no_stroke_width() -> None:
    assert stroke_width(np.zeros((5, 5), np.bool_)) == 0


def test_letters_stay() -> None:
    assert kept(rings(*LETTERS)) == set(LETTERS)


def test_dots_and_dashes_stay() -> None:
    marks = [(245, 76, 249, 80), (255, 70, 265, 73), (270, 74, 273, 82)]
    assert kept(rings(*LETTERS, *marks)) == {*LETTERS, *marks}


OTHERS: dict[str, Box] = {
    "speck": (290, 30, 291, 31),
    "frame": (40, 40, 280, 200),
    "ruled line": (30, 90, 300, 92),
    "margin": (40, 20, 42, 220),
    "finger": (280, 70, 320, 130),
    "edge of the view": (0, 0, 320, 240),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_writing_goes(name: str) -> None:
    width = 99 if name == "finger" else 3
    assert kept(rings(*LETTERS) | rings(OTHERS[name], width=width)) == set(LETTERS)


def test_margin_of_a_tilted_sheet_goes() -> None:
    page = rings(*LETTERS)
    for y in range(60, 150):
        page[y, 30 + y // 8 : 33 + y // 8] = True
    assert kept(page) == set(LETTERS)


def test_capital_that_the_border_cuts_stays() -> None:
    cut = (306, 60, 320, 80)
    assert kept(rings(*LETTERS, cut)) == {*LETTERS, cut}


def test_dash_that_touches_the_border_is_the_end_of_a_rule() -> None:
    page = np.zeros((100, 200), np.bool_)
    page[40:60, 50:54] = page[40:60, 70:74] = True
    inside, outside = page.copy(), page.copy()
    inside[50:53, 90:115] = outside[50:53, 175:] = True
    assert (90, 50, 115, 53) in kept(inside)
    assert (175, 50, 200, 53) not in kept(outside)


def test_beam_beside_the_letters_is_no_letter_though_it_leaves_no_border() -> None:
    slanting = rings(*LETTERS)
    for y in range(20, 230):
        x = 25 + (y - 20) // 8
        slanting[y, x : x + 3] = True
    assert kept(slanting) == set(LETTERS)


def test_lone_stem_of_a_page_is_a_letter() -> None:
    stem = np.zeros((240, 320), np.bool_)
    stem[60:180, 150:166] = True
    assert kept(stem) == {(150, 60, 166, 180)}
