"""Fine-tuning on one person's handwriting: lines of pages whose text is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier
from ocr.classifiers import load as load_classifier
from ocr.data.samples import Samples
from ocr.decode.language import Ngrams, english
from ocr.errors import DataError
from ocr.evaluation.pairs import list_unpaired
from ocr.training.fine_tuning import State, draw_from_fonts, save_best_blend
from ocr.training.learner import Learner
from ocr.training.pages import (
    WrittenLine,
    hold_out_lines,
    is_pages,
    measure,
    read_pages,
    samples_of,
)
from ocr.training.training_data import gather

MAX_WRONG_CUTS = 1.5  # per letter; there are many more, but they resemble one another


@dataclass(frozen=True)
class Handwriting:
    """Lines of pages, and the model that training begins with."""

    summary: tuple[str, ...]  # for the user: how much is used, what is left out
    start: Classifier  # found the letters
    training: list[WrittenLine]
    held_out: list[WrittenLine]
    known: frozenset[str]  # characters that the model to start from knows
    before: State | None  # of the learner; None if there is nothing to keep


def has_only_pages(sources: Sequence[str]) -> bool:
    """Return whether all sources are pages."""
    return all(map(is_pages, sources))


def load_handwriting(
    sources: Sequence[str], learner: Learner, *, init: str | None, seed: int
) -> Handwriting | None:
    """Read those sources that are pages; None if there are none.

    The model `init` that the learner starts from, or else the default model, finds the letters.
    DataError if all sources are pages and there is no model to start from.
    """
    pages = [source for source in sources if is_pages(source)]
    if not pages:
        return None
    if init is None and len(pages) == len(sources):
        raise DataError("pages have too few letters to train a new model (add --init default)")
    start = load_classifier(init or "default")
    written = read_pages(pages, start)
    training, held_out = hold_out_lines(written.lines, seed)
    reasons = (*list_unpaired(map(Path, pages)), *map(str, written.unread), *written.left_out)
    summary = (*(f"left out: {r}" for r in reasons), *written.summary(learner.alphabet))
    known = frozenset(start.alphabet.characters if init is not None else "")
    # the random weights of new outputs are not worth keeping
    is_kept = has_only_pages(sources) and known >= set(learner.alphabet.characters)
    if is_kept:
        learner.hold_statistics()
    before = learner.state() if is_kept else None
    return Handwriting(summary, start, training, held_out, known, before)


def gather_samples(
    handwriting: Handwriting,
    sources: Sequence[str],
    alphabet: Alphabet,
    *,
    per_class: int | None,
    seed: int,
) -> tuple[Samples, Samples]:
    """Return training and validation samples: of the lines, and of sources other than pages.

    Letters drawn from fonts join the training samples where these do not show the whole
    alphabet.
    """
    training, validation = samples_of_lines(handwriting, alphabet, seed=seed)
    others = tuple(source for source in sources if not is_pages(source))
    if others:
        known = handwriting.known | set(training.characters.tolist())
        more = gather(others, alphabet, per_class=per_class, seed=seed, known=known)
        training = Samples.concatenate([training, more[0]])
        validation = Samples.concatenate([validation, more[1]])
    if not others or set(alphabet.characters) - set(training.characters.tolist()):
        drawn = draw_from_fonts(len(training), alphabet, seed)
        training = Samples.concatenate([training, *drawn])
    return training, validation


def samples_of_lines(
    handwriting: Handwriting, alphabet: Alphabet, *, seed: int
) -> tuple[Samples, Samples]:
    """Return the crops of the lines to train on, and of those held out.

    DataError if the lines show nothing of the alphabet.
    """
    training = limit_wrong_cuts(samples_of(handwriting.training, alphabet), seed)
    validation = samples_of(handwriting.held_out, alphabet)
    if not len(training) or not len(validation):
        raise DataError("the pages show too few characters of the alphabet (add pages)")
    return training, validation


def limit_wrong_cuts(samples: Samples, seed: int) -> Samples:
    """Return all letters, and at most `MAX_WRONG_CUTS` of "not a letter" for each."""
    is_wrong = samples.characters == ""
    letters, wrong = np.flatnonzero(~is_wrong), np.flatnonzero(is_wrong)
    kept = np.random.default_rng(seed).permutation(wrong)[: round(MAX_WRONG_CUTS * len(letters))]
    return samples.take(np.sort(np.concatenate([letters, kept])))


def finish(handwriting: Handwriting, learner: Learner, output: Path) -> str:
    """Blend the trained model with the one before; return a line with the errors of both.

    `output` has the model of the best epoch, and is replaced.
    """
    if handwriting.before is not None:
        save_best_blend(
            learner,
            handwriting.before,
            output,
            samples_of(handwriting.held_out, learner.alphabet),
            lambda: measure(handwriting.held_out, learner, english()).edits,
        )
    return describe_gain(handwriting, load_classifier(output), english())


def describe_gain(handwriting: Handwriting, model: Classifier, language: Ngrams | None) -> str:
    """Return one line with the errors in held-out lines before and after."""
    lines = handwriting.held_out
    before, after = (measure(lines, c, language) for c in (handwriting.start, model))
    text = "".join("".join(line.text.split()) for line in lines)
    unknown = sum(c not in model.alphabet for c in text)
    lacking = f", {unknown} not in the alphabet" if unknown else ""
    return (
        f"held-out lines ({len(lines)}, {after.length} characters{lacking}): "
        f"CER {before.error_rate or 0:.1%} before, {after.error_rate or 0:.1%} after"
    )
