"""What pages are drawn from: fonts, pen strokes, letters, textures and English text.

A pack is a folder of five files, written by ``tools/drawing_pack.py``:

fonts.zip       ``hand/NAME.ttf`` and ``print/NAME.ttf``
strokes.npz     pen strokes of single signs, by writer
letters.npz     scanned letters, uint8 [N, 28, 28]
textures.npz    JPEG pictures in gray: ``surface/NAME`` and ``scene/NAME``
english.txt.gz  lines of text
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import ImageFont

from ocr.errors import DataError
from tools.ink.drawing.lines import Shelf
from tools.ink.drawing.material import Font, Letters, Materials, Strokes, Texture

Split = Literal["train", "held_out"]
HELD_OUT_SHARE = 10  # one font family, writer or texture in so many is kept for validation
FILES = ("fonts.zip", "strokes.npz", "letters.npz", "textures.npz", "english.txt.gz")


@dataclass
class Sources:
    """Materials and the lines lately drawn from them, which views use again.

    Views drawn in the same order, with the same generator, from freshly loaded
    sources are the same.
    """

    materials: Materials
    shelf: Shelf = field(default_factory=Shelf)

    @classmethod
    def load(cls, path: str | Path, split: Split = "train") -> Sources:
        """Sources from a pack, less what the other split holds.

        Raises
        ------
        DataError
            The folder or one of its files is missing.
        """
        cv2.setNumThreads(0)  # views are drawn in many processes, of one thread each
        folder = Path(path)
        for name in FILES:
            if not (folder / name).is_file():
                raise DataError(f"{folder} has no {name} (write it with tools/drawing_pack.py)")
        return cls(
            Materials(
                hands=_fonts(folder / "fonts.zip", "hand/", split),
                prints=_fonts(folder / "fonts.zip", "print/", split),
                strokes=_strokes(folder / "strokes.npz", split),
                letters=_letters(folder / "letters.npz", split),
                surfaces=_textures(folder / "textures.npz", "surface/", split),
                scenes=_textures(folder / "textures.npz", "scene/", split),
                lines=_text(folder / "english.txt.gz", split),
            )
        )

    @classmethod
    def synthetic(cls) -> Sources:
        """Sources of Pillow's own font and a few strokes, which need no pack."""
        return cls(
            Materials(
                hands=[_default_font()],
                prints=[_default_font()],
                strokes=_few_strokes(),
                letters=Letters(np.zeros((0, 28, 28), np.uint8), {}),
                surfaces=[],
                scenes=[],
                lines=["the quick brown fox jumps over the lazy dog", "pack my box", "a b c"],
            )
        )


def belongs(name: str, split: Split) -> bool:
    """Whether a name belongs to a split; the same answer on every machine."""
    held_out = zlib.crc32(name.encode()) % HELD_OUT_SHARE == 0
    return held_out == (split == "held_out")


def _fonts(path: Path, kind: str, split: Split) -> list[Font]:
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.startswith(kind)]
        return [Font(n, archive.read(n)) for n in names if belongs(_family(n), split)]


def _family(name: str) -> str:
    """Name of a font without its weight, so that a family stays in one split."""
    return name.rsplit("-", 1)[0]


def _strokes(path: Path, split: Split) -> Strokes:
    with np.load(path) as arrays:
        names = [str(n) for n in arrays["writers"]]
        wanted = {i for i, n in enumerate(names) if belongs(n, split)}
        characters = [chr(c) for c in arrays["characters"]]
        by_writer: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for i, writer in enumerate(arrays["writer"].tolist()):
            if writer in wanted:
                by_writer[writer][characters[i]].append(i)
        return Strokes(
            arrays["points"], arrays["pen_up"], arrays["offsets"], list(by_writer.values())
        )


def _letters(path: Path, split: Split) -> Letters:
    with np.load(path) as arrays:
        images = arrays["images"]
        by_character: dict[str, list[int]] = defaultdict(list)
        for i, character in enumerate(arrays["characters"].tolist()):
            if (i % HELD_OUT_SHARE == 0) == (split == "held_out"):
                by_character[str(character)].append(i)
    return Letters(images, dict(by_character))


def _textures(path: Path, kind: str, split: Split) -> list[Texture]:
    with np.load(path) as arrays:
        jpeg, offsets = arrays["jpeg"], arrays["offsets"].tolist()
        names = [str(n) for n in arrays["names"]]
    return [
        Texture(name, jpeg[offsets[i] : offsets[i + 1]])
        for i, name in enumerate(names)
        if name.startswith(kind) and belongs(name.split("#")[0], split)
    ]


def _text(path: Path, split: Split) -> list[str]:
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()
    return [
        line for i, line in enumerate(lines) if (i % HELD_OUT_SHARE == 0) == (split == "held_out")
    ]


def _default_font() -> Font:
    font = ImageFont.load_default(100)
    stream = getattr(font, "path", None)
    if not isinstance(stream, io.BytesIO):
        raise DataError("Pillow has no scalable font here (install a Pillow with FreeType)")
    return Font("print/default", stream.getvalue())


def _few_strokes() -> Strokes:
    """One writer's I, L, T, V, X, Z and o, as strokes in a box of 1000 units."""
    signs = {
        "I": [[(0, 0), (0, 1000)]],
        "L": [[(0, 0), (0, 1000), (600, 1000)]],
        "T": [[(0, 0), (700, 0)], [(350, 0), (350, 1000)]],
        "V": [[(0, 0), (350, 1000), (700, 0)]],
        "X": [[(0, 0), (700, 1000)], [(700, 0), (0, 1000)]],
        "Z": [[(0, 0), (700, 0), (0, 1000), (700, 1000)]],
        "o": [[(300, 0), (0, 300), (300, 600), (600, 300), (300, 0)]],
    }
    points = np.array([p for s in signs.values() for stroke in s for p in stroke], np.int16)
    ends = np.cumsum([len(stroke) for s in signs.values() for stroke in s])
    pen_up = np.zeros(len(points), bool)
    pen_up[ends - 1] = True
    offsets = np.cumsum([0] + [sum(map(len, s)) for s in signs.values()])
    return Strokes(points, pen_up, offsets, [{c: [i] for i, c in enumerate(signs)}])
