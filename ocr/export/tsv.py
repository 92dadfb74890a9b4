"""Pages as tab-separated values, in the twelve columns of Tesseract."""

from __future__ import annotations

from ocr.export.markup import proper
from ocr.input.page_image import PageImage
from ocr.page import Box, Page, Word

COLUMNS = (
    "level", "page_num", "block_num", "par_num", "line_num", "word_num",
    "left", "top", "width", "height", "conf", "text",
)  # fmt: skip
PAGE, BLOCK, PARAGRAPH, LINE, WORD = range(1, 6)  # levels
NO_CONFIDENCE = "-1"  # in rows that are not words


class Writer:
    """A row for each page, its block and paragraph, each line and each word.

    A page is one block of one paragraph; a blank page is one row.
    """

    def __init__(self) -> None:
        self._rows = ["\t".join(COLUMNS)]
        self._pages = 0

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page."""
        self._pages += 1
        self._add(PAGE, Box(0, 0, page.width, page.height))
        if not page.lines:
            return
        block = Box.around(line.box for line in page.lines)
        self._add(BLOCK, block, 1)
        self._add(PARAGRAPH, block, 1, 1)
        for number, line in enumerate(page.lines, start=1):
            self._add(LINE, line.box, 1, 1, number)
            for place, word in enumerate(line.words, start=1):
                self._add(WORD, word.box, 1, 1, number, place, word=word)

    def finish(self) -> bytes:
        """Return the content of the file."""
        return "".join(row + "\n" for row in self._rows).encode()

    def _add(self, level: int, box: Box, *numbers: int, word: Word | None = None) -> None:
        places = (*numbers, 0, 0, 0, 0)[:4]
        values = (level, self._pages, *places, box.left, box.top, box.width, box.height)
        conf, text = (_percent(word.confidence), _cell(word.text)) if word else (NO_CONFIDENCE, "")
        self._rows.append("\t".join([*map(str, values), conf, text]))


def _percent(confidence: float) -> str:
    return f"{100 * confidence:.2f}"


def _cell(text: str) -> str:
    """Return text without the separators of columns and rows."""
    return proper(text).translate({ord(c): " " for c in "\t\n\r"})
