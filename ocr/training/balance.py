"""An order of samples in which every class comes equally often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KEPT = -1  # the label of samples that come once each, whatever the others do


def drawn_equally(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw as many samples as there are, of each class as many, in a random order.

    A class's samples come all once before any comes again. Where the count does not
    divide, classes that chance picks come once more.

    Parameters
    ----------
    labels : ndarray, int64 [N]
        The class of each, or `KEPT`.
    rng : Generator

    Returns
    -------
    ndarray, intp [N]
        Indices.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 0, 1, 1, KEPT])
    >>> sorted(labels[drawn_equally(labels, np.random.default_rng(0))].tolist())
    [-1, 0, 0, 0, 1, 1, 1]
    """
    untouched = np.flatnonzero(labels == KEPT)
    classes = [c for c in np.unique(labels) if c != KEPT]
    wanted = len(labels) - len(untouched)
    shares = np.full(len(classes), wanted // max(len(classes), 1))
    shares[rng.permutation(len(classes))[: wanted - int(shares.sum())]] += 1
    drawn = [
        _rounds(np.flatnonzero(labels == c), int(share), rng)
        for c, share in zip(classes, shares, strict=True)
    ]
    return rng.permutation(np.concatenate([untouched, *drawn]))


def _rounds(members: NDArray[np.intp], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw `count` members, in rounds of all of them."""
    rounds = [rng.permutation(members) for _ in range(-(-count // len(members)))]
    return np.concatenate([members[:0], *rounds])[:count]
