"""Pen strokes of isolated signs (UNIPEN, one JSON a line), drawn with pens of many widths."""

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

from ocr.data.cropping import of_crops, other_case, to_bytes
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.segment.crops import EXTENT, SIZE, fit

SUFFIXES = (".jsonl", ".jsonl.gz")
STROKES_APART = frozenset({"ibm"})  # single strokes of signs that have several
PARTLY_CURSIVE = frozenset({"kai", "mot", "sie", "gmd", "lav"})  # in their letters
ALIKE = "CKOPSUVWXYZ"  # capitals whose small letters are written alike, but smaller
TEST_SHARE = 20  # one donor in so many is kept apart
SUPERSAMPLING = 4  # drawn so much larger than the crop, to be scaled down smoothly
THIN, THICK = 1.0, 4.5  # px of the crop's 24: a ballpoint on large signs, a marker on small ones
SMALL = 0.5  # of the donor's usual size; below, the pen no longer shrinks with the sign
PARTS = ("train", "test")


@dataclass(frozen=True)
class Sign:
    """One sign: strokes float32 [points, 2] of x and y, y downward, in tablet units."""

    character: str
    donor: str
    strokes: tuple[NDArray[np.float32], ...]

    @property
    def points(self) -> NDArray[np.float32]:
        """All points, float32 [n, 2]."""
        return np.concatenate(self.strokes)

    @property
    def extent(self) -> float:
        """Longer side of the box around the points."""
        return float(np.ptp(self.points, axis=0).max())


def read(path: Path, *, alphabet: str | None, seed: int, split: str | None = None) -> Samples:
    """Draw the signs of a .jsonl or .jsonl.gz file, or of a folder of them.

    Parameters
    ----------
    path : Path
        Each line has ``c`` the sign, ``s`` strokes [[x, y], ...] with y growing
        upward, and ``donor``.
    alphabet : str or None
    seed : int
        Of the pens' widths.
    split : {"train", "test"}, optional
        Only signs of donors for training, or of those kept apart (about one in
        twenty, told by a hash of the donor's name); by default all.

    Raises
    ------
    DataError
        A line that is not a sign, or an unknown split.
    """
    if split not in (None, *PARTS):
        raise DataError(f"{path} has no part {split!r} (choose train or test)")
    signs = [
        sign
        for file in files_of(path)
        for sign in read_signs(file, alphabet=alphabet)
        if split is None or (split == "test") == is_kept_apart(sign.donor)
    ]
    crops = draw_all(signs, rng=np.random.default_rng(seed))
    characters = np.array([s.character for s in signs], "<U1")
    either = other_case(characters, ALIKE)
    return of_crops(crops, characters, alphabet=alphabet, either=either)


def files_of(path: Path) -> list[Path]:
    """Stroke files of a folder in the order of their names, or the file itself."""
    if path.is_file():
        return [path]
    return sorted(p for p in path.iterdir() if p.name.endswith(SUFFIXES))


def read_signs(path: Path, *, alphabet: str | None) -> list[Sign]:
    """Usable signs of one file whose character is in the alphabet."""
    opened = gzip.open if path.suffix == ".gz" else open
    wanted = None if alphabet is None else set(alphabet)
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            signs = (parsed(line, wanted, f"{path} line {n}") for n, line in enumerate(lines, 1))
            return [sign for sign in signs if sign is not None]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error} (is it whole?)") from error


def parsed(line: str, wanted: set[str] | None, place: str) -> Sign | None:
    """Sign of a line, or None where it is not wanted or not usable."""
    try:
        record = json.loads(line)
        if len(record["c"]) != 1 or (wanted is not None and record["c"] not in wanted):
            return None
        if not is_usable(record["c"], record["donor"]):
            return None
        return Sign(record["c"], record["donor"], strokes_of(record["s"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DataError(f"{place} is not a sign (it needs c, s and donor as JSON)") from error


def is_usable(character: str, donor: str) -> bool:
    """Whether a donor's signs of this kind are whole and not cursive."""
    group = donor.split("/")[0]
    if group in STROKES_APART:
        return False
    return group not in PARTLY_CURSIVE or character not in string.ascii_letters


def is_kept_apart(donor: str) -> bool:
    """Whether a donor belongs to the test part; the same answer on every machine."""
    return zlib.crc32(donor.encode()) % TEST_SHARE == 0


def strokes_of(strokes: list[list[list[float]]]) -> tuple[NDArray[np.float32], ...]:
    """Strokes with y growing downward; ValueError where there are none, or NaN."""
    arrays = [np.array(s, np.float32)[:, [0, 1]] for s in strokes if s]  # (points, 2) each
    if not all(np.isfinite(s).all() for s in arrays) or not arrays:
        raise ValueError("no strokes, or a point that is not a number")
    return tuple(s * np.array([1, -1], np.float32) for s in arrays)


def draw_all(signs: list[Sign], *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Crops, uint8 [N, 32, 32], each drawn with a pen of its own width."""
    usual = usual_extents(signs)
    widths = rng.uniform(THIN, THICK, len(signs)) / EXTENT
    crops = np.zeros((len(signs), SIZE, SIZE), np.uint8)
    for i, (sign, width) in enumerate(zip(signs, widths, strict=True)):
        # a full stop is as thick as the pen that wrote the letters, not a scribble
        reference = max(sign.extent, SMALL * usual[sign.donor]) or 1.0
        crops[i] = to_bytes(fit(draw(sign.strokes, pen=width * reference)))
    return crops


def usual_extents(signs: list[Sign]) -> dict[str, float]:
    """Median extent of each donor's signs."""
    extents = defaultdict(list)
    for sign in signs:
        extents[sign.donor].append(sign.extent)
    return {donor: float(np.median(values)) for donor, values in extents.items()}


def draw(strokes: tuple[NDArray[np.float32], ...], *, pen: float) -> NDArray[np.float32]:
    """Ink of strokes drawn with a round pen, at four times a crop's resolution.

    Parameters
    ----------
    strokes : tuple of ndarray, float32 [points, 2]
    pen : float
        Diameter in the unit of the strokes.

    Returns
    -------
    ndarray, float32 [h, w]
        Ink 1.0 on paper 0.0, cut to the ink; the longer side is about 96 px.
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
    path = _thinned(points - np.float32(0.5)).tolist()
    canvas.line([(x, y) for x, y in path], fill=255, width=round(2 * radius))
    for x, y in path:
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _thinned(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points about 2 px apart along the stroke, its ends kept: the rest cannot be seen."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    spans = np.floor(np.cumsum(steps) / 2)
    kept = np.concatenate([[0], 1 + np.flatnonzero(np.diff(spans, prepend=0.0)), [len(points) - 1]])
    return np.take(points, kept, axis=0)
