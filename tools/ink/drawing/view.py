"""The public face: one square view with the truth for every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.ink.drawing import camera, layout, paper, scenery
from tools.ink.drawing.canvas import Canvas
from tools.ink.drawing.page import Area, Page
from tools.ink.drawing.sources import Sources

TRIES = 20  # draws before an error is passed on
SMALLEST = 5.0  # px, capital height; whether smaller letters can be read is in doubt
CELL = 8  # px, side of a cell of the map of heights
FEWEST_LETTERS = 6  # that tell whether a view is upright

NOISE_SIDE = 768  # px; larger than any view's canvas
GROUNDS = {"paper": 54, "scan": 12, "backdrop": 11, "board": 7, "screen": 4, "scene": 12}
BLANK = 0.09  # share of views without any writing, beside scenes that happen to have none


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
        255 where the truth is sure, 0 where it is not.
    turn : int
        0 upright; -1 where there is too little writing to tell.
    """

    gray: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    rule: NDArray[np.uint8]
    core: NDArray[np.uint8]
    height: NDArray[np.float32]
    valid: NDArray[np.uint8]
    turn: int


def draw_view(rng: np.random.Generator, sources: Sources, size: int = 384) -> View:
    """Draw a view of a page, a board, a sign, a screen, or a scene without writing.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same generator, used in the same order on freshly loaded sources, draws the
        same views.
    sources : Sources
        What is drawn from; lines that are drawn are kept there, to be used again.
    size : int
        Side of the view, px; a multiple of 8.

    Examples
    --------
    >>> import numpy as np
    >>> from tools.ink.drawing import Sources, draw_view
    >>> view = draw_view(np.random.default_rng(1), Sources.synthetic(), size=64)
    >>> view.gray.shape, view.core.shape, view.height.shape
    ((64, 64), (32, 32), (8, 8))
    """
    for _ in range(TRIES - 1):
        try:
            return _drawn(rng, sources, size)
        except (ArithmeticError, LookupError, OSError, TypeError, ValueError, cv2.error):
            continue  # a rare draw that can't be placed; the next one can
    return _drawn(rng, sources, size)


def _drawn(rng: np.random.Generator, sources: Sources, size: int) -> View:
    dice = Random(int(rng.integers(2**63)))
    tilt = camera.any_tilt(dice)
    side = camera.canvas_size(size, tilt)
    sources.shelf.refresh(sources.materials, dice)
    page = _empty_page(side, sources, dice, rng)
    ground = _fill(page)
    return _photographed(page, size, tilt, ground)


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    """White noise that all views cut from, float32 [768, 768]."""
    return np.random.default_rng(0).standard_normal((NOISE_SIDE,) * 2).astype(np.float32)


def _empty_page(side: int, sources: Sources, dice: Random, rng: np.random.Generator) -> Page:
    gray = np.full((side, side), 1.0, np.float32)
    area = Area(-10.0, -10.0, side + 10.0, side + 10.0)
    return Page(Canvas(gray, _noise()), area, sources.materials, sources.shelf, dice, rng)


def _fill(page: Page) -> str:
    """Draw everything on the canvas; the kind of ground it was drawn on."""
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
    if ground not in ("screen", "scan") and dice.random() < 0.25:  # fibres and clouds
        texture = scenery.backdrop(page, "surface")
        canvas.gray += (texture - texture.mean()) * np.float32(dice.uniform(0.02, 0.25))
        np.clip(canvas.gray, 0, 1, out=canvas.gray)


def _leave_blank(page: Page) -> None:
    """No writing: an empty form, drawings, or nothing at all."""
    dice = page.dice
    for _ in range(dice.choice([0, 0, 1, 3, 6])):
        scenery.drawing(page)
    if dice.random() < 0.2:
        scenery.picture(page)


def _write(page: Page, ground: str) -> None:
    """Writing, and drawings and pictures beside it."""
    dice = page.dice
    if dice.random() < 0.1 and ground == "paper":
        paper.ghost(page)
    if dice.random() < 0.3 and ground == "board":
        paper.erased(page)
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        scenery.drawing(page)
    if dice.random() < 0.12:
        scenery.picture(page)
    if ground == "scene":
        _write_on_scene(page)
    elif ground == "backdrop":
        dice.choice([layout.inscription, layout.inscription, layout.any_layout, layout.signs])(page)
    elif ground == "board" and dice.random() < 0.6:
        layout.board(page)
    else:
        layout.any_layout(page)
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


def _photographed(page: Page, size: int, tilt: float, ground: str) -> View:
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
    pixels = _developed(np.asarray(gray, np.float32), page, ground)
    valid = camera.visible(pixels, ink, core)
    valid[(doubt > 60) | ((rows > 0) & (rows < SMALLEST))] = 0
    half = cv2.resize(core, (size // 2, size // 2), interpolation=cv2.INTER_AREA)
    cells = rows.reshape(size // CELL, CELL, size // CELL, CELL).max(axis=(1, 3))
    turn = 0 if _letters(rows) >= FEWEST_LETTERS else -1
    return View(
        pixels, ink, rule, np.asarray(half, np.uint8), cells.astype(np.float32), valid, turn
    )


def _letters(rows: NDArray[np.float32]) -> float:
    """About how many letters stand in rows, from the rows' capital heights, float32 [S, S]."""
    heights = rows[::2, ::2]
    heights = heights[heights > 0]
    return float((4 / (0.3 * np.square(heights))).sum())  # a letter's core is about 0.54 by 0.55


def _developed(gray: NDArray[np.float32], page: Page, ground: str) -> NDArray[np.uint8]:
    """Pixels of a view after light, lens, sensor and file."""
    dice = page.dice
    height = min(page.heights) if page.heights else 30.0
    flat = ground in ("screen", "scan") and dice.random() < 0.8
    if not flat:
        gray = camera.light(gray, dice, page.rng)
    if not flat or dice.random() < 0.3:
        gray = camera.focus(gray, dice, height)
    if dice.random() < 0.18:
        gray = camera.coarsen(gray, dice, height)
    gray = camera.special(gray, dice)
    limit = 0.05 if page.heights else 0.12
    strength = dice.choice([0.0, dice.uniform(0, 0.02), dice.uniform(0.01, limit)])
    if strength:
        gray = camera.grain(gray, page.noise, dice, strength)
    return camera.to_bytes(gray, dice)
