"""Read labelled images in a NumPy archive: scans, images cut from photographs, or crops."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.data.cropping import crop_samples, extract_ink, is_in_alphabet
from ocr.data.samples import Samples, Source, no_parts
from ocr.errors import DataError
from ocr.files import read_arrays

MAX_LISTED = 5  # unusable labels that a message quotes

Arrays = dict[str, NDArray[Any]]

list_parts = no_parts


def recognizes(source: Source) -> bool:
    """Return whether a source is a .npz file."""
    return Path(source).suffix.lower() == ".npz" and Path(source).exists()


def read(
    source: Source, *, alphabet: str | None, seed: int = 0, part: str | None = None
) -> Samples:
    """Read a .npz file.

    It has ``images`` [N, h, w], uint8 or float, and ``chars``, str [N], or ``labels``, digits
    [N]; optionally ``case_ambiguous`` [N], not 0 where an upper-case label may stand for a
    lower-case character. A file that ocr wrote has ``are_crops`` and ``either`` [N], and its
    crops are not cropped again.
    """
    path = Path(source)
    arrays = _load_arrays(path)
    images = arrays.get("images")
    if images is None or images.ndim != 3 or not images.size:
        raise DataError(f"{path} has no images (it needs an array images of shape [N, h, w])")
    images = _to_gray_levels(images, path)
    characters = _find_characters(arrays, path)
    if len(characters) != len(images):
        raise DataError(
            f"{path} has {len(images)} images and {len(characters)} labels (give one each)"
        )
    _report_unusable(images, characters, path)
    if "are_crops" in arrays:
        second = _load_either(arrays, path, len(images))
        return crop_samples(images, characters, alphabet=alphabet, either=second, are_crops=True)
    either = _lower_ambiguous(characters, arrays.get("case_ambiguous"), path)
    return crop_samples(extract_ink(images), characters, alphabet=alphabet, either=either)


def _load_arrays(path: Path) -> Arrays:
    try:
        return read_arrays(path)
    except ValueError as error:
        raise DataError(
            f"cannot read {path}: not a .npz file of plain arrays (save it without pickle)"
        ) from error


def _to_gray_levels(images: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """Return gray levels 0 to 255 of bytes, or of floats up to 1 or up to 255."""
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating) or not np.isfinite(images).all():
        raise DataError(f"{path} has images of type {images.dtype} (make them uint8 or 0 to 1)")
    scale = 255 if images.max() <= 1 else 1
    levels: NDArray[np.uint8] = np.clip(np.rint(images * scale), 0, 255).astype(np.uint8)
    return levels


def _find_characters(arrays: Arrays, path: Path) -> NDArray[np.str_]:
    if "chars" in arrays and arrays["chars"].dtype.kind == "U":
        return arrays["chars"].ravel()
    labels = arrays.get("labels")
    if labels is None or labels.dtype.kind not in "iu" or not np.isin(labels, range(10)).all():
        raise DataError(f"{path} has no labels (it needs chars, or labels from 0 to 9)")
    return labels.ravel().astype("<U1")


def _report_unusable(images: NDArray[np.uint8], characters: NDArray[np.str_], path: Path) -> None:
    """Print to standard error how many images cannot be used with any alphabet."""
    unusable = ~is_in_alphabet(characters, None)
    if unusable.any():
        wrong = np.unique(characters[unusable]).tolist()
        listed = ", ".join([*map(repr, wrong[:MAX_LISTED]), *["..."] * (len(wrong) > MAX_LISTED)])
        reason = f"whose label is not one character ({listed})"
        print(f"left out: {unusable.sum():,} of {path}, {reason}", file=sys.stderr)
    if blank := int((np.ptp(images, axis=(1, 2)) == 0).sum()):
        print(f"left out: {blank:,} of {path}, blank", file=sys.stderr)


def _load_either(arrays: Arrays, path: Path, count: int) -> NDArray[np.str_]:
    """Return the second right character of each image, as ocr wrote it."""
    either = arrays.get("either")
    if either is None or either.dtype.kind != "U" or either.shape != (count,):
        raise DataError(f"{path} has crops without either (give each a character, or '')")
    return either


def _lower_ambiguous(
    characters: NDArray[np.str_], ambiguous: NDArray[Any] | None, path: Path
) -> NDArray[np.str_] | None:
    """Return the lower-case character where `ambiguous` is not 0, else ""."""
    if ambiguous is None:
        return None
    if ambiguous.shape != characters.shape:
        raise DataError(f"{path} has case_ambiguous of another length than chars (give one each)")
    return np.where(ambiguous != 0, np.char.lower(characters), "")
