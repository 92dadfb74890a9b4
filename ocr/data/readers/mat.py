"""Read MATLAB files in the layout of NIST36: images transposed, ink 0 on paper 1."""

from __future__ import annotations

import string
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.data.cropping import crop_samples
from ocr.data.samples import PARTS, Samples, Source
from ocr.errors import DataError, MissingExtraError

SIDE = 32  # px
MAX_OVERSHOOT = 0.5  # resampled letters overshoot 0 to 1; gray levels up to 255 exceed this by far
CLASSES = (string.ascii_uppercase, string.ascii_uppercase + string.digits)  # in label order


def recognizes(source: Source) -> bool:
    """Return whether a source is a .mat file."""
    return Path(source).suffix.lower() == ".mat" and Path(source).exists()


def list_parts(source: Source) -> tuple[str, ...]:
    """Return the parts for which a file has data."""
    arrays = _load_arrays(Path(source))
    return tuple(part for part in PARTS if f"{part}_data" in arrays)


def read(
    source: Source, *, alphabet: str | None, seed: int = 0, part: str | None = None
) -> Samples:
    """Read one part of a .mat file, or all parts that it has.

    It has ``train_data``, ``valid_data`` or ``test_data``, float [N, 1024], with
    ``train_labels`` ..., one-hot [N, 26] (A-Z) or [N, 36] (A-Z, 0-9).
    """
    path = Path(source)
    arrays = _load_arrays(path)
    parts = [p for p in PARTS if f"{p}_data" in arrays and part in (None, p)]
    if not parts:
        raise DataError(f"{path} has no train_data, valid_data or test_data (choose another file)")
    return Samples.concatenate([_read_part(arrays, p, path, alphabet) for p in parts])


def _load_arrays(path: Path) -> dict[str, Any]:
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


def _read_part(arrays: dict[str, Any], part: str, path: Path, alphabet: str | None) -> Samples:
    data, labels = _checked_arrays(arrays, part, path)
    classes = next(c for c in CLASSES if len(c) == labels.shape[1])
    upright = data.reshape(-1, SIDE, SIDE).transpose(0, 2, 1)  # (N, 32, 32)
    return crop_samples(
        np.clip(np.rint((1 - upright) * 255), 0, 255).astype(np.uint8),
        np.array(list(classes))[labels.argmax(axis=1)],
        alphabet=alphabet,
        are_crops="are_crops" in arrays,
    )


def _checked_arrays(
    arrays: dict[str, Any], part: str, path: Path
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the data and labels of a part; DataError unless they have the layout of NIST36."""
    data, labels = arrays[f"{part}_data"], arrays.get(f"{part}_labels")
    if not isinstance(data, np.ndarray) or not isinstance(labels, np.ndarray | None):
        raise DataError(f"{path} has sparse arrays (save them as full ones)")
    if data.ndim != 2 or data.shape[1] != SIDE**2:
        raise DataError(f"{path} has {part}_data of shape {data.shape} (it needs [N, 1024])")
    if data.dtype.kind not in "fiu" or not (np.abs(data - 0.5) <= 0.5 + MAX_OVERSHOOT).all():
        raise DataError(f"{path} has {part}_data outside 0 to 1 (ink is 0, paper is 1)")
    if labels is None or labels.ndim != 2 or labels.shape[1] not in map(len, CLASSES):
        raise DataError(f"{path} has no usable {part}_labels (one-hot, [N, 26] or [N, 36])")
    is_numeric = labels.dtype.kind in "bfiu"
    if not is_numeric or len(labels) != len(data) or not (labels.sum(axis=1) == 1).all():
        raise DataError(f"{path} has {part}_labels that do not name one class for each image")
    return data, labels
