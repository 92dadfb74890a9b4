"""Lock an output folder for one run; shards of the same division may run at the same time."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ocr.errors import OutputError

Shard = tuple[int, int]  # the i-th of N, from 1

WHOLE: Shard = (1, 1)


def manifest_path(folder: Path, shard: Shard) -> Path:
    """Return the path of a shard's manifest.

    Examples
    --------
    >>> manifest_path(Path("out"), (3, 8)).name, manifest_path(Path("out"), WHOLE).name
    ('manifest-3-of-8.sqlite', 'manifest.sqlite')
    """
    return folder / f"{_stem(shard)}.sqlite"


def manifests(folder: Path) -> dict[Shard, Path]:
    """Return the manifests in a folder, by shard."""
    return _by_shard(folder, "", ".sqlite")


@contextlib.contextmanager
def locked(folder: Path, shard: Shard) -> Iterator[None]:
    """Lock the files of a shard; OutputError if another run may be reading one of them."""
    with contextlib.closing(_lock(folder / f".{_stem(shard)}.lock", "BEGIN EXCLUSIVE")):
        for other, path in _by_shard(folder, ".", ".lock").items():
            if other[1] != shard[1]:
                # shared, as other shards of this division may check at the same moment
                _lock(path, "BEGIN").close()
        yield


def _stem(shard: Shard) -> str:
    return "manifest" if shard == WHOLE else f"manifest-{shard[0]}-of-{shard[1]}"


def _by_shard(folder: Path, start: str, end: str) -> dict[Shard, Path]:
    found = {}
    for path in sorted(folder.glob(f"{start}manifest*{end}")):
        name = path.name.removeprefix(start).removesuffix(end)
        if named := re.fullmatch(r"manifest(?:-(\d+)-of-(\d+))?", name):
            found[int(named[1] or 1), int(named[2] or 1)] = path
    return found


def _lock(path: Path, begin: str) -> sqlite3.Connection:
    """Lock an empty file by SQLite, which releases it with the process on every system."""
    try:
        file = sqlite3.connect(path, timeout=0, isolation_level=None)
        file.execute(begin)
        file.execute("SELECT * FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        if "locked" in str(error):
            raise OutputError(
                f"another ocr batch is at work in {path.parent} (wait for it, or name another "
                "folder)"
            ) from error
        raise OutputError(f"cannot write {path}: {error} (name another folder)") from error
    return file
