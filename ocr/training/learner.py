"""The contract between the training loop and the networks it trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet


class Learner(Protocol):
    """A classifier with an optimizer: all that the loop needs of NumPy or torch."""

    @property
    def alphabet(self) -> Alphabet:
        """The character of each output."""
        ...

    def fit_batch(
        self, crops: NDArray[np.float32], targets: NDArray[np.int64], learning_rate: float
    ) -> tuple[float, int]:
        """Take one optimizer step; return the mean loss, and how many answers are right.

        Each crop [32, 32] has two targets, either of which is right (the same one twice where
        only one is). The loss is the mean of -log(p[first] + p[second]), or of -log p[first],
        with label smoothing if the learner has it.
        """
        ...

    def hold_statistics(self) -> None:
        """Keep the running means and variances of batch normalization in further training.

        They were measured on the handwriting of many people; those of a few hundred letters
        by one person would suit no one else.
        """
        ...

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return log-probabilities, float32 [N, C], in evaluation mode."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of the weights and the optimizer's state, enough to resume exactly."""
        ...

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Restore what `state` returned."""
        ...

    def save_model(self, path: Path, card: dict[str, Any]) -> None:
        """Write the model file with its card (JSON values)."""
        ...

    def load_model(self, path: Path) -> None:
        """Load the weights that `save_model` wrote."""
        ...


def shared_outputs(mine: Alphabet, theirs: Alphabet) -> tuple[list[int], list[int]]:
    """Return the indices of the outputs that two alphabets share, in each of them."""
    shared = [c for c in mine.characters if c in theirs]
    own, other = [mine.index(c) for c in shared], [theirs.index(c) for c in shared]
    if mine.reject_index is not None and theirs.reject_index is not None:
        own.append(mine.reject_index)
        other.append(theirs.reject_index)
    return own, other
