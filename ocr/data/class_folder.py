"""A folder of images for each character."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.data.cropping import crop_of, of_crops
from ocr.data.polarity import has_clean_border, ink_of_photograph, ink_of_scans
from ocr.data.samples import Samples
from ocr.errors import DataError, ImageError
from ocr.evaluation.pairs import find_pairs
from ocr.export.crops import MADE, MARK, UNSURE
from ocr.input import loading
from ocr.segment.crops import SIZE

CODE_POINT = r"[Uu]\+((?:10|0?[1-9A-Fa-f])?[0-9A-Fa-f]{4})|([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2})"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def read(path: Path, *, alphabet: str | None) -> Samples:
    """Read the images anywhere below ``path/CLASS``; `character_of` reads CLASS.

    Each image shows one upright sign; which of dark and bright is ink is decided
    for each by its border. An image that cannot be read is told on standard error, and
    left out; so is the folder ``unsure``.

    Raises
    ------
    DataError
        A folder whose name is no character, or images without folders.
    """
    folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    if path / UNSURE in folders:
        print(f"left out: {path / UNSURE} (move its letters to their folders)", file=sys.stderr)
        folders.remove(path / UNSURE)
    if not any(path.iterdir()):
        raise DataError(f"{path} is empty (put images into a folder for each character)")
    if not folders and any(p.suffix.lower() in SUFFIXES for p in path.iterdir()):
        if find_pairs([path]):
            raise DataError(
                f"{path} has pages with their text, not letters "
                "(`ocr train` and `ocr eval` take them)"
            )
        raise DataError(
            f"{path} has images without a folder for each character, and without text "
            "(write the text of the page NAME.jpg to NAME.gt.txt)"
        )
    files = [
        (file, character)
        for folder in folders
        if (character := character_of(folder)) and (alphabet is None or character in alphabet)
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in SUFFIXES
    ]
    crops, characters = [], []
    for file, character in files:
        try:
            crops.append(crop_of_file(file))
            characters.append(character)
        except DataError as error:
            print(f"left out: {error}", file=sys.stderr)
    return of_crops(
        np.array(crops, np.uint8).reshape(-1, SIZE, SIZE),
        np.array(characters, "<U1"),
        alphabet=alphabet,
    )


def character_of(folder: Path) -> str:
    r"""Character that a folder's name stands for.

    The character itself; its code point as ``U+0041`` (or ``U+10330``), ``0041``, or
    ``41``; or, for systems that cannot tell A from a, ``upper_a``, ``lower_a``, or the
    character and an underscore.

    Examples
    --------
    >>> [character_of(Path(n)) for n in ("A", "U+0041", "0041", "41", "upper_a", "lower_A", "a_")]
    ['A', 'A', 'A', 'A', 'A', 'a', 'a']
    >>> character_of(Path("U+16A0")), character_of(Path("U+10330"))
    ('ᚠ', '𐌰')
    """
    name = unicodedata.normalize("NFC", folder.name)  # some systems take é apart in file names
    if len(name) == 1:
        return name
    if code := re.fullmatch(CODE_POINT, name):
        return chr(int(code[1] or code[2] or code[3], 16))
    if case := re.fullmatch(r"(upper|lower)_(\w)", name):
        return case[2].upper() if case[1] == "upper" else case[2].lower()
    if len(name) == 2 and name.endswith("_"):
        return name[0]
    raise DataError(f"{folder} names no character (name it A, U+0041, upper_a or lower_a)")


def crop_of_file(path: Path) -> NDArray[np.uint8]:
    """Crop [32, 32] of an image file; one that ocr wrote is taken as it lies."""
    if path.suffix.lower() == ".png" and (crop := _written_crop(path)) is not None:
        return crop
    return crop_of(ink_of_file(path))


def _written_crop(path: Path) -> NDArray[np.uint8] | None:
    """Crop that `write_crop` wrote; None for any other image, and for what is none."""
    try:
        with Image.open(path) as picture:
            if picture.info.get(MARK) != "crop" or (picture.mode, picture.size) != MADE:
                return None
            return 255 - np.asarray(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # loading.load says what is wrong with it


def ink_of_file(path: Path) -> NDArray[np.uint8]:
    """Ink [h, w], 255 on 0, of an image file of either polarity."""
    try:
        page = loading.load(path)[0]
    except ImageError as error:
        raise DataError(str(error)) from error
    grey = page.gray
    single = grey[None]  # (1, h, w)
    return ink_of_scans(single)[0] if has_clean_border(single) else ink_of_photograph(grey)
