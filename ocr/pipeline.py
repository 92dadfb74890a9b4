"""An image to a page of text, in four statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.decode import read_rows, read_rows_and_crops
from ocr.decode.language import Ngrams
from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Line, Page
from ocr.segment import Segmentation, arranged, find_letters
from ocr.segment.components import letter_height

if TYPE_CHECKING:
    from ocr.classifiers import Classifier

SHORT_SIDE = 700  # px of the longer side; a page is not made smaller than that
LARGE_LETTERS = 40  # px: strokes are still two pixels wide, and a crop holds no more
FAST_LETTERS = 18  # px: enough on a photograph of many pixels, which would take long
PHOTOGRAPH = 2_900_000  # px, as 12 megapixels are decoded
SMALL_LETTERS = 24  # px: what a crop holds; smaller ones are enlarged in any case
LARGEST = 12_000_000  # px of a page that is enlarged; more would take long, and much memory
LEAST_ENLARGED = 1.2  # times; less would blur more than it parts


def read(image: PageImage, classifier: Classifier, *, language: Ngrams | None) -> Page:
    """Read a page.

    Parameters
    ----------
    image : PageImage
        As `ocr.input.loading.load` gives it.
    classifier : Classifier
    language : Ngrams or None
        None reads each letter by its shape, size and place alone.

    Returns
    -------
    Page
        Boxes in pixels of the original upright image; no lines on a blank page.
    """
    return read_segmented(*segment_at_letter_size(image), classifier, language=language)


def read_segmented(
    image: PageImage, segmentation: Segmentation, classifier: Classifier, *, language: Ngrams | None
) -> Page:
    """Read a page whose rows were found by `segment_at_letter_size`; see `read`."""
    return _page(image, read_rows(segmentation, classifier, language))


def read_with_crops(
    image: PageImage, segmentation: Segmentation, classifier: Classifier, *, language: Ngrams | None
) -> tuple[Page, NDArray[np.float32]]:
    """Read a page as `read_segmented` does, and keep what the classifier saw of each glyph.

    Returns
    -------
    page : Page
    crops : ndarray, float32 [glyphs, 32, 32]
        Ink 1.0 on paper 0.0, in the order of the page's glyphs.
    """
    lines, crops = read_rows_and_crops(segmentation, classifier, language)
    return _page(image, lines), crops


def _page(image: PageImage, lines: Iterable[Line]) -> Page:
    width, height = image.size
    return Page(width, height, tuple(to_original(line, image) for line in lines))


def segment_at_letter_size(image: PageImage) -> tuple[PageImage, Segmentation]:
    """Find the rows at a resolution that the size of the letters asks for.

    Returns
    -------
    image : PageImage
        The given one, halved where its letters are large, enlarged where they are small.
    segmentation : Segmentation
        Of that image.
    """
    if max(image.gray.shape) >= 2 * SHORT_SIDE:
        small = halved(image)
        ink, letters = find_letters(small.gray)
        enough = FAST_LETTERS if image.gray.size >= PHOTOGRAPH else LARGE_LETTERS
        if letter_height(letters) >= enough:
            return small, arranged(ink, letters)
    ink, letters = find_letters(image.gray)
    factor = min(2.0, (LARGEST / image.gray.size) ** 0.5)
    if 0 < letter_height(letters) < SMALL_LETTERS and factor > LEAST_ENLARGED:
        del ink, letters  # as large as what is worked out next
        image = enlarged(image, factor)
        ink, letters = find_letters(image.gray)
    return image, arranged(ink, letters)


def halved(image: PageImage) -> PageImage:
    """A quarter of the pixels."""
    return replace(image, gray=np.asarray(image.picture().reduce(2)), scale=image.scale / 2)


def enlarged(image: PageImage, factor: float) -> PageImage:
    """More pixels a side: between small letters, the white gets wide enough to cut."""
    height, width = (round(factor * side) for side in image.gray.shape)
    picture = image.picture().resize((width, height), Image.Resampling.BICUBIC)
    return replace(image, gray=np.asarray(picture), scale=factor * image.scale)


def to_original(line: Line, image: PageImage) -> Line:
    """Scale a line's boxes from working pixels to the original's."""
    words = tuple(
        replace(w, glyphs=tuple(replace(g, box=scaled(g.box, image)) for g in w.glyphs))
        for w in line.words
    )
    return replace(line, words=words, baseline=_scaled_baseline(line.baseline, image.scale))


def _scaled_baseline(baseline: Baseline | None, scale: float) -> Baseline | None:
    if baseline is None:
        return None
    return Baseline(baseline.left / scale, baseline.right / scale, baseline.capital / scale)


def scaled(box: Box, image: PageImage) -> Box:
    """Box in original pixels, at least one wide and high and inside the image."""
    width, height = image.size
    left = min(int(box.left / image.scale), width - 1)
    top = min(int(box.top / image.scale), height - 1)
    right = min(max(round(box.right / image.scale), left + 1), width)
    bottom = min(max(round(box.bottom / image.scale), top + 1), height)
    return Box(left, top, right, bottom)
