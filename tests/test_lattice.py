from __future__ import annotations

import numpy as np
import pytest

from ocr.segment import SegmentedPage, crop
from ocr.segment.crops import crop_candidates, grow_labels
from ocr.segment.lattice import (
    Atom,
    Candidate,
    Lattice,
    best_cut,
    find_cuts,
    may_join,
)
from tests.bitmaps import bitmap, enlarged, segmented

#: An H, drawn 8 px high and enlarged to 32, of 8 px strokes.
H = "##..## ##..## ##..## ###### ###### ##..## ##..## ##..##"


def beside_h(drawing: str) -> tuple[SegmentedPage, Lattice]:
    """Lattice of the one row of an H, white, and what is drawn."""
    left, right = H.split(), drawing.split()
    both = " ".join(f"..{a}....{b}.." for a, b in zip(left, right, strict=True))
    blank = "." * len(both.split()[0])
    page = segmented(enlarged(bitmap(f"{blank} {both} {blank}"), 4))
    [lattice] = page.lattices
    return page, lattice


def joined(lattice: Lattice) -> list[tuple[int, int]]:
    """Atoms of each candidate of more than one."""
    return [(c.first, c.last) for c in lattice.candidates if c.last - c.first > 1]


def test_every_atom_is_a_candidate_of_its_own() -> None:
    _, lattice = beside_h("..... ..... ##.## ##.## ##.## ##.## ..... .....")
    alone = [c for c in lattice.candidates if c.last - c.first == 1]
    assert [c.first for c in alone] == list(range(len(lattice.atoms)))
    assert [c.box for c in alone] == [a.box for a in lattice.atoms]


@pytest.mark.parametrize(
    "drawing",
    [
        ".##. .##. .... .##. .##. .##. .##. .##.",  # i
        ".... .... .##. .##. .... .... .##. .##.",  # :
        ".... .... #### .... .... #### .... ....",  # =
        ".##. .##. .##. .##. .##. .... .##. .##.",  # !
        "#.#. #.#. #.#. .... .... .... .... ....",  # "
    ],
    ids=["i", "colon", "equals", "exclamation", "quotation"],
)
def test_sign_of_two_parts_is_also_one_candidate(drawing: str) -> None:
    _, lattice = beside_h(drawing)
    count = len(lattice.atoms)
    assert (count - 2, count) in joined(lattice)
    parts = [a.box for a in lattice.atoms[-2:]]
    whole = next(c.box for c in lattice.candidates if (c.first, c.last) == (count - 2, count))
    assert whole[:2] == tuple(min(box[i] for box in parts) for i in (0, 1))
    assert whole[2:] == tuple(max(box[i] for box in parts) for i in (2, 3))


@pytest.mark.parametrize(
    ("one", "other", "whole"),
    [
        ([0, 0, 4, 32], [12, 0, 30, 32], True),  # the stem of an H or K, and the rest
        ([0, 0, 18, 32], [24, 0, 27, 32], True),  # of an N
        ([0, 0, 18, 32], [26, 0, 44, 32], False),  # two letters
        ([0, 0, 4, 32], [18, 0, 36, 32], False),  # too far
        ([0, 0, 4, 32], [10, 27, 14, 32], False),  # l and a point
        ([0, 0, 4, 32], [10, 14, 28, 32], False),  # l and a small letter
    ],
)
def test_stem_apart_may_belong_to_its_letter(
    one: list[float], other: list[float], whole: bool
) -> None:
    assert may_join([one], other, 32.0, is_whole=True) == whole


def test_dots_are_not_joined_to_a_piece_of_the_next_letter() -> None:
    colon = [[0.0, 10.0, 4.0, 14.0], [0.0, 28.0, 4.0, 32.0]]
    piece = [10.0, 14.0, 18.0, 26.0]
    assert not may_join(colon, piece, 32.0, is_whole=False)
    assert may_join([[0.0, 0.0, 4.0, 10.0]], [10.0, 0.0, 14.0, 10.0], 32.0, is_whole=True)  # a "


def test_best_cut_covers_the_row_with_its_likeliest_candidates() -> None:
    box = (0, 0, 1, 1)
    runs = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
    lattice = Lattice(
        [Atom(i, box) for i in range(3)], [Candidate(*run, box) for run in runs], 1.0, 0.0
    )
    assert best_cut(lattice, [-1.0, -1.0, -1.0, -9.0, -1.0]) == [1, 4]
    assert best_cut(lattice, [-1.0, -5.0, -1.0, -1.5, -1.0]) == [0, 3]


def test_letters_apart_are_not_joined() -> None:
    _, lattice = beside_h(" ".join(["##...##"] * 8))
    count = len(lattice.atoms)
    assert not {(count - 3, count - 1), (count - 2, count)} & set(joined(lattice))


#: An L whose foot touches the next letter, an I.
TOUCHING = "##....## ##....## ##....## ##....## ##....## ##....## ##....## ########"


def test_touching_letters_are_cut_at_the_thin_place() -> None:
    ink = enlarged(bitmap(TOUCHING), 4)
    cuts = find_cuts(ink, height=32, stroke=8)
    assert any(8 <= cut <= 24 for cut in cuts)


def test_cuts_keep_away_from_each_other_and_from_the_rims() -> None:
    ink = np.ones((3, 90), np.bool_)
    rims = [0, *find_cuts(ink, height=30, stroke=3), 90]
    assert len(rims) > 4
    assert min(np.diff(rims)) >= 6


def test_thick_ink_is_not_cut() -> None:
    assert find_cuts(np.ones((30, 60), np.bool_), height=30, stroke=3) == []


def test_narrow_component_is_not_cut() -> None:
    _, lattice = beside_h(" ".join(["##"] * 8))
    assert sum(a.box[0] > 40 for a in lattice.atoms) == 1


def test_pieces_of_a_cut_component_cover_it_and_do_not_overlap() -> None:
    _, lattice = beside_h(TOUCHING)
    right = [a.box for a in lattice.atoms if a.box[0] >= 40]
    assert len(right) >= 2
    assert (right[0][0], right[-1][2]) == (48, 80)
    assert all(a[2] == b[0] for a, b in zip(right, right[1:], strict=False))


def test_no_candidate_is_wider_than_a_letter_can_be() -> None:
    _, lattice = beside_h(" ".join(["##.##.##.##.##.##.##.##"] * 8))
    pieces = [c for c in lattice.candidates if c.last - c.first > 1]
    assert pieces
    assert max(c.box[2] - c.box[0] for c in pieces) <= 2 * lattice.height


def test_each_candidate_has_its_crop() -> None:
    page, lattice = beside_h(TOUCHING)
    crops = crop_candidates(page.ink, page.components, [lattice, lattice])
    assert crops.shape == (2 * len(lattice.candidates), 32, 32)
    assert crops.dtype == np.float32
    assert crops.max(axis=(1, 2)) == pytest.approx(1)


def test_crop_shows_nothing_of_the_neighbours() -> None:
    page = segmented(enlarged(bitmap("##....## ##.##.## ##....## ########"), 6))
    inner = next(i for i, box in enumerate(page.components.boxes) if box[0] == 18)
    [lattice] = page.lattices
    [dot] = [
        i
        for i, c in enumerate(lattice.candidates)
        if c.box == tuple(page.components.boxes[inner].tolist())
    ]
    rows, columns = np.nonzero(crop(page)[dot] > 0.5)
    assert np.ptp(columns) > np.ptp(rows)  # the dot is 12 by 6 px, and nothing else is there


def test_soft_rim_belongs_to_the_nearest_component() -> None:
    grown = grow_labels(segmented(bitmap("..... .#... ..... .....")).components.labels)
    assert grown.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [0] * 5]


def test_page_without_rows_has_no_crops() -> None:
    page = segmented(np.zeros((5, 5), np.bool_))
    assert crop(page).shape == (0, 32, 32)
