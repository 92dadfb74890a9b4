"""Training data from any source, its parts and its balance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.data import class_folder, fonts, idx, nist_mat, npz, parts, remote, unipen
from ocr.data.cropping import among
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.files import read_errors

FONTS = "fonts"


def load(
    source: str | Path,
    *,
    alphabet: str | None,
    seed: int = 0,
    split: str | None = None,
    keep_either: bool = False,
) -> Samples:
    """Read those samples of a source whose character is in the alphabet.

    Parameters
    ----------
    source : str or Path
        A .mat file of NIST36, an IDX file of images (MNIST, EMNIST), a .npz file, a
        .jsonl or .jsonl.gz file of pen strokes (UNIPEN) or a folder of them, a folder
        with a folder of images for each character, a folder with train, valid and test
        (.npz, or NIST36's .mat), the name of a fetched set (emnist, emnist:letters, mnist;
        a folder of that name is ./mnist), the word ``fonts``, or ``fonts:PATH``.
    alphabet : str or None
        Characters, a named alphabet is looked up by the caller; None takes all.
    seed : int
        Of what is drawn: pens and fonts.
    split : str, optional
        One part of the source: train, valid or test of a .mat file or of a folder of
        such files, train or test of a fetched set or (other writers) of pen strokes. By
        default everything.
    keep_either : bool
        Keep the other case of a letter as its second right character, also where the
        alphabet lacks it.

    Raises
    ------
    DataError
        A source that is missing, of unknown type, damaged, or without such characters.
    """
    read = alphabet + alphabet.swapcase() if alphabet and keep_either else alphabet
    with read_errors(source, DataError):
        samples = _read(source, alphabet=read, seed=seed, split=split)
    samples = samples.take(among(samples.characters, alphabet)) if keep_either else samples
    if not len(samples):
        raise DataError(
            f"{source} shows none of the characters {alphabet} (choose other data or characters)"
            if alphabet is not None
            else f"{source} shows no characters (choose other data)"
        )
    return samples


def parts_of(source: str | Path) -> tuple[str, ...]:
    """Parts that a source has; none where it is one whole."""
    path = Path(source)
    if isinstance(source, str) and remote.is_set(source):
        return remote.parts_of(source)
    with read_errors(source, DataError):
        if files := parts.files_of(path):
            return tuple(files)
        if path.suffix.lower() == ".mat":
            return tuple(nist_mat.parts_in(nist_mat.load_arrays(_existing(path))))
        return unipen.PARTS if is_strokes(path) else ()


def _read(source: str | Path, *, alphabet: str | None, seed: int, split: str | None) -> Samples:
    if isinstance(source, str) and remote.is_set(source):
        files = remote.images_of(source, split)
        return Samples.concatenate([idx.read(file, alphabet=alphabet) for file in files])
    path = Path(source)
    if files_of_parts := parts.files_of(path):
        return _read_parts(path, files_of_parts, alphabet=alphabet, split=split)
    if is_strokes(path):
        return unipen.read(path, alphabet=alphabet, seed=seed, split=split)
    if path.suffix.lower() == ".mat":
        return nist_mat.read(_existing(path), alphabet=alphabet, split=split)
    if split is not None:
        raise DataError(f"{source} has no parts (leave out {split!r})")
    if is_fonts(str(source)):
        if alphabet is None:
            raise DataError(f"{source} can draw any characters (choose them by --alphabet)")
        folder = str(source).removeprefix(FONTS).removeprefix(":")
        return fonts.synthesize(
            alphabet, seed=seed, folder=_existing(Path(folder)) if folder else None
        )
    if _existing(path).is_dir():
        return class_folder.read(path, alphabet=alphabet)
    if path.suffix.lower() == ".npz":
        return npz.read(path, alphabet=alphabet)
    if idx.IMAGES in path.name:
        return idx.read(path, alphabet=alphabet)
    raise DataError(
        f"{source} is of no known type (give .mat, .npz, .jsonl, {idx.IMAGES}, a folder, or fonts)"
    )


def _read_parts(
    folder: Path, files: dict[str, Path], *, alphabet: str | None, split: str | None
) -> Samples:
    """Read a folder that has a file for each part."""
    if split is not None and split not in files:
        raise DataError(f"{folder} has no part {split!r} (it has {', '.join(files)})")
    chosen = files if split is None else {split: files[split]}
    read = {".npz": npz.read, ".mat": nist_mat.read}
    return Samples.concatenate([read[f.suffix](f, alphabet=alphabet) for f in chosen.values()])


def is_fonts(source: str) -> bool:
    """Whether a source is fonts to be drawn from, those of the system or of a folder."""
    return source == FONTS or source.startswith(f"{FONTS}:")


def is_strokes(path: Path) -> bool:
    """Whether a path is a file of pen strokes, or a folder that has one."""
    if path.is_dir():
        return bool(unipen.files_of(path))
    return path.name.endswith(unipen.SUFFIXES) and _existing(path).is_file()


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DataError(f"cannot read {path}: no such file or folder (check the path)")
    return path


def split(samples: Samples, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Part samples at random into those to train on and those held out.

    Parameters
    ----------
    samples : Samples
    fraction : float
        Share of each character that is held out, 0 to 1; rounded, so that a rare
        character may be missing there.
    seed : int

    Returns
    -------
    train, held_out : Samples
        Both in the order they came.
    """
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(samples), bool)
    for where in by_character(samples, rng):
        held_out[where[: round(len(where) * fraction)]] = True
    return samples.take(~held_out), samples.take(held_out)


def balanced(samples: Samples, per_class: int, seed: int) -> Samples:
    """At most `per_class` samples of each character, picked at random, in the order they came."""
    rng = np.random.default_rng(seed)
    picked = [where[:per_class] for where in by_character(samples, rng)]
    return samples.take(np.sort(np.concatenate([np.zeros(0, np.intp), *picked])))


def by_character(samples: Samples, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Shuffled indices of each character's samples."""
    order = rng.permutation(len(samples))
    shuffled = samples.characters[order]
    grouped = order[np.argsort(shuffled, kind="stable")]
    counts = np.unique(shuffled, return_counts=True)[1]
    return np.split(grouped, np.cumsum(counts)[:-1])
