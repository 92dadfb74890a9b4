from __future__ import annotations

import numpy as np

from ocr.segment.ink_network import InkMaps, empty_maps
from ocr.segment.ruling import find_ruling


def maps_of(*lines: tuple[int, int, int, int]) -> InkMaps:
    """Maps of a page of 200 x 200 px with ruled lines: left, top, right, bottom."""
    maps = empty_maps(200, 200)
    maps.rule[:] = 0
    for left, top, right, bottom in lines:
        maps.rule[top:bottom, left:right] = 255
    return maps


def test_only_upright_lines_are_walls() -> None:
    ruling = find_ruling(maps_of((100, 20, 102, 180), (20, 60, 180, 62)), (400, 400))
    y, x = np.nonzero(ruling.walls)
    assert set(x.tolist()) == {100, 101}
    assert ruling.scale == 0.5
    assert {20 < row < 180 for row in y.tolist()} == {True}


def test_lines_that_cross_have_a_corner_in_pixels_of_the_page() -> None:
    corners = find_ruling(maps_of((100, 20, 102, 180), (20, 60, 180, 62)), (400, 400)).corners
    assert np.abs(corners - (201, 121)).max() < 12


def test_rules_of_lined_paper_have_no_corners() -> None:
    lines = [(10, y, 190, y + 2) for y in range(30, 180, 30)]
    assert not len(find_ruling(maps_of(*lines), (200, 200)).corners)


def test_a_page_without_maps_has_no_ruled_lines() -> None:
    ruling = find_ruling(None, (300, 200))
    assert not ruling.walls.any()
    assert ruling.corners.shape == (0, 2)
