"""Write labelled crops to files that `ocr.data.datasets.load` reads back unchanged."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.data.readers import idx, mat
from ocr.data.samples import PARTS, Samples
from ocr.errors import DataError, MissingExtraError
from ocr.export.crops import folder_of, write_archive, write_crop
from ocr.files import refuse_existing, write_errors, write_whole

MAX_LABELS = 256  # IDX stores a label in one byte

Writer = Callable[[Samples, Path], None]


def save(samples: Samples, output: Path) -> None:
    """Write crops in the format given by the ending of a name, which must not exist.

    The formats are ``.npz``; ``.mat``, in the layout of NIST36; ``...images-idx3-ubyte``, also
    ``.gz``, with files of labels and their meaning in the same folder; and, without an ending, a
    folder of PNGs for each character, which is read back class by class. Only .npz keeps the
    second character of a crop that may be either of two. Raises DataError for another ending, or
    characters that the format cannot represent.
    """
    write = find_writer(output)
    refuse_existing(output)
    write(samples, output)


def find_writer(output: Path) -> Writer:
    """Return the function that writes a name's format; DataError if its ending has none."""
    if f"{idx.IMAGES}-ubyte" in output.name and output.suffix in (".gz", ""):
        return write_idx
    writers: dict[str, Writer] = {".npz": write_npz, ".mat": write_mat, "": write_folder}
    if output.suffix.lower() not in writers:
        raise DataError(
            f"{output} is of no known type "
            f"(end it in .npz, .mat or {idx.IMAGES}-ubyte, or in nothing for a folder)"
        )
    return writers[output.suffix.lower()]


def write_npz(samples: Samples, output: Path) -> None:
    """Write the archive that `ocr read --crops` writes too."""
    write_archive(output, samples.crops, samples.characters, samples.either)


def write_mat(samples: Samples, output: Path) -> None:
    """Write one part in NIST36's layout: the part in the file's name, or train."""
    try:
        from scipy.io import savemat
    except ModuleNotFoundError as error:
        raise MissingExtraError("writing MATLAB files", "mat") from error

    part = next((p for p in PARTS if p in output.stem.lower()), "train")
    ink = samples.crops.transpose(0, 2, 1).reshape(len(samples), -1)  # (N, 1024)
    file = io.BytesIO()
    arrays = {
        f"{part}_data": 1 - ink / 255,
        f"{part}_labels": _encode_one_hot(samples.characters.tolist(), output),
        "are_crops": 1.0,
    }
    savemat(file, arrays, do_compression=True)
    write_whole(output, file.getvalue())


def _encode_one_hot(characters: list[str], output: Path) -> NDArray[np.uint8]:
    """Return labels, uint8 [N, 26] if all characters are A-Z, else [N, 36]."""
    for classes in mat.CLASSES:
        if set(characters) <= set(classes):
            return np.eye(len(classes), dtype=np.uint8)[[classes.index(c) for c in characters]]
    raise DataError(
        f"{output} can only name A-Z and 0-9 (add --alphabet upper-digits, or use .npz)"
    )


def write_idx(samples: Samples, output: Path) -> None:
    """Write images, labels and mapping; transposed if the name contains emnist."""
    labels = output.with_name(output.name.replace(idx.IMAGES, idx.LABELS))
    mapping = idx.mapping_path(output)
    classes, numbers = np.unique(samples.characters, return_inverse=True)
    if len(classes) > MAX_LABELS:
        raise DataError(f"{output} cannot tell {len(classes)} classes apart (use .npz or a folder)")
    for path in (labels, mapping):
        refuse_existing(path)
    crops = samples.crops.transpose(0, 2, 1) if idx.is_transposed(output) else samples.crops
    lines = "".join(f"{i} {ord(c)}\n" for i, c in enumerate(classes.tolist()))
    write_whole(mapping, lines.encode("ascii"))
    write_whole(labels, idx_bytes(numbers.astype(np.uint8), output.suffix))
    write_whole(output, idx_bytes(crops, output.suffix))


def idx_bytes(array: NDArray[np.uint8], suffix: str) -> bytes:
    """Return the content of an IDX file, reproducibly gzipped if the suffix is .gz."""
    magic = bytes([0, 0, idx.UINT8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = magic + np.ascontiguousarray(array).tobytes()
    return gzip.compress(content, mtime=0) if suffix == ".gz" else content


def write_folder(samples: Samples, output: Path) -> None:
    """Write a folder of PNGs for each character."""
    digits = len(str(len(samples)))  # zero-padded, so that sorting by name keeps the order
    with new_folder(output) as partial:
        for character in np.unique(samples.characters).tolist():
            (partial / folder_of(character)).mkdir()
        numbers: Counter[str] = Counter()
        for crop, character in zip(samples.crops, samples.characters.tolist(), strict=True):
            name = f"{numbers[character]:0{digits}}.png"
            write_crop(partial / folder_of(character) / name, crop)
            numbers[character] += 1


@contextlib.contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to `output` at the end, or deleted on an error."""
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with write_errors(output, "name another -o"):
            partial.mkdir()
            yield partial
            partial.replace(output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
