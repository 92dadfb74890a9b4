"""IDX files of MNIST and EMNIST, compressed or not."""

from __future__ import annotations

import gzip
import math
import re
import string
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.data.cropping import labelled
from ocr.data.samples import Samples
from ocr.errors import DataError

IMAGES, LABELS, MAPPING = "images-idx3", "labels-idx1", "crops-mapping.txt"
BYTES = 8  # IDX's code for elements of type uint8
#: Lower-case letters that EMNIST keeps apart where it merges look-alikes; C may be c, but A is A.
KEPT_LOWER = "abdefghnqrt"
MERGED = string.digits + string.ascii_uppercase + KEPT_LOWER
#: What the labels 0, 1, ... stand for, by the word in the file's name that tells it.
CHARACTERS = {
    "letters": " " + string.ascii_uppercase,  # labels start at 1
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "bymerge": MERGED,
    "balanced": MERGED,
}


def read(path: Path, *, alphabet: str | None) -> Samples:
    """Read an images file and the labels file beside it.

    Parameters
    ----------
    path : Path
        ``...images-idx3...``; the labels are in ``...labels-idx1...``. The name also
        tells what the labels mean (letters, byclass, bymerge, balanced, or else
        digits) and that emnist is stored transposed. ``...mapping.txt``, which ocr
        writes beside its crops, tells the meaning first.
    alphabet : str or None

    Raises
    ------
    DataError
        No labels file, or one that does not fit; a file that is not IDX.
    """
    images, labels = read_array(path, dimensions=3), read_array(labels_beside(path), dimensions=1)
    if len(images) != len(labels):
        raise DataError(f"{path} has {len(images)} images and {len(labels)} labels (one each)")
    if is_transposed(path):
        images = images.transpose(0, 2, 1)
    if mapping_beside(path).is_file():
        characters = mapped(labels, read_mapping(mapping_beside(path)), path)
        return labelled(images, characters, alphabet=alphabet, are_crops=True)
    kind = next((word for word in CHARACTERS if word in path.name.lower()), "digits")
    meanings = np.array(list(CHARACTERS.get(kind, string.digits)))
    if labels.size and labels.max() >= len(meanings):
        raise DataError(
            f"{path} has labels up to {labels.max()}, not {kind} "
            "(name the set in the file's name: letters, byclass, bymerge or balanced)"
        )
    characters = meanings[labels]
    return labelled(images, characters, alphabet=alphabet, either=either_case(characters, kind))


def is_transposed(path: Path) -> bool:
    """Whether the images of a file lie on their side, as those of EMNIST do."""
    return "emnist" in path.name.lower()


def mapping_beside(path: Path) -> Path:
    """File beside an images file of ours that tells the character of each label."""
    return path.with_name(re.sub(f"{IMAGES}(-ubyte)?(\\.gz)?", MAPPING, path.name))


def read_mapping(path: Path) -> dict[int, str]:
    """Label to character, from lines ``LABEL CODEPOINT`` in decimal, as EMNIST's."""
    try:
        pairs = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return {int(label): chr(int(code)) for label, code in pairs}
    except (ValueError, OverflowError) as error:
        raise DataError(f"{path} is no mapping (each line is a label and a code point)") from error


def mapped(labels: NDArray[np.uint8], mapping: dict[int, str], path: Path) -> NDArray[np.str_]:
    """Character of each label [N]."""
    unknown = sorted(set(labels.tolist()) - set(mapping))
    if unknown:
        raise DataError(f"{path} has the label {unknown[0]}, which its {MAPPING} does not name")
    return np.array([mapping[label] for label in labels.tolist()], "<U1")


def labels_beside(path: Path) -> Path:
    """Labels file of an images file."""
    labels = path.with_name(path.name.replace(IMAGES, LABELS))
    if labels == path or not labels.is_file():
        raise DataError(f"{path} has no labels (put {LABELS} of the same name beside {IMAGES})")
    return labels


def read_array(path: Path, *, dimensions: int) -> NDArray[np.uint8]:
    """Array of an IDX file of bytes."""
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error} (is it whole?)") from error
    start = 4 + 4 * dimensions
    if content[:4] != bytes([0, 0, BYTES, dimensions]) or len(content) < start:
        raise DataError(f"{path} is not an IDX file of {dimensions} dimensions of bytes")
    shape = np.frombuffer(content, ">u4", dimensions, offset=4).tolist()
    if len(content) - start != math.prod(shape):
        raise DataError(f"{path} is cut short or too long (fetch it again)")
    if 0 in shape:
        raise DataError(f"{path} is empty (fetch it again)")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def either_case(characters: NDArray[np.str_], kind: str) -> NDArray[np.str_] | None:
    """Lower-case character of the upper-case labels under which `kind` merges both, else ""."""
    if kind not in ("letters", "bymerge", "balanced"):
        return None
    merged = set(string.ascii_uppercase)
    if kind != "letters":
        merged -= set(KEPT_LOWER.upper())
    return np.where(np.isin(characters, list(merged)), np.char.lower(characters), "")
