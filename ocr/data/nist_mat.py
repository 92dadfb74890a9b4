"""Letters of NIST36 in MATLAB files: transposed, ink 0 on paper 1; both are mended here only."""

from __future__ import annotations

import string
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.data.cropping import labelled
from ocr.data.samples import Samples
from ocr.errors import DataError, MissingExtraError

PARTS = ("train", "valid", "test")
SIDE = 32  # px
OUTERMOST = 1.0  # from middle grey; scaled letters ring beyond 0 and 1, levels to 255 stand out
CHARACTERS = {26: string.ascii_uppercase, 36: string.ascii_uppercase + string.digits}


def read(path: Path, *, alphabet: str | None, split: str | None = None) -> Samples:
    """Read a .mat file.

    Parameters
    ----------
    path : Path
        ``train_data``, ``valid_data`` or ``test_data``, float [N, 1024], with
        ``train_labels`` ..., one-hot [N, 26] (A-Z) or [N, 36] (A-Z, 0-9).
    alphabet : str or None
    split : {"train", "valid", "test"}, optional
        By default every part that the file has.

    Raises
    ------
    DataError
        Missing parts, or wrong shapes.
    """
    arrays = load_arrays(path)
    parts = [p for p in parts_in(arrays) if split in (None, p)]
    if not parts:
        wanted = f"{split}_data" if split else "train_data, valid_data or test_data"
        raise DataError(f"{path} has no {wanted} (choose another part or file)")
    return Samples.concatenate([read_part(arrays, p, path, alphabet=alphabet) for p in parts])


def parts_in(arrays: dict[str, Any]) -> list[str]:
    """Name the parts that a file has."""
    return [part for part in PARTS if f"{part}_data" in arrays]


def load_arrays(path: Path) -> dict[str, Any]:
    """Variables of a MATLAB file."""
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ModuleNotFoundError as error:
        raise MissingExtraError("reading MATLAB files", "mat") from error

    damaged = (MatReadError, ValueError, TypeError, LookupError, struct.error, zlib.error)
    try:
        arrays: dict[str, Any] = loadmat(path)
    except (OSError, NotImplementedError, *damaged) as error:
        raise DataError(
            f"cannot read {path}: not a MATLAB file before version 7.3 (save it with -v7)"
        ) from error
    return arrays


def read_part(arrays: dict[str, Any], part: str, path: Path, *, alphabet: str | None) -> Samples:
    """Read one part of the file."""
    data, labels = arrays[f"{part}_data"], arrays.get(f"{part}_labels")
    if not isinstance(data, np.ndarray) or not isinstance(labels, np.ndarray | None):
        raise DataError(f"{path} has sparse arrays (save them as full ones)")
    if data.ndim != 2 or data.shape[1] != SIDE**2:
        raise DataError(f"{path} has {part}_data of shape {data.shape} (it needs [N, 1024])")
    if data.dtype.kind not in "fiu" or not (np.abs(data - 0.5) <= OUTERMOST).all():
        raise DataError(f"{path} has {part}_data outside 0 to 1 (ink is 0, paper is 1)")
    if labels is None or labels.ndim != 2 or labels.shape[1] not in CHARACTERS:
        raise DataError(f"{path} has no usable {part}_labels (one-hot, [N, 26] or [N, 36])")
    if (
        labels.dtype.kind not in "bfiu"
        or len(labels) != len(data)
        or not (labels.sum(axis=1) == 1).all()
    ):
        raise DataError(f"{path} has {part}_labels that do not name one class for each image")
    characters = np.array(list(CHARACTERS[labels.shape[1]]))[labels.argmax(axis=1)]
    return labelled(
        upright_ink(data), characters, alphabet=alphabet, are_crops="are_crops" in arrays
    )


def upright_ink(data: NDArray[Any]) -> NDArray[np.uint8]:
    """Ink [N, 32, 32], 255 on 0, of rows [N, 1024] as the file has them."""
    images = data.reshape(-1, SIDE, SIDE).transpose(0, 2, 1)
    ink: NDArray[np.uint8] = np.clip(np.rint((1 - images) * 255), 0, 255).astype(np.uint8)
    return ink
