"""A model made better at one hand: fine-tuned on lines of pages, and held to what it knew.

A few hundred letters of one person teach a network their hand and, left alone, take from it
what they do not show. Two things keep it: as many letters drawn from fonts among them, of
every character of the alphabet, and at the end the mean of the weights before and after
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier, describe
from ocr.classifiers import load as load_classifier
from ocr.data.readers import fonts
from ocr.data.samples import Samples
from ocr.decode.language import Ngrams, english
from ocr.errors import DataError
from ocr.evaluation.pairs import list_unpaired
from ocr.training.learner import Learner
from ocr.training.pages import (
    WrittenLine,
    held_out,
    is_pages,
    measure,
    read_pages,
    samples_of,
)
from ocr.training.recipe import Schedule, gather
from ocr.training.validation import validate

WRONG_CUTS = 1.5  # for each letter: there are many more, and all alike
BLENDS = (0.5, 0.75, 1.0)  # of the way from the model to start from to the fine-tuned one
EPOCHS, BATCH_SIZE = 8, 32
RATE = 0.1  # of the rate at which a network learns from nothing

State = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Hand:
    """Lines of pages, and what training began with.

    Attributes
    ----------
    summary : tuple of str
        How much of the pages is of use, and which pages and lines are left out, for the user.
    start : Classifier
        That found the letters.
    training, held : list of WrittenLine
        Lines to train on, and those that measure what came of it.
    known : frozenset of str
        Characters that the learner began with.
    before : dict or None
        The learner's state, to be held to; None where it began with nothing to keep.
    """

    summary: tuple[str, ...]
    start: Classifier
    training: list[WrittenLine]
    held: list[WrittenLine]
    known: frozenset[str]
    before: State | None


def only_pages(sources: Sequence[str]) -> bool:
    """Whether all data is pages."""
    return all(map(is_pages, sources))


def gentle(schedule: Schedule) -> Schedule:
    """How to fine-tune an architecture on a few hundred letters."""
    return Schedule(EPOCHS, BATCH_SIZE, schedule.learning_rate * RATE)


def find_hand(
    sources: Sequence[str], learner: Learner, *, init: str | None, seed: int
) -> Hand | None:
    """Read those sources that are pages; None where none is.

    Parameters
    ----------
    sources : sequence of str
    learner : Learner
        Not yet trained.
    init : str or None
        The model that it starts from, which also finds the letters; else the default model does.
    seed : int
        Of which lines are held out.

    Raises
    ------
    DataError
        If there is nothing but pages, and no model to start from.
    """
    pages = [source for source in sources if is_pages(source)]
    if not pages:
        return None
    if init is None and len(pages) == len(sources):
        raise DataError("pages are too few letters to begin with (add --init latin)")
    start = load_classifier(init or "default")
    written = read_pages(pages, start)
    training, held = held_out(written.lines, seed)
    reasons = (*list_unpaired(map(Path, pages)), *map(str, written.unread), *written.left_out)
    summary = (*(f"left out: {r}" for r in reasons), *written.summary(learner.alphabet))
    known = frozenset(start.alphabet.characters if init is not None else "")
    # the weights of new outputs are not worth keeping
    kept = only_pages(sources) and known >= set(learner.alphabet.characters)
    if kept:
        learner.hold_statistics()
    return Hand(summary, start, training, held, known, learner.state() if kept else None)


def gather_with(
    hand: Hand, sources: Sequence[str], alphabet: Alphabet, *, per_class: int | None, seed: int
) -> tuple[Samples, Samples]:
    """Samples of the hand's lines, and of the other sources where there are any.

    Letters drawn from fonts join them where these do not show the whole alphabet.

    Returns
    -------
    training, validation : Samples
        Validation has the held-out lines.
    """
    training, validation = hand_samples(hand, alphabet, seed=seed)
    others = tuple(source for source in sources if not is_pages(source))
    if others:
        known = hand.known | set(training.characters.tolist())
        more = gather(others, alphabet, per_class=per_class, seed=seed, known=known)
        training = Samples.concatenate([training, more[0]])
        validation = Samples.concatenate([validation, more[1]])
    if not others or set(alphabet.characters) - set(training.characters.tolist()):
        training = Samples.concatenate([training, *replayed(len(training), alphabet, seed)])
    return training, validation


def hand_samples(hand: Hand, alphabet: Alphabet, *, seed: int) -> tuple[Samples, Samples]:
    """Crops of the lines to train on, and of those held out.

    Raises
    ------
    DataError
        If the alphabet has nothing of what the lines show.
    """
    training = few_wrong_cuts(samples_of(hand.training, alphabet), seed)
    validation = samples_of(hand.held, alphabet)
    if not len(training) or not len(validation):
        raise DataError("the pages show too few characters of the alphabet (add pages)")
    return training, validation


def few_wrong_cuts(samples: Samples, seed: int) -> Samples:
    """All letters, and at most `WRONG_CUTS` of "not a letter" for each."""
    letters, wrong = (np.flatnonzero((samples.characters == "") == is_none) for is_none in (0, 1))
    kept = np.random.default_rng(seed).permutation(wrong)[: round(WRONG_CUTS * len(letters))]
    return samples.take(np.sort(np.concatenate([letters, kept])))


def replayed(count: int, alphabet: Alphabet, seed: int) -> list[Samples]:
    """About `count` letters of every character, drawn from fonts; none where there are no fonts."""
    each = -(-count // max(1, len(alphabet.characters)))
    try:
        drawn = fonts.synthesize(alphabet.characters, seed=seed, per_character=each)
    except DataError:
        return []
    order = np.random.default_rng(seed).permutation(len(drawn))
    return [drawn.take(np.sort(order[:count]))]


def blended(before: State, after: State, share: float) -> State:
    """State of which every array of weights lies between two others; counts are the later ones'."""
    mixed = dict(after)
    for name, array in after.items():
        if name in before and np.issubdtype(array.dtype, np.floating):
            mixed[name] = ((1 - share) * before[name] + share * array).astype(array.dtype)
    return mixed


def gained(hand: Hand, model: Classifier, language: Ngrams | None) -> str:
    """One line: the errors in held-out lines before and after."""
    before, after = (measure(hand.held, c, language) for c in (hand.start, model))
    text = "".join("".join(line.text.split()) for line in hand.held)
    unknown = sum(c not in model.alphabet for c in text)
    lacking = f", {unknown} not in the alphabet" if unknown else ""
    return (
        f"held-out lines ({len(hand.held)}, {after.length} characters{lacking}): "
        f"CER {before.error_rate or 0:.1%} before, {after.error_rate or 0:.1%} after"
    )


def save_blend(
    learner: Learner,
    before: State,
    output: Path,
    held: Samples,
    errors: Callable[[], float],
) -> dict[str, Any]:
    """Save the blend of the best epoch with the weights before that reads best.

    Parameters
    ----------
    learner : Learner
        Has the saved weights afterwards.
    before : dict
        Its state before training.
    output : Path
        The model of the best epoch, as training saved it; written anew, once.
    held : Samples
        Held out, to measure with for the card.
    errors : callable
        How much the learner reads wrong; of blends that do so equally, that with the least new
        is taken.

    Returns
    -------
    dict
        The model's card.
    """
    card = describe(output)
    if "blend" in card:  # killed after it was blended
        return card
    learner.load_model(output)
    after = learner.state()
    wrong = {}
    for share in BLENDS:
        learner.load_state(blended(before, after, share))
        wrong[share] = errors()
    best = min(BLENDS, key=lambda share: (wrong[share], share))
    learner.load_state(blended(before, after, best))
    loss, accuracy = validate(learner, held)
    card |= {"valid_loss": loss, "valid_accuracy": accuracy, "blend": best}
    learner.save_model(output, card)
    return card


def finish(hand: Hand, learner: Learner, output: Path) -> str:
    """Hold what training made of a model to what it was, and tell what the pages brought.

    Parameters
    ----------
    hand : Hand
    learner : Learner
    output : Path
        The model of the best epoch, as training saved it; written anew, once.

    Returns
    -------
    str
        One line for the user.
    """
    if hand.before is not None:
        save_blend(
            learner,
            hand.before,
            output,
            samples_of(hand.held, learner.alphabet),
            lambda: measure(hand.held, learner, english()).edits,
        )
    return gained(hand, load_classifier(output), english())
