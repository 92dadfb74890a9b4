"""The way of a page through the program: segment, crop, classify, decode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.decode import Decoded, decode, decode_with_score
from ocr.decode.language import Ngrams
from ocr.input.page_image import PageImage
from ocr.page import Page
from ocr.segment import Binarizer, SegmentedPage, crop, crop_in_parts, segment

if TYPE_CHECKING:
    from ocr.classifiers import Classifier
    from ocr.rows import RowReader

__all__ = ["classify", "crop", "decode", "read", "read_segmented", "read_with_crops", "segment"]


def read(
    image: PageImage,
    classifier: Classifier | None,
    *,
    language: Ngrams | None,
    binarizer: Binarizer,
    rotate: bool = True,
    row_reader: RowReader | None = None,
) -> Page:
    """Read a page, one of those that `ocr.input.loading.load` returns.

    Without a language model each letter is read by its shape, size and place alone.
    `binarizer` finds the ink, see `ocr.segment.load_binarizer`. With `rotate` a page on its side
    or upside down is set upright. `row_reader` reads whole rows, beside the classifier, which
    reads their letters, or alone if that is None.
    """
    page = segment(image, binarizer, rotate=rotate)
    return read_segmented(page, classifier, language=language, row_reader=row_reader)


def read_segmented(
    page: SegmentedPage,
    classifier: Classifier | None,
    *,
    language: Ngrams | None,
    row_reader: RowReader | None = None,
) -> Page:
    """Read a page that is segmented already; see `read`."""
    return read_best_way(page, classifier, language, row_reader)[1].page


def read_with_crops(
    page: SegmentedPage,
    classifier: Classifier | None,
    *,
    language: Ngrams | None,
    row_reader: RowReader | None = None,
) -> tuple[Page, NDArray[np.float32]]:
    """Read a segmented page, and return the crop [glyphs, 32, 32] of each glyph too, in order."""
    way, best = read_best_way(page, classifier, language, row_reader)
    return best.page, crop(way)[best.candidates]


def read_best_way(
    page: SegmentedPage,
    classifier: Classifier | None,
    language: Ngrams | None,
    row_reader: RowReader | None,
) -> tuple[SegmentedPage, Decoded]:
    """Read a page each way up that it may have; return the one with the likeliest text."""
    ways = (page, *page.other_ways)
    read = [(way, read_one_way(way, classifier, language, row_reader)) for way in ways]
    return max(read, key=lambda way: way[1].score)


def read_one_way(
    page: SegmentedPage,
    classifier: Classifier | None,
    language: Ngrams | None,
    row_reader: RowReader | None = None,
) -> Decoded:
    """Read a page as it lies."""
    if classifier is None:
        return decode_with_score(page, None, None, language, row_reader)
    parts = [classify(classifier, crops) for crops in crop_in_parts(page)]
    log_probs = np.concatenate(parts)  # (N, C)
    return decode_with_score(page, log_probs, classifier.alphabet, language, row_reader)


def classify(classifier: Classifier, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the log-probability [N, C] of each class for each crop [N, 32, 32].

    The C outputs are the characters of the alphabet, then "not a letter" if it has that.
    """
    if not len(crops):  # a blank page needs no classifier, which may be slow to start
        return np.zeros((0, len(classifier.alphabet)), np.float32)
    return classifier.log_probs(crops)
