"""From sources of data and a few choices to the samples and the learner of a run."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ocr.alphabet import Alphabet
from ocr.data import datasets
from ocr.data.datasets import parse_source
from ocr.data.readers import fonts, unipen
from ocr.data.readers.fonts import find_families
from ocr.data.samples import Samples
from ocr.data.splitting import draw_per_class, hold_out
from ocr.data.words import Typeface, cut_words, make_words, typeset
from ocr.errors import DataError, MissingExtraError, ModelError
from ocr.export.fonts import has_glyph
from ocr.training.learner import Learner
from ocr.training.ranks import ALONE, Ranks

WORD_SHARE = 0.35  # crops cut out of words, for each sample; as many again set in the fonts
MARK_SHARE = 0.06  # at most so many marks without a class, for each sample
# a crop does not tell size, so that these are a letter's shape: an apostrophe is an I
LIKE_LETTERS = "|/\\()[]{}<>!$&@%'`"
VALIDATION_SHARE = 0.1
VALIDATION_MOST = 8000  # more would only cost time each epoch


class ToTrain(NamedTuple):
    """Samples of a source: to train on, and those of its own validation part, or none."""

    training: Samples
    validation: Samples


@dataclass(frozen=True)
class Schedule:
    """How an architecture is trained where the user says nothing: the rate is the peak."""

    epochs: int
    batch_size: int
    learning_rate: float


@dataclass(frozen=True)
class Backend:
    """What `ocr train` takes where the user names nothing; its first architecture, too."""

    suffix: str
    schedules: dict[str, Schedule]


BACKENDS = {
    "torch": Backend(
        ".onnx",
        {
            "cnn": Schedule(8, 256, 3e-3),
            "report-cnn": Schedule(12, 64, 2e-3),
            "report-mlp": Schedule(20, 64, 3e-3),
        },
    ),
    # relu diverged at four times its rate
    "numpy": Backend(".npz", {"mlp": Schedule(20, 64, 0.8), "mlp-wide": Schedule(20, 64, 0.05)}),
}


def schedule_of(backend: str, architecture: str) -> Schedule:
    """Schedule of an architecture; ModelError if the backend has no such."""
    schedules = BACKENDS[backend].schedules
    if architecture not in schedules:
        raise ModelError(
            f"no {backend} architecture {architecture!r} "
            f"(there are {', '.join(schedules)}; --backend has others)"
        )
    return schedules[architecture]


def load_all(sources: Sequence[str], alphabet: Alphabet, *, seed: int) -> list[ToTrain]:
    """Load every source, for `gather`: also the marks that an alphabet without any rejects."""
    wanted = Alphabet(alphabet.characters + foreign_marks(alphabet))
    return [load_to_train(s, wanted, seed=seed + i) for i, s in enumerate(sources)]


def gather(
    sources: tuple[str, ...],
    alphabet: Alphabet,
    *,
    per_class: int | None,
    seed: int,
    known: Collection[str] = (),
    loaded: Sequence[ToTrain] | None = None,
) -> tuple[Samples, Samples]:
    """Load every source, split into training and validation, and add crops cut out of words.

    A source that has parts trains with its train part and validates with its valid part.

    Parameters
    ----------
    sources : tuple of str
        As `load_source` takes them.
    alphabet : Alphabet
    per_class : int or None
        Draw so many of each class for training, and a third as many others for validation.
    seed : int
    known : collection of str
        Characters that need no sample here.
    loaded : sequence of ToTrain, optional
        What `load_all` made of the sources, where that was done before.

    Returns
    -------
    training, validation : Samples

    Raises
    ------
    DataError
        If another character has no sample, or there are too few to hold any out.
    """
    marks = foreign_marks(alphabet)
    if loaded is None:
        loaded = load_all(sources, alphabet, seed=seed)
    count = sum(len(each.training) for each in loaded)
    share = min(VALIDATION_SHARE, VALIDATION_MOST / count) if per_class is None else 1 / 4
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
    loaded: Sequence[ToTrain], characters: str, share: float, seed: int
) -> tuple[Samples, Samples]:
    """Join the samples of some characters; of sources without validation, hold out a share."""
    parts = [
        [part.take(np.isin(part.characters, list(characters))) for part in each] for each in loaded
    ]
    whole = [training for training, validation in parts if not len(validation)]
    parts = [part for part in parts if len(part[1])]
    if whole:
        parts.append([*hold_out(Samples.concatenate(whole), share, seed)])
    training, validation = (Samples.concatenate(list(side)) for side in zip(*parts, strict=True))
    return training, validation


def foreign_marks(alphabet: Alphabet) -> str:
    """Punctuation that a model without any learns to call "not a letter".

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


def load_source(source: str, alphabet: Alphabet, *, seed: int) -> Samples:
    """Load a source of which a part may be named: ``strokes.jsonl.gz@train``."""
    return datasets.load(source, alphabet=alphabet.characters, seed=seed)


def load_to_train(source: str, alphabet: Alphabet, *, seed: int) -> ToTrain:
    """Load of a source what it is trained on: not its test part, unless that is named.

    Pen strokes are one whole: their parts are this tool's, not those of whoever collected them.
    """
    path, part = parse_source(source)
    parts = () if part or unipen.recognizes(path) else datasets.list_parts(path)
    training = load_source(f"{path}@train" if "train" in parts else source, alphabet, seed=seed)
    if {"train", "valid"} <= {*parts}:
        return ToTrain(training, load_source(f"{path}@valid", alphabet, seed=seed))
    return ToTrain(training, training.take(np.zeros(len(training), bool)))


def name_of(source: str) -> str:
    """Name of a source without its folder, which is nobody's business but the owner's.

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
            "(add --data, or leave out by --alphabet)"
        )


def font_families(sources: Iterable[str], alphabet: Alphabet) -> list[Typeface]:
    """Families of all sources that are fonts, with the characters that each has."""
    paths = [str(parse_source(source)[0]) for source in sources]
    folders = [fonts.folder_of(path) for path in paths if fonts.recognizes(path)]
    return [
        (family, [c for c in alphabet.characters if has_glyph(family[0], c)])
        for folder in folders
        for family in find_families(folder)
    ]


def with_words(
    samples: Samples,
    marks: Samples,
    faces: list[Typeface],
    rng: np.random.Generator,
) -> Samples:
    """Add letters cut out of words, wrong cuts and some marks as "not a letter"."""
    kept = marks.take(rng.permutation(len(marks))[: int(len(samples) * MARK_SHARE)])
    none = np.full(len(kept), "", dtype=samples.characters.dtype)
    count = int(len(samples) * WORD_SHARE)
    parts = [samples, make_words(samples, count, rng), Samples(kept.crops, none, none)]
    if faces:
        parts.append(cut_words(lambda r: typeset(faces, r), count, rng))
    return Samples.concatenate(parts)


def has_reject(backend: str, architecture: str) -> bool:
    """Whether an architecture gets a "not a letter" output: ours do, the report's do not."""
    return backend == "torch" and not architecture.startswith("report")


def make_learner(
    backend: str,
    architecture: str,
    alphabet: Alphabet,
    *,
    seed: int,
    init: Path | None,
    label_smoothing: float = 0.0,
    ranks: Ranks = ALONE,
) -> Learner:
    """Build a learner, starting from the weights of the model `init` where one is given."""
    if backend == "numpy":
        return _numpy_learner(architecture, alphabet, seed, init, label_smoothing)
    return _torch_learner(architecture, alphabet, seed, init, label_smoothing, ranks)


def _numpy_learner(
    architecture: str, alphabet: Alphabet, seed: int, init: Path | None, label_smoothing: float
) -> Learner:
    from ocr.classifiers.mlp import load_mlp
    from ocr.training.numpy_learner import NumpyLearner

    learner = NumpyLearner(architecture, alphabet, seed=seed, label_smoothing=label_smoothing)
    if init is not None:
        learner.start_from(load_mlp(init))
    return learner


def _torch_learner(
    architecture: str,
    alphabet: Alphabet,
    seed: int,
    init: Path | None,
    label_smoothing: float,
    ranks: Ranks,
) -> Learner:
    try:
        from ocr.classifiers.onnx_file import load_torch
        from ocr.training.torch_learner import TorchLearner
    except ModuleNotFoundError as error:
        raise MissingExtraError("training with torch", "torch") from error

    learner = TorchLearner(
        architecture, alphabet, seed=seed, label_smoothing=label_smoothing, ranks=ranks
    )
    if init is not None:
        source, card = load_torch(init)
        if card.architecture != architecture:
            raise ModelError(
                f"cannot start {architecture} from {init}: it is a {card.architecture} "
                f"(add --arch {card.architecture})"
            )
        learner.start_from(source)
    return learner
