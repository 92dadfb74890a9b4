"""The result of reading: a page of lines, words and glyphs, as immutable values.

Boxes are half-open pixels of the original upright image, origin top left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

REJECTED = "\N{REPLACEMENT CHARACTER}"
MAX_REPR = 40  # characters of the text shown by repr(), so that it stays on one line


class Box(NamedTuple):
    """A half-open rectangle of pixels: columns left..right-1, rows top..bottom-1."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns covered."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows covered."""
        return self.bottom - self.top

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """Smallest box that holds all the given ones (at least one)."""
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return cls(min(lefts), min(tops), max(rights), max(bottoms))


@dataclass(frozen=True, slots=True)
class Glyph:
    """A mark on the page and the character it was read as.

    `confidence` is the probability of `character`, 0 to 1; `alternatives` are other characters
    that the classifier considered, with their probabilities, likeliest first.
    """

    box: Box
    character: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Word:
    """Glyphs without a space between them, left to right (at least one)."""

    glyphs: tuple[Glyph, ...]

    def __repr__(self) -> str:
        return f"Word({_shorten(self.text)})"

    @property
    def text(self) -> str:
        """The characters of the glyphs."""
        return "".join(g.character for g in self.glyphs)

    @property
    def box(self) -> Box:
        """Smallest box around the glyphs."""
        return Box.around(g.box for g in self.glyphs)

    @property
    def confidence(self) -> float:
        """Mean confidence of the glyphs."""
        return sum(g.confidence for g in self.glyphs) / len(self.glyphs)


class Baseline(NamedTuple):
    """The straight line that the letters of a text line stand on, in pixels.

    `left` and `right` are its y coordinates at the edges of the line's box, and `capital` is the
    cap height of the line.
    """

    left: float
    right: float
    capital: float


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """Words of one row, left to right (at least one); `baseline` is None if not measured."""

    words: tuple[Word, ...]
    baseline: Baseline | None = None

    def __repr__(self) -> str:
        return f"Line({_count(self.words, 'word')}, {_shorten(self.text)})"

    @property
    def text(self) -> str:
        """The words with one space between them."""
        return " ".join(w.text for w in self.words)

    @property
    def box(self) -> Box:
        """Smallest box around the words."""
        return Box.around(w.box for w in self.words)

    @property
    def confidence(self) -> float:
        """Mean confidence of the glyphs."""
        return sum(g.confidence for g in self.glyphs) / len(self.glyphs)

    @property
    def glyphs(self) -> tuple[Glyph, ...]:
        """The glyphs of all words."""
        return tuple(glyph for word in self.words for glyph in word.glyphs)

    def map_glyphs(self, change: Callable[[Glyph], Glyph]) -> Line:
        """Return the line with a function applied to each glyph."""
        return replace(self, words=tuple(Word(tuple(map(change, w.glyphs))) for w in self.words))


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """Everything read from one image; a blank page has no lines.

    Attributes
    ----------
    width, height : int
        Size of the original upright image in pixels; see `rotation`.
    lines : tuple of Line
        In reading order.
    name : str
        File that the page was read from; it does not count when pages are compared.
    number : int
        Page or frame of that file, from 1.
    dpi : float or None
        Pixels per inch of the original, if the file states a plausible value.
    rotation : int
        Degrees, 0, 90, 180 or 270, by which the image (upright by its EXIF) was turned clockwise
        to set the writing upright; size, boxes and baselines are those of the turned image.
    """

    width: int
    height: int
    lines: tuple[Line, ...] = ()
    name: str = field(default="", compare=False)
    number: int = field(default=1, compare=False)
    dpi: float | None = field(default=None, compare=False)
    rotation: int = 0

    def __repr__(self) -> str:
        text = f", {_shorten(self.text)}" if self.lines else ""
        return f"Page({self.width}x{self.height}, {_count(self.lines, 'line')}{text})"

    def _repr_html_(self) -> str:
        """Return the lines as HTML for notebooks; the color of a word is its confidence."""
        html: str = import_module("ocr.export.html").format_page(self)
        return html

    @property
    def text(self) -> str:
        r"""The lines, each ended by ``\n``; empty for a blank page."""
        return "".join(line.text + "\n" for line in self.lines)

    def save(self, path: str | Path, *, image: Any = None) -> None:
        """Write the page to a file in the format of its ending.

        Parameters
        ----------
        path : str or Path
            One of .txt, .json, .tsv, .csv, .hocr, .alto.xml, .page.xml, .pdf, .svg or .png.
        image : str, Path, bytes, binary file, ndarray or PIL.Image.Image, optional
            The image that the page was read from; .pdf, .svg and .png show it.

        Raises
        ------
        OutputError
            If the ending is unknown, the format needs `image`, or the file cannot be written.
        """
        # by name, because the writers import this module
        import_module("ocr.export.save").save_page(self, Path(path), image)

    def rejecting(self, least: float) -> Page:
        """Return the page with `REJECTED` for letters of a confidence below `least`, 0 to 1.

        The character that was read becomes the first of the alternatives.
        """

        def reject(glyph: Glyph) -> Glyph:
            if glyph.confidence >= least:
                return glyph
            read = (glyph.character, glyph.confidence)
            return replace(glyph, character=REJECTED, alternatives=(read, *glyph.alternatives))

        return replace(self, lines=tuple(line.map_glyphs(reject) for line in self.lines))


def _count(things: Sequence[object], name: str) -> str:
    return f"{len(things) or 'no'} {name}{'' if len(things) == 1 else 's'}"


def _shorten(text: str) -> str:
    """Quote the first line of a text, at most `MAX_REPR` characters of it."""
    first, *others = text.split("\n", 1)
    is_whole = len(first) <= MAX_REPR and not any(others)
    return repr(first if is_whole else first[:MAX_REPR] + "...")
