"""Save the crops of letters by what they were read as, for correction and training.

To correct a folder, move a misread letter to the folder of the right character, and delete crops
that are not letters.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ocr.files import make_empty, refuse_existing, write_arrays, write_errors
from ocr.input.page_image import PageImage
from ocr.page import REJECTED, Page
from ocr.segment.crops import SIZE

MAX_NAME = 40  # characters of an image's name that are repeated in the names of its crops
MARK = "ocr"  # keyword of the text chunk in the PNGs that ocr writes
UNSURE = "unsure"  # folder of rejected letters, which wait to be sorted
CROP_FORMAT = ("L", (SIZE, SIZE))  # mode and size of these PNGs


class FolderWriter:
    """Writes PNGs named by page, image, line and position to a folder for each character.

    Rejected letters go to the folder `UNSURE`.
    """

    def __init__(self, folder: Path) -> None:
        make_empty(folder)
        self._folder = folder
        self._pages = 0

    def add(self, image: PageImage, page: Page, crops: NDArray[np.float32]) -> None:
        """Write the letters of the next page, with the crops [glyphs, 32, 32] of its glyphs."""
        self._pages += 1
        start = f"{self._pages:03}-{_portable(Path(image.name).stem)}"
        with write_errors(self._folder):
            for (line, position, character), crop in zip(_places(page), crops, strict=True):
                folder = self._folder / _folder_of(character)
                folder.mkdir(exist_ok=True)
                file = folder / f"{start}-{line:02}-{position:02}.png"
                write_crop(file, _to_bytes(crop))

    def finish(self) -> None:
        """Do nothing: all crops are written."""


class ArchiveWriter:
    """Writes an archive of crops and their characters, without rejected letters."""

    def __init__(self, file: Path) -> None:
        refuse_existing(file)
        self._file = file
        self._crops: list[NDArray[np.uint8]] = []
        self._characters: list[str] = []

    def add(self, image: PageImage, page: Page, crops: NDArray[np.float32]) -> None:
        """Add the letters of the next page."""
        del image
        for (_, _, character), crop in zip(_places(page), crops, strict=True):
            if character != REJECTED:
                self._crops.append(_to_bytes(crop))
                self._characters.append(character)

    def finish(self) -> None:
        """Write the file."""
        characters = np.array(self._characters, "<U1")
        crops = np.array(self._crops, np.uint8).reshape(-1, *CROP_FORMAT[1])
        write_archive(self._file, crops, characters, np.zeros_like(characters))


CropWriter = FolderWriter | ArchiveWriter


def crop_writer(target: Path) -> CropWriter:
    """Return a writer of a .npz file or of a folder, which must be new or empty."""
    return (ArchiveWriter if target.suffix.lower() == ".npz" else FolderWriter)(target)


def _places(page: Page) -> Iterator[tuple[int, int, str]]:
    """Yield line, position in it and character of each glyph, counted from 1."""
    for number, line in enumerate(page.lines, start=1):
        for position, glyph in enumerate(line.glyphs, start=1):
            yield number, position, glyph.character


def _folder_of(character: str) -> str:
    return UNSURE if character == REJECTED else folder_of(character)


def _to_bytes(crop: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(crop * 255).astype(np.uint8)


def _portable(name: str) -> str:
    """Shorten a name and replace characters that some file systems refuse.

    >>> _portable("my page: 1/2")
    'my_page_1_2'
    """
    return re.sub(r"[^\w.-]+", "_", name)[:MAX_NAME]


def folder_of(character: str) -> str:
    """Return a character's folder name, distinct on file systems that ignore case.

    >>> [folder_of(c) for c in "7aAé/😀"]
    ['7', 'lower_a', 'upper_a', 'U+00E9', 'U+002F', 'U+1F600']
    """
    if character in string.digits:
        return character
    if character in string.ascii_letters:
        return f"{'upper' if character.isupper() else 'lower'}_{character.lower()}"
    return f"U+{ord(character):04X}"


def write_crop(path: Path, crop: NDArray[np.uint8]) -> None:
    """Write a crop [32, 32] as a PNG of dark ink on white, marked as one that needs no cropping."""
    mark = PngInfo()
    mark.add_text(MARK, "crop")
    Image.fromarray(255 - crop).save(path, "PNG", pnginfo=mark)


def write_archive(
    path: Path, crops: NDArray[np.uint8], characters: NDArray[np.str_], either: NDArray[np.str_]
) -> None:
    """Write crops [N, 32, 32], their characters and second right ones, marked as crops."""
    mark = np.array(True)
    arrays = {"images": crops, "chars": characters, "either": either, "are_crops": mark}
    write_arrays(path, arrays, compressed=True)
