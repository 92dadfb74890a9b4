"""Read IDX files of MNIST and EMNIST, compressed or not."""

from __future__ import annotations

import gzip
import math
import re
import string
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.data.cropping import crop_samples
from ocr.data.samples import Samples, Source, no_parts
from ocr.errors import DataError

IMAGES, LABELS, MAPPING = "images-idx3", "labels-idx1", "crops-mapping.txt"
UINT8 = 8  # IDX's code for elements of this type
#: Lower-case letters that EMNIST keeps apart where it merges look-alikes; C may be c, but A is A.
KEPT_LOWER = "abdefghnqrt"
MERGED = string.digits + string.ascii_uppercase + KEPT_LOWER
#: The characters of the labels 0, 1, ..., by a word in the file's name; digits without one.
CHARACTERS = {
    "letters": " " + string.ascii_uppercase,  # labels start at 1
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "bymerge": MERGED,
    "balanced": MERGED,
}

list_parts = no_parts


def recognizes(source: Source) -> bool:
    """Return whether a source is a file of images by its name."""
    return IMAGES in Path(source).name and Path(source).exists()


def read(
    source: Source, *, alphabet: str | None, seed: int = 0, part: str | None = None
) -> Samples:
    """Read a file ``...images-idx3...`` and its labels, ``...labels-idx1...`` in the same folder.

    What the labels mean is in ``...mapping.txt`` in that folder, which ocr writes with its crops;
    without that file, in the name (see `CHARACTERS`). Images of emnist are stored transposed.
    """
    path = Path(source)
    images, labels = read_array(path, dimensions=3), read_array(_find_labels(path), dimensions=1)
    if len(images) != len(labels):
        raise DataError(f"{path} has {len(images)} images and {len(labels)} labels (one each)")
    if is_transposed(path):
        images = images.transpose(0, 2, 1)
    mapping = mapping_path(path)
    if mapping.is_file():
        characters = _map_labels(labels, _read_mapping(mapping), path)
        return crop_samples(images, characters, alphabet=alphabet, are_crops=True)
    kind = next((word for word in CHARACTERS if word in path.name.lower()), "digits")
    classes = np.array(list(CHARACTERS.get(kind, string.digits)))
    if labels.size and labels.max() >= len(classes):
        raise DataError(
            f"{path} has labels up to {labels.max()}, not {kind} "
            "(name the set in the file's name: letters, byclass, bymerge or balanced)"
        )
    characters = classes[labels]
    either = _lower_merged(characters, kind)
    return crop_samples(images, characters, alphabet=alphabet, either=either)


def is_transposed(path: Path) -> bool:
    """Return whether a file stores its images transposed, as EMNIST does."""
    return "emnist" in path.name.lower()


def mapping_path(path: Path) -> Path:
    """Return where ocr stores the character of each label of an images file."""
    return path.with_name(re.sub(f"{IMAGES}(-ubyte)?(\\.gz)?", MAPPING, path.name))


def _read_mapping(path: Path) -> dict[int, str]:
    """Read lines ``LABEL CODEPOINT`` in decimal, as EMNIST's, to a character for each label."""
    try:
        pairs = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return {int(label): chr(int(code)) for label, code in pairs}
    except (ValueError, OverflowError) as error:
        raise DataError(f"{path} is no mapping (each line is a label and a code point)") from error


def _map_labels(labels: NDArray[np.uint8], mapping: dict[int, str], path: Path) -> NDArray[np.str_]:
    if unknown := sorted(set(labels.tolist()) - set(mapping)):
        raise DataError(f"{path} has the label {unknown[0]}, which its {MAPPING} does not name")
    return np.array([mapping[label] for label in labels.tolist()], "<U1")


def _find_labels(path: Path) -> Path:
    labels = path.with_name(path.name.replace(IMAGES, LABELS))
    if not labels.is_file():
        raise DataError(f"{path} has no labels (put {labels.name} into the same folder)")
    return labels


def read_array(path: Path, *, dimensions: int) -> NDArray[np.uint8]:
    """Read the array of an IDX file of bytes."""
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error} (is it whole?)") from error
    start = 4 + 4 * dimensions
    if content[:4] != bytes([0, 0, UINT8, dimensions]) or len(content) < start:
        raise DataError(f"{path} is not an IDX file of {dimensions} dimensions of bytes")
    shape = np.frombuffer(content, ">u4", dimensions, offset=4).tolist()
    if len(content) - start != math.prod(shape):
        raise DataError(f"{path} is cut short or too long (fetch it again)")
    if 0 in shape:
        raise DataError(f"{path} is empty (fetch it again)")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _lower_merged(characters: NDArray[np.str_], kind: str) -> NDArray[np.str_] | None:
    """Return the lower-case character where `kind` merges it with its capital, else ""."""
    if kind not in ("letters", "bymerge", "balanced"):
        return None
    merged = set(string.ascii_uppercase)
    if kind != "letters":
        merged -= set(KEPT_LOWER.upper())
    return np.where(np.isin(characters, list(merged)), np.char.lower(characters), "")
