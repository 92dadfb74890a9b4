"""Read the fonts, pen strokes, letters, pictures and texts that pages are drawn from.

A source is ``fonts`` or ``fonts:PATH``, a UNIPEN file, labelled letters of any kind that
`ocr.data.datasets` reads, or a folder with any of

fonts/ or fonts.zip         .ttf and .otf files; those in a folder hand/ imitate handwriting
strokes.jsonl.gz            pen strokes in the UNIPEN format; or strokes/, a folder of such files
letters.npz or letters/     labelled letters
textures/ or textures.zip   pictures without writing; those in a folder surface/ show wood, walls,
                            cloth and other surfaces, all others show scenes
text.txt                    lines of text

What no source has comes from the system's fonts and a built-in text, or is not drawn.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from ocr.data import datasets
from ocr.data.readers import fonts, unipen
from ocr.data.samples import Samples, Source
from ocr.drawing.materials import Font, Letters, Materials, Strokes, Texture
from ocr.errors import DataError
from ocr.files import read_errors

Split = Literal["train", "held_out"]
Item = TypeVar("Item")

HELD_OUT_SHARE = 10  # one font family, writer, letter, picture or line in so many is held out
POINTS = 28  # of a stroke at most; enough for every curve of a letter
SIGNS = 10  # of one character by one writer at most
MIN_CHARACTERS = 18  # of a writer; with fewer, most of a line would be borrowed from others
BOX = 1000  # longer side of a sign
TEXTURE_SIDE = 512  # px, longer side of a picture at most: a little more than a view
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
LABELLED = ("strokes", "strokes.jsonl.gz", "letters", "letters.npz")  # in a folder of sources
MEMBERS = (*LABELLED, "fonts", "fonts.zip", "textures", "textures.zip", "text.txt")
TEXT = """\
The quick brown fox jumps over the lazy dog
Pack my box with five dozen liquor jugs
Meeting moved to Thursday at half past nine
Please call back before noon, it is urgent
Milk, eggs, flour, two lemons and a loaf of bread
Water the plants in the kitchen and on the balcony
Turn left after the bridge and follow the river
Total amount due within thirty days
Name, address and date of birth
Do not write below this line
Chapter one: how the engine starts
Keep dry and away from sunlight
Open from Monday to Friday
We measured the height of every tree in the park
Remember to bring your own cup and a warm jacket
Yours sincerely, and many thanks for your help
for each word in the list print the first letter
if x is greater than zero then return the square of x
Question number seven: which planet is the largest?
Just a few examples of what a quick hand might jot down
"""


@dataclass
class Found:
    """What the sources hold, not yet divided into what is trained on and what is held out."""

    fonts: list[Font] = field(default_factory=list)
    glyphs: list[unipen.PenGlyph] = field(default_factory=list)
    letters: list[Samples] = field(default_factory=list)
    textures: list[Texture] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many fonts, writers and so on there are."""
        return {
            "fonts": len(self.fonts),
            "writers": len({glyph.donor for glyph in self.glyphs}),
            "letters": sum(map(len, self.letters)),
            "pictures": len(self.textures),
            "lines of text": len(self.lines),
        }

    def materials(self, split: Split) -> Materials:
        """Return one of the two parts; they share nothing, unless there is too little to divide."""
        chosen = choose(self.fonts, lambda font: font.family, split)
        prints = [font for font in chosen if not font.is_hand]
        hands = [font for font in chosen if font.is_hand]
        textures = choose(self.textures, lambda t: t.name.split("#")[0], split)
        return Materials(
            hands=hands or prints,
            prints=prints or hands,
            strokes=_strokes(choose(self.glyphs, lambda glyph: glyph.donor, split)),
            letters=_letters(self.letters, split),
            surfaces=[t for t in textures if t.is_surface],
            scenes=[t for t in textures if not t.is_surface],
            lines=choose(self.lines, str, split),
        )


def read_sources(sources: Sequence[str]) -> Found:
    """Read all sources; DataError if one is missing, damaged, or of no known kind."""
    found = Found()
    for source in sources:
        with read_errors(source, DataError):
            _read_source(source, found)
    found.fonts = found.fonts or _fonts_of("fonts")
    found.lines = found.lines or TEXT.splitlines()
    return found


def _read_source(source: str, found: Found) -> None:
    folder = Path(source)
    if not any((folder / member).exists() for member in MEMBERS):
        _read_labelled(source, found)
        return
    found.fonts += _read_fonts(read_members(folder, "fonts", fonts.SUFFIXES))
    found.textures += _read_textures(read_members(folder, "textures", PICTURES))
    for member in LABELLED:
        if (folder / member).exists():
            _read_labelled(str(folder / member), found)
    text = folder / "text.txt"
    if text.exists():
        lines = text.read_text(encoding="utf-8", errors="ignore").splitlines()
        found.lines += [line for line in lines if line.strip()]


def _read_labelled(source: str, found: Found) -> None:
    """Read fonts, pen strokes or letters; of a divided source the part that may be trained on."""
    path, part = datasets.parse_source(source)
    reader = datasets.find_reader(path)
    if part is None and "train" in reader.list_parts(path):
        part = "train"
    if reader is fonts:
        found.fonts += _fonts_of(path)
    elif reader is unipen:
        found.glyphs += unipen.read_part(path, alphabet=None, part=part)
    else:
        samples = datasets.load(f"{path}@{part}" if part else path, alphabet=None)
        found.letters.append(samples.take(samples.characters != ""))


def read_members(folder: Path, name: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the files in FOLDER/NAME.zip and FOLDER/NAME, by their paths."""
    archive = folder / f"{name}.zip"
    if archive.exists():
        try:
            with zipfile.ZipFile(archive) as opened:
                for member in sorted(opened.namelist()):
                    if member.lower().endswith(suffixes):
                        yield member, opened.read(member)
        except (zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"cannot read {archive}: not a zip archive (is it whole?)") from error
    for path in sorted((folder / name).rglob("*")):
        if path.suffix.lower() in suffixes:
            yield path.relative_to(folder / name).as_posix(), path.read_bytes()


def _read_fonts(files: Iterable[tuple[str, bytes]]) -> list[Font]:
    """Return the readable fonts with letters, in the order of the files."""
    found = []
    for name, data in files:
        try:
            face = ImageFont.truetype(io.BytesIO(data), fonts.SIZES[0])
        except OSError:
            continue
        if fonts.has_letters(face):
            is_hand = name.startswith("hand/") or "/hand/" in name
            found.append(Font(face.getname()[0] or name, data, is_hand))
    return found


def _read_textures(files: Iterable[tuple[str, bytes]]) -> list[Texture]:
    """Return the readable pictures, large ones reduced, in the order of the files."""
    found = []
    for name, data in files:
        encoded = np.frombuffer(data, np.uint8)
        pixels = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            continue
        scale = TEXTURE_SIDE / max(pixels.shape)
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            encoded = cv2.imencode(".jpg", pixels)[1].ravel()
        found.append(Texture(name, np.asarray(encoded, np.uint8)))
    return found


def _fonts_of(source: Source) -> list[Font]:
    """Return the fonts that ``fonts`` or ``fonts:PATH`` names."""
    families = fonts.find_families(fonts.folder_of(str(source)))
    return [
        Font(face.getname()[0] or "", _data_of(face), is_hand=False)
        for family in families
        for face in family
    ]


def _data_of(face: ImageFont.FreeTypeFont) -> bytes:
    path = face.path  # Pillow's own font is in memory
    return path.getvalue() if isinstance(path, io.BytesIO) else Path(str(path)).read_bytes()


def belongs(name: str, split: Split) -> bool:
    """Return whether a name belongs to a split; the same answer on every machine."""
    is_held_out = zlib.crc32(name.encode()) % HELD_OUT_SHARE == 0
    return is_held_out == (split == "held_out")


def choose(items: Sequence[Item], name: Callable[[Item], str], split: Split) -> list[Item]:
    """Return the items whose names belong to a split; all, if one of the splits is empty."""
    chosen = [item for item in items if belongs(name(item), split)]
    return chosen if 0 < len(chosen) < len(items) else list(items)


def _letters(parts: list[Samples], split: Split) -> Letters:
    if not parts:
        return Letters(np.zeros((0, 32, 32), np.uint8), {})
    samples = Samples.concatenate(parts)
    by_character: dict[str, list[int]] = defaultdict(list)
    for i in choose(range(len(samples)), str, split):
        by_character[str(samples.characters[i])].append(i)
    return Letters(samples.crops, dict(by_character))


def _strokes(glyphs: list[unipen.PenGlyph]) -> Strokes:
    """Choose signs of each writer, and store their strokes in arrays."""
    by_writer: dict[str, dict[str, list[unipen.PenGlyph]]] = defaultdict(lambda: defaultdict(list))
    for glyph in glyphs:
        by_writer[glyph.donor][glyph.character].append(glyph)
    chosen: list[unipen.PenGlyph] = []
    writers: list[dict[str, list[int]]] = []
    for _, signs in sorted(by_writer.items()):
        if len(signs) < MIN_CHARACTERS:
            continue
        writers.append({})
        for character, drawn in sorted(signs.items()):
            kept = drawn[:SIGNS]
            writers[-1][character] = [*range(len(chosen), len(chosen) + len(kept))]
            chosen += kept
    strokes = [thin_out(stroke) for glyph in chosen for stroke in glyph.strokes]
    if not strokes:
        return Strokes(np.zeros((0, 2), np.int16), np.zeros(0, bool), np.zeros(1, np.int64), [])
    points = np.concatenate(strokes)
    ends = np.cumsum([len(stroke) for stroke in strokes])  # (strokes,)
    pen_up = np.zeros(len(points), bool)
    pen_up[ends - 1] = True
    signs_end = ends[np.cumsum([len(glyph.strokes) for glyph in chosen]) - 1]  # (signs,)
    offsets = np.concatenate([[0], signs_end])
    corners = np.minimum.reduceat(points, offsets[:-1])  # (signs, 2)
    extents = (np.maximum.reduceat(points, offsets[:-1]) - corners).max(axis=1)
    scales = BOX / np.where(extents > 0, extents, BOX)
    lengths = np.diff(offsets)
    placed = (points - corners.repeat(lengths, 0)) * scales.repeat(lengths)[:, None]
    return Strokes(placed.round().astype(np.int16), pen_up, offsets, writers)


def thin_out(stroke: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return at most `POINTS` points, at even distances along a stroke that has more."""
    if len(stroke) <= POINTS:
        return stroke
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    places = np.linspace(0, way[-1], POINTS)
    axes = [np.interp(places, way, stroke[:, i]) for i in (0, 1)]
    return np.stack(axes, axis=1).astype(np.float32)
