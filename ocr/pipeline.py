"""The way of a page through the program: segment, crop, classify, decode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.decode import Decoded, decode, decode_with_score
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
    rotate: bool = True,
) -> Page:
    """Read a page, one of those that `ocr.input.loading.load` returns.

    Without a language model each letter is read by its shape, size and place alone.
    `binarizer` finds the ink, see `ocr.segment.load_binarizer`. With `rotate` a page on its side
    or upside down is set upright.
    """
    page = segment(image, binarizer, rotate=rotate)
    return read_segmented(page, classifier, language=language)


def read_segmented(page: SegmentedPage, classifier: Classifier, *, language: Ngrams | None) -> Page:
    """Read a page that is segmented already; see `read`."""
    return read_with_crops(page, classifier, language=language)[0]


def read_with_crops(
    page: SegmentedPage, classifier: Classifier, *, language: Ngrams | None
) -> tuple[Page, NDArray[np.float32]]:
    """Read a segmented page, and return the crop [glyphs, 32, 32] of each glyph too, in order.

    Of the ways up that a page may have, the one with the likeliest text counts.
    """
    ways = [read_one_way(way, classifier, language) for way in (page, *page.other_ways)]
    best, crops = max(ways, key=lambda way: way[0].score)
    return best.page, crops[best.candidates]


def read_one_way(
    page: SegmentedPage, classifier: Classifier, language: Ngrams | None
) -> tuple[Decoded, NDArray[np.float32]]:
    """Read a page as it lies, and return the crop [N, 32, 32] of each candidate too."""
    crops = crop(page)  # (N, 32, 32)
    log_probs = classify(classifier, crops)  # (N, C)
    return decode_with_score(page, log_probs, classifier.alphabet, language), crops


def classify(classifier: Classifier, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the log-probability [N, C] of each class for each crop [N, 32, 32].

    The C outputs are the characters of the alphabet, then "not a letter" if it has that.
    """
    if not len(crops):  # a blank page needs no classifier, which may be slow to start
        return np.zeros((0, len(classifier.alphabet)), np.float32)
    return classifier.log_probs(crops)
