"""Draw handwritten characters from pen strokes (UNIPEN, one JSON object a line)."""

from __future__ import annotations

import gzip
import json
import string
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr.data.cropping import make_samples, other_case, to_bytes
from ocr.data.samples import Samples, Source
from ocr.errors import DataError
from ocr.segment.crops import EXTENT, SIZE, fit

SUFFIXES = (".jsonl", ".jsonl.gz")
INCOMPLETE = frozenset({"ibm"})  # donor groups that store single strokes of whole characters
PARTLY_CURSIVE = frozenset({"kai", "mot", "sie", "gmd", "lav"})  # donor groups, in their letters
ALIKE = "CKOPSUVWXYZ"  # capitals whose small letters have the same shape, but smaller
TEST_SHARE = 20  # one donor in so many is kept for testing
SUPERSAMPLING = 4  # drawn so much larger than the crop, then scaled down smoothly
MIN_PEN, MAX_PEN = 1.0, 4.5  # px of the crop's 24: a ballpoint in large script, a marker in small
MIN_EXTENT = 0.5  # of the donor's median; below, the pen no longer shrinks with the character


@dataclass(frozen=True)
class PenGlyph:
    """A written character: strokes float32 [points, 2] of x and y, y downward, in tablet units."""

    character: str
    donor: str
    strokes: tuple[NDArray[np.float32], ...]

    @property
    def extent(self) -> float:
        """Longer side of the box around all points."""
        return float(np.ptp(np.concatenate(self.strokes), axis=0).max())


def recognizes(source: Source) -> bool:
    """Return whether a source is a file of pen strokes, or a folder that has one."""
    return bool(list_files(source))


def list_parts(source: Source) -> tuple[str, ...]:
    """Return train and test, which have different donors."""
    return ("train", "test")


def read(
    source: Source, *, alphabet: str | None, seed: int = 0, part: str | None = None
) -> Samples:
    """Draw the characters of a .jsonl or .jsonl.gz file, or of a folder of them.

    Each line has ``c`` the character, ``s`` strokes [[x, y], ...] with y growing upward, and
    ``donor``. The widths of the pens are drawn at random.
    """
    glyphs = read_part(source, alphabet=alphabet, part=part)
    crops = _draw_crops(glyphs, rng=np.random.default_rng(seed))
    characters = np.array([glyph.character for glyph in glyphs], "<U1")
    either = other_case(characters, ALIKE)
    return make_samples(crops, characters, alphabet=alphabet, either=either)


def read_part(source: Source, *, alphabet: str | None, part: str | None) -> list[PenGlyph]:
    """Return the usable characters of all files of a source, or of one part of it."""
    return [
        glyph
        for file in list_files(source)
        for glyph in read_glyphs(file, alphabet=alphabet)
        if part is None or (part == "test") == is_test_donor(glyph.donor)
    ]


def list_files(source: Source) -> list[Path]:
    """Return the stroke files of a folder in the order of their names, or the file itself."""
    path = Path(source)
    files = path.iterdir() if path.is_dir() else [path]
    return sorted(file for file in files if file.name.endswith(SUFFIXES) and file.exists())


def read_glyphs(path: Path, *, alphabet: str | None) -> list[PenGlyph]:
    """Return the usable characters of one file that are in the alphabet."""
    open_text = gzip.open if path.suffix == ".gz" else open
    wanted = None if alphabet is None else set(alphabet)
    try:
        with open_text(path, "rt", encoding="utf-8") as lines:
            glyphs = (_parse(line, wanted, f"{path} line {n}") for n, line in enumerate(lines, 1))
            return [glyph for glyph in glyphs if glyph is not None]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error} (is it whole?)") from error


def _parse(line: str, wanted: set[str] | None, place: str) -> PenGlyph | None:
    """Return the character of a line, or None if it is not wanted or not usable."""
    try:
        record = json.loads(line)
        if len(record["c"]) != 1 or (wanted is not None and record["c"] not in wanted):
            return None
        if not _is_usable(record["c"], record["donor"]):
            return None
        return PenGlyph(record["c"], record["donor"], _to_strokes(record["s"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DataError(f"{place} is not a character (it needs c, s and donor as JSON)") from error


def _is_usable(character: str, donor: str) -> bool:
    """Return whether a donor's characters of this kind are complete and not cursive."""
    group = donor.split("/")[0]
    is_cursive = group in PARTLY_CURSIVE and character in string.ascii_letters
    return group not in INCOMPLETE and not is_cursive


def is_test_donor(donor: str) -> bool:
    """Return whether a donor belongs to the test part; the same answer on every machine."""
    return zlib.crc32(donor.encode()) % TEST_SHARE == 0


def _to_strokes(strokes: list[list[list[float]]]) -> tuple[NDArray[np.float32], ...]:
    """Return strokes with y growing downward; ValueError if there are none, or NaN."""
    arrays = [np.array(s, np.float32)[:, [0, 1]] for s in strokes if s]  # (points, 2) each
    if not all(np.isfinite(s).all() for s in arrays) or not arrays:
        raise ValueError("no strokes, or a point that is not a number")
    return tuple(s * np.array([1, -1], np.float32) for s in arrays)


def _draw_crops(glyphs: list[PenGlyph], *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return crops, uint8 [N, 32, 32], each drawn with a pen of its own width."""
    extents = defaultdict(list)
    for glyph in glyphs:
        extents[glyph.donor].append(glyph.extent)
    medians = {donor: float(np.median(values)) for donor, values in extents.items()}
    widths = rng.uniform(MIN_PEN, MAX_PEN, len(glyphs)) / EXTENT
    crops = np.zeros((len(glyphs), SIZE, SIZE), np.uint8)
    for i, (glyph, width) in enumerate(zip(glyphs, widths, strict=True)):
        # a full stop is as thick as the pen that wrote the letters, not a scribble
        reference = max(glyph.extent, MIN_EXTENT * medians[glyph.donor]) or 1.0
        crops[i] = to_bytes(fit(draw_strokes(glyph.strokes, pen=width * reference)))
    return crops


def draw_strokes(strokes: tuple[NDArray[np.float32], ...], *, pen: float) -> NDArray[np.float32]:
    """Draw strokes [points, 2] with a round pen, at four times a crop's resolution.

    `pen` is its diameter in the unit of the strokes. The result, [h, w], has ink 1.0 on paper 0.0
    and is cut to the ink; its longer side is about 96 px.
    """
    points = np.concatenate(strokes)
    corner, extent = points.min(axis=0), np.ptp(points, axis=0)
    longest = EXTENT * SUPERSAMPLING
    scale = longest / (float(extent.max()) + pen)
    radius = max(pen * scale, 2.0) / 2
    width, height = (int(np.ceil(side * scale + 2 * radius)) for side in extent)
    image = Image.new("L", (width, height))
    canvas = ImageDraw.Draw(image)
    for stroke in strokes:
        _draw_stroke(canvas, ((stroke - corner) * scale + radius).astype(np.float32), radius)
    return np.asarray(image, np.float32) / np.float32(255)


def _draw_stroke(canvas: ImageDraw.ImageDraw, points: NDArray[np.float32], radius: float) -> None:
    path = _thin_out(points - np.float32(0.5)).tolist()
    canvas.line([(x, y) for x, y in path], fill=255, width=round(2 * radius))
    for x, y in path:
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _thin_out(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep points about 2 px apart along the stroke, and its ends; nobody sees the others."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    spans = np.floor(np.cumsum(steps) / 2)
    kept = np.concatenate([[0], 1 + np.flatnonzero(np.diff(spans, prepend=0.0)), [len(points) - 1]])
    return np.take(points, kept, axis=0)
