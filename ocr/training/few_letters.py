"""A model made better at some letters: fine-tuned on them, and held to what else it knew.

Letters cut from pages, as `ocr read --crops` writes them, show a part of the alphabet, and few
of each. They are treated as lines of pages are (`ocr.training.adapt`), but measured one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.data.readers import fonts
from ocr.data.samples import Samples
from ocr.data.splitting import hold_out
from ocr.decode.geometry import SCALED
from ocr.errors import DataError
from ocr.training.adapt import State, replayed, save_blend
from ocr.training.learner import Learner
from ocr.training.pages import is_pages
from ocr.training.recipe import ToTrain, with_words
from ocr.training.validation import validate

MOST = 20_000  # letters; whoever has more can show all characters
HELD_OUT = 0.2  # of each character


@dataclass(frozen=True)
class FewLetters:
    """Letters that show a part of what a model knows.

    Attributes
    ----------
    samples : Samples
    before : dict
        State of the learner that began with the model, to be held to.
    """

    samples: Samples
    before: State


def may_hold(sources: Sequence[str]) -> bool:
    """Whether sources may have few letters: those with pages or fonts are trained on otherwise."""
    return not any(is_pages(source) or fonts.recognizes(source) for source in sources)


def find(loaded: Sequence[ToTrain], alphabet: Alphabet) -> Samples | None:
    """Letters that lack some of the alphabet; None of sources that show it whole, or are large."""
    samples = Samples.concatenate([each.training for each in loaded])
    samples = samples.take(np.isin(samples.characters, list(alphabet.characters)))
    if len(samples) > MOST or set(alphabet.characters) <= set(samples.characters.tolist()):
        return None
    return replace(samples, either=other_case(samples))


def other_case(samples: Samples) -> NDArray[np.str_]:
    """Second right character of each: of C and c, a crop shows no difference."""
    characters = samples.characters.tolist()
    return np.array([c.swapcase() if c.upper() in SCALED else "" for c in characters], "<U1")


def begin(samples: Samples, learner: Learner) -> FewLetters:
    """Remember what a learner knows before it learns more."""
    learner.hold_statistics()
    return FewLetters(samples, learner.state())


def gather(few: FewLetters, alphabet: Alphabet, *, seed: int) -> tuple[Samples, Samples]:
    """Samples to train on, as many from fonts among them, and letters held out.

    Raises
    ------
    DataError
        If there are too few letters to hold any out.
    """
    training, held = hold_out(few.samples, HELD_OUT, seed)
    if not len(held):
        raise DataError("too few letters to measure with (give three or more of a character)")
    parts = [training, *replayed(len(training), alphabet, seed)]
    if alphabet.reject:
        none = training.take(np.zeros(len(training), bool))
        parts = [with_words(part, none, [], np.random.default_rng([seed, 0])) for part in parts]
    return Samples.concatenate(parts), held


def finish(few: FewLetters, held: Samples, learner: Learner, output: Path) -> str:
    """Hold what training made of a model to what it was, and tell what the letters brought.

    The blend with the weights before that reads most of the held-out letters is saved.

    Returns
    -------
    str
        One line for the user.
    """
    card = save_blend(learner, few.before, output, held, lambda: -validate(learner, held)[1])
    learner.load_state(few.before)
    before, after = validate(learner, held)[1], card["valid_accuracy"]
    return f"held-out letters ({len(held)}): {before:.1%} right before, {after:.1%} after"
