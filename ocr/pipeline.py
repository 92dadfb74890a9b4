"""The way of a page through the program: segment, crop, classify, decode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.decode import decode, decode_with_candidates
from ocr.decode.language import Ngrams
from ocr.input.page_image import PageImage
from ocr.page import Page
from ocr.segment import Binarizer, SegmentedPage, crop, segment

if TYPE_CHECKING:
    from ocr.classifiers import Classifier

__all__ = ["classify", "crop", "decode", "read", "read_segmented", "read_with_crops", "segment"]


def read(
    image: PageImage,
    classifier: Classifier,
    *,
    language: Ngrams | None,
    binarizer: Binarizer,
) -> Page:
    """Read a page, one of those that `ocr.input.loading.load` returns.

    Without a language model each letter is read by its shape, size and place alone.
    `binarizer` finds the ink, see `ocr.segment.load_binarizer`.
    """
    page = segment(image, binarizer)
    crops = crop(page)  # (N, 32, 32)
    log_probs = classify(classifier, crops)  # (N, C)
    return decode(page, log_probs, classifier.alphabet, language)


def read_segmented(page: SegmentedPage, classifier: Classifier, *, language: Ngrams | None) -> Page:
    """Read a page that is segmented already; see `read`."""
    log_probs = classify(classifier, crop(page))  # (N, C)
    return decode(page, log_probs, classifier.alphabet, language)


def read_with_crops(
    page: SegmentedPage, classifier: Classifier, *, language: Ngrams | None
) -> tuple[Page, NDArray[np.float32]]:
    """Read a segmented page, and return the crop [glyphs, 32, 32] of each glyph too, in order."""
    crops = crop(page)
    log_probs = classify(classifier, crops)
    read, candidates = decode_with_candidates(page, log_probs, classifier.alphabet, language)
    return read, crops[candidates]


def classify(classifier: Classifier, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the log-probability [N, C] of each class for each crop [N, 32, 32].

    The C outputs are the characters of the alphabet, then "not a letter" if it has that.
    """
    if not len(crops):  # a blank page needs no classifier, which may be slow to start
        return np.zeros((0, len(classifier.alphabet)), np.float32)
    return classifier.log_probs(crops)
