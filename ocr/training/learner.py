"""The contract between the training loop and what it trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet


class Learner(Protocol):
    """A classifier with an optimiser: the loop needs no more of NumPy or torch than this."""

    @property
    def alphabet(self) -> Alphabet:
        """What each output stands for."""
        ...

    def fit_batch(
        self, crops: NDArray[np.float32], targets: NDArray[np.int64], learning_rate: float
    ) -> tuple[float, int]:
        """Take one optimiser step.

        Parameters
        ----------
        crops : ndarray, float32 [N, 32, 32]
        targets : ndarray, int64 [N, 2]
            Two outputs of which either is right (twice the same where one is):
            the loss is the mean of -log(p[first] + p[second]), or of -log p[first];
            smoothed, where the learner smooths labels.
        learning_rate : float

        Returns
        -------
        loss : float
            Mean over the batch.
        correct : int
            Crops whose likeliest output is one of their two targets.
        """
        ...

    def hold_statistics(self) -> None:
        """Leave what was measured of the data, beside the weights, as it is.

        The means and variances of batch norm are of all hands; those of a few
        hundred letters by one would serve no other.
        """
        ...

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-probabilities, float32 [N, C], in evaluation mode."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """Weights and optimiser state, enough to resume exactly (copies, not views)."""
        ...

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what `state` returned."""
        ...

    def save_model(self, path: Path, card: dict[str, Any]) -> None:
        """Write the model file; `card` (JSON values) goes into it."""
        ...

    def load_model(self, path: Path) -> None:
        """Take back the weights that `save_model` wrote."""
        ...
