"""A folder of images for each character."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr import image
from ocr.errors import DataError, ImageError
from ocr.segment.crops import SIZE
from ocr.training.cropping import crop_of, of_crops
from ocr.training.polarity import has_clean_border, ink_of_photograph, ink_of_scans
from ocr.training.samples import Samples

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def read(path: Path, *, alphabet: str) -> Samples:
    """Read the images anywhere below ``path/CLASS``; `character_of` reads CLASS.

    Each image shows one upright sign; which of dark and bright is ink is decided
    for each by its border. An image that cannot be read is told on standard error, and
    left out.

    Raises
    ------
    DataError
        A folder whose name is no character.
    """
    folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    files = [
        (file, character)
        for folder in folders
        if (character := character_of(folder)) in alphabet
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in SUFFIXES
    ]
    crops, characters = [], []
    for file, character in files:
        try:
            crops.append(crop_of(ink_of_file(file)))
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

    The character itself; its code point as ``U+0041``, ``0041``, or ``41``; or, for
    systems that cannot tell A from a, ``upper_a``, ``lower_a``, or the character and
    an underscore.

    Examples
    --------
    >>> [character_of(Path(n)) for n in ("A", "U+0041", "0041", "41", "upper_a", "lower_A", "a_")]
    ['A', 'A', 'A', 'A', 'A', 'a', 'a']
    """
    name = folder.name
    if len(name) == 1:
        return name
    if code := re.fullmatch(r"(?:[Uu]\+)?([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2})", name):
        return chr(int(code[1] or code[2], 16))
    if case := re.fullmatch(r"(upper|lower)_(\w)", name):
        return case[2].upper() if case[1] == "upper" else case[2].lower()
    if len(name) == 2 and name.endswith("_"):
        return name[0]
    raise DataError(f"{folder} names no character (name it A, U+0041, upper_a or lower_a)")


def ink_of_file(path: Path) -> NDArray[np.uint8]:
    """Ink [h, w], 255 on 0, of an image file of either polarity."""
    try:
        page = image.load(path)[0]
    except ImageError as error:
        raise DataError(str(error)) from error
    grey = page.gray
    single = grey[None]  # (1, h, w)
    return ink_of_scans(single)[0] if has_clean_border(single) else ink_of_photograph(grey)
