"""The contract of every classifier, and the way to load one from its file."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet


class Classifier(Protocol):
    """What turns crops into log-probabilities."""

    @property
    def alphabet(self) -> Alphabet:
        """What each output stands for."""
        ...

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify crops.

        Parameters
        ----------
        crops : ndarray, float32 [N, 32, 32]
            Ink 1.0 on paper 0.0, upright. N = 0 works.

        Returns
        -------
        ndarray, float32 [N, C]
            Log-probabilities; each row's log-sum-exp is 0.
        """
        ...
