"""Score characters by size and place: the height of a glyph and its distance from the baseline.

Lengths are in cap heights of the row, upward from its baseline.
"""

from __future__ import annotations

import math
import string
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

X_HEIGHT = 0.68
DESCENT = -0.28

#: Characters, top and bottom of their ink, and standard deviation of the log of its height.
SHAPES: tuple[tuple[str, float, float, float], ...] = (
    (string.ascii_uppercase + string.digits + "ÆŒØ", 1.0, 0.0, 0.16),
    ("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", 1.0, 0.0, 0.16),
    ("АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ", 1.0, 0.0, 0.16),
    ("bdfhkl" + "δθλ" + "б", 1.05, 0.0, 0.16),
    ("t", 0.92, 0.0, 0.18),
    ("i" + "йё", 0.95, 0.0, 0.18),
    ("j", 0.95, DESCENT, 0.2),
    ("acemnorsuvwxz" + "æœø" + "αεικνοπστυως", X_HEIGHT, 0.0, 0.18),
    ("авгежзиклмнопстхчшъыьэюя", X_HEIGHT, 0.0, 0.18),
    ("gpqy" + "γηχρμ" + "ру", X_HEIGHT, DESCENT, 0.2),
    ("βζξφψ" + "ф", 1.05, DESCENT, 0.2),
    ("дцщ", X_HEIGHT, -0.15, 0.2),
    ("Q", 1.0, -0.08, 0.18),
    ("ÀÁÂÃÄÅÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŠŽŸ", 1.28, 0.0, 0.16),
    ("Ç", 1.0, -0.22, 0.18),
    ("àáâãäåèéêëìíîïñòóôõöùúûüšž", 0.98, 0.0, 0.18),
    ("ýÿ", 0.98, DESCENT, 0.2),
    ("ç", X_HEIGHT, -0.22, 0.2),
    ("ß", 1.05, 0.0, 0.18),
    ("€£!?&#%$", 1.0, 0.0, 0.2),
    ("§", 1.0, -0.1, 0.25),
    ("°", 1.0, 0.6, 0.3),
    ("¿¡", X_HEIGHT, -0.3, 0.3),
    (".", 0.13, 0.0, 0.5),
    (",", 0.13, -0.15, 0.5),
    (":", 0.55, 0.0, 0.35),
    (";", 0.55, -0.15, 0.35),
    ("@", 0.95, -0.1, 0.25),
    ("'\"`", 1.05, 0.75, 0.45),
    ("^", 1.0, 0.65, 0.45),
    ("*", 0.85, 0.4, 0.45),
    ("-", 0.42, 0.32, 0.7),
    ("_", -0.02, -0.12, 0.7),
    ("=", 0.55, 0.22, 0.4),
    ("~", 0.5, 0.3, 0.5),
    ("+", 0.65, 0.1, 0.3),
    ("<>", 0.7, 0.05, 0.3),
    ("()[]{}|/\\", 1.05, -0.12, 0.22),
)
#: The same by character; a character of two groups has the shape of the later one.
SHAPE_OF = {character: shape for group, *shape in SHAPES for character in group}
UNKNOWN_SHAPE = [1.0, 0.0, 0.4]  # the place of a capital, and a large deviation
HAND_WANDER = 0.18  # cap heights, standard deviation of vertical positions in handwriting
MIN_WANDER = 0.05  # cap heights, for print
PRIOR_LETTERS = 3.0  # letters that HAND_WANDER counts as, against those of the row
MIN_SCORE = -8.0  # log-likelihood; a glyph twice as large as the others may be intended

#: Letters whose two cases differ only in size, and digits that look like one.
SAME_SHAPE = frozenset(
    "cCoO0sSvVwWxXzZuUpPkKmMyYΚκΟοΠπΧχΨψВвГгЖжЗзИиЙйКкЛлМмНнОоПпСсТтХхЦцЧчШшЩщЪъЫыЬьЭэЮюЯя"
)

#: Capitals that are their small letters, larger: a crop never shows which it is.
SCALED = "COSVWXZΚΟΠΧΨВГЖЗИЙКЛМНОПСТХЦЧШЩЪЫЬЭЮЯ"
#: These, and others whose case a crop shows less clearly than the row does.
ALIKE = SCALED + "PU"


@dataclass(frozen=True)
class RowMetrics:
    """Cap height and baseline of a row at each of its N candidates."""

    cap_height: Floats  # px, [N]
    baseline: Floats  # ordinate in straightened pixels, downward, [N]
    wander: float = HAND_WANDER  # cap heights, deviation of the glyphs' vertical positions


@cache
def shape_table(characters: str) -> Floats:
    """Return top, bottom and deviation of log height of each character, float64 [C, 3]."""
    shapes = [SHAPE_OF.get(character, UNKNOWN_SHAPE) for character in characters]
    return np.array(shapes, np.float64).reshape(-1, 3)


def estimate_metrics(
    boxes: Floats,
    cut: list[int],
    log_probs: NDArray[np.float32],
    characters: str,
    fallback: float,
) -> RowMetrics:
    """Fit the cap height and baseline of a row to the likely characters of its glyphs.

    They follow a row that climbs or shrinks, because near glyphs count more.

    Parameters
    ----------
    boxes : ndarray, float64 [N, 4]
        Straightened boxes of the row's candidates.
    cut : list of int
        Candidates that are probably glyphs; pieces of letters would give wrong sizes.
    log_probs : ndarray, float32 [N, C]
    characters : str
        Of the C columns.
    fallback : float
        Cap height to assume if no glyph shows it.
    """
    glyphs = boxes[cut]  # (M, 4)
    best = log_probs[cut].argmax(1)
    sure = np.exp(log_probs[cut, best].astype(np.float64))
    is_distinct = np.array([c.isalnum() and c not in SAME_SHAPE for c in characters])[best]
    weight = np.where(sure > 0.5, sure, 0) * np.where(is_distinct, 1.0, 0.05)
    weight *= np.array([c.isalnum() for c in characters])[best]
    if weight.sum() < 0.05:
        return RowMetrics(np.full(len(boxes), fallback), np.full(len(boxes), boxes[:, 3].mean()))
    top, bottom, _ = shape_table(characters)[best].T
    units = (glyphs[:, 3] - glyphs[:, 1]) / (top - bottom)
    unit = weighted_median(units, weight)
    weight = weight * np.exp(-np.abs(np.log(units / unit)))  # a single giant counts little
    apart = np.abs((boxes[:, None, 0] + boxes[:, None, 2] - glyphs[:, 0] - glyphs[:, 2]) / 2)
    near = np.exp(-apart / (6 * unit)) * weight + 1e-9  # (N, M)
    local = np.exp((near @ np.log(units) + 2 * np.log(unit)) / (near.sum(1) + 2))
    bottoms = glyphs[:, 3] + bottom * units
    sharp = near**1.5
    baseline = (sharp @ bottoms) / sharp.sum(1)
    # the median, because some letters are misread
    own = 1.48 * weighted_median(np.abs(bottoms - baseline[cut]) / local[cut], weight)
    count = float(weight.sum())
    mean_square = (PRIOR_LETTERS * HAND_WANDER**2 + count * own**2) / (PRIOR_LETTERS + count)
    return RowMetrics(local, baseline, max(MIN_WANDER, math.sqrt(mean_square)))


def forget_case(log_probs: NDArray[np.float32], characters: str) -> NDArray[np.float32]:
    """Give c and C, and other pairs that differ only in size, the probability of both together.

    A crop is scaled to one size, so what a classifier says about the case of such a letter only
    reflects its training data. Size, place and neighbors decide instead.
    """
    shared = log_probs.copy()
    for upper in ALIKE:
        if upper in characters and upper.lower() in characters:
            both = [characters.index(upper), characters.index(upper.lower())]
            shared[:, both] = np.logaddexp(*shared[:, both].T)[:, None]
    return shared


def geometry_scores(boxes: Floats, metrics: RowMetrics, characters: str) -> Floats:
    """Compute the log-likelihood of the size and place of each candidate for each character.

    `boxes` [N, 4] are straightened; the result is float64 [N, C], and 0 for a perfect fit.
    """
    table = shape_table(characters)
    heights = (boxes[:, 3] - boxes[:, 1]) / metrics.cap_height
    middles = (metrics.baseline - (boxes[:, 1] + boxes[:, 3]) / 2) / metrics.cap_height
    wanted = table[:, 0] - table[:, 1]
    tall = (np.log(heights)[:, None] - np.log(wanted)) / table[:, 2]  # (N, C)
    high = (middles[:, None] - (table[:, 0] + table[:, 1]) / 2) / metrics.wander
    scores: Floats = np.maximum(-0.5 * (tall**2 + high**2), MIN_SCORE)
    return scores


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value at which half of the weight is reached.

    Examples
    --------
    >>> weighted_median(np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 1.0]))
    2.0
    """
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])
