"""Read a folder that has a folder of images for each character."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.data.cropping import crop_image, extract_ink, make_samples
from ocr.data.samples import Samples, Source, no_parts
from ocr.errors import DataError, ImageError
from ocr.evaluation.pairs import find_pairs
from ocr.export.crops import CROP_FORMAT, MARK, UNSURE
from ocr.input import loading

CODE_POINT = r"[Uu]\+((?:10|0?[1-9A-Fa-f])?[0-9A-Fa-f]{4})|([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2})"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")

list_parts = no_parts


def recognizes(source: Source) -> bool:
    """Return whether a source is a folder: other readers of folders are asked before."""
    return Path(source).is_dir()


def read(
    source: Source, *, alphabet: str | None, seed: int = 0, part: str | None = None
) -> Samples:
    """Read the images anywhere below ``source/CLASS``; `parse_class` explains CLASS.

    Each image shows one upright character, dark on bright or bright on dark. Images that cannot
    be read, and the folder ``unsure``, are reported on standard error and left out.
    """
    classes = {folder: parse_class(folder) for folder in _find_folders(Path(source))}
    crops, characters = [], []
    for folder, character in classes.items():
        if alphabet is not None and character not in alphabet:
            continue
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in SUFFIXES:
                try:
                    crops.append(_read_crop(file))
                    characters.append(character)
                except ImageError as error:
                    print(f"left out: {error}", file=sys.stderr)
    return make_samples(crops, characters, alphabet=alphabet)


def _find_folders(path: Path) -> list[Path]:
    """Return the folders of characters; DataError if the folder is something else."""
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
    return folders


def parse_class(folder: Path) -> str:
    r"""Return the character that a folder is named for.

    The name is the character itself; its code point as ``U+0041`` (or ``U+10330``), ``0041`` or
    ``41``; or, for file systems that ignore case, ``upper_a``, ``lower_a``, or the character and
    an underscore.

    >>> [parse_class(Path(n)) for n in ("A", "U+0041", "0041", "41", "upper_a", "lower_A", "a_")]
    ['A', 'A', 'A', 'A', 'A', 'a', 'a']
    >>> parse_class(Path("U+16A0")), parse_class(Path("U+10330"))
    ('ᚠ', '𐌰')
    """
    name = unicodedata.normalize("NFC", folder.name)  # some systems decompose é in file names
    if len(name) == 1:
        return name
    if code := re.fullmatch(CODE_POINT, name):
        return chr(int(code[1] or code[2] or code[3], 16))
    if case := re.fullmatch(r"(upper|lower)_(\w)", name):
        return case[2].upper() if case[1] == "upper" else case[2].lower()
    if len(name) == 2 and name.endswith("_"):
        return name[0]
    raise DataError(f"{folder} names no character (name it A, U+0041, upper_a or lower_a)")


def _read_crop(path: Path) -> NDArray[np.uint8]:
    """Return the crop [32, 32] of an image file; one that ocr wrote is not cropped again."""
    if path.suffix.lower() == ".png" and (crop := _read_own_crop(path)) is not None:
        return crop
    return crop_image(extract_ink(loading.load(path)[0].gray[None])[0])


def _read_own_crop(path: Path) -> NDArray[np.uint8] | None:
    """Return the crop that `write_crop` wrote; None for any other file."""
    try:
        with Image.open(path) as picture:
            if picture.info.get(MARK) != "crop" or (picture.mode, picture.size) != CROP_FORMAT:
                return None
            return 255 - np.asarray(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # loading.load reports what is wrong with it
