"""Pages as plain text, line by line."""

from __future__ import annotations

from ocr.input.page_image import PageImage
from ocr.page import Page


class Writer:
    """The texts of all pages in UTF-8."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page."""
        self._texts.append(page.text)

    def finish(self) -> bytes:
        """Return the content of the file."""
        return "".join(self._texts).encode()
