"""Read a folder with a file for each of train, valid and test."""

from __future__ import annotations

from pathlib import Path

from ocr.data.readers import mat, npz
from ocr.data.samples import PARTS, Samples, Source

FILES = ("{}.npz", "nist36_{}.mat")  # as `ocr data split` writes them, and as NIST36 comes


def recognizes(source: Source) -> bool:
    """Return whether a source is a folder with the file of at least one part."""
    return bool(_find_files(source))


def list_parts(source: Source) -> tuple[str, ...]:
    """Return the parts that have a file."""
    return tuple(_find_files(source))


def read(source: Source, *, alphabet: str | None, seed: int, part: str | None) -> Samples:
    """Read the file of one part, or those of all parts one after the other."""
    files = _find_files(source)
    return Samples.concatenate(
        [
            (npz if file.suffix == ".npz" else mat).read(
                file, alphabet=alphabet, seed=seed, part=None
            )
            for file in (files.values() if part is None else [files[part]])
        ]
    )


def _find_files(source: Source) -> dict[str, Path]:
    files = ((part, Path(source, name.format(part))) for part in PARTS for name in FILES)
    return {part: file for part, file in files if file.is_file()}
