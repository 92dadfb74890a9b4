"""Labelled images in a NumPy archive: clean scans of one polarity, or cuttings of photographs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.data.cropping import among, labelled
from ocr.data.polarity import has_clean_border, ink_of_photographs, ink_of_scans
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.files import read_arrays

MOST_TOLD = 5  # labels


def read(path: Path, *, alphabet: str | None) -> Samples:
    """Read a .npz file.

    Parameters
    ----------
    path : Path
        ``images`` [N, h, w], uint8 or float; ``chars``, str [N], or ``labels``,
        digits [N]; optionally ``case_ambiguous`` [N], not 0 where an upper-case
        label may stand for a lower-case sign. ``are_crops`` and ``either`` [N] are
        there if ocr wrote the file: crops are then taken as they lie.
    alphabet : str or None

    Raises
    ------
    DataError
        Missing keys, wrong shapes, or pickled arrays.
    """
    arrays = load_arrays(path)
    images = arrays.get("images")
    if images is None or images.ndim != 3 or not images.size:
        raise DataError(f"{path} has no images (it needs an array images of shape [N, h, w])")
    images = to_bytes(images, path)
    characters = characters_of(arrays, path)
    if len(characters) != len(images):
        raise DataError(
            f"{path} has {len(images)} images and {len(characters)} labels (give one each)"
        )
    _tell_left_out(images, characters, path)
    if "are_crops" in arrays:
        second = either_of(arrays, path, len(images))
        return labelled(images, characters, alphabet=alphabet, either=second, are_crops=True)
    clean = has_clean_border(images)
    ink = ink_of_scans(images) if clean else ink_of_photographs(images)
    either = lower_where(characters, arrays.get("case_ambiguous"), path)
    return labelled(ink, characters, alphabet=alphabet, either=either)


def _tell_left_out(images: NDArray[np.uint8], characters: NDArray[np.str_], path: Path) -> None:
    """Tell on standard error what is of no use, whatever the alphabet."""
    wrong = np.unique(characters[~among(characters, None)]).tolist()
    if wrong:
        count = int(np.isin(characters, wrong).sum())
        told = ", ".join(repr(label) for label in wrong[:MOST_TOLD])
        more = ", ..." if len(wrong) > MOST_TOLD else ""
        reason = f"whose label is not one character ({told}{more})"
        print(f"left out: {count:,} of {path}, {reason}", file=sys.stderr)
    blank = int((np.ptp(images, axis=(1, 2)) == 0).sum())
    if blank:
        print(f"left out: {blank:,} of {path}, blank", file=sys.stderr)


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of a .npz file; DataError where it is none, or any is pickled."""
    try:
        return read_arrays(path)
    except ValueError as error:
        raise DataError(
            f"cannot read {path}: not a .npz file of plain arrays (save it without pickle)"
        ) from error


def to_bytes(images: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """Grey levels 0 to 255 of bytes, or of floats up to 1 or up to 255."""
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating) or not np.isfinite(images).all():
        raise DataError(f"{path} has images of type {images.dtype} (make them uint8 or 0 to 1)")
    scale = 255 if images.max() <= 1 else 1
    levels: NDArray[np.uint8] = np.clip(np.rint(images * scale), 0, 255).astype(np.uint8)
    return levels


def characters_of(arrays: dict[str, NDArray[Any]], path: Path) -> NDArray[np.str_]:
    """Character of each image: ``chars`` as they are, or ``labels`` as digits."""
    if "chars" in arrays and arrays["chars"].dtype.kind == "U":
        return arrays["chars"].ravel()
    labels = arrays.get("labels")
    if labels is None or labels.dtype.kind not in "iu" or not np.isin(labels, range(10)).all():
        raise DataError(f"{path} has no labels (it needs chars, or labels from 0 to 9)")
    return labels.ravel().astype("<U1")


def either_of(arrays: dict[str, NDArray[Any]], path: Path, count: int) -> NDArray[np.str_]:
    """Second right character of each image, as ocr wrote it."""
    either = arrays.get("either")
    if either is None or either.dtype.kind != "U" or either.shape != (count,):
        raise DataError(f"{path} has crops without either (give each a character, or '')")
    return either


def lower_where(
    characters: NDArray[np.str_], ambiguous: NDArray[Any] | None, path: Path
) -> NDArray[np.str_] | None:
    """Lower-case character where `ambiguous` is not 0, else ""; None without `ambiguous`."""
    if ambiguous is None:
        return None
    if ambiguous.shape != characters.shape:
        raise DataError(f"{path} has case_ambiguous of another length than chars (give one each)")
    return np.where(ambiguous != 0, np.char.lower(characters), "")
