"""Drawn views: the truth beside the picture is exact, and the same seed draws the same view."""

from __future__ import annotations

import gzip
import itertools
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

# cv2 comes with an extra
from ocr.drawing import camera, forms, layout, paper, scenery, view, words  # noqa: E402
from ocr.drawing.canvas import Canvas, Pen, band  # noqa: E402
from ocr.drawing.lines import (  # noqa: E402
    Line,
    RecentLines,
    StrokeHand,
    draw_group,
    join_lines,
    trim_line,
)
from ocr.drawing.materials import Materials  # noqa: E402
from ocr.drawing.page import Area, Page, RuleStyle, Ruling, Writer  # noqa: E402
from ocr.drawing.records import Layout  # noqa: E402
from ocr.drawing.sources import read_sources  # noqa: E402
from ocr.drawing.view import View, draw_views  # noqa: E402
from ocr.drawing.workers import Work, Workers  # noqa: E402
from ocr.errors import DataError  # noqa: E402

SIZE = 96
BLACK = RuleStyle(0.0, 1, 1.0)
RECENT = RecentLines()  # of all pages that tests fill


PEN_STROKES = {  # in a box whose side is 1000, y upward
    "I": [[(0, 1000), (0, 0)]],
    "L": [[(0, 1000), (0, 0), (600, 0)]],
    "T": [[(0, 1000), (700, 1000)], [(350, 1000), (350, 0)]],
    "o": [[(300, 600), (0, 300), (300, 0), (600, 300), (300, 600)]],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sources: strokes of three writers, letters, pictures and a text."""
    folder = tmp_path_factory.mktemp("sources")
    signs = [*PEN_STROKES, *"ABCDEFGHMNPQRSU"]
    lines = [
        json.dumps({"c": c, "donor": f"aa/{writer}", "s": PEN_STROKES.get(c, PEN_STROKES["L"])})
        for writer in range(3)
        for c in signs
    ]
    (folder / "strokes.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    images = np.zeros((20, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    np.savez(folder / "letters.npz", images=images, chars=np.array([*"Il"] * 10))
    (folder / "textures" / "surface").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (80, 600), np.uint8)
    for name in ("surface/wood.png", "tree.png"):
        cv2.imwrite(str(folder / "textures" / name), pixels)
    (folder / "text.txt").write_text("the quick brown fox\njumps over\n\nthe lazy dog\n")
    return folder


@pytest.fixture(scope="module")
def materials(folder: Path) -> Materials:
    return read_sources([str(folder)]).materials("train")


def empty_page(materials: Materials, *, side: int = 400, seed: int = 1) -> Page:
    canvas = Canvas(np.ones((side, side), np.float32), view._noise(), Random(seed))
    RECENT.refresh(materials, canvas.dice)
    area = Area(0.0, 0.0, float(side), float(side))
    return Page(canvas, area, materials, RECENT, np.random.default_rng(seed))


def draw(materials: Materials, count: int, seed: int = 0) -> list[View]:
    return list(itertools.islice(draw_views(materials, seed=(seed,), size=SIZE), count))


def bar(width: int = 200, gap: tuple[int, int] | None = None) -> Line:
    """A line whose ink is a block of one capital height, with a gap in it."""
    ink = np.zeros((126, width), np.uint8)
    ink[39:69] = 255
    if gap is not None:
        ink[:, slice(*gap)] = 0
    line = trim_line(ink, 30)
    assert line is not None
    return line


def test_a_view_has_the_promised_shapes_and_types(materials: Materials) -> None:
    (drawn,) = draw(materials, 1)
    for plane in (drawn.gray, drawn.ink, drawn.rule, drawn.valid):
        assert plane.shape == (SIZE, SIZE) and plane.dtype == np.uint8
    assert drawn.core.shape == (SIZE // 2, SIZE // 2) and drawn.core.dtype == np.uint8
    assert drawn.height.shape == (SIZE // 8, SIZE // 8) and drawn.height.dtype == np.float32


def test_the_same_seed_draws_the_same_views_from_any_number_on(materials: Materials) -> None:
    views = draw(materials, 6)
    later = list(itertools.islice(draw_views(materials, seed=(0,), size=SIZE, first=4), 2))
    for ours, theirs in zip(views[4:], later, strict=True):
        assert np.array_equal(ours.gray, theirs.gray) and np.array_equal(ours.ink, theirs.ink)


def test_no_draw_fails(materials: Materials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "TRIES", 1)
    assert len(draw(materials, 60, seed=3)) == 60


def test_a_draw_that_fails_is_tried_again(
    materials: Materials, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = view._drawn, []

    def fails_once(*args: object) -> View:
        calls.append(args)
        if len(calls) == 1:
            raise OSError("no such glyph")
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(view, "_drawn", fails_once)
    draw(materials, 1)
    assert len(calls) == 2


def test_a_blank_view_holds_no_truth(materials: Materials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "BLANK", 1.0)
    for drawn in draw(materials, 12, seed=2):
        assert not drawn.ink.any() and not drawn.core.any() and not drawn.height.any()
        assert not drawn.shows_turn


@pytest.mark.parametrize("ground", list(view.GROUNDS))
def test_views_of_each_kind_of_ground_are_drawn(
    materials: Materials, monkeypatch: pytest.MonkeyPatch, ground: str
) -> None:
    monkeypatch.setattr(view, "GROUNDS", {ground: 1})
    monkeypatch.setattr(view, "BLANK", 0.0)
    assert any(drawn.ink.any() for drawn in draw(materials, 8))


def test_ink_is_where_writing_changed_the_gray(materials: Materials) -> None:
    page = empty_page(materials)
    page.canvas.write(bar(), 40, 200, 60, Pen(0.9))
    changed = page.canvas.gray < 0.5
    np.testing.assert_array_equal(changed, page.canvas.ink > 127)


def test_the_ink_of_a_word_is_where_the_page_is_darker(materials: Materials) -> None:
    page = empty_page(materials)
    group = draw_group(materials, 100, 1, Random(0), is_print=True)
    line = group.write("word", Random(1))
    assert line is not None
    page.canvas.write(line, 40, 200, 60, Pen(0.9))
    dark, ink = page.canvas.gray < 0.55, page.canvas.ink > 127
    assert (dark & ink).sum() > 0.95 * (dark | ink).sum() > 0


def test_writing_is_light_on_a_dark_ground(materials: Materials) -> None:
    page = empty_page(materials)
    page.canvas.gray[:] = 0.1
    page.canvas.write(bar(), 40, 200, 60, Pen(0.9))
    assert page.canvas.gray[page.canvas.ink == 255].min() > 0.65


def test_a_core_lies_between_baseline_and_x_height(materials: Materials) -> None:
    page = empty_page(materials)
    page.canvas.write(bar(), 40, 200, 60, Pen(0.9))
    rows = np.flatnonzero((page.canvas.core > 127).any(axis=1))
    assert 200 - 0.66 * 60 <= rows[0] < rows[-1] <= 200
    assert set(np.unique(page.canvas.height[page.canvas.core > 127])) == {60}


def test_a_core_is_bridged_over_word_spaces_but_not_over_wide_gaps() -> None:
    assert len(bar(200, gap=(60, 120)).spans) == 1
    assert len(bar(300, gap=(60, 160)).spans) == 2


def test_rows_set_tight_have_separate_cores(materials: Materials) -> None:
    page = empty_page(materials)
    for y in (100, 121, 142):
        page.canvas.write(bar(), 20, y, 20, Pen(0.9))
    column = page.canvas.core[:, 60] > 127
    assert np.count_nonzero(np.diff(column.astype(int)) == 1) == 3


def test_columns_have_separate_cores(materials: Materials) -> None:
    page = empty_page(materials)
    page.canvas.write(bar(), 20, 100, 20, Pen(0.9))
    page.canvas.write(bar(), 170, 100, 20, Pen(0.9))
    row = page.canvas.core[93] > 127
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 2


def test_writing_is_not_written_over(materials: Materials) -> None:
    page = empty_page(materials)
    assert page.canvas.write(bar(), 20, 100, 20, Pen(0.9)) is not None
    assert page.canvas.write(bar(), 30, 104, 20, Pen(0.9)) is None


def test_a_rule_is_no_ink_and_a_drawing_is_neither(materials: Materials) -> None:
    page = empty_page(materials)
    page.rule(0, 50, 400, 50, BLACK)
    page.canvas.stroke([[(0, 90), (400, 90)]], 0.0, 2)
    assert page.canvas.gray[50, 200] < 0.1 and page.canvas.gray[90, 200] < 0.1
    assert page.canvas.rule[50, 200] > 200 and page.canvas.rule[90, 200] == 0
    assert not page.canvas.ink.any()


DRAWINGS = (
    "circle arrow box scribble polygon hatching barcode qr_code stamp tick bracket picture finger"
)


@pytest.mark.parametrize("name", DRAWINGS.split())
def test_drawings_leave_no_ink(materials: Materials, name: str) -> None:
    page = empty_page(materials)
    for _ in range(3):
        getattr(scenery, name)(page)
    assert not page.canvas.ink.any() and not page.canvas.rule.any()


@pytest.mark.parametrize("fill", list(layout.LAYOUTS), ids=lambda f: f.__name__)
def test_a_layout_writes(materials: Materials, fill: layout.Layout) -> None:
    written = 0
    for seed in range(4):
        page = empty_page(materials, seed=seed)
        fill(page)
        written += int((page.canvas.ink > 127).sum())
    assert written > 0


def test_ticks_in_check_boxes_are_no_ink(materials: Materials) -> None:
    page = empty_page(materials)
    for i in range(20):
        forms.check_box(page, 20.0, 20.0 * i, 14.0, BLACK)
    assert page.canvas.rule.any() and not page.canvas.ink.any()


def test_signs_in_a_comb_are_one_row(materials: Materials) -> None:
    page = empty_page(materials)
    writer = Writer.random(page, 20.0)
    placed = [(20.0 + 30 * i, 35.0 + 30 * i) for i in range(6)]
    forms._mark_comb(page, placed, 100.0, writer.height)
    row = page.canvas.core[93] > 127
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 1


def test_nothing_is_left_beyond_the_edge_of_a_sheet(materials: Materials) -> None:
    page = empty_page(materials)
    page.canvas.write(bar(380), 5, 200, 20, Pen(0.9))
    scenery.edges(page, Area(100.0, 100.0, 300.0, 300.0))
    assert page.canvas.ink[:, 150:250].any()
    assert not page.canvas.ink[:, :60].any() and not page.canvas.core[:, :60].any()


def test_strong_show_through_is_in_doubt(materials: Materials) -> None:
    doubts = []
    for seed in range(12):
        page = empty_page(materials, seed=seed)
        paper.show_through(page)
        assert not page.canvas.ink.any()
        doubts.append(page.canvas.doubt.any())
    assert any(doubts) and not all(doubts)


def test_wiped_writing_is_in_doubt_only(materials: Materials) -> None:
    page = empty_page(materials)
    for _ in range(5):
        paper.wiped_writing(page)
    assert not page.canvas.ink.any() and not page.canvas.core.any()


def test_ruled_paper_is_rule(materials: Materials) -> None:
    page = empty_page(materials)
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
    both = join_lines(bar(), bar(), gap=1.0)
    cut = both.cut(260)
    assert both.ink.shape[1] == 2 * bar().ink.shape[1] + 30
    assert cut is not None and cut.ink.shape[1] <= bar().ink.shape[1] + 4


def test_a_hand_without_a_sign_borrows_it(materials: Materials) -> None:
    hand = StrokeHand.random(materials, Random(0))
    assert hand.write("TILL", 30, Random(1)) is not None
    assert draw_group(materials, 30, 3, Random(2)).lines


def test_texts_are_short_and_never_empty() -> None:
    dice = Random(0)
    for _ in range(300):
        text = words.random_text(dice, ["one two three", "4"])
        assert 0 < len(text) <= words.LONGEST
        assert words.short(dice, ["one two three"]) and words.few_signs(dice)


def test_a_band_is_lower_than_the_x_height() -> None:
    corners = band(0, 100, 50, 50, 20)
    assert corners[:, 1].min() > 50 - 0.66 * 20 and corners[:, 1].max() < 50


def test_the_two_parts_share_no_line_or_picture(folder: Path) -> None:
    lines = [f"line {i}" for i in range(500)]
    found = read_sources([str(folder)])
    found.lines = lines
    training, held_out = found.materials("train"), found.materials("held_out")
    assert sorted(training.lines + held_out.lines) == sorted(lines)
    assert 20 < len(held_out.lines) < 100


def test_what_is_too_little_to_divide_is_shared(folder: Path) -> None:
    found = read_sources([str(folder)])
    found.lines = ["only one"]
    assert found.materials("train").lines == found.materials("held_out").lines == ["only one"]


def test_a_folder_of_sources_is_read(folder: Path) -> None:
    found = read_sources([str(folder)])
    counts = found.counts()
    assert (counts["writers"], counts["letters"], counts["pictures"]) == (3, 20, 2)
    assert counts["lines of text"] == 3 and counts["fonts"] > 0  # those of the system
    assert sorted(t.is_surface for t in found.textures) == [False, True]
    assert max(found.textures[0].pixels.shape) == 512


def test_fonts_may_be_in_a_zip_archive(tmp_path: Path) -> None:
    font = read_sources([]).fonts[0]
    with zipfile.ZipFile(tmp_path / "fonts.zip", "w") as archive:
        archive.writestr("hand/one.ttf", font.data)
        archive.writestr("two.ttf", font.data)
        archive.writestr("broken.ttf", b"no font")
    found = read_sources([str(tmp_path)])
    assert sorted(f.is_hand for f in found.fonts) == [False, True]


def test_letters_and_strokes_may_be_sources_of_their_own(folder: Path) -> None:
    found = read_sources([str(folder / "letters.npz"), str(folder / "strokes.jsonl.gz")])
    assert (found.counts()["writers"], found.counts()["letters"]) == (3, 20)


def test_a_machine_without_data_can_draw() -> None:
    found = read_sources(["fonts"])
    assert draw(found.materials("train"), 2)


@pytest.mark.parametrize("name", ["missing", "fonts:missing"])
def test_a_missing_source_is_named(name: str) -> None:
    with pytest.raises(DataError, match="cannot read missing"):
        read_sources([name])


def test_workers_draw_the_same_views_from_any_number_on(materials: Materials) -> None:
    layout = Layout(64)

    def taken(first: int, count: int) -> np.ndarray:
        workers = Workers(Work(materials, materials, 2, layout, 2, seed=5, first=first))
        out = np.zeros((2 + count, layout.bytes), np.uint8)
        workers.take(out)
        workers.close()
        return out

    views = taken(0, 20)  # more than the slots hold
    later = taken(17, 3)
    assert np.array_equal(views[:2], later[:2])  # held out
    assert np.array_equal(views[2 + 17 :], later[2:])


def test_a_worker_that_cannot_draw_ends_the_run_with_its_reason(materials: Materials) -> None:
    nothing = replace(materials, lines=[])
    workers = Workers(Work(nothing, nothing, 1, Layout(64), 1, seed=0))
    with pytest.raises(DataError, match="a process that draws pages ended: IndexError"):
        workers.take(np.zeros((1, Layout(64).bytes), np.uint8))
    workers.close()
