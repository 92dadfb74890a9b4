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
    return _read_best_way(page, classifier, language, row_reader)[0].page


def read_with_crops(
    page: SegmentedPage,
    classifier: Classifier | None,
    *,
    language: Ngrams | None,
    row_reader: RowReader | None = None,
) -> tuple[Page, NDArray[np.float32]]:
    """Read a segmented page, and return the crop [glyphs, 32, 32] of each glyph too, in order."""
    best, way, crops = _read_best_way(page, classifier, language, row_reader)
    crops = crop(way) if crops is None else crops
    return best.page, crops[best.candidates]


def _read_best_way(
    page: SegmentedPage,
    classifier: Classifier | None,
    language: Ngrams | None,
    row_reader: RowReader | None,
) -> tuple[Decoded, SegmentedPage, NDArray[np.float32] | None]:
    """Read a page each way up that it may have; return the one with the likeliest text.

    The crops [N, 32, 32] of its candidates come with it, if there is a classifier.
    """
    ways = (page, *page.other_ways)
    read = [read_one_way(way, classifier, language, row_reader) for way in ways]
    best = max(range(len(ways)), key=lambda i: read[i][0].score)
    return read[best][0], ways[best], read[best][1]


def read_one_way(
    page: SegmentedPage,
    classifier: Classifier | None,
    language: Ngrams | None,
    row_reader: RowReader | None = None,
) -> tuple[Decoded, NDArray[np.float32] | None]:
    """Read a page as it lies; with a classifier, return the crop [N, 32, 32] of each candidate."""
    if classifier is None:
        return decode_with_score(page, None, None, language, row_reader), None
    crops = crop(page)  # (N, 32, 32)
    log_probs = classify(classifier, crops)  # (N, C)
    return decode_with_score(page, log_probs, classifier.alphabet, language, row_reader), crops


def classify(classifier: Classifier, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the log-probability [N, C] of each class for each crop [N, 32, 32].

    The C outputs are the characters of the alphabet, then "not a letter" if it has that.
    """
    if not len(crops):  # a blank page needs no classifier, which may be slow to start
        return np.zeros((0, len(classifier.alphabet)), np.float32)
    return classifier.log_probs(crops)
