"""Fine-tuning on a few hundred letters, so that a model forgets nothing else that it knew.

Left alone, the letters of one person teach a network their handwriting and take from it what
they do not show. Two things prevent this: letters of every character of the alphabet, drawn
from fonts, are trained on too; and the weights before and after are averaged (Wortsman et al.
2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers import describe
from ocr.data.readers import fonts
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.training.learner import Learner
from ocr.training.recipe import Schedule
from ocr.training.validation import validate

EPOCHS, BATCH_SIZE = 8, 32
RATE = 0.1  # of the learning rate at which a network is trained from random weights
BLENDS = (0.5, 0.75, 1.0)  # shares of the fine-tuned weights that are tried

State = dict[str, NDArray[Any]]


def fine_tuning_schedule(schedule: Schedule) -> Schedule:
    """Return the schedule by which an architecture is fine-tuned on a few hundred letters."""
    return Schedule(EPOCHS, BATCH_SIZE, schedule.learning_rate * RATE)


def draw_from_fonts(count: int, alphabet: Alphabet, seed: int) -> list[Samples]:
    """Draw about `count` letters, equally many of each character; none without fonts."""
    each = -(-count // max(1, len(alphabet.characters)))
    try:
        drawn = fonts.synthesize(alphabet.characters, seed=seed, per_character=each)
    except DataError:
        return []
    order = np.random.default_rng(seed).permutation(len(drawn))
    return [drawn.take(np.sort(order[:count]))]


def blend_states(before: State, after: State, share: float) -> State:
    """Return the mean of two states, `share` of it `after`; counts are those of `after`."""
    mixed = dict(after)
    for name, array in after.items():
        if name in before and np.issubdtype(array.dtype, np.floating):
            mixed[name] = ((1 - share) * before[name] + share * array).astype(array.dtype)
    return mixed


def save_best_blend(
    learner: Learner,
    before: State,
    output: Path,
    held_out: Samples,
    count_errors: Callable[[], float],
) -> dict[str, Any]:
    """Save the best blend of the weights before fine-tuning with those of the best epoch.

    `output` has the model of the best epoch and is replaced, once; the learner keeps the saved
    weights. Of blends with equally many errors, the one nearest to `before` is taken. The card,
    which is returned, states loss and accuracy on `held_out`.
    """
    card = describe(output)
    if "blend" in card:  # the run was killed after this, and is resumed
        return card
    learner.load_model(output)
    after = learner.state()
    errors = {}
    for share in BLENDS:
        learner.load_state(blend_states(before, after, share))
        errors[share] = count_errors()
    best = min(BLENDS, key=lambda share: (errors[share], share))
    learner.load_state(blend_states(before, after, best))
    loss, accuracy = validate(learner, held_out)
    card |= {"valid_loss": loss, "valid_accuracy": accuracy, "blend": best}
    learner.save_model(output, card)
    return card
