"""Parts of a source: named behind an @, or as the files of a folder."""

from __future__ import annotations

from pathlib import Path

PARTS = ("train", "valid", "test")
FILES = ("{}.npz", "nist36_{}.mat")  # as `ocr data split` writes them, and as the course does


def parted(source: str) -> tuple[str, str | None]:
    """Source, and the part of it that is named behind an @.

    Examples
    --------
    >>> parted("nist36@train"), parted("me@home")
    (('nist36', 'train'), ('me@home', None))
    """
    path, _, part = source.rpartition("@")
    return (path, part) if path and part in PARTS else (source, None)


def files_of(folder: Path) -> dict[str, Path]:
    """File of each part that a folder has; none where it is another kind of source."""
    files = ((part, folder / name.format(part)) for part in PARTS for name in FILES)
    return {part: file for part, file in files if file.is_file()}
