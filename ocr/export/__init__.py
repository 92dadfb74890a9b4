"""What was read, as files: one module a format, each with a writer.

>>> format_of(Path("scan.json"))
'json'
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ocr.input.page_image import PageImage
    from ocr.page import Page

#: Format to the endings of its files, the usual one first; its module in this package has a Writer.
FORMATS = {
    "text": (".txt",),
    "json": (".json",),
    "tsv": (".tsv",),
    "csv": (".csv",),
    "hocr": (".hocr", ".hocr.html"),
    "alto": (".alto.xml",),
    "page": (".page.xml",),
    "pdf": (".pdf",),
}

#: Formats whose files hold one page: a writer takes one, and several pages are several files.
PAGE_A_FILE = {"page"}


class Writer(Protocol):
    """What makes one file of all pages."""

    def add(self, image: PageImage, page: Page) -> None:
        """Take in the next page."""

    def finish(self) -> bytes:
        """Content of the file, once all pages are in."""


class Documents:
    """All pages in one of `FORMATS`: one document, or one for each page where it holds but one."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._writer = writer(form)
        self._of_pages: list[bytes] = []

    def add(self, image: PageImage, page: Page) -> None:
        """Take in the next page."""
        self._writer.add(image, page)
        if self._form in PAGE_A_FILE:
            self._of_pages.append(self._writer.finish())
            self._writer = writer(self._form)

    def finish(self) -> list[bytes]:
        """Contents of the files, once all pages are in."""
        return self._of_pages if self._form in PAGE_A_FILE else [self._writer.finish()]


def writer(form: str) -> Writer:
    """Make a writer of one of `FORMATS`."""
    made: Writer = import_module(f"ocr.export.{form}").Writer()
    return made


def format_of(path: Path) -> str | None:
    """Which of `FORMATS` the ending of a file's name says, whatever its case; None for another."""
    name = path.name.lower()
    return next((form for form, ends in FORMATS.items() if name.endswith(ends)), None)


def paths_of(form: str, path: Path, count: int) -> list[Path]:
    """Where so many documents go: a single one to `path`, several to names with a number.

    Examples
    --------
    >>> [path.name for path in paths_of("page", Path("v1.2.page.xml"), 2)]
    ['v1.2-1.page.xml', 'v1.2-2.page.xml']
    """
    if count == 1:
        return [path]
    endings = [end for end in FORMATS[form] if path.name.lower().endswith(end)]
    cut = len(path.name) - len((*endings, path.suffix)[0])
    stem, ending = path.name[:cut], path.name[cut:]
    return [path.with_name(f"{stem}-{number}{ending}") for number in range(1, count + 1)]
