"""Load labelled crops from any source of data, and summarize sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocr.data.cropping import is_in_alphabet
from ocr.data.readers import (
    Reader,
    class_folder,
    fonts,
    idx,
    mat,
    npz,
    public_sets,
    split_folder,
    unipen,
)
from ocr.data.samples import PARTS, Samples, Source
from ocr.errors import DataError
from ocr.files import read_errors

#: The first of these that recognizes a source reads it.
READERS: tuple[Reader, ...] = (
    public_sets, split_folder, unipen, fonts, class_folder, mat, npz, idx,
)  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """Number of crops and the characters of a source, or of one part of it."""

    source: str
    part: str | None
    crops: int
    characters: str


def load(
    source: Source, *, alphabet: str | None, seed: int = 0, keep_either: bool = False
) -> Samples:
    """Read the samples of a source whose character is in the alphabet.

    Parameters
    ----------
    source : str or Path
        As listed in `ocr.data.readers`; a str may end in @train, @valid or @test to read only
        that part.
    alphabet : str or None
        The characters themselves, not the name of an alphabet; None reads all.
    seed : int
        For sources that are drawn: pen strokes and fonts.
    keep_either : bool
        Keep the other case of a letter as its second right character even where the alphabet
        lacks it.

    Raises
    ------
    DataError
        If the source is missing, of unknown type, damaged, or has no such characters.
    """
    path, part = parse_source(source)
    with read_errors(path, DataError):
        reader = find_reader(path)
        if part is not None:
            _check_part(part, reader.list_parts(path), path)
        if alphabet is None or not keep_either or reader is fonts:
            samples = reader.read(path, alphabet=alphabet, seed=seed, part=part)
        else:
            both_cases = alphabet + alphabet.swapcase()
            samples = reader.read(path, alphabet=both_cases, seed=seed, part=part)
            samples = samples.take(is_in_alphabet(samples.characters, alphabet))
    if not len(samples):
        wanted = "no characters" if alphabet is None else f"none of the characters {alphabet}"
        raise DataError(f"{path} shows {wanted} (choose other data or characters)")
    return samples


def _check_part(part: str, parts: tuple[str, ...], path: Source) -> None:
    if not parts:
        raise DataError(f"{path} has no parts (leave out @{part})")
    if part not in parts:
        raise DataError(f"{path} has no part {part!r} (choose {' or '.join(parts)})")


def summarize(source: str, *, alphabet: str | None = None) -> list[Summary]:
    """Count the crops of each part of a source, or of the whole source if it has no parts."""
    path, part = parse_source(source)
    summaries = []
    for each in (part,) if part else list_parts(path) or (None,):
        samples = load(f"{path}@{each}" if each else path, alphabet=alphabet)
        characters = "".join(samples.count_characters())
        summaries.append(Summary(str(path), each, len(samples), characters))
    return summaries


def list_parts(source: Source) -> tuple[str, ...]:
    """Return the parts that a source is divided into; none where it is read as a whole."""
    with read_errors(source, DataError):
        return find_reader(source).list_parts(source)


def parse_source(source: Source) -> tuple[Source, str | None]:
    """Split a source into its path or name and the part named after an @.

    >>> parse_source("nist36@train"), parse_source("me@home")
    (('nist36', 'train'), ('me@home', None))
    """
    if isinstance(source, str):
        path, _, part = source.rpartition("@")
        if path and part in PARTS:
            return path, part
    return source, None


def find_reader(source: Source) -> Reader:
    """Return the reader that recognizes a source; DataError if there is none."""
    for reader in READERS:
        if reader.recognizes(source):
            return reader
    if not Path(source).exists():
        raise DataError(f"cannot read {source}: no such file or folder (check the path)")
    raise DataError(
        f"{source} is of no known type (give .mat, .npz, .jsonl, {idx.IMAGES}, a folder, or fonts)"
    )
