"""Read images with a model that is loaded once."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from dataclasses import replace
from pathlib import Path

from ocr import classifiers, pipeline
from ocr.decode.language import language_model
from ocr.input.arrays import Source, load_pages
from ocr.input.page_image import MAX_PIXELS
from ocr.input.page_numbers import PageNumbers
from ocr.page import Page
from ocr.rows import Readers, load_row_reader
from ocr.segment import load_binarizer


class Reader:
    """Read any number of images with one model, from any number of threads.

    Parameters
    ----------
    model, alphabet, language, reject, binarize, rotate, reader
        See `ocr.read`.
    threads : int, optional
        Maximum number of cores that classify one page; by default all. If your own threads
        read pages, 1 is fastest.

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
        binarize: str | Path = "network",
        rotate: bool = True,
        reader: Readers = "both",
    ) -> None:
        self._classifier: classifiers.Classifier | None = None
        if reader != "rows":
            self._classifier = classifiers.load(model, alphabet=alphabet, threads=threads)
        self._row_reader = load_row_reader(reader, model, alphabet, threads=threads)
        self._ngrams = language_model(language)
        self._reject = reject
        self._rotate = rotate
        self._binarizer = load_binarizer(binarize, threads=threads)

    def read(self, source: Source) -> Page:
        """Read an image, or the first page of a file that has several; see `ocr.read`."""
        return next(self.pages(source))

    def pages(
        self, source: Source, *, select: str | None = None, max_pixels: int = MAX_PIXELS
    ) -> Iterator[Page]:
        """Yield the pages of an image file, each read when it is requested; see `read`.

        `select` names pages as ``"1,3-5,9-"``; images of more than `max_pixels` are refused
        before they are decoded. Raises ImageError if a page cannot be read or a selected page
        does not exist, and ValueError if `select` does not parse.

        >>> [len(page.lines) for page in Reader().pages("samples/note.jpg")]
        [7]
        """
        numbers = None if select is None else PageNumbers.parse(select)
        for image in load_pages(source, select=numbers, max_pixels=max_pixels):
            page = pipeline.read(
                image,
                self._classifier,
                language=self._ngrams,
                binarizer=self._binarizer,
                rotate=self._rotate,
                row_reader=self._row_reader,
            )
            page = replace(page, name=image.name, number=image.number, dpi=image.dpi)
            yield page.rejecting(self._reject)


#: Process number to the options and the reader of its last call of `kept_reader`. A forked
#: process keeps its parent's reader alive: freeing the model waits for threads it does not have.
_kept: dict[int, tuple[Hashable, Reader]] = {}


def kept_reader(
    model: str | Path,
    alphabet: str | None,
    language: str | Path | None,
    binarize: str | Path = "network",
    rotate: bool = True,
    reader: Readers = "both",
) -> Reader:
    """Return the reader of the last call unless the options or the model files have changed."""
    options = (
        _file_state(classifiers.find(model)),
        alphabet,
        _language_state(language),
        _binarizer_state(binarize),
        rotate,
        reader,
    )
    last = _kept.get(os.getpid())
    if last is not None and last[0] == options:
        return last[1]
    kept = Reader(
        model=model,
        alphabet=alphabet,
        language=language,
        binarize=binarize,
        rotate=rotate,
        reader=reader,
    )
    _kept[os.getpid()] = options, kept
    return kept


def _language_state(language: str | Path | None) -> Hashable:
    path = Path(language or "")
    is_file = language not in (None, "english") and path.is_file()
    return _file_state(path) if is_file else language


def _binarizer_state(binarize: str | Path) -> Hashable:
    return _file_state(Path(binarize)) if Path(binarize).is_file() else binarize


def _file_state(path: Path) -> Hashable:
    """Return path, size and modification time, which change when the file is rewritten."""
    status = path.stat()
    return path.resolve(), status.st_size, status.st_mtime_ns
