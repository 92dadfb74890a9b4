"""Where words end: the gaps of a page's rows say which of them are spaces."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW = 20  # gaps; a row with fewer asks the whole page
USUAL = 0.42  # row heights: between letters' and words' gaps where the gaps do not tell
WIDEST = 3.0  # row heights; wider gaps are as wide as this
DISTINCT = 2.2  # times that words' gaps must be wider than letters'
SHARPNESS = 2.2  # how fast a gap beyond the threshold becomes a space, per its threshold


def space_log_odds(rows: list[Floats]) -> list[Floats]:
    """Log-odds that each gap is a space.

    Parameters
    ----------
    rows : list of ndarray, float64 [n]
        Gaps between neighbouring atoms, in row heights; negative where they overlap.

    Returns
    -------
    list of ndarray, float64 [n]
    """
    together = np.concatenate([*rows, np.zeros(0)])
    page = threshold(together, USUAL)
    odds = []
    for gaps in rows:
        level = threshold(gaps, page) if len(gaps) >= FEW else page
        odds.append(np.clip(SHARPNESS * (gaps - level) / (0.5 * level + 0.1), -8, 8))
    return odds


def threshold(gaps: Floats, usual: float) -> float:
    """Width that separates letters' gaps from words', or one near the usual if they don't.

    Examples
    --------
    >>> 0.2 < threshold(np.array([0.1] * 8 + [0.9] * 3), USUAL) < 0.8
    True
    """
    gaps = np.clip(gaps[gaps > 0], 0.02, WIDEST)
    if len(gaps) < 2:
        return usual
    gaps = np.sort(gaps)
    # Otsu's criterion for the sorted gaps split before each of them but the first
    counts = np.arange(1, len(gaps))
    sums = np.cumsum(gaps)
    apart = sums[:-1] / counts - (sums[-1] - sums[:-1]) / counts[::-1]
    best = int((counts * counts[::-1] * apart**2).argmax()) + 1
    narrow, wide = float(gaps[:best].mean()), float(gaps[best:].mean())
    middle = math.sqrt(narrow * wide)
    if wide > DISTINCT * narrow and wide - narrow > 0.25 and best >= 0.4 * len(gaps):
        return middle
    # by hand, as np.median of a few numbers imports more than it computes
    median = (gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]) / 2
    return max(usual, 1.8 * float(median))
