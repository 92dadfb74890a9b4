"""The course's data set NIST36, or as many letters drawn from another source."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.data import datasets
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.study import Source

CHARACTERS = string.ascii_uppercase + string.digits
PER_CLASS = {"train": 300, "valid": 100, "test": 50}  # as in NIST36
FILES = ("nist36_{}.mat", "{}.npz")  # the course's, and those of `ocr data split`


@dataclass(frozen=True)
class Letters:
    """Crops and their labels."""

    crops: NDArray[np.float32]  # [N, 32, 32], ink 1 on paper 0
    labels: NDArray[np.int64]  # [N], indices into `CHARACTERS`

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pixels(self) -> NDArray[np.float32]:
        """Return crops as rows, [N, 1024]."""
        return self.crops.reshape(len(self), -1)

    def take(self, which: NDArray[np.intp]) -> Letters:
        """Return the letters that an index array selects."""
        return Letters(self.crops[which], self.labels[which])


@dataclass(frozen=True)
class Nist36:
    """Letters for training, for validation, and for one final test."""

    train: Letters
    valid: Letters
    test: Letters

    def parts(self) -> dict[str, Letters]:
        """Return the parts by name."""
        return {"train": self.train, "validation": self.valid, "test": self.test}


def load(source: Source, *, seed: int, per_class: Mapping[str, int] = PER_CLASS) -> Nist36:
    """Read the parts of a folder, or draw balanced parts from any other source.

    Parameters
    ----------
    source : str
        A folder with nist36_train.mat, nist36_valid.mat and nist36_test.mat, or with
        train.npz, valid.npz and test.npz; else a source as `ocr train --data` takes it.
    per_class : mapping of str to int
        Number of letters of each character that are drawn for train, valid and test;
        DataError if there are fewer.
    """
    files = _files_of(Path(source))
    parts = _read(files) if files else _draw(source, seed=seed, per_class=per_class)
    return Nist36(**{name: _letters(samples) for name, samples in parts.items()})


def has_parts(source: Source) -> bool:
    """Return whether a source is a folder of the three parts, which have 36 characters only."""
    return bool(_files_of(Path(source)))


def _files_of(folder: Path) -> dict[str, Path]:
    """Return the file of each part in a folder; none unless all three exist."""
    for pattern in FILES:
        files = {part: folder / pattern.format(part) for part in PER_CLASS}
        if all(file.is_file() for file in files.values()):
            return files
    return {}


def _read(files: Mapping[str, Path]) -> dict[str, Samples]:
    return {part: datasets.load(file, alphabet=CHARACTERS, seed=0) for part, file in files.items()}


def _draw(source: Source, *, seed: int, per_class: Mapping[str, int]) -> dict[str, Samples]:
    both_cases = CHARACTERS + string.ascii_lowercase  # so that `either` marks a C that may be a c
    samples = datasets.load(source, alphabet=both_cases, seed=seed)
    rng = np.random.default_rng(seed)
    count = sum(per_class.values())
    drawn = [_pick(samples, character, count, rng, source) for character in CHARACTERS]
    ends = np.cumsum([*per_class.values()])
    return {
        part: samples.take(np.sort(np.concatenate([i[end - count : end] for i in drawn])))
        for (part, count), end in zip(per_class.items(), ends, strict=True)
    }


def _pick(
    samples: Samples, character: str, count: int, rng: np.random.Generator, source: Source
) -> NDArray[np.intp]:
    """Draw samples of a character, in random order; return their indices.

    NIST36 has capitals, so that crops that may show a small letter are drawn last.
    """
    where = rng.permutation(np.flatnonzero(samples.characters == character))
    if len(where) < count:
        raise DataError(
            f"{source} has {len(where)} samples of {character!r} and the study draws {count} "
            "(give more data, or a folder with train.npz, valid.npz and test.npz)"
        )
    surest_first = np.argsort(samples.either[where] != "", kind="stable")
    return rng.permutation(where[surest_first[:count]])


def _letters(samples: Samples) -> Letters:
    alphabet = Alphabet(CHARACTERS)
    labels = np.array([alphabet.index(c) for c in samples.characters], np.int64)
    return Letters(np.divide(samples.crops, 255, dtype=np.float32), labels)
