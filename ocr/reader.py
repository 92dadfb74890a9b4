"""Images of every kind to pages, with a model that is loaded once."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr import classifiers, pipeline
from ocr.decode.language import language_model
from ocr.errors import ImageError
from ocr.input import arrays, loading
from ocr.input.page_image import MAX_PIXELS
from ocr.input.page_numbers import PageNumbers

if TYPE_CHECKING:
    from ocr.input.page_image import PageImage
    from ocr.page import Page

#: What can be read: a file, its content, an open file, pixels, or a picture of Pillow's.
Source: TypeAlias = (
    str | Path | bytes | bytearray | memoryview | BinaryIO | NDArray[Any] | Image.Image
)


class Reader:
    """What reads image after image with one model, from as many threads as there are.

    Parameters
    ----------
    model : str or Path
        Name of a model that comes with the package, or a model file.
    alphabet : str, optional
        The only characters there are on the pages, or the name of an alphabet.
    language : "english", str, Path or None
        What letters are likely to follow one another; None for codes and lists of letters,
        a path for what `ocr language` made of your own texts.
    threads : int, optional
        Most cores that classify one page; by default all. Where pages are read by threads of
        your own, 1 is quickest.
    reject : float
        Letters less sure than that, 0 to 1, become U+FFFD, the replacement character.

    Raises
    ------
    ModelError
        If the model or the language model cannot be loaded.

    Examples
    --------
    >>> reader = Reader(threads=1)
    >>> reader.read("samples/note.jpg").lines[0].text
    'SHOPPING FOR FRIDAY'
    """

    def __init__(
        self,
        *,
        model: str | Path = "default",
        alphabet: str | None = None,
        language: str | Path | None = "english",
        threads: int | None = None,
        reject: float = 0.0,
    ) -> None:
        self._classifier = classifiers.load(model, alphabet=alphabet, threads=threads)
        self._ngrams = language_model(language)
        self._reject = reject

    def read(self, source: Source) -> Page:
        """Page read from an image, the first where a file has several.

        Parameters
        ----------
        source : str, Path, bytes, binary file, ndarray or PIL.Image.Image
            A file's path, its content, an open file, or pixels: uint8, bool, or floats from 0
            to 1, of shape [h, w], [h, w, 3] (RGB) or [h, w, 4] (RGBA).

        Returns
        -------
        Page
            Boxes in pixels of the upright image; no lines on a blank page.

        Raises
        ------
        ImageError
            If it cannot be read.
        """
        return next(self.pages(source))

    def pages(
        self, source: Source, *, select: str | None = None, max_pixels: int = MAX_PIXELS
    ) -> Iterator[Page]:
        """Pages of an image file, each read when it is asked for; see `read`.

        Parameters
        ----------
        source : str, Path, bytes, binary file, ndarray or PIL.Image.Image
        select : str, optional
            Only these pages, as ``"1,3-5,9-"``.
        max_pixels : int
            Images of more are refused before they are decoded.

        Raises
        ------
        ImageError
            If a page cannot be read, or one that is selected is not there.
        ValueError
            If `select` names no pages.

        Examples
        --------
        >>> [len(page.lines) for page in Reader().pages("samples/note.jpg")]
        [7]
        """
        numbers = None if select is None else PageNumbers.parse(select)
        for page_image in _page_images(source, numbers, max_pixels):
            page = pipeline.read(page_image, self._classifier, language=self._ngrams)
            yield page.rejecting(self._reject)


def _page_images(
    source: Source, select: PageNumbers | None, max_pixels: int
) -> Iterator[PageImage]:
    if isinstance(source, np.ndarray):
        source = arrays.picture_of(source)
    if isinstance(source, Image.Image):
        if select is not None:
            select.check(1, "the picture")
        yield loading.of_picture(source, max_pixels=max_pixels)
        return
    if isinstance(source, (bytearray, memoryview)):
        source = bytes(source)
    if not isinstance(source, (str, Path, bytes)) and not hasattr(source, "read"):
        raise ImageError(
            f"cannot read a {type(source).__name__} (give a path, bytes, a binary file, "
            "an array or a picture of Pillow's)"
        )
    yield from loading.pages(source, select=select, max_pixels=max_pixels)


#: Process to the options and the reader of its last call of `kept`. A forked process leaves its
#: parent's alone: to free a model there waits for threads that were not forked with it.
_kept: dict[int, tuple[Hashable, Reader]] = {}


def kept(model: str | Path, alphabet: str | None, language: str | Path | None) -> Reader:
    """Reader with these options: the one before, if neither they nor the files have changed."""
    options = _state(classifiers.find(model)), alphabet, _language_state(language)
    before = _kept.get(os.getpid())
    if before is not None and before[0] == options:
        return before[1]
    reader = Reader(model=model, alphabet=alphabet, language=language)
    _kept[os.getpid()] = options, reader
    return reader


def _language_state(language: str | Path | None) -> Hashable:
    path = Path(language or "")
    return _state(path) if language not in (None, "english") and path.is_file() else language


def _state(path: Path) -> Hashable:
    """A file's place, size and time, which tell whether it was written anew."""
    status = path.stat()
    return path.resolve(), status.st_size, status.st_mtime_ns
