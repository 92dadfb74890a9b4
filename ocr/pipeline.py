"""An image to a page of text, in four statements."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ocr.classifiers import Classifier
from ocr.decode import read_rows
from ocr.decode.language import Ngrams
from ocr.image import PageImage
from ocr.models_dir import models_dir
from ocr.page import Box, Line, Page
from ocr.segment import segment


def read(image: PageImage, classifier: Classifier, *, language: Ngrams | None) -> Page:
    """Read a page.

    Parameters
    ----------
    image : PageImage
        As `ocr.image.load` gives it.
    classifier : Classifier
    language : Ngrams or None
        None reads each letter by its shape, size and place alone.

    Returns
    -------
    Page
        Boxes in pixels of the original upright image; no lines on a blank page.
    """
    segmentation = segment(image.gray)
    lines = read_rows(segmentation, classifier, language)
    width, height = image.size
    return Page(width, height, tuple(to_original(line, image) for line in lines))


@cache
def english() -> Ngrams:
    """Return the language model that ships with ocr."""
    return Ngrams.load(models_dir() / "english.ngrams.npz")


def to_original(line: Line, image: PageImage) -> Line:
    """Scale a line's boxes from working pixels to the original's."""
    words = tuple(
        replace(w, glyphs=tuple(replace(g, box=scaled(g.box, image)) for g in w.glyphs))
        for w in line.words
    )
    return replace(line, words=words)


def scaled(box: Box, image: PageImage) -> Box:
    """Box in original pixels, at least one wide and high and inside the image."""
    width, height = image.size
    left = min(int(box.left / image.scale), width - 1)
    top = min(int(box.top / image.scale), height - 1)
    right = min(max(round(box.right / image.scale), left + 1), width)
    bottom = min(max(round(box.bottom / image.scale), top + 1), height)
    return Box(left, top, right, bottom)
