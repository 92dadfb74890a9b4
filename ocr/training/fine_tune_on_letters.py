"""Fine-tuning on letters that show only a part of the alphabet, as `ocr read --crops` cuts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ocr.alphabet import Alphabet
from ocr.data.cropping import other_case
from ocr.data.readers import fonts
from ocr.data.samples import Samples
from ocr.data.splitting import hold_out
from ocr.decode.geometry import SCALED
from ocr.errors import DataError
from ocr.training.fine_tuning import State, draw_from_fonts, save_best_blend
from ocr.training.learner import Learner
from ocr.training.pages import is_pages
from ocr.training.training_data import Loaded, with_words
from ocr.training.validation import validate

MAX_LETTERS = 20_000  # larger sets are trained on as they are: they can show all characters
HELD_OUT = 0.2  # of each character


@dataclass(frozen=True)
class FewLetters:
    """Letters that show a part of what a model knows, and the learner's state before training."""

    samples: Samples
    before: State


def is_possible(sources: Sequence[str]) -> bool:
    """Return whether sources may have few letters: not if there are pages or fonts among them."""
    return not any(is_pages(source) or fonts.recognizes(source) for source in sources)


def find_few_letters(loaded: Sequence[Loaded], alphabet: Alphabet) -> Samples | None:
    """Return the letters; None if they show the whole alphabet, or are too many."""
    samples = Samples.concatenate([each.training for each in loaded])
    samples = samples.take(np.isin(samples.characters, list(alphabet.characters)))
    if len(samples) > MAX_LETTERS or set(alphabet.characters) <= set(samples.characters.tolist()):
        return None
    return replace(samples, either=other_case(samples.characters, SCALED))


def begin(samples: Samples, learner: Learner) -> FewLetters:
    """Keep the state of a learner before it is trained."""
    learner.hold_statistics()
    return FewLetters(samples, learner.state())


def gather_samples(few: FewLetters, alphabet: Alphabet, *, seed: int) -> tuple[Samples, Samples]:
    """Return training samples, half of them drawn from fonts, and letters held out.

    DataError if there are too few letters to hold any out.
    """
    training, held_out = hold_out(few.samples, HELD_OUT, seed)
    if not len(held_out):
        raise DataError("too few letters to measure with (give three or more of a character)")
    parts = [training, *draw_from_fonts(len(training), alphabet, seed)]
    if alphabet.reject:
        none = training.take(np.zeros(len(training), bool))
        parts = [with_words(part, none, [], np.random.default_rng([seed, 0])) for part in parts]
    return Samples.concatenate(parts), held_out


def finish(few: FewLetters, held_out: Samples, learner: Learner, output: Path) -> str:
    """Blend the trained model with the one before; return a line with the accuracy of both.

    `output` has the model of the best epoch, and is replaced.
    """
    card = save_best_blend(
        learner, few.before, output, held_out, lambda: -validate(learner, held_out)[1]
    )
    learner.load_state(few.before)
    before, after = validate(learner, held_out)[1], card["valid_accuracy"]
    return f"held-out letters ({len(held_out)}): {before:.1%} right before, {after:.1%} after"
