"""Drawn views: the truth beside the picture is exact, and the same seed draws the same view."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from ocr.errors import DataError  # noqa: E402
from tools.ink.drawing import (  # noqa: E402  (cv2 comes with an extra)
    Sources,
    camera,
    draw_view,
    forms,
    layout,
    paper,
    scenery,
    view,
    words,
)
from tools.ink.drawing.canvas import Canvas, Pen, band  # noqa: E402
from tools.ink.drawing.lines import Line, StrokeHand, drawn_group, joined, trimmed  # noqa: E402
from tools.ink.drawing.page import Area, Page, RuleStyle, Ruling, Scribe  # noqa: E402
from tools.ink.drawing.sources import belongs  # noqa: E402

SIZE = 96
BLACK = RuleStyle(0.0, 1, 1.0)


@pytest.fixture(scope="module")
def sources() -> Sources:
    return Sources.synthetic()


def empty_page(sources: Sources, *, side: int = 400, seed: int = 1) -> Page:
    canvas = Canvas(np.ones((side, side), np.float32), view._noise())
    dice = Random(seed)
    sources.shelf.refresh(sources.materials, dice)
    area = Area(0.0, 0.0, float(side), float(side))
    rng = np.random.default_rng(seed)
    return Page(canvas, area, sources.materials, sources.shelf, dice, rng)


def bar(width: int = 200, gap: tuple[int, int] | None = None) -> Line:
    """A line whose ink is a block of one capital height, with a gap in it."""
    ink = np.zeros((126, width), np.uint8)
    ink[39:69] = 255
    if gap is not None:
        ink[:, slice(*gap)] = 0
    line = trimmed(ink, 30)
    assert line is not None
    return line


def test_a_view_has_the_promised_shapes_and_types(sources: Sources) -> None:
    drawn = draw_view(np.random.default_rng(0), sources, SIZE)
    for plane in (drawn.gray, drawn.ink, drawn.rule, drawn.valid):
        assert plane.shape == (SIZE, SIZE) and plane.dtype == np.uint8
    assert drawn.core.shape == (SIZE // 2, SIZE // 2) and drawn.core.dtype == np.uint8
    assert drawn.height.shape == (SIZE // 8, SIZE // 8) and drawn.height.dtype == np.float32
    assert drawn.turn in (0, -1)


def test_the_same_seed_draws_the_same_views() -> None:
    def draw() -> list[bytes]:
        rng, fresh = np.random.default_rng(5), Sources.synthetic()
        views = [draw_view(rng, fresh, SIZE) for _ in range(6)]
        return [v.gray.tobytes() + v.ink.tobytes() + v.height.tobytes() for v in views]

    assert draw() == draw()


def test_no_draw_fails(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "TRIES", 1)
    rng = np.random.default_rng(3)
    for _ in range(60):
        draw_view(rng, sources, SIZE)


def test_a_draw_that_fails_is_tried_again(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = view._drawn, []

    def fails_once(*args: object) -> view.View:
        calls.append(args)
        if len(calls) == 1:
            raise ValueError("no room")
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(view, "_drawn", fails_once)
    draw_view(np.random.default_rng(0), sources, SIZE)
    assert len(calls) == 2


def test_a_blank_view_holds_no_truth(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "BLANK", 1.0)
    rng = np.random.default_rng(2)
    for _ in range(12):
        drawn = draw_view(rng, sources, SIZE)
        assert not drawn.ink.any() and not drawn.core.any() and not drawn.height.any()
        assert drawn.turn == -1


def test_ink_is_where_writing_changed_the_gray(sources: Sources) -> None:
    page = empty_page(sources)
    page.write(bar(), 40, 200, 60, Pen(0.9))
    changed = page.canvas.gray < 0.5
    np.testing.assert_array_equal(changed, page.canvas.ink > 127)


def test_writing_is_light_on_a_dark_ground(sources: Sources) -> None:
    page = empty_page(sources)
    page.canvas.gray[:] = 0.1
    page.write(bar(), 40, 200, 60, Pen(0.9))
    assert page.canvas.gray[page.canvas.ink == 255].min() > 0.65


def test_a_core_lies_between_baseline_and_x_height(sources: Sources) -> None:
    page = empty_page(sources)
    page.write(bar(), 40, 200, 60, Pen(0.9))
    rows = np.flatnonzero((page.canvas.core > 127).any(axis=1))
    assert 200 - 0.66 * 60 <= rows[0] < rows[-1] <= 200
    assert set(np.unique(page.canvas.height[page.canvas.core > 127])) == {60}


def test_a_core_is_bridged_over_word_spaces_but_not_over_wide_gaps() -> None:
    assert len(bar(200, gap=(60, 120)).spans) == 1
    assert len(bar(300, gap=(60, 160)).spans) == 2


def test_rows_set_tight_have_separate_cores(sources: Sources) -> None:
    page = empty_page(sources)
    for y in (100, 121, 142):
        page.write(bar(), 20, y, 20, Pen(0.9))
    column = page.canvas.core[:, 60] > 127
    assert np.count_nonzero(np.diff(column.astype(int)) == 1) == 3


def test_columns_have_separate_cores(sources: Sources) -> None:
    page = empty_page(sources)
    page.write(bar(), 20, 100, 20, Pen(0.9))
    page.write(bar(), 170, 100, 20, Pen(0.9))
    row = page.canvas.core[93] > 127
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 2


def test_writing_is_not_written_over(sources: Sources) -> None:
    page = empty_page(sources)
    assert page.write(bar(), 20, 100, 20, Pen(0.9)) is not None
    assert page.write(bar(), 30, 104, 20, Pen(0.9)) is None


def test_a_rule_is_no_ink_and_a_drawing_is_neither(sources: Sources) -> None:
    page = empty_page(sources)
    page.strike(0, 50, 400, 50, BLACK)
    page.canvas.stroke([[(0, 90), (400, 90)]], 0.0, 2)
    assert page.canvas.gray[50, 200] < 0.1 and page.canvas.gray[90, 200] < 0.1
    assert page.canvas.rule[50, 200] > 200 and page.canvas.rule[90, 200] == 0
    assert not page.canvas.ink.any()


DRAWINGS = (
    "circle arrow box scribble polygon hatching barcode qr_code stamp tick bracket picture finger"
)


@pytest.mark.parametrize("name", DRAWINGS.split())
def test_drawings_leave_no_ink(sources: Sources, name: str) -> None:
    page = empty_page(sources)
    for _ in range(3):
        getattr(scenery, name)(page)
    assert not page.canvas.ink.any() and not page.canvas.rule.any()


@pytest.mark.parametrize("fill", list(layout.LAYOUTS), ids=lambda f: f.__name__)
def test_a_layout_writes(sources: Sources, fill: layout.Layout) -> None:
    written = 0
    for seed in range(4):
        page = empty_page(sources, seed=seed)
        fill(page)
        written += int((page.canvas.ink > 127).sum())
    assert written > 0


def test_ticks_in_check_boxes_are_no_ink(sources: Sources) -> None:
    page = empty_page(sources)
    for i in range(20):
        forms.check_box(page, 20.0, 20.0 * i, 14.0, BLACK)
    assert page.canvas.rule.any() and not page.canvas.ink.any()


def test_signs_in_a_comb_are_one_row(sources: Sources) -> None:
    page = empty_page(sources)
    scribe = Scribe.any(page, 20.0)
    placed = [(20.0 + 30 * i, 35.0 + 30 * i) for i in range(6)]
    forms._mark_comb(page, placed, 100.0, scribe.height)
    row = page.canvas.core[93] > 127
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 1


def test_nothing_is_left_beyond_the_edge_of_a_sheet(sources: Sources) -> None:
    page = empty_page(sources)
    page.write(bar(380), 5, 200, 20, Pen(0.9))
    scenery.edges(page, Area(100.0, 100.0, 300.0, 300.0))
    assert page.canvas.ink[:, 150:250].any()
    assert not page.canvas.ink[:, :60].any() and not page.canvas.core[:, :60].any()


def test_strong_show_through_is_in_doubt(sources: Sources) -> None:
    doubts = []
    for seed in range(12):
        page = empty_page(sources, seed=seed)
        paper.ghost(page)
        assert not page.canvas.ink.any()
        doubts.append(page.canvas.doubt.any())
    assert any(doubts) and not all(doubts)


def test_wiped_writing_is_in_doubt_only(sources: Sources) -> None:
    page = empty_page(sources)
    for _ in range(5):
        paper.erased(page)
    assert not page.canvas.ink.any() and not page.canvas.core.any()


def test_ruled_paper_is_rule(sources: Sources) -> None:
    page = empty_page(sources)
    page.ruling = Ruling("ruled", 40.0, 10.0)
    paper.draw_ruling(page, BLACK)
    assert page.canvas.rule.any() and not page.canvas.ink.any()


def test_faint_ink_is_in_doubt() -> None:
    gray, ink = np.full((64, 64), 200, np.uint8), np.zeros((64, 64), np.uint8)
    ink[28:36, 8:56] = 255
    faint, clear = gray.copy(), gray.copy()
    faint[ink > 0] = 198
    clear[ink > 0] = 90
    core = np.zeros_like(ink)
    assert not camera.visible(faint, ink, core)[32, 30]
    assert camera.visible(clear, ink, core).all()


def test_a_view_turned_by_45_degrees_stays_on_its_canvas() -> None:
    dice, rng = Random(0), np.random.default_rng(0)
    side = camera.canvas_size(128, np.pi / 4)
    at = camera.geometry(dice, rng, 128, side, np.pi / 4)
    assert at.whole.min() > -20 and at.whole.max() < side + 20


def test_lines_are_joined_with_a_gap_and_cut_between_letters() -> None:
    both = joined(bar(), bar(), gap=1.0)
    cut = both.cut(260)
    assert both.ink.shape[1] == 2 * bar().ink.shape[1] + 30
    assert cut is not None and cut.ink.shape[1] <= bar().ink.shape[1] + 4


def test_a_hand_without_a_sign_borrows_it(sources: Sources) -> None:
    hand = StrokeHand.any(sources.materials, Random(0))
    assert hand.write("TILL", 30, Random(1)) is not None
    assert drawn_group(sources.materials, 30, 3, Random(2)).lines


def test_texts_are_short_and_never_empty() -> None:
    dice = Random(0)
    for _ in range(300):
        text = words.any_text(dice, ["one two three", "4"])
        assert 0 < len(text) <= words.LONGEST
        assert words.short(dice, ["one two three"]) and words.few_signs(dice)


def test_a_band_is_lower_than_the_x_height() -> None:
    corners = band(0, 100, 50, 50, 20)
    assert corners[:, 1].min() > 50 - 0.66 * 20 and corners[:, 1].max() < 50


def test_splits_share_nothing() -> None:
    names = [f"font-{i}" for i in range(500)]
    held_out = [n for n in names if belongs(n, "held_out")]
    assert 20 < len(held_out) < 100
    assert all(not belongs(n, "train") for n in held_out)


def test_a_missing_pack_says_how_to_write_it(tmp_path: object) -> None:
    with pytest.raises(DataError, match="drawing_pack"):
        Sources.load(str(tmp_path))
