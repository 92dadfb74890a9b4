"""A text and the columns of a row network that show it, to a line of glyphs with boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.decode.ctc import find_peaks, outputs_of
from ocr.page import Baseline, Box, Glyph, Line, Word
from ocr.rows.image import FAINT, LETTER, RowImage
from ocr.rows.network import STRIDE

MAX_ALTERNATIVES = 5  # characters listed for a glyph
DESCENDING = "gjpqyQ,;_()[]{}|/\\"  # characters that reach below the baseline
HIGH = "'\"`^*-~=+"  # characters that do not reach down to it


def row_line(
    text: str, log_probs: NDArray[np.float32], characters: str, row: RowImage
) -> Line | None:
    """Make a line of a text that a row network read; None if it has no character.

    `log_probs` [T, 1 + characters] are those of the row's columns. Boxes are in working pixels.
    """
    outputs = outputs_of(text, characters)
    peaks = find_peaks(log_probs, outputs)
    is_space = characters.index(" ") + 1 if " " in characters else -1
    shown = [(o, p) for o, p in zip(outputs, peaks, strict=True) if o != is_space]
    if not shown:
        return None
    boxes = glyph_boxes(row, [peak for _, peak in shown])
    glyphs = iter(
        _glyph(log_probs[peak], output, characters, box)
        for (output, peak), box in zip(shown, boxes, strict=True)
    )
    words = [[next(glyphs) for _ in outputs_of(word, characters)] for word in text.split(" ")]
    line = Line(tuple(Word(tuple(word)) for word in words if word))
    return Line(line.words, _baseline(line, row))


def glyph_boxes(row: RowImage, peaks: list[int]) -> list[Box]:
    """Find the box of the ink around each peak; neighbors are parted where there is least ink.

    `peaks` are columns of the network's output, ascending.
    """
    ink = row.pixels > 255 * FAINT
    profile = row.pixels.sum(0, dtype=np.int64)
    middles = [min(STRIDE * peak + STRIDE // 2, ink.shape[1] - 1) for peak in peaks]
    borders = [0]
    for one, other in zip(middles, middles[1:], strict=False):
        between = profile[one : other + 1]
        emptiest = np.flatnonzero(between == between.min())
        borders.append(one + int(emptiest[len(emptiest) // 2]))
    borders.append(ink.shape[1])
    boxes = []
    for first, last, middle in zip(borders, borders[1:], middles, strict=False):
        rows, columns = np.nonzero(ink[:, first:last])
        if len(rows):
            left, right = first + int(columns.min()), first + int(columns.max()) + 1
            boxes.append(row.to_page(left, int(rows.min()), right, int(rows.max()) + 1))
        else:  # two characters are read from one stroke
            inked = np.flatnonzero(ink.any(1))
            top, bottom = (int(inked[0]), int(inked[-1]) + 1) if len(inked) else (0, len(ink))
            boxes.append(row.to_page(middle - STRIDE // 2, top, middle + STRIDE // 2, bottom))
    return boxes


def _glyph(column: NDArray[np.float32], output: int, characters: str, box: Box) -> Glyph:
    odds = np.exp(column[1:].astype(np.float64))
    others = [i for i in np.argsort(odds)[::-1][: MAX_ALTERNATIVES + 2].tolist() if i + 1 != output]
    alternatives = [(characters[i], float(odds[i])) for i in others if characters[i] != " "]
    return Glyph(
        box, characters[output - 1], float(odds[output - 1]), tuple(alternatives[:MAX_ALTERNATIVES])
    )


def _baseline(line: Line, row: RowImage) -> Baseline:
    """Estimate the baseline by the glyphs that stand on it."""
    glyphs = [g for g in line.glyphs if g.character not in DESCENDING + HIGH] or line.glyphs
    feet = sorted(g.box.bottom - row.slope * (g.box.left + g.box.right) / 2 for g in glyphs)
    foot, box = feet[len(feet) // 2], line.box
    return Baseline(foot + row.slope * box.left, foot + row.slope * box.right, LETTER / row.scale)
