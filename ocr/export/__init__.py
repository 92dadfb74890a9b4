"""What was read, as files: one module a format, each with a writer.

>>> format_of(Path("scan.json"))
'json'
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ocr.image import PageImage
    from ocr.page import Page

#: Format to the endings of its files, the usual one first; its module in this package has a Writer.
FORMATS = {
    "text": (".txt",),
    "json": (".json",),
}


class Writer(Protocol):
    """What makes one file of all pages."""

    def add(self, image: PageImage, page: Page) -> None:
        """Take in the next page."""

    def finish(self) -> bytes:
        """Content of the file, once all pages are in."""


def writer(form: str) -> Writer:
    """Make a writer of one of `FORMATS`."""
    made: Writer = import_module(f"ocr.export.{form}").Writer()
    return made


def format_of(path: Path) -> str | None:
    """Which of `FORMATS` the ending of a file's name says, whatever its case; None for another."""
    name = path.name.lower()
    return next((form for form, ends in FORMATS.items() if name.endswith(ends)), None)
