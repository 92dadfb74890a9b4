"""Log-probabilities of a page's candidate glyphs to lines of text.

For each row, `decode.lattice_reader` weighs shape, size, place, spaces and language against each
other and returns its hypotheses; `decode.row_hypotheses` does so with a network that reads whole
rows, alone or together with the lattice. The best ones that are likely to be writing become the
page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.decode.confidence import calibrate
from ocr.decode.hypotheses import Hypothesis, choose_lines
from ocr.decode.language import Ngrams
from ocr.decode.lattice_reader import read_lattices
from ocr.decode.row_hypotheses import read_both, read_rows
from ocr.page import Page
from ocr.rows import RowReader
from ocr.segment.coordinates import to_original
from ocr.segment.page import SegmentedPage

__all__ = ["decode", "decode_with_score"]


def decode(
    page: SegmentedPage,
    log_probs: NDArray[np.float32] | None,
    alphabet: Alphabet | None,
    language: Ngrams | None,
    row_reader: RowReader | None = None,
) -> Page:
    """Find the likeliest text of a page; rows without a letter are left out.

    Parameters
    ----------
    page : SegmentedPage
    log_probs : ndarray, float32 [N, C], or None
        Of each candidate glyph of the page, in the order of `ocr.segment.crop`. None reads the
        rows by `row_reader` alone.
    alphabet : Alphabet or None
        Of the C outputs.
    language : Ngrams or None
        None reads each letter by its shape, size and place alone; so does a language model that
        knows no letter of the alphabet.
    row_reader : RowReader, optional
        Reads the rows too, by their pictures.
    """
    return decode_with_score(page, log_probs, alphabet, language, row_reader).page


@dataclass(frozen=True)
class Decoded:
    """The likeliest text of a page.

    Attributes
    ----------
    page : Page
    candidates : ndarray, intp [glyphs]
        Of each of its glyphs, the index among the page's candidates.
    score : float
        Log-probability of the text for each atom of ink, to compare the ways up of a page;
        -infinity for a blank page.
    """

    page: Page
    candidates: NDArray[np.intp]
    score: float


def decode_with_score(
    page: SegmentedPage,
    log_probs: NDArray[np.float32] | None,
    alphabet: Alphabet | None,
    language: Ngrams | None,
    row_reader: RowReader | None = None,
) -> Decoded:
    """Find the likeliest text, the candidates that are its glyphs, and how likely it is."""
    hypotheses = list(_read(page, log_probs, alphabet, language, row_reader))
    chosen = choose_lines(hypotheses, page.ink_probabilities)
    lines = tuple(to_original(calibrate(found.line), page.image) for _, found in chosen)
    starts = [0, *page.row_ends]
    candidates = [starts[row] + i for row, found in chosen for i in found.candidates]
    atoms = sum(len(lattice.atoms) for lattice in page.lattices)
    total = sum(of_row[0].score for of_row in hypotheses if of_row)
    return Decoded(
        Page(*page.image.size, lines, rotation=page.image.rotation),
        np.array(candidates, np.intp),
        total / atoms if chosen else -math.inf,
    )


def _read(
    page: SegmentedPage,
    log_probs: NDArray[np.float32] | None,
    alphabet: Alphabet | None,
    language: Ngrams | None,
    row_reader: RowReader | None,
) -> Iterator[list[Hypothesis]]:
    """Read every row with the readers that there are."""
    if log_probs is None or alphabet is None:
        return iter(()) if row_reader is None else read_rows(page, row_reader, language)
    if row_reader is None:
        return read_lattices(page, log_probs, alphabet, language)
    return read_both(page, log_probs, alphabet, row_reader, language)
