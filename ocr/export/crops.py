"""Letters as they were read, to be corrected by a person and trained on.

In a folder, what was read wrong is moved to the folder of the right letter, and what is none
is deleted.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ocr.errors import OutputError
from ocr.files import make_empty, reason, refuse_existing, write_arrays
from ocr.input.page_image import PageImage
from ocr.page import REJECTED, Page
from ocr.segment.crops import SIZE

LONGEST = 40  # characters of a file's name that are repeated in those of its letters
MARK = "ocr"  # keyword of the text chunk in the PNGs that ocr writes
UNSURE = "unsure"  # folder of letters that wait to be moved to the one that they belong to
MADE = ("L", (SIZE, SIZE))  # mode and size of these PNGs


class CropWriter(Protocol):
    """What keeps the letters of pages."""

    def add(self, image: PageImage, page: Page, crops: NDArray[np.float32]) -> None:
        """Take in the next page, and the crops [glyphs, 32, 32] of its glyphs."""

    def finish(self) -> None:
        """Have all of them written."""


def crop_writer(target: Path) -> CropWriter:
    """Writer of a .npz file, or of a folder, which has to be new or empty.

    Raises
    ------
    OutputError
        If it is there already, or cannot be made.
    """
    if target.suffix.lower() == ".npz":
        return ArchiveWriter(target)
    return FolderWriter(target)


class FolderWriter:
    """A folder for each character, with PNGs named by page, image, line and position.

    Letters that were rejected go to the folder `UNSURE`.
    """

    def __init__(self, folder: Path) -> None:
        make_empty(folder)
        self._folder = folder
        self._pages = 0

    def add(self, image: PageImage, page: Page, crops: NDArray[np.float32]) -> None:
        """Write the letters of the next page."""
        self._pages += 1
        start = f"{self._pages:03}-{_plain(Path(image.name).stem)}"
        try:
            for (line, position, character), crop in zip(_places(page), crops, strict=True):
                folder = self._folder / _folder_of(character)
                folder.mkdir(exist_ok=True)
                file = folder / f"{start}-{line:02}-{position:02}.png"
                write_crop(file, _bytes(crop))
        except OSError as error:
            raise OutputError(
                f"cannot write {self._folder}: {reason(error)} (name another folder)"
            ) from error

    def finish(self) -> None:
        """Nothing is left to write."""


class ArchiveWriter:
    """An archive of crops and their characters, without letters that were rejected."""

    def __init__(self, file: Path) -> None:
        refuse_existing(file)
        self._file = file
        self._crops: list[NDArray[np.uint8]] = []
        self._characters: list[str] = []

    def add(self, image: PageImage, page: Page, crops: NDArray[np.float32]) -> None:
        """Keep the letters of the next page."""
        del image
        for (_, _, character), crop in zip(_places(page), crops, strict=True):
            if character != REJECTED:
                self._crops.append(_bytes(crop))
                self._characters.append(character)

    def finish(self) -> None:
        """Write the file."""
        characters = np.array(self._characters, "<U1")
        crops = np.array(self._crops, np.uint8).reshape(-1, *MADE[1])
        arrays = {
            "images": crops,
            "chars": characters,
            "either": np.zeros_like(characters),
            "are_crops": np.array(True),
        }
        write_arrays(self._file, arrays, compressed=True)


def _places(page: Page) -> Iterator[tuple[int, int, str]]:
    """Line, position and character of each glyph, both counted from 1."""
    for number, line in enumerate(page.lines, start=1):
        glyphs = [glyph for word in line.words for glyph in word.glyphs]
        for position, glyph in enumerate(glyphs, start=1):
            yield number, position, glyph.character


def _folder_of(character: str) -> str:
    return UNSURE if character == REJECTED else folder_of(character)


def _bytes(crop: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(crop * 255).astype(np.uint8)


def _plain(name: str) -> str:
    """Name without what some file systems refuse, and not too long.

    Examples
    --------
    >>> _plain("my page: 1/2")
    'my_page_1_2'
    """
    return re.sub(r"[^\w.-]+", "_", name)[:LONGEST]


def folder_of(character: str) -> str:
    """Name of a character's folder that every file system keeps apart from all others.

    Examples
    --------
    >>> [folder_of(c) for c in "7aAé/😀"]
    ['7', 'lower_a', 'upper_a', 'U+00E9', 'U+002F', 'U+1F600']
    """
    if character in string.digits:
        return character
    if character in string.ascii_letters:
        return f"{'upper' if character.isupper() else 'lower'}_{character.lower()}"
    return f"U+{ord(character):04X}"


def write_crop(path: Path, crop: NDArray[np.uint8]) -> None:
    """Write a crop [32, 32] as dark ink on white in PNG, marked so that it is read as it is."""
    mark = PngInfo()
    mark.add_text(MARK, "crop")
    Image.fromarray(255 - crop).save(path, "PNG", pnginfo=mark)
