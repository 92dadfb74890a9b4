"""Calibrate confidences: of letters with a confidence of 0.9, nine in ten are right."""

from __future__ import annotations

import math
from dataclasses import replace

from ocr.page import Glyph, Line

# Logistic regression (Platt 1999) on the log-odds of a letter, its word and its line, fitted to
# whether 8,700 letters of real pages are right, each page weighted by the root of its length.
# Fitted to half of the pages, the expected calibration error on the other half is 0.7 %; without
# calibration it is 14 %.
LETTER = 0.189
WORD = 0.628
LINE = 0.309
OFFSET = 1.764
MARGIN = 1e-4  # probabilities nearer to 0 or 1 are clipped


def calibrate(line: Line) -> Line:
    """Return a line whose glyphs' confidence is the probability that they are right.

    Their alternatives share the rest in the same proportions as before.
    """
    of_line = LINE * log_odds(line.confidence) + OFFSET
    words = []
    for word in line.words:
        of_word = of_line + WORD * log_odds(word.confidence)
        words.append(replace(word, glyphs=tuple(_calibrate_glyph(g, of_word) for g in word.glyphs)))
    return replace(line, words=tuple(words))


def log_odds(probability: float) -> float:
    """Return the logarithm of p / (1 - p), finite for 0 and 1 too."""
    probability = min(max(probability, MARGIN), 1 - MARGIN)
    return math.log(probability / (1 - probability))


def _calibrate_glyph(glyph: Glyph, context: float) -> Glyph:
    confidence = 1 / (1 + math.exp(-context - LETTER * log_odds(glyph.confidence)))
    rest = (1 - confidence) / max(1 - glyph.confidence, MARGIN)
    alternatives = tuple((c, min(p * rest, 1 - confidence)) for c, p in glyph.alternatives)
    return replace(glyph, confidence=confidence, alternatives=alternatives)
