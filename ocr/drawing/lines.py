"""Lines of writing as ink on an empty canvas, by many hands.

A line is drawn once, with a capital height of 30 px (or 100 px for letters that will be
large), and placed on several pages, each time with another size, slope and pen.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from random import Random
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.drawing import words
from ocr.drawing.materials import Font, Materials

SMALL_UNIT, LARGE_UNIT = 30, 100  # px of capital height while a line is drawn
BASELINE = 2.3  # capital heights from the top of a line's canvas to its baseline
TALL = 4.2  # capital heights of a line's canvas
INK = 80  # of 255; coverage that counts as ink where a line's extent is measured
BRIDGE = 2.5  # letter heights; wider gaps end a row's core
MARGIN = 12  # px left of the first letter while a line is drawn

Ink = NDArray[np.uint8]


@dataclass(frozen=True)
class Line:
    """Ink of a line of writing.

    Parameters
    ----------
    ink : ndarray, uint8 [4.2 unit, w]
        Coverage, 255 on 0, cut to the ink's left and right ends.
    unit : int
        Capital height, px.
    columns : ndarray, bool [w]
        Columns that hold ink.
    rows : (int, int)
        No ink stands above the first of these rows, nor from the second on.
    """

    ink: Ink
    unit: int
    columns: NDArray[np.bool_]
    rows: tuple[int, int]

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Left and right ends of the stretches of ink that no wide gap interrupts, px."""
        filled = np.flatnonzero(self.columns)
        if len(filled) == 0:
            return []
        breaks = np.flatnonzero(np.diff(filled) > BRIDGE * self.unit)
        left = np.concatenate([filled[:1], filled[breaks + 1]])
        right = np.concatenate([filled[breaks], filled[-1:]])
        return [(int(a), int(b) + 1) for a, b in zip(left, right, strict=True)]

    @cached_property
    def spaces(self) -> NDArray[np.int64]:
        """Empty columns, where the line can be cut."""
        return np.flatnonzero(~self.columns)

    @property
    def proportion(self) -> float:
        """Width over capital height."""
        return float(self.ink.shape[1]) / self.unit

    def cut(self, width: int) -> Line | None:
        """The line's beginning, at most so many px wide, cut between letters if it can be."""
        if self.ink.shape[1] <= width:
            return self
        places = self.spaces[(self.spaces < width) & (self.spaces > width * 0.4)]
        if len(places) == 0:
            return None
        end = int(places[-1]) + 1
        return _trim_columns(self.ink[:, :end], self.unit, self.columns[:end], self.rows)


def _inked_columns(ink: Ink) -> NDArray[np.bool_]:
    """Columns that hold ink, bool [w]."""
    return np.asarray(cv2.reduce(ink, 0, cv2.REDUCE_MAX)[0] > INK)


def trim_line(ink: Ink, unit: int) -> Line | None:
    """The line without empty columns at its ends, or None where there is no ink."""
    filled = np.flatnonzero(ink.max(axis=1) > INK // 4)
    if len(filled) == 0:
        return None
    return _trim_columns(ink, unit, _inked_columns(ink), (int(filled[0]), int(filled[-1]) + 1))


def _trim_columns(
    ink: Ink, unit: int, columns: NDArray[np.bool_], rows: tuple[int, int]
) -> Line | None:
    filled = np.flatnonzero(columns)
    if len(filled) < 2:
        return None
    kept = slice(max(0, int(filled[0]) - 3), int(filled[-1]) + 4)
    return Line(np.ascontiguousarray(ink[:, kept]), unit, columns[kept], rows)


def join_lines(first: Line, second: Line, gap: float = 0.6) -> Line:
    """Two lines of one unit as one, with a gap of so many capital heights between them."""
    space = np.zeros((first.ink.shape[0], round(gap * first.unit)), np.uint8)
    return Line(
        np.concatenate([first.ink, space, second.ink], axis=1),
        first.unit,
        np.concatenate([first.columns, np.zeros(space.shape[1], bool), second.columns]),
        (min(first.rows[0], second.rows[0]), max(first.rows[1], second.rows[1])),
    )


class Hand(Protocol):
    """What writes a line: a font, a person's pen strokes, or scanned letters."""

    @property
    def is_print(self) -> bool:
        """Whether it is print."""

    def write(self, text: str, unit: int, dice: Random) -> Ink | None:
        """Ink of a text with its baseline at 2.3 units; None where it cannot be written."""


@lru_cache(maxsize=400)
def _face(font: Font, unit: int) -> ImageFont.FreeTypeFont:
    """A font at the size at which its capitals are so many px high."""
    trial = ImageFont.truetype(io.BytesIO(font.data), 100)
    capital = max(10.0, -float(trial.getbbox("H", anchor="ls")[1]))
    return ImageFont.truetype(io.BytesIO(font.data), max(8, round(100 * unit / capital)))


@lru_cache(maxsize=4000)
def _glyphs(font: Font, unit: int, text: str) -> tuple[Ink, tuple[int, int]] | None:
    """Ink of a word or a letter, and its corner's place from the baseline's start, px."""
    face = _face(font, unit)
    left, top, right, bottom = (int(v) for v in face.getbbox(text, anchor="ls"))
    if right <= left or bottom <= top:
        return None
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, 255, font=face, anchor="ls")
    return np.asarray(image, np.uint8), (left, top)


@dataclass(frozen=True)
class FontHand:
    """A font, its letters set as designed or shaken a little.

    Parameters
    ----------
    tracking : float
        Extra space between letters, capital heights.
    spacing : float
        Factor on the width of word spaces.
    shake : float
        Standard deviation of each letter's height above the line, capital heights.
    turn, growth : float
        Standard deviations of each letter's turn (degrees) and size (a fraction).
    whole : bool
        Set whole words by the font's own rules, kerning and joins; the rest is unused then.
    """

    font: Font
    is_print: bool
    tracking: float
    spacing: float
    shake: float
    turn: float
    growth: float
    whole: bool

    @classmethod
    def random(cls, fonts: list[Font], is_print: bool, dice: Random) -> FontHand:
        """Choose a font, its spacing and its irregularities at random."""
        loose = 0 if is_print else 1
        wide = dice.uniform(0.2, 1.4) if dice.random() < 0.25 else dice.uniform(-0.06, 0.25)
        return cls(
            font=dice.choice(fonts),
            is_print=is_print,
            tracking=dice.choice([0.0, 0.0, wide]),
            spacing=dice.choice([1.0, 1.0, dice.uniform(0.7, 2.6)]),
            shake=dice.uniform(0, 0.05),
            turn=loose * dice.uniform(0, 5),
            growth=loose * dice.uniform(0, 0.1),
            whole=dice.random() < (0.75 if is_print else 0.5),
        )

    def write(self, text: str, unit: int, dice: Random) -> Ink | None:
        """Ink of a text; see ``Hand.write``."""
        face = _face(self.font, unit)
        pieces = text.split(" ") if self.whole else list(text)
        canvas = _empty(face.getlength(text) + unit * (2 + len(text) * (self.tracking + 0.4)), unit)
        space = face.getlength(" ") * self.spacing
        x = float(MARGIN)
        for piece in pieces:
            if piece and piece != " ":
                self._set(canvas, face, piece, x, unit, dice)
                x += face.getlength(piece) + (0 if self.whole else self.tracking * unit)
            if self.whole or piece in ("", " "):
                x += space + (0 if self.whole else 2 * max(self.tracking, 0) * unit)
            if x > canvas.shape[1]:
                return None
        return canvas

    def _set(
        self,
        canvas: Ink,
        face: ImageFont.FreeTypeFont,
        piece: str,
        x: float,
        unit: int,
        dice: Random,
    ) -> None:
        drawn = _glyphs(self.font, unit, piece)
        if drawn is None:
            return
        image, offset = drawn
        y = BASELINE * unit + offset[1]
        if not self.whole:
            y += dice.gauss(0, self.shake) * unit
            if self.turn or self.growth:
                image = _rotate(image, dice.gauss(0, self.turn), 1 + dice.gauss(0, self.growth))
        paste(canvas, image, round(x + offset[0]), round(y))


@dataclass(frozen=True)
class StrokeHand:
    """A person's pen strokes, sign by sign, joined or not.

    Parameters
    ----------
    materials : Materials
    signs : dict
        The writer's signs of each character; others are borrowed where one is missing.
    pen : float
        Diameter of the pen, capital heights.
    gap, space : float
        Between letters and between words, capital heights.
    x_height, width : float
        Factors on the height of small letters and on the width of all.
    wander, growth : float
        Standard deviations of each sign's place and size, capital heights.
    joins : bool
        Join small letters with a stroke.
    """

    materials: Materials
    signs: dict[str, list[int]]
    pen: float
    gap: float
    space: float
    x_height: float
    width: float
    wander: float
    growth: float
    joins: bool
    is_print: bool = False

    @classmethod
    def random(cls, materials: Materials, dice: Random) -> StrokeHand:
        """Choose a writer, a pen, spacing and irregularities at random."""
        joins = dice.random() < 0.3
        wide = dice.uniform(0.3, 1.4) if dice.random() < 0.3 else 0.15
        loose = dice.choice([dice.uniform(-0.06, 0.1), dice.uniform(0.05, 0.3), wide])
        gap = dice.uniform(-0.02, 0.14) if joins else loose
        thin = dice.uniform(0.03, 0.16)
        return cls(
            materials=materials,
            signs=dice.choice(materials.strokes.writers),
            pen=thin if dice.random() < 0.88 else dice.uniform(0.16, 0.26),
            gap=gap,
            space=dice.uniform(0.5, 1.6) + max(gap, 0) * 1.5,
            x_height=dice.uniform(0.9, 1.15),
            width=dice.uniform(0.75, 1.2),
            wander=dice.uniform(0, 0.06),
            growth=dice.uniform(0.03, 0.12),
            joins=joins,
        )

    def write(self, text: str, unit: int, dice: Random) -> Ink | None:
        """Ink of a text; see ``Hand.write``."""
        canvas = _empty(unit * (2 + len(text) * (1.7 + max(self.gap, 0))), unit)
        pen = max(1, round(self.pen * unit))
        x, last = float(MARGIN), None
        for character in text:
            numbers = self.signs.get(character)
            numbers = numbers or self.materials.strokes.by_character.get(character)
            if not numbers:
                x += self.space * unit * dice.uniform(0.8, 1.25)
                last = None
                continue
            points, ends = self._sign(character, dice.choice(numbers), x, unit, dice)
            joins = self.joins and character.islower()
            if joins and last is not None and dice.random() < 0.7:
                _join(canvas, last, points[0], unit, pen, dice)
            last = _pen_exit(character, points, ends) if joins else None
            draw_strokes(canvas, np.split(points, ends[:-1]), pen)
            x = float(points[:, 0].max()) + (self.gap + dice.gauss(0, 0.04)) * unit
            if x > canvas.shape[1] - 2.5 * unit:
                break
        return canvas

    def _sign(
        self, character: str, number: int, x: float, unit: int, dice: Random
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Points of a sign in its place, float32 [n, 2], and where its strokes end."""
        strokes = self.materials.strokes
        low, high = strokes.offsets[number], strokes.offsets[number + 1]
        points = strokes.points[low:high].astype(np.float32)
        ends = np.flatnonzero(strokes.pen_up[low:high]) + 1
        points -= points.min(axis=0)
        top, bottom, wide = place(character, self.x_height)
        width, height = (max(1.0, float(v)) for v in points.max(axis=0))
        y = BASELINE * unit - top * unit + dice.gauss(0, self.wander) * unit
        if top - bottom < 0.3 and character not in ".,'\"`":
            scale = wide * unit / width
            y = BASELINE * unit - (top + bottom) / 2 * unit - height * scale / 2
        elif character == ".":
            scale = 0.1 * unit / max(width, height)
        else:
            scale = (top - bottom) * unit * (1 + dice.gauss(0, self.growth)) / height
        scale = min(scale, 1.9 * unit / width)
        shift = np.array([x, y], np.float32)
        return points * np.array([scale * self.width, scale], np.float32) + shift, ends


@dataclass(frozen=True)
class LetterHand:
    """Scanned letters set side by side; see ``StrokeHand`` for gap, space and width."""

    materials: Materials
    gap: float
    space: float
    width: float
    is_print: bool = False

    @classmethod
    def random(cls, materials: Materials, dice: Random) -> LetterHand:
        """Choose spacing and width at random."""
        return cls(
            materials, dice.uniform(0.02, 0.5), dice.uniform(0.5, 1.6), dice.uniform(0.8, 1.2)
        )

    def write(self, text: str, unit: int, dice: Random) -> Ink | None:
        """Ink of a text; see ``Hand.write``."""
        canvas = _empty(unit * (2 + len(text) * (2.2 + self.gap)), unit)
        x = float(MARGIN)
        for character in text:
            numbers = self.materials.letters.by_character.get(character)
            if not numbers:
                x += self.space * unit
                continue
            image = _cut_to_ink(self.materials.letters.images[dice.choice(numbers)])
            top, bottom, _ = place(character, 1.0)
            height = max(2, round((top - bottom) * unit * (1 + dice.gauss(0, 0.06))))
            width = round(image.shape[1] * height / image.shape[0] * self.width)
            width = min(max(2, width), 2 * unit)
            grown = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
            paste(canvas, np.asarray(grown, np.uint8), round(x), round((BASELINE - top) * unit))
            x += width + self.gap * unit
        return canvas


def place(character: str, x_height: float) -> tuple[float, float, float]:
    """Top, bottom and width of a character, capital heights above the baseline."""
    if character in "acemnorsuvwxz":
        return 0.73 * x_height, 0.0, 0.75
    if character in "gpqy":
        return 0.73 * x_height, -0.3, 0.75
    if character in "bdfhiklt":
        return 1.03, 0.0, 0.7
    return _MARKS.get(character, (1.0, 0.0, 0.85))


#: Signs that are neither letters nor digits: top, bottom and width, capital heights.
_MARKS = {
    ".": (0.12, 0.0, 0.12),
    ",": (0.14, -0.2, 0.15),
    "'": (1.0, 0.65, 0.1),
    "`": (1.05, 0.8, 0.2),
    '"': (1.0, 0.65, 0.3),
    "-": (0.45, 0.3, 0.4),
    "_": (-0.1, -0.25, 0.8),
    "=": (0.65, 0.25, 0.7),
    "~": (0.55, 0.3, 0.7),
    "+": (0.8, 0.05, 0.75),
    "*": (1.0, 0.45, 0.5),
    "^": (1.0, 0.6, 0.5),
    ":": (0.65, 0.0, 0.12),
    ";": (0.65, -0.2, 0.15),
    "<": (0.8, 0.05, 0.7),
    ">": (0.8, 0.05, 0.7),
    "j": (1.03, -0.3, 0.4),
    "Q": (1.02, -0.12, 0.95),
    "(": (1.05, -0.2, 0.3),
    ")": (1.05, -0.2, 0.3),
    "[": (1.05, -0.2, 0.3),
    "]": (1.05, -0.2, 0.3),
    "{": (1.05, -0.2, 0.3),
    "}": (1.05, -0.2, 0.3),
    "|": (1.05, -0.2, 0.1),
    "/": (1.02, -0.1, 0.45),
    "\\": (1.02, -0.1, 0.45),
    "$": (1.1, -0.12, 0.7),
}


@dataclass(frozen=True)
class Group:
    """A hand and some lines that it has written."""

    hand: Hand
    lines: list[Line]
    unit: int
    swell: int
    signs: dict[str, Line] = field(default_factory=dict)

    @property
    def is_print(self) -> bool:
        """Whether the lines are printed."""
        return self.hand.is_print

    def write(self, text: str, dice: Random) -> Line | None:
        """One more line by this hand."""
        return write_line(self.hand, text, self.unit, self.swell, dice)

    def sign(self, character: str, dice: Random) -> Line | None:
        """A single sign by this hand, sometimes one that was drawn before."""
        known = self.signs.get(character)
        if known is None or dice.random() < 0.3:
            known = self.write(character, dice)
            if known is not None:
                self.signs[character] = known
        return known


def write_line(hand: Hand, text: str, unit: int, swell: int, dice: Random) -> Line | None:
    """A line by a hand, its strokes swollen (or thinned, below 0) by so many px."""
    ink = hand.write(text, unit, dice)
    if ink is None:
        return None
    if swell > 0:
        ink = np.asarray(cv2.dilate(ink, np.ones((swell, swell), np.uint8)), np.uint8)
    elif swell < 0:
        ink = np.asarray(cv2.erode(ink, np.ones((-swell, -swell), np.uint8)), np.uint8)
    return trim_line(ink, unit)


@dataclass
class RecentLines:
    """Lines that were drawn for the last views, to be used again: drawing them takes longest.

    Each view adds some, which take the place of others once there are enough.
    """

    small: list[Group] = field(default_factory=list)
    large: list[Group] = field(default_factory=list)

    SMALL_GROUPS = 72
    LARGE_GROUPS = 28
    AT_FIRST = 12  # groups of small letters before the first view; half as many of large ones
    FRESH_SMALL, FRESH_LARGE = 0.4, 0.18  # groups drawn for each view
    LINES = 6  # in a group of small letters; half as many in one of large ones

    def refresh(self, materials: Materials, dice: Random) -> None:
        """Draw what is missing before the first view, and later now and then a new group."""
        while len(self.small) < self.AT_FIRST:
            self._add(materials, SMALL_UNIT, dice, is_print=len(self.small) % 2 == 0)
        while len(self.large) < self.AT_FIRST // 2:
            self._add(materials, LARGE_UNIT, dice)
        if dice.random() < self.FRESH_SMALL:
            self._add(materials, SMALL_UNIT, dice)
        if dice.random() < self.FRESH_LARGE:
            self._add(materials, LARGE_UNIT, dice)

    def _add(
        self, materials: Materials, unit: int, dice: Random, is_print: bool | None = None
    ) -> None:
        """Draw a group; it replaces another if there are enough."""
        small = unit == SMALL_UNIT
        count = self.LINES if small else self.LINES // 2
        groups = self.small if small else self.large
        group = draw_group(materials, unit, count, dice, is_print=is_print)
        if len(groups) < (self.SMALL_GROUPS if small else self.LARGE_GROUPS):
            groups.append(group)
        else:
            groups[dice.randrange(len(groups))] = group

    def group(self, dice: Random, *, height: float = 0, is_print: bool | None = None) -> Group:
        """A group whose letters can be drawn at a height (px), printed or by hand if asked."""
        groups = self.large if height > 1.5 * SMALL_UNIT else self.small
        if is_print is not None:
            groups = [g for g in groups if g.is_print == is_print] or groups
        return dice.choice(groups)


def draw_group(
    materials: Materials, unit: int, count: int, dice: Random, *, is_print: bool | None = None
) -> Group:
    """Some lines by one hand: a font of a hand, of print, a person's strokes or letters."""
    text: Callable[[Random, list[str]], str] = (
        words.random_text if unit == SMALL_UNIT else words.short
    )
    while True:  # a hand may lack every character of the texts
        hand = random_hand(materials, unit, dice, is_print)
        swell = (
            dice.choice([0, 0, 0, 2, 3, -2]) if unit == SMALL_UNIT else dice.choice([0, 0, 4, -4])
        )
        lines = []
        for _ in range(count):
            chosen = text(dice, materials.lines)
            if dice.random() < 0.25:
                chosen = (
                    words.few_signs(dice) if dice.random() < 0.5 else chosen[: dice.randint(1, 10)]
                )
            lines.append(write_line(hand, chosen.strip() or "x", unit, swell, dice))
        found = [line for line in lines if line is not None]
        if found:
            return Group(hand, found, unit, swell)


def random_hand(
    materials: Materials, unit: int, dice: Random, is_print: bool | None = None
) -> Hand:
    """Choose a font, a person's strokes, or scanned letters, whose 32 px are too few if enlarged.

    `is_print` asks for print or for anything else.
    """
    has_letters = bool(materials.letters.by_character) and unit == SMALL_UNIT
    shares = {
        "font of a hand": 0 if is_print else 32,
        "print": 0 if is_print is False else 36,
        "strokes": 27 if materials.strokes.writers and not is_print else 0,
        "letters": 5 if has_letters and not is_print else 0,
    }
    kind = dice.choices(list(shares), list(shares.values()))[0]
    if kind == "strokes":
        return StrokeHand.random(materials, dice)
    if kind == "letters":
        return LetterHand.random(materials, dice)
    is_print = kind == "print"
    return FontHand.random(materials.prints if is_print else materials.hands, is_print, dice)


def draw_strokes(canvas: Ink, strokes: list[NDArray[np.float32]], pen: int) -> None:
    """Draw strokes, float32 [points, 2] each, with a round pen of so many px."""
    fixed = [np.round(s * 16).astype(np.int32) for s in strokes if len(s)]
    cv2.polylines(canvas, [s for s in fixed if len(s) > 1], False, 255, pen, cv2.LINE_AA, 4)
    for point in (s[0] for s in fixed if len(s) == 1):
        radius = int(max(1, pen * 0.6) * 16)
        cv2.circle(canvas, (int(point[0]), int(point[1])), radius, 255, -1, cv2.LINE_AA, 4)


def paste(canvas: Ink, image: Ink, x: int, y: int) -> None:
    """Lay an image over a canvas with its corner at (x, y), the darker ink staying."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = (
        min(y + image.shape[0], canvas.shape[0]),
        min(x + image.shape[1], canvas.shape[1]),
    )
    if bottom > top and right > left:
        part = canvas[top:bottom, left:right]
        np.maximum(part, image[top - y : bottom - y, left - x : right - x], out=part)


def _empty(width: float, unit: int) -> Ink:
    return np.zeros((round(TALL * unit), max(20, int(width))), np.uint8)


def _rotate(image: Ink, degrees: float, scale: float) -> Ink:
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    return np.asarray(cv2.warpAffine(image, matrix, (width + 4, height + 4)), np.uint8)


def _cut_to_ink(image: Ink) -> Ink:
    rows, columns = (
        np.flatnonzero((image > 60).any(axis=1)),
        np.flatnonzero((image > 60).any(axis=0)),
    )
    if len(rows) == 0:
        return image
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _pen_exit(
    character: str, points: NDArray[np.float32], ends: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Where the pen leaves a letter: the end of its body, not of its dot or cross bar."""
    return np.asarray(points[ends[0] - 1] if character in "ijtf" else points[-1], np.float32)


def _join(
    canvas: Ink,
    start: NDArray[np.float32],
    end: NDArray[np.float32],
    unit: int,
    pen: int,
    dice: Random,
) -> None:
    """Join two letters with a hanging curve, where the second stands close behind the first."""
    if not -0.2 * unit < end[0] - start[0] < unit:
        return
    hang = max(float(start[1]), float(end[1])) + dice.uniform(-0.05, 0.12) * unit
    middle = np.array([(start[0] + end[0]) / 2, hang], np.float32)
    t = np.linspace(0, 1, 8, dtype=np.float32)[:, None]
    draw_strokes(canvas, [(1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t * t * end], pen)
