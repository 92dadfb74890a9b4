"""Which files are read, and what their outputs are called."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr.errors import ImageError, OutputError
from ocr.files import read_errors
from ocr.input.sources import ENDINGS, is_address

NUMBER = re.compile(r"-[0-9]+$")


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read.

    Attributes
    ----------
    path : str
    name : str
        Its path below the folder that all inputs lie in, with slashes.
    stem : str
        Path of its outputs below theirs, to which endings are added: of ``a/scan.jpg`` it is
        ``a/scan``, but ``a/scan.jpg`` where there is an ``a/scan.png``, too.
    """

    path: str
    name: str
    stem: str

    @property
    def top(self) -> Path:
        """Folder that all inputs lie in."""
        return Path(self.path).parents[self.name.count("/")]


def find(sources: Sequence[str], output: Path) -> list[Input]:
    """Files that some paths stand for, in the order of their names.

    Parameters
    ----------
    sources : sequence of str
        Files, patterns such as ``scans/*.jpg``, and folders, of which all images are read, those
        in folders below too; what is hidden, or lies in `output`, is not.
    output : Path
        Folder of the outputs.

    Raises
    ------
    ImageError
        If there is no such file.
    OutputError
        If outputs and inputs were to lie in one folder.
    """
    roots = [path for source in sources for path in _matches(source)]
    out = Path(os.path.realpath(output))  # of another name it is the same folder
    if any(Path(os.path.realpath(root)).is_relative_to(out) for root in roots):
        raise OutputError(f"cannot write to {output}: the inputs lie there (name another folder)")
    files = {path for root in roots for path in _files(root, Path(os.path.realpath(root)), out)}
    top = Path(os.path.commonpath([r if r.is_dir() else r.parent for r in roots]))
    return sorted(_named(files, top), key=lambda file: file.name)


def in_shard(files: Iterable[Input], shard: tuple[int, int]) -> list[Input]:
    """Those of the files that are one shard's: the i-th of N, from 1; the same on any machine."""
    number, count = shard
    return [file for file in files if _place(file.name) % count == number - 1]


def _place(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def _matches(source: str) -> list[Path]:
    """Files and folders that a path or pattern stands for."""
    if not source:  # an unset variable would be the whole of the current folder
        raise ImageError("cannot read '': it is no name (give . for the current folder)")
    if is_address(source):
        raise ImageError(f"cannot read {source}: ocr batch takes no addresses (fetch it first)")
    if Path(source).exists():
        return [_absolute(source)]
    found = glob.glob(source, recursive=True)  # noqa: PTH207  (a pattern may begin anywhere)
    if not found:
        raise ImageError(f"cannot read {source}: no such file (check the path)")
    return [_absolute(path) for path in found]


def _absolute(path: str | Path) -> Path:
    """A path without `..`, and with the links that it has: outputs are named as inputs are."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (Path.resolve follows links)


def _files(root: Path, real: Path, output: Path) -> Iterator[Path]:
    """Images below a folder, whose path without links is `real`, or the file that it is."""
    if not root.is_dir():
        yield root
        return
    with read_errors(root, ImageError):
        entries = list(os.scandir(root))  # which knows folders without asking the disk again
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or real / entry.name == output:
            continue
        if not entry.is_dir():
            if path.suffix.lower() in ENDINGS:
                yield path
        elif not entry.is_symlink():  # which may lead back to where it is
            yield from _files(path, real / entry.name, output)


def _named(paths: Collection[Path], top: Path) -> Iterator[Input]:
    taken = Counter(_folded(path.with_suffix("")) for path in paths)
    whole = {_folded(path) for path in paths if path.suffix}
    taken.update(whole)
    for path in paths:
        name, short = path.relative_to(top), _folded(path.with_suffix(""))
        # scan.tif-1 is a page of scan.tif
        is_free = taken[short] == 1 and NUMBER.sub("", short) not in whole
        stem = name.with_suffix("") if is_free else name
        yield Input(str(path), _told(name), str(stem))


def _folded(path: Path) -> str:
    return str(path).casefold()  # some file systems tell no other names apart


def _told(path: Path) -> str:
    """A path with slashes, as text that can be written down: a file's name may be no proper one."""
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")
