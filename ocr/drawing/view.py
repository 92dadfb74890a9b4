"""Draw square views of pages, each with the truth for every pixel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.drawing import camera, layout, paper, scenery
from ocr.drawing.canvas import Canvas
from ocr.drawing.lines import RecentLines
from ocr.drawing.materials import Materials
from ocr.drawing.page import Area, Page

BLOCK = 128  # views that share recent lines; a resumed run draws at most so many again
TRIES = 20  # of a view whose drawing raises an error
SMALLEST = 5.0  # px, capital height; smaller letters may not be readable
CELL = 8  # px, side of a cell of the map of heights
MIN_LETTERS = 6  # that tell whether a view is upright

NOISE_SIDE = 768  # px; larger than any view's canvas
GROUNDS = {"paper": 54, "scan": 12, "backdrop": 11, "board": 7, "screen": 4, "scene": 12}
BLANK = 0.09  # share of views without any writing; some scenes have none either


@dataclass(frozen=True)
class View:
    """A drawn view and its truth; S is its side in px.

    Parameters
    ----------
    gray : ndarray, uint8 [S, S]
        The picture, 0 black to 255 white.
    ink : ndarray, uint8 [S, S]
        Coverage by strokes of writing or print, dark or light.
    rule : ndarray, uint8 [S, S]
        Coverage by rules, borders, combs, outlines of check boxes, underlines.
    core : ndarray, uint8 [S // 2, S // 2]
        Coverage by rows between baseline and x-height.
    height : ndarray, float32 [S // 8, S // 8]
        Capital height of the row whose core covers the cell, px; 0 where there is none.
    valid : ndarray, uint8 [S, S]
        255 where the truth is certain, 0 where it is not.
    shows_turn : bool
        Whether there is enough writing to tell which side is up.
    """

    gray: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    rule: NDArray[np.uint8]
    core: NDArray[np.uint8]
    height: NDArray[np.float32]
    valid: NDArray[np.uint8]
    shows_turn: bool


def draw_views(
    materials: Materials, *, seed: tuple[int, ...], size: int = 384, first: int = 0
) -> Iterator[View]:
    """Yield views of `size` px without end, from the number `first` on.

    The same seed yields the same views. `size` is a multiple of 8.

    Examples
    --------
    >>> from ocr.drawing.sources import read_sources
    >>> materials = read_sources([]).materials("train")
    >>> view = next(draw_views(materials, seed=(1,), size=64))
    >>> view.gray.shape, view.core.shape, view.height.shape
    ((64, 64), (32, 32), (8, 8))
    """
    for block in itertools.count(first // BLOCK):
        rng, recent = np.random.default_rng([*seed, block]), RecentLines()
        for number in range(block * BLOCK, (block + 1) * BLOCK):
            view = draw_view(rng, materials, recent, size)
            if number >= first:
                yield view


def draw_view(
    rng: np.random.Generator, materials: Materials, recent: RecentLines, size: int
) -> View:
    """Draw a page, a board, a sign, a screen, or a scene without writing."""
    for _ in range(TRIES - 1):
        try:
            return _drawn(rng, materials, recent, size)
        except (ArithmeticError, LookupError, OSError, ValueError, cv2.error):
            continue  # a font may fail at a single character or size
    return _drawn(rng, materials, recent, size)


def _drawn(rng: np.random.Generator, materials: Materials, recent: RecentLines, size: int) -> View:
    dice = Random(int(rng.integers(2**63)))
    tilt = camera.random_tilt(dice)
    side = camera.canvas_size(size, tilt)
    recent.refresh(materials, dice)
    canvas = Canvas(np.full((side, side), 1.0, np.float32), _noise(), dice)
    area = Area(-10.0, -10.0, side + 10.0, side + 10.0)
    page = Page(canvas, area, materials, recent, rng)
    ground = _fill(page)
    return _photograph(page, size, tilt, ground)


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    """White noise that all views cut from, float32 [768, 768]."""
    return np.random.default_rng(0).standard_normal((NOISE_SIDE,) * 2).astype(np.float32)


def _fill(page: Page) -> str:
    """Draw everything on the canvas; return the kind of ground it was drawn on."""
    dice = page.dice
    ground = dice.choices(list(GROUNDS), list(GROUNDS.values()))[0]
    _lay_ground(page, ground)
    sheet = paper.sheet_area(page) if ground == "paper" else None
    if sheet is not None:
        page.area = sheet
    if ground in ("paper", "scan"):
        paper.prepare(page)
    if dice.random() < BLANK:
        _leave_blank(page)
    else:
        _write(page, ground)
    if ground == "paper":
        _finish_paper(page, sheet)
    if dice.random() < 0.2:
        paper.stain(page)
    if dice.random() < 0.04:
        scenery.finger(page)
    return ground


def _lay_ground(page: Page, ground: str) -> None:
    """Fill the canvas with paper, a scan's white, a texture, a board or a screen."""
    dice, canvas = page.dice, page.canvas
    if ground in ("backdrop", "scene"):
        kind = "surface" if ground == "backdrop" else dice.choice(["scene", "scene", ""])
        canvas.gray[:] = scenery.backdrop(page, kind)
        return
    value = dice.uniform(0.55, 1) if dice.random() < 0.85 else dice.uniform(0.25, 0.6)
    if ground == "board":
        value = dice.choice([dice.uniform(0.05, 0.4), dice.uniform(0.8, 1)])
    elif ground == "screen":
        value = dice.choice([dice.uniform(0, 0.25), dice.uniform(0.85, 1)])
    elif ground == "scan":
        value = dice.choice([1.0, dice.uniform(0.9, 1)])
    canvas.gray[:] = value
    if ground not in ("screen", "scan") and dice.random() < 0.25:  # fibers and clouds
        texture = scenery.backdrop(page, "surface")
        canvas.gray += (texture - texture.mean()) * np.float32(dice.uniform(0.02, 0.25))
        np.clip(canvas.gray, 0, 1, out=canvas.gray)


def _leave_blank(page: Page) -> None:
    """Draw no writing, but drawings, a picture, or nothing at all."""
    dice = page.dice
    for _ in range(dice.choice([0, 0, 1, 3, 6])):
        scenery.drawing(page)
    if dice.random() < 0.2:
        scenery.picture(page)


def _write(page: Page, ground: str) -> None:
    """Write, and put drawings and pictures beside the writing."""
    dice = page.dice
    if dice.random() < 0.1 and ground == "paper":
        paper.show_through(page)
    if dice.random() < 0.3 and ground == "board":
        paper.wiped_writing(page)
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        scenery.drawing(page)
    if dice.random() < 0.12:
        scenery.picture(page)
    if ground == "scene":
        _write_on_scene(page)
    elif ground == "backdrop":
        dice.choice([layout.inscription, layout.inscription, layout.random_layout, layout.signs])(
            page
        )
    elif ground == "board" and dice.random() < 0.6:
        layout.board(page)
    else:
        layout.random_layout(page)
    if dice.random() < 0.35:
        for _ in range(dice.randint(1, 4)):
            scenery.drawing(page)


def _write_on_scene(page: Page) -> None:
    """Signs in a scene, letters painted on it, or no writing at all."""
    drawn = page.dice.random()
    if drawn < 0.4:
        layout.signs(page)
    elif drawn < 0.55:
        layout.inscription(page)
    elif drawn < 0.65:
        layout.scattered(page)


def _finish_paper(page: Page, sheet: Area | None) -> None:
    """Rules printed over the writing, and the desk around the page."""
    dice = page.dice
    if page.ruling.kind == "ruled" and dice.random() < 0.4:
        paper.draw_ruling(page, page.rule_style())
    if sheet is not None or dice.random() < 0.22:
        scenery.edges(page, sheet)


def _photograph(page: Page, size: int, tilt: float, ground: str) -> View:
    """The view of a page, its truth warped with the same geometry as its gray."""
    dice, canvas = page.dice, page.canvas
    at = camera.geometry(dice, page.rng, size, canvas.size, tilt)
    nowhere = np.zeros((0, 0), np.uint16)  # nearest pixels need no fraction
    gray = cv2.remap(
        canvas.gray, at.whole, at.part, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    stack = cv2.merge([canvas.ink, canvas.rule, canvas.core, canvas.doubt])
    truth = cv2.remap(stack, at.whole, at.part, cv2.INTER_LINEAR)
    ink, rule, core, doubt = (np.asarray(plane, np.uint8) for plane in cv2.split(truth))
    ink = np.asarray(cv2.convertScaleAbs(ink, alpha=1.3), np.uint8)  # the warp thins strokes
    rows = cv2.remap(canvas.height, at.whole, nowhere, cv2.INTER_NEAREST)
    rows = np.where(core > 127, rows, 0).astype(np.float32) * np.float32(at.zoom)
    pixels = _develop(np.asarray(gray, np.float32), page, ground)
    valid = camera.visible(pixels, ink, core)
    valid[(doubt > 60) | ((rows > 0) & (rows < SMALLEST))] = 0
    half = cv2.resize(core, (size // 2, size // 2), interpolation=cv2.INTER_AREA)
    cells = rows.reshape(size // CELL, CELL, size // CELL, CELL).max(axis=(1, 3))
    shows_turn = _letters(rows) >= MIN_LETTERS
    return View(
        pixels, ink, rule, np.asarray(half, np.uint8), cells.astype(np.float32), valid, shows_turn
    )


def _letters(rows: NDArray[np.float32]) -> float:
    """About how many letters stand in rows, from the rows' capital heights, float32 [S, S]."""
    heights = rows[::2, ::2]
    heights = heights[heights > 0]
    return float((4 / (0.3 * np.square(heights))).sum())  # a letter's core is about 0.54 by 0.55


def _develop(gray: NDArray[np.float32], page: Page, ground: str) -> NDArray[np.uint8]:
    """Pixels of a view after light, lens, sensor and file compression."""
    dice = page.dice
    height = min(page.canvas.heights) if page.canvas.heights else 30.0
    flat = ground in ("screen", "scan") and dice.random() < 0.8
    if not flat:
        gray = camera.light(gray, dice, page.rng)
    if not flat or dice.random() < 0.3:
        gray = camera.focus(gray, dice, height)
    if dice.random() < 0.18:
        gray = camera.coarsen(gray, dice, height)
    gray = camera.special(gray, dice)
    limit = 0.05 if page.canvas.heights else 0.12
    strength = dice.choice([0.0, dice.uniform(0, 0.02), dice.uniform(0.01, limit)])
    if strength:
        gray = camera.grain(gray, page.canvas.noise, dice, strength)
    return camera.to_bytes(gray, dice)
