"""Find the files to read, and name their outputs."""

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
    """A file to read."""

    path: str
    name: str  # its path below the folder that all inputs lie in, with slashes
    # path of its outputs below the output folder, without their endings: "a/scan" for
    # "a/scan.jpg", but "a/scan.jpg" if there is an "a/scan.png", too
    stem: str

    @property
    def top(self) -> Path:
        """Return the folder that all inputs lie in."""
        return Path(self.path).parents[self.name.count("/")]


def find(sources: Sequence[str], output: Path) -> list[Input]:
    """Return the files that `sources` stand for, sorted by name.

    Sources are files, patterns such as ``scans/*.jpg``, and folders, which stand for all images in
    them at any depth, except hidden ones and those in `output`. Raises ImageError if there is no
    such file, and OutputError if the inputs lie in the output folder.
    """
    roots = [path for source in sources for path in _matches(source)]
    out = Path(os.path.realpath(output))  # of another name it is the same folder
    if any(Path(os.path.realpath(root)).is_relative_to(out) for root in roots):
        raise OutputError(f"cannot write to {output}: the inputs lie there (name another folder)")
    files = {path for root in roots for path in _files(root, Path(os.path.realpath(root)), out)}
    top = Path(os.path.commonpath([r if r.is_dir() else r.parent for r in roots]))
    return sorted(_name_outputs(files, top), key=lambda file: file.name)


def in_shard(files: Iterable[Input], shard: tuple[int, int]) -> list[Input]:
    """Return the files of one shard, the i-th of N from 1; the same ones on every machine."""
    number, count = shard

    def is_in_shard(file: Input) -> bool:
        digest = hashlib.sha256(file.name.encode()).digest()
        return int.from_bytes(digest[:8], "big") % count == number - 1

    return [file for file in files if is_in_shard(file)]


def _matches(source: str) -> list[Path]:
    """Return the files and folders that a path or pattern stands for."""
    if not source:  # an unset variable would be the whole of the current folder
        raise ImageError("cannot read '': an empty name (give . for the current folder)")
    if is_address(source):
        raise ImageError(f"cannot read {source}: ocr batch reads no addresses (download it first)")
    found = [source] if Path(source).exists() else glob.glob(source, recursive=True)  # noqa: PTH207
    if not found:
        raise ImageError(f"cannot read {source}: no such file (check the path)")
    # links are not followed, as they are part of the outputs' names
    return [Path(os.path.abspath(path)) for path in found]  # noqa: PTH100


def _files(root: Path, real: Path, output: Path) -> Iterator[Path]:
    """Yield the images below a folder, whose path without links is `real`, or yield the file."""
    if not root.is_dir():
        yield root
        return
    with read_errors(root, ImageError):
        entries = list(os.scandir(root))  # its entries know whether they are folders
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or real / entry.name == output:
            continue
        if not entry.is_dir():
            if path.suffix.lower() in ENDINGS:
                yield path
        elif not entry.is_symlink():  # a link may lead to a folder above
            yield from _files(path, real / entry.name, output)


def _name_outputs(paths: Collection[Path], top: Path) -> Iterator[Input]:
    taken = Counter(_fold(path.with_suffix("")) for path in paths)
    whole = {_fold(path) for path in paths if path.suffix}
    taken.update(whole)
    for path in paths:
        name, short = path.relative_to(top), _fold(path.with_suffix(""))
        # scan.tif-1 would be a page of scan.tif
        is_free = taken[short] == 1 and NUMBER.sub("", short) not in whole
        stem = name.with_suffix("") if is_free else name
        # valid Unicode: bytes that are not UTF-8 are escaped
        text = os.fsencode(name.as_posix()).decode(errors="backslashreplace")
        yield Input(str(path), text, str(stem))


def _fold(path: Path) -> str:
    return str(path).casefold()  # many file systems ignore case
