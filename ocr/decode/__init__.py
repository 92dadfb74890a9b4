"""Log-probabilities of a page's candidate glyphs to lines of text.

For each row, `decode.lattice_reader` weighs shape, size, place, spaces and language against each
other and returns its hypotheses; the best ones that are likely to be writing become the page.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.decode.confidence import calibrate
from ocr.decode.hypotheses import choose_lines
from ocr.decode.language import Ngrams
from ocr.decode.lattice_reader import read_lattices
from ocr.page import Page
from ocr.segment.coordinates import to_original
from ocr.segment.page import SegmentedPage

__all__ = ["decode", "decode_with_candidates"]


def decode(
    page: SegmentedPage,
    log_probs: NDArray[np.float32],
    alphabet: Alphabet,
    language: Ngrams | None,
) -> Page:
    """Find the likeliest text of a page; rows without a letter are left out.

    Parameters
    ----------
    page : SegmentedPage
    log_probs : ndarray, float32 [N, C]
        Of each candidate glyph of the page, in the order of `ocr.segment.crop`.
    alphabet : Alphabet
        Of the C outputs.
    language : Ngrams or None
        None reads each letter by its shape, size and place alone; so does a language model that
        knows no letter of the alphabet.
    """
    return decode_with_candidates(page, log_probs, alphabet, language)[0]


def decode_with_candidates(
    page: SegmentedPage,
    log_probs: NDArray[np.float32],
    alphabet: Alphabet,
    language: Ngrams | None,
) -> tuple[Page, NDArray[np.intp]]:
    """Find the likeliest text, and the index of each of its glyphs among the page's candidates."""
    chosen = choose_lines(read_lattices(page, log_probs, alphabet, language))
    lines = tuple(to_original(calibrate(found.line), page.image) for _, found in chosen)
    starts = [0, *page.row_ends]
    candidates = [starts[row] + i for row, found in chosen for i in found.candidates]
    return Page(*page.image.size, lines), np.array(candidates, np.intp)
