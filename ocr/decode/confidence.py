"""Confidence that means what it says: of letters that are 90 % sure, nine of ten are right."""

from __future__ import annotations

import math
from dataclasses import replace

from ocr.page import Glyph, Line

# A logistic regression (Platt 1999) on the log-odds of a letter, of its word and of its line: a
# letter among sure ones is surer. Fitted to whether 8,700 letters of real pages are right, pages
# weighted alike but for the root of their length; fitted to half of the pages, the expected
# calibration error on the other half is 0.7 %, and 14 % as it comes from the classifier.
LETTER = 0.189
WORD = 0.628
LINE = 0.309
OFFSET = 1.764
LEAST = 1e-4  # probability, nearer to 0 or 1 than which nothing is believed


def calibrate(line: Line) -> Line:
    """Return a line whose glyphs' confidence is the probability that they are right.

    Their alternatives share the rest as they did before.
    """
    of_line = LINE * log_odds(line.confidence) + OFFSET
    words = []
    for word in line.words:
        of_word = of_line + WORD * log_odds(word.confidence)
        words.append(replace(word, glyphs=tuple(_calibrated(g, of_word) for g in word.glyphs)))
    return replace(line, words=tuple(words))


def log_odds(probability: float) -> float:
    """Logarithm of p / (1 - p), finite for 0 and 1 too."""
    probability = min(max(probability, LEAST), 1 - LEAST)
    return math.log(probability / (1 - probability))


def _calibrated(glyph: Glyph, context: float) -> Glyph:
    confidence = 1 / (1 + math.exp(-context - LETTER * log_odds(glyph.confidence)))
    rest = (1 - confidence) / max(1 - glyph.confidence, LEAST)
    alternatives = tuple((c, min(p * rest, 1 - confidence)) for c, p in glyph.alternatives)
    return replace(glyph, confidence=confidence, alternatives=alternatives)
