"""Principal components: the best linear code of a length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class PCA:
    """Directions of the largest variance.

    Attributes
    ----------
    mean : ndarray [D]
    components : ndarray [D, K]
        Orthonormal columns, the largest variance first.
    """

    mean: Array
    components: Array

    @classmethod
    def of(cls, rows: Array, rank: int) -> PCA:
        """Find the components of rows [N, D] by singular value decomposition."""
        mean = rows.mean(axis=0, dtype=np.float64)
        _, _, directions = np.linalg.svd(rows - mean, full_matrices=False)  # (D, D) for N > D
        return cls(mean, directions[:rank].T)

    @property
    def projection(self) -> Array:
        """Matrix [D, D] that takes a centred row to what its code keeps of it."""
        return self.components @ self.components.T

    def restore(self, rows: Array) -> Array:
        """Encode rows [N, D] in K numbers each, and decode them."""
        return (rows - self.mean) @ self.components @ self.components.T + self.mean
