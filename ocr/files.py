"""Files written whole or not at all, folders made, NumPy archives read without pickle."""

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
NUMBER = re.compile(r"-[0-9]+(?=(\.[a-z]+)+$)")  # in NAME-1.ENDING


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever finds half of it.

    A link stays one, and what it names is written; who may read and write an older file stays so.

    Raises
    ------
    OutputError
        Where the file cannot be written; an older file there is left as it was.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a pipe or /dev/stdout: nothing to replace
        else:
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)} (name another file)") from error


def _replace(path: Path, data: bytes) -> None:
    # by chance, too, as on a shared disk another machine may have a process of that number
    chance = int.from_bytes(os.urandom(4), "big")
    partial = path.with_name(f".{path.name}.{os.getpid()}{chance:010}")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may keep the new name of no content
        with contextlib.suppress(FileNotFoundError):  # the first of its name
            partial.chmod(stat.S_IMODE(path.stat().st_mode))
        partial.replace(path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it lies in, where they are not there.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {reason(error)} (name another folder)"
        ) from error


def make_empty(folder: Path) -> None:
    """Make a folder, or take one that is empty.

    Raises
    ------
    OutputError
        If it has anything in it, or cannot be made.
    """
    make_folder(folder)
    try:
        used = any(folder.iterdir())
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {reason(error)} (name another folder)"
        ) from error
    if used:
        raise OutputError(f"cannot write {folder}: the folder is not empty (name another)")


def sweep(*paths: Path, numbered: Iterable[Path] = ()) -> None:
    """Remove what writers of these paths left when they were killed.

    `numbered` are paths of which NAME-1.ENDING, NAME-2.ENDING ... were written.
    """
    written, of_numbers = set(paths), set(numbered)
    for folder in {path.parent for path in written | of_numbers}:
        for left in folder.glob(".*"):
            path = folder / left.stem[1:]  # .NAME.DIGITS, as `_replace` calls it
            whole = path.with_name(NUMBER.sub("", path.name))
            is_ours = path in written or whole in of_numbers
            if is_ours and left.suffix[1:].isdigit():
                with contextlib.suppress(OSError):
                    left.unlink()


def write_arrays(path: Path, arrays: Mapping[str, Any], *, compressed: bool = False) -> None:
    """Write a .npz archive as `write_whole` does; the same arrays give the same bytes."""
    import numpy as np  # here, as commands that read no arrays use this module too

    file = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(file, **arrays)
    write_whole(path, file.getvalue())


@contextlib.contextmanager
def read_errors(path: str | Path, kind: type[OcrError]) -> Iterator[None]:
    """Raise what the system has against reading a path as an error of ours."""
    try:
        yield
    except OSError as error:
        raise kind(f"cannot read {path}: {reason(error)} (check the path)") from error


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    import hashlib  # seldom needed, and slow to import

    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def reason(error: OSError) -> str:
    """What the system says, in lower case.

    Examples
    --------
    >>> reason(OSError(28, "No space left on device"))
    'no space left on device'
    """
    return (error.strerror or str(error)).lower()


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a .npz archive.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no archive, is damaged, or holds pickled objects.
    """
    import zipfile  # here and not above, as not every command reads arrays
    import zlib

    import numpy as np

    damaged = AttributeError, EOFError, MemoryError, RuntimeError, TypeError, ValueError
    try:
        # each array whole: np.load would inflate it bit by bit, which holds up other threads
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
    """Keep what is there: data may be all that somebody has."""
    if output.exists():
        raise OutputError(f"{output} exists already (delete it, or name another -o)")
