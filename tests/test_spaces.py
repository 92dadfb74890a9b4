from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ocr.decode.spaces import space_log_odds, spaces_at_walls, threshold
from ocr.segment.lattice import Atom, Lattice
from ocr.segment.ruling import Ruling

LETTER, WORD = 0.12, 0.9  # row heights


def spaces(*rows: list[float]) -> list[list[bool]]:
    return [(odds > 0).tolist() for odds in space_log_odds([np.array(row) for row in rows])]


def test_wide_gaps_among_narrow_ones_are_spaces() -> None:
    gaps = [LETTER] * 4 + [WORD] + [LETTER] * 3 + [WORD] + [LETTER] * 5
    assert spaces(gaps) == [[gap == WORD for gap in gaps]]


def test_row_of_one_word_has_no_spaces() -> None:
    assert spaces([0.1, 0.15, 0.12, 0.08, 0.14]) == [[False] * 5]


def test_touching_and_overlapping_letters_have_no_spaces_between() -> None:
    assert spaces([-0.2, 0.0, -0.05, -0.3]) == [[False] * 4]


def test_spaced_capitals_are_one_word() -> None:
    gaps = [0.55, 0.6, 0.5, 0.58, 0.62, 0.52, 0.57] * 3
    assert not any(spaces(gaps)[0])


def test_long_row_has_its_own_spacing() -> None:
    dense = ([0.05] * 4 + [0.4]) * 5
    wide = ([0.45] * 4 + [1.8]) * 5
    assert spaces(dense, wide) == [[g == 0.4 for g in dense], [g == 1.8 for g in wide]]


def test_gaps_of_columns_do_not_hide_those_of_words() -> None:
    gaps = ([LETTER] * 4 + [0.6]) * 4 + [LETTER] * 4 + [12.0] + [LETTER] * 4 + [15.0]
    assert spaces(gaps) == [[gap > 0.5 for gap in gaps]]


def test_gaps_of_two_widths_are_surer_than_gaps_of_every_width() -> None:
    clear = np.array(([LETTER] * 4 + [WORD]) * 6)
    blurred = np.append(np.linspace(0.02, 1, 30), WORD)
    assert space_log_odds([clear])[0][-1] > 1.3 * space_log_odds([blurred])[0][-1] > 0


def test_short_row_asks_the_page() -> None:
    long = ([LETTER] * 4 + [WORD]) * 6
    assert spaces(long, [LETTER, WORD])[1] == [False, True]


def test_wider_gap_is_likelier_a_space() -> None:
    [odds] = space_log_odds([np.array([0.1, 0.2, 0.4, 0.8, 1.6])])
    assert (np.diff(odds) >= 0).all()
    assert odds[0] < 0 < odds[-1]


def test_no_rows_and_rows_of_one_letter_have_no_gaps() -> None:
    assert space_log_odds([]) == []
    assert [len(odds) for odds in space_log_odds([np.zeros(0), np.array([0.5])])] == [0, 1]


@given(st.lists(st.lists(st.floats(-5, 50), max_size=30), max_size=4))
def test_odds_are_finite_whatever_the_gaps(rows: list[list[float]]) -> None:
    gaps = [np.array(row, np.float64) for row in rows]
    odds = space_log_odds(gaps)
    assert [len(o) for o in odds] == [len(g) for g in gaps]
    assert all(np.isfinite(o).all() for o in odds)


def test_threshold_is_the_usual_one_where_gaps_do_not_tell() -> None:
    assert threshold(np.zeros(0), 0.4) == threshold(np.array([0.3]), 0.4) == 0.4


def row_of(*boxes: tuple[int, int, int, int]) -> Lattice:
    atoms = [Atom(i, box) for i, box in enumerate(boxes)]
    return Lattice(atoms, [], 20.0, 0.0)


def letters(*lefts: int) -> list[tuple[int, int, int, int]]:
    return [(left, 20, left + 10, 40) for left in lefts]


def ruled(*places: int) -> Ruling:
    """Upright lines at some abscissas of a page of 60 x 400 px, at half its resolution."""
    walls = np.zeros((30, 200), np.bool_)
    walls[:, [x // 2 for x in places]] = True
    return Ruling(walls, np.zeros((0, 2)), 0.5)


def test_cells_of_a_table_are_words() -> None:
    row = row_of(*letters(20, 44, 58, 72, 100, 114))
    assert spaces_at_walls(ruled(36, 90), row) == [(0, True), (3, True)]


def test_a_number_in_a_narrow_cell_is_a_word() -> None:
    row = row_of(*letters(20, 38, 50, 62))
    assert spaces_at_walls(ruled(12, 34, 80), row) == [(0, True)]


def test_boxes_for_one_letter_each_form_words_with_a_space_at_an_empty_box() -> None:
    row = row_of(*letters(20, 50, 110, 140))
    found = spaces_at_walls(ruled(10, 40, 70, 100, 130, 160), row)
    assert found == [(0, False), (1, True), (2, False)]


def test_a_label_is_not_in_the_word_of_the_boxes_after_it() -> None:
    row = row_of(*letters(0, 14, 28, 42, 56, 80, 110, 140))
    found = spaces_at_walls(ruled(70, 100, 130, 160), row)
    assert found == [(4, True), (5, False), (6, False)]


def test_a_row_without_lines_has_no_walls() -> None:
    assert spaces_at_walls(ruled(), row_of(*letters(20, 44))) == []
