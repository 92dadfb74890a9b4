"""Pages as comma-separated values (RFC 4180), a row for each word."""

from __future__ import annotations

import csv
from io import StringIO

from ocr.export.json import rounded
from ocr.export.markup import proper
from ocr.input.page_image import PageImage
from ocr.page import Page

COLUMNS = (
    "file", "page", "line", "word", "left", "top", "right", "bottom", "confidence", "text",
)  # fmt: skip


class Writer:
    """One table of all pages; lines and words are counted from 1 on each page."""

    def __init__(self) -> None:
        self._text = StringIO(newline="")
        self._rows = csv.writer(self._text)
        self._rows.writerow(COLUMNS)

    def add(self, image: PageImage, page: Page) -> None:
        """Add the words of the next page."""
        file = proper(image.name.removesuffix(f"#{image.number}"))
        for line_number, line in enumerate(page.lines, start=1):
            for word_number, word in enumerate(line.words, start=1):
                place = file, image.number, line_number, word_number
                score = rounded(word.confidence)
                self._rows.writerow([*place, *word.box, score, proper(word.text)])

    def finish(self) -> bytes:
        """Return the content of the file."""
        return self._text.getvalue().encode()
