"""Model files and their like: written whole or not at all, NumPy archives read without pickle."""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import OutputError

# what NumPy, zipfile and zlib raise on a foreign or damaged file
DAMAGED = (
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever finds half of it.

    Raises
    ------
    OutputError
        Where the file cannot be written; an older file there is left as it was.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror} (choose another)") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def write_arrays(path: Path, arrays: Mapping[str, Any], *, compressed: bool = False) -> None:
    """Write a .npz archive as `write_whole` does; the same arrays give the same bytes."""
    file = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(file, **arrays)
    write_whole(path, file.getvalue())


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a .npz archive.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no archive, is damaged, or holds pickled objects.
    """
    try:
        # opened here: np.load leaves a file open that turns out to be no archive
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except DAMAGED as error:
        raise ValueError(f"{path} is not an archive of plain arrays") from error
