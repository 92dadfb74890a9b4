"""Labelled crops to files that the readers of this package give back as they were."""

from __future__ import annotations

import gzip
import io
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.data import idx, nist_mat
from ocr.data.parts import PARTS
from ocr.data.samples import Samples
from ocr.errors import DataError, MissingExtraError, OutputError
from ocr.export.crops import folder_of, write_crop
from ocr.files import reason, refuse_existing, write_arrays, write_whole

MOST_LABELS = 256  # of IDX, a byte each


def save(samples: Samples, output: Path) -> None:
    """Write crops in the format that the ending of a name tells.

    Read again by `ocr.data.datasets.load`, crops and characters are the same; a
    folder gives them class by class. Only .npz keeps the second character of a crop
    that may be either of two.

    Parameters
    ----------
    samples : Samples
    output : Path
        ``.npz``; ``.mat``, in the layout of NIST36; ``...images-idx3-ubyte``, also
        ``.gz``, with its labels and what they mean beside it; or, without an ending, a
        folder of PNGs for each character.

    Raises
    ------
    DataError
        An ending that is none of these, or characters that the format cannot name.
    OutputError
        What is there already, or cannot be written.
    """
    write = writer_of(output)
    refuse_existing(output)
    write(samples, output)


def writer_of(output: Path) -> Any:
    """Choose a function of samples and path; DataError where the ending names no format."""
    if f"{idx.IMAGES}-ubyte" in output.name and output.suffix in (".gz", ""):
        return write_idx
    writers = {".npz": write_npz, ".mat": write_mat, "": write_folder}
    if output.suffix.lower() not in writers:
        raise DataError(
            f"{output} is of no known type "
            f"(end it in .npz, .mat or {idx.IMAGES}-ubyte, or in nothing for a folder)"
        )
    return writers[output.suffix.lower()]


def write_npz(samples: Samples, output: Path) -> None:
    """Write images, chars and either, marked as crops."""
    arrays = {
        "images": samples.crops,
        "chars": samples.characters,
        "either": samples.either,
        "are_crops": np.array(True),
    }
    write_arrays(output, arrays, compressed=True)


def write_mat(samples: Samples, output: Path) -> None:
    """Write one part of NIST36's layout: the one that the name tells, or else train."""
    try:
        from scipy.io import savemat
    except ModuleNotFoundError as error:
        raise MissingExtraError("writing MATLAB files", "mat") from error

    part = next((p for p in PARTS if p in output.stem.lower()), "train")
    ink = samples.crops.transpose(0, 2, 1).reshape(len(samples), -1)  # (N, 1024)
    file = io.BytesIO()
    arrays = {
        f"{part}_data": 1 - ink / 255,
        f"{part}_labels": one_hot(samples.characters, output),
        "are_crops": 1.0,
    }
    savemat(file, arrays, do_compression=True)
    write_whole(output, file.getvalue())


def one_hot(characters: NDArray[np.str_], output: Path) -> NDArray[np.uint8]:
    """Labels, uint8 [N, 26] where all are A-Z, else [N, 36]."""
    for count, classes in sorted(nist_mat.CHARACTERS.items()):
        if np.isin(characters, list(classes)).all():
            labels = np.searchsorted(np.sort(list(classes)), characters)
            order = np.argsort(list(classes))
            return np.eye(count, dtype=np.uint8)[order[labels]]
    raise DataError(
        f"{output} can only name A-Z and 0-9 (add --alphabet upper-digits, or use .npz)"
    )


def write_idx(samples: Samples, output: Path) -> None:
    """Write images, labels and mapping; transposed where the name says that it is EMNIST's."""
    labels = output.with_name(output.name.replace(idx.IMAGES, idx.LABELS))
    mapping = idx.mapping_beside(output)
    classes, numbers = np.unique(samples.characters, return_inverse=True)
    if len(classes) > MOST_LABELS:
        raise DataError(f"{output} cannot tell {len(classes)} classes apart (use .npz or a folder)")
    for beside in (labels, mapping):
        refuse_existing(beside)
    crops = samples.crops.transpose(0, 2, 1) if idx.is_transposed(output) else samples.crops
    lines = "".join(f"{i} {ord(c)}\n" for i, c in enumerate(classes.tolist()))
    write_whole(mapping, lines.encode("ascii"))
    write_whole(labels, idx_bytes(numbers.astype(np.uint8), output.suffix))
    write_whole(output, idx_bytes(crops, output.suffix))


def idx_bytes(array: NDArray[np.uint8], suffix: str) -> bytes:
    """Content of an IDX file, gzipped for the suffix .gz; the same array gives the same bytes."""
    magic = bytes([0, 0, idx.BYTES, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = magic + np.ascontiguousarray(array).tobytes()
    return gzip.compress(content, mtime=0) if suffix == ".gz" else content


def write_folder(samples: Samples, output: Path) -> None:
    """Write a folder of PNGs for each character, whole or not at all."""
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        _fill(partial, samples)
        partial.replace(output)
    except OSError as error:
        raise OutputError(f"cannot write {output}: {reason(error)} (name another -o)") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill(folder: Path, samples: Samples) -> None:
    digits = len(str(len(samples)))  # so that the order of the names is that of the samples
    folder.mkdir()
    for character in np.unique(samples.characters).tolist():
        (folder / folder_of(character)).mkdir()
    numbers: Counter[str] = Counter()
    for crop, character in zip(samples.crops, samples.characters.tolist(), strict=True):
        name = f"{numbers[character]:0{digits}}.png"
        write_crop(folder / folder_of(character) / name, crop)
        numbers[character] += 1
