"""Write pages to files: one module per format, each with a `Writer`.

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

#: Format, which is also the name of its module, to the endings of its files, the usual one first.
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

#: Formats whose files hold a single page, so that several pages need several files.
PAGE_A_FILE = {"page"}


class Writer(Protocol):
    """Builds one file from all pages."""

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page."""

    def finish(self) -> bytes:
        """Return the content of the file after the last page."""


class Documents:
    """Builds one document of all pages, or one per page in formats of `PAGE_A_FILE`."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._writer = writer(form)
        self._finished: list[bytes] = []

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page."""
        self._writer.add(image, page)
        if self._form in PAGE_A_FILE:
            self._finished.append(self._writer.finish())
            self._writer = writer(self._form)

    def finish(self) -> list[bytes]:
        """Return the contents of the files after the last page."""
        return self._finished if self._form in PAGE_A_FILE else [self._writer.finish()]


def writer(form: str) -> Writer:
    """Return a new writer of one of `FORMATS`."""
    new: Writer = import_module(f"ocr.export.{form}").Writer()
    return new


def format_of(path: Path) -> str | None:
    """Return the format for the ending of a file name, in any case; None if it is unknown."""
    name = path.name.lower()
    return next((form for form, ends in FORMATS.items() if name.endswith(ends)), None)


def paths_of(form: str, path: Path, count: int) -> list[Path]:
    """Return the paths of `count` documents: `path` for one, numbered names for several.

    >>> [path.name for path in paths_of("page", Path("v1.2.page.xml"), 2)]
    ['v1.2-1.page.xml', 'v1.2-2.page.xml']
    """
    if count == 1:
        return [path]
    endings = [end for end in FORMATS[form] if path.name.lower().endswith(end)]
    cut = len(path.name) - len((*endings, path.suffix)[0])
    stem, ending = path.name[:cut], path.name[cut:]
    return [path.with_name(f"{stem}-{number}{ending}") for number in range(1, count + 1)]
