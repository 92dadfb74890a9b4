"""Writers of what `ocr read` reads: text, documents, overlays and crops."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ocr import export
from ocr.cli.destinations import (
    STDOUT,
    document_names,
    output_folder,
    refuse_overwriting,
    targets,
)
from ocr.cli.output import print_texts
from ocr.errors import OutputError
from ocr.files import make_folder, write_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.input.page_image import PageImage
    from ocr.page import Page


@dataclass(frozen=True)
class Result:
    """A page that was read.

    Attributes
    ----------
    file : str
        The argument that names its file.
    image : PageImage
    page : Page
    crops : ndarray, float32 [glyphs, 32, 32], or None
        Crop of each glyph as the classifier saw it, if requested.
    """

    file: str
    image: PageImage
    page: Page
    crops: NDArray[np.float32] | None = None


class Writer(Protocol):
    """Takes results, page by page, and writes them."""

    def add(self, result: Result) -> None:
        """Take the next page."""

    def finish(self) -> None:
        """Write what is left once all pages are in."""


def make_writers(
    images: Sequence[str],
    files: Sequence[str],
    *,
    forms: Sequence[str],
    outputs: Sequence[str],
    overlay: Path | None,
    crops: Path | None,
    headers: bool | None,
) -> list[Writer]:
    """Make a writer for everything that `ocr read` writes.

    `images` are the arguments, `files` the files that they stand for; with None for `headers`,
    file names are printed if there are several files.

    Raises
    ------
    click.UsageError
        If formats and outputs do not fit together.
    OcrError
        If an image or another output would be overwritten, or a format lacks its extra.
    """
    writers: list[Writer] = []
    folder = output_folder(images, forms, outputs)
    paths = [] if folder else targets(forms, outputs)
    forms = list(dict.fromkeys(forms or ["text"]))
    refuse_overwriting(files, [path for _, path in paths] + [overlay, crops])
    if crops is not None:
        writers.append(CropFile(crops))
    if overlay is not None:
        writers.append(Overlays(overlay, files))
    if folder is not None:
        for form in forms:
            names = document_names(files, form).values()
            refuse_overwriting(files, [folder / name for name in names])
        writers += [DocumentFolder(form, folder, files) for form in forms]
    for form, path in paths:
        if (form, path) == ("text", None):
            writers.append(TextStream(len(files) > 1 if headers is None else headers))
        else:
            writers.append(DocumentFile(form, path))
    return writers


class TextStream:
    """Prints the text of each page as soon as it is read."""

    def __init__(self, headers: bool) -> None:
        self._headers = headers
        self._file: str | None = None

    def add(self, result: Result) -> None:
        """Print the text of a page, below the name of its file if it is the file's first."""
        texts = [result.page.text]
        if self._headers and result.file != self._file:
            gap = "" if self._file is None else "\n"
            texts.insert(0, f"{gap}==> {_printable(result.file)} <==\n")
        self._file = result.file
        print_texts(texts)

    def finish(self) -> None:
        """Do nothing: everything is printed."""


def _printable(file: str) -> str:
    return "standard input" if file == STDOUT else os.fsencode(file).decode(errors="replace")


class DocumentFile:
    """Writes all pages in one format to a file, or to standard output where `path` is None."""

    def __init__(self, form: str, path: Path | None) -> None:
        self._form, self._path = form, path
        self._documents = export.Documents(form)
        self._is_empty = True

    def add(self, result: Result) -> None:
        """Take the next page."""
        self._documents.add(result.image, result.page)
        self._is_empty = False

    def finish(self) -> None:
        """Write the documents; without a page, what an earlier run wrote is kept."""
        if self._is_empty:
            return
        contents = self._documents.finish()
        if self._path is not None:
            _write_documents(contents, self._form, self._path)
        elif len(contents) > 1:
            raise OutputError(
                f"cannot write {len(contents)} pages as {self._form} to standard output: each is "
                f"a file (give -o NAME{export.FORMATS[self._form][0]})"
            )
        else:
            sys.stdout.buffer.write(b"".join(contents))
            sys.stdout.buffer.flush()


class DocumentFolder:
    """Writes the pages of each file to a document of its own in a folder."""

    def __init__(self, form: str, folder: Path, files: Sequence[str]) -> None:
        self._form, self._folder = form, folder
        self._names = document_names(files, form)
        self._images = {Path(file).resolve() for file in files}
        self._documents = export.Documents(form)
        self._file: str | None = None
        self._number = 0
        make_folder(folder)

    def add(self, result: Result) -> None:
        """Take the next page; the first of another file completes the document before."""
        is_next = result.file == self._file and result.image.number > self._number
        if self._file is not None and not is_next:  # a file may be named twice, too
            self.finish()
            self._documents = export.Documents(self._form)
        self._documents.add(result.image, result.page)
        self._file, self._number = result.file, result.image.number

    def finish(self) -> None:
        """Write the document of the last file."""
        if self._file is not None:
            path = self._folder / self._names[self._file]
            _write_documents(self._documents.finish(), self._form, path, self._images)


class Overlays:
    """Draws each page over its image: in `path`, or in NAME-1, NAME-2 ... if there are several."""

    def __init__(self, path: Path, files: Iterable[str]) -> None:
        self._path = path
        self._images = {Path(file).resolve() for file in files}
        self._first = b""
        self._count = 0

    def add(self, result: Result) -> None:
        """Draw a page; the first is written once it is known whether there is a second."""
        self._count += 1
        drawing = self._draw(result)
        if self._count == 1:
            self._first = drawing
            return
        if self._count == 2:
            _write_new(self._numbered(1), self._first, self._images)
        _write_new(self._numbered(self._count), drawing, self._images)

    def finish(self) -> None:
        """Write the drawing of an only page."""
        if self._count == 1:
            _write_new(self._path, self._first, self._images)

    def _draw(self, result: Result) -> bytes:
        from ocr.export.save import draw

        return draw(result.image, result.page, self._path.suffix.lower())

    def _numbered(self, number: int) -> Path:
        return self._path.with_stem(f"{self._path.stem}-{number}")


class CropFile:
    """Writes the crop of every glyph."""

    def __init__(self, path: Path) -> None:
        from ocr.export.crops import crop_writer

        self._writer = crop_writer(path)

    def add(self, result: Result) -> None:
        """Take the crops of the next page."""
        assert result.crops is not None
        self._writer.add(result.image, result.page, result.crops)

    def finish(self) -> None:
        """Write the list of crops."""
        self._writer.finish()


def _write_documents(
    contents: Sequence[bytes], form: str, path: Path, images: Container[Path] = ()
) -> None:
    """Write a document to `path`, or several to names with a number."""
    paths = export.paths_of(form, path, len(contents))
    for numbered, content in zip(paths, contents, strict=True):
        _write_new(numbered, content, images)


def _write_new(path: Path, content: bytes, images: Container[Path]) -> None:
    """Write a file, unless it is one of the images."""
    if path.resolve() in images:
        raise OutputError(f"cannot write {path}: it is an image that is read (name another file)")
    write_whole(path, content)
