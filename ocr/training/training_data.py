"""Labeled letters of all sources, split into training and validation samples."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ocr.alphabet import Alphabet
from ocr.data import datasets
from ocr.data.datasets import parse_source
from ocr.data.readers import fonts, unipen
from ocr.data.readers.fonts import find_families
from ocr.data.samples import Samples
from ocr.data.splitting import draw_per_class, hold_out
from ocr.data.words import Typeface, cut_words, make_words, typeset
from ocr.errors import DataError
from ocr.export.fonts import has_glyph

WORD_SHARE = 0.35  # crops cut out of words, for each sample; as many again set in the fonts
MARK_SHARE = 0.06  # at most this many marks without a class, for each sample
# a crop does not show its size, so that these look like a letter: an apostrophe like an I
LIKE_LETTERS = "|/\\()[]{}<>!$&@%'`"
VALIDATION_SHARE = 0.1
MAX_VALIDATION = 8000  # samples; more would only cost time each epoch


@dataclass(frozen=True)
class Loaded:
    """Samples of a source: to train on, and those of its own validation part, if it has one."""

    training: Samples
    validation: Samples


def load_all(sources: Sequence[str], alphabet: Alphabet, *, seed: int) -> list[Loaded]:
    """Load every source for `gather`, with the marks that are to be rejected."""
    wanted = Alphabet(alphabet.characters + foreign_marks(alphabet))
    return [load_one(s, wanted, seed=seed + i) for i, s in enumerate(sources)]


def gather(
    sources: tuple[str, ...],
    alphabet: Alphabet,
    *,
    per_class: int | None,
    seed: int,
    known: Collection[str] = (),
    loaded: Sequence[Loaded] | None = None,
) -> tuple[Samples, Samples]:
    """Return training and validation samples of all sources, with crops cut out of words.

    Of a source that has parts, the train part is trained on and the valid part validated on.

    Parameters
    ----------
    per_class : int or None
        Draw this many of each class for training, and a third as many others for validation.
    known : collection of str
        Characters that need no sample here; DataError if another has none.
    loaded : sequence of Loaded, optional
        The result of `load_all`, where the sources are already loaded.
    """
    marks = foreign_marks(alphabet)
    if loaded is None:
        loaded = load_all(sources, alphabet, seed=seed)
    count = sum(len(each.training) for each in loaded)
    share = min(VALIDATION_SHARE, MAX_VALIDATION / count) if per_class is None else 1 / 4
    training, validation = _hold_out(loaded, alphabet.characters, share, seed)
    _check_complete({*training.characters.tolist(), *known}, alphabet, sources)
    if per_class is not None:
        training = draw_per_class(training, per_class, seed)
        validation = draw_per_class(validation, per_class // 3, seed)
    if not len(validation):
        more = "" if per_class is None else " and --per-class 3"
        raise DataError(
            f"too few samples to validate with in {', '.join(sources)} "
            f"(give {int(0.5 / share) + 1} or more of a character{more})"
        )
    if alphabet.reject:
        faces = font_families(sources, alphabet)
        others = _hold_out(loaded, marks, share, seed)
        training, validation = (
            with_words(part, other, faces, np.random.default_rng([seed, i]))
            for i, (part, other) in enumerate(zip((training, validation), others, strict=True))
        )
    return training, validation


def _hold_out(
    loaded: Sequence[Loaded], characters: str, share: float, seed: int
) -> tuple[Samples, Samples]:
    """Join the samples of some characters, and hold out a share of sources without validation."""
    parts = [
        [
            part.take(np.isin(part.characters, list(characters)))
            for part in (s.training, s.validation)
        ]
        for s in loaded
    ]
    whole = [training for training, validation in parts if not len(validation)]
    parts = [part for part in parts if len(part[1])]
    if whole:
        parts.append([*hold_out(Samples.concatenate(whole), share, seed)])
    training, validation = (Samples.concatenate(list(side)) for side in zip(*parts, strict=True))
    return training, validation


def foreign_marks(alphabet: Alphabet) -> str:
    """Return the punctuation that a model without any learns to call "not a letter".

    Examples
    --------
    >>> foreign_marks(Alphabet("AB", reject=True))
    '"#*+,-.:;=?^_~'
    >>> foreign_marks(Alphabet("AB.", reject=True)), foreign_marks(Alphabet("AB"))
    ('', '')
    """
    if not alphabet.reject or any(c in alphabet for c in string.punctuation):
        return ""
    return "".join(c for c in string.punctuation if c not in LIKE_LETTERS)


def load_one(source: str, alphabet: Alphabet, *, seed: int) -> Loaded:
    """Load what is trained on: the whole source, or the train and valid parts that it has.

    Pen strokes are taken whole: their parts are this tool's, not their collectors'.
    """
    path, part = parse_source(source)
    parts = () if part or unipen.recognizes(path) else datasets.list_parts(path)
    characters = alphabet.characters
    whole = f"{path}@train" if "train" in parts else source
    training = datasets.load(whole, alphabet=characters, seed=seed)
    if {"train", "valid"} <= {*parts}:
        valid = datasets.load(f"{path}@valid", alphabet=characters, seed=seed)
        return Loaded(training, valid)
    return Loaded(training, training.take(np.zeros(len(training), bool)))


def name_of(source: str) -> str:
    """Return the name of a source without its folder, which is private to its owner.

    Examples
    --------
    >>> name_of("/home/ann/pens.jsonl.gz@train"), name_of("fonts:/home/ann/serif"), name_of("fonts")
    ('pens.jsonl.gz@train', 'fonts:serif', 'fonts')
    """
    path_or_name, part = parse_source(source)
    source = str(path_or_name)
    kind = "fonts:" if source.startswith("fonts:") else ""
    path = Path(source.removeprefix(kind))
    name = path.resolve().name if path.name in ("", "..") else path.name
    return kind + name + (f"@{part}" if part else "")


def _check_complete(known: set[str], alphabet: Alphabet, sources: Iterable[str]) -> None:
    missing = set(alphabet.characters) - known
    if missing:
        raise DataError(
            f"no sample of {''.join(sorted(missing))!r} in {', '.join(sources)} "
            "(add --data that has it, or choose an --alphabet without it)"
        )


def font_families(sources: Iterable[str], alphabet: Alphabet) -> list[Typeface]:
    """Return the font families of all sources that are fonts, with the characters each has."""
    paths = [str(parse_source(source)[0]) for source in sources]
    folders = [fonts.folder_of(path) for path in paths if fonts.recognizes(path)]
    return [
        (family, [c for c in alphabet.characters if has_glyph(family[0], c)])
        for folder in folders
        for family in find_families(folder)
    ]


def with_words(
    samples: Samples, marks: Samples, faces: list[Typeface], rng: np.random.Generator
) -> Samples:
    """Add letters cut out of words, and wrong cuts and some marks as "not a letter"."""
    kept = marks.take(rng.permutation(len(marks))[: int(len(samples) * MARK_SHARE)])
    none = np.full(len(kept), "", dtype=samples.characters.dtype)
    count = int(len(samples) * WORD_SHARE)
    parts = [samples, make_words(samples, count, rng), Samples(kept.crops, none, none)]
    if faces:
        parts.append(cut_words(lambda r: typeset(faces, r), count, rng))
    return Samples.concatenate(parts)
