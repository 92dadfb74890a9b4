"""Write files atomically, make folders, and read NumPy archives without pickle."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr.errors import OcrError, OutputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 1 << 20  # bytes
NUMBER = re.compile(r"-[0-9]+(?=(\.[a-z]+)+$)")  # as in NAME-1.ENDING


def write_whole(path: Path, data: bytes) -> None:
    """Write a file atomically, so that it is never half written.

    Links are followed, and the permissions of an existing file are kept. After an OutputError
    an existing file is as it was.
    """
    with write_errors(path, "name another file"):
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a pipe or /dev/stdout cannot be replaced
        else:
            _replace(Path(os.path.realpath(path)), data)


def _replace(path: Path, data: bytes) -> None:
    # random as well, as another machine may have the same process number on a shared disk
    random = int.from_bytes(os.urandom(4), "big")
    partial = path.with_name(f".{path.name}.{os.getpid()}{random:010}")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave an empty file
        with contextlib.suppress(FileNotFoundError):  # a new file
            partial.chmod(stat.S_IMODE(path.stat().st_mode))
        partial.replace(path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder with its parents if it does not exist; OutputError if that fails."""
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def make_empty(folder: Path) -> None:
    """Make a folder or accept an empty one; OutputError if it is not empty."""
    make_folder(folder)
    with write_errors(folder):
        is_used = any(folder.iterdir())
    if is_used:
        raise OutputError(f"cannot write {folder}: the folder is not empty (name another)")


@contextlib.contextmanager
def write_errors(path: Path, remedy: str = "name another folder") -> Iterator[None]:
    """Raise errors of the system in writing to a path as OutputErrors."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)} ({remedy})") from error


def sweep(*paths: Path, numbered: Iterable[Path] = ()) -> None:
    """Remove the partial files that killed writers of these paths left.

    For paths in `numbered`, NAME-1.ENDING, NAME-2.ENDING ... were written.
    """
    single, several = set(paths), set(numbered)
    for folder in {path.parent for path in single | several}:
        for partial in folder.glob(".*"):
            path = folder / partial.stem[1:]  # .NAME.DIGITS, see `_replace`
            unnumbered = path.with_name(NUMBER.sub("", path.name))
            is_ours = path in single or unnumbered in several
            if is_ours and partial.suffix[1:].isdigit():
                with contextlib.suppress(OSError):
                    partial.unlink()


def write_arrays(path: Path, arrays: Mapping[str, Any], *, compressed: bool = False) -> None:
    """Write a .npz archive atomically; the same arrays give the same bytes."""
    import numpy as np  # not at the top, as commands without arrays use this module too

    file = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(file, **arrays)
    write_whole(path, file.getvalue())


@contextlib.contextmanager
def read_errors(path: str | Path, kind: type[OcrError]) -> Iterator[None]:
    """Raise errors of the system in reading a path as errors of ours."""
    try:
        yield
    except OSError as error:
        raise kind(f"cannot read {path}: {reason(error)} (check the path)") from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    import hashlib  # rarely needed, and slow to import

    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def reason(error: OSError) -> str:
    """Return the system's message in lower case.

    >>> reason(OSError(28, "No space left on device"))
    'no space left on device'
    """
    return (error.strerror or str(error)).lower()


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a .npz archive.

    Raises OSError if the file cannot be read, and ValueError if it is not an archive, is damaged,
    or holds pickled objects.
    """
    import zipfile  # not at the top, as few commands read arrays
    import zlib

    import numpy as np

    damaged = AttributeError, EOFError, MemoryError, RuntimeError, TypeError, ValueError
    try:
        # read each array at once: np.load inflates it in pieces, which blocks other threads
        with zipfile.ZipFile(path) as archive:
            return {
                name.removesuffix(".npy"): np.load(
                    io.BytesIO(archive.read(name)), allow_pickle=False
                )
                for name in archive.namelist()
            }
    except (*damaged, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is not an archive of plain arrays") from error


def refuse_existing(output: Path) -> None:
    """Raise OutputError if a file exists: data may be all that somebody has."""
    if output.exists():
        raise OutputError(f"{output} exists already (delete it, or name another -o)")


def refuse_unwritable(output: Path) -> None:
    """Raise OutputError if a file cannot be written to its folder, before any long work."""
    if output.exists() and not output.is_file():
        return  # a pipe or /dev/stdout, whose folder does not matter
    import tempfile  # rarely needed, and slow to import

    try:
        tempfile.TemporaryFile(dir=Path(os.path.realpath(output)).parent).close()
    except OSError as error:
        raise OutputError(f"cannot write {output}: {reason(error)} (choose another -o)") from error
