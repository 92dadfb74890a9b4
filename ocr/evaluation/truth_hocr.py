"""Read the lines of hOCR, which is HTML and rarely well-formed XML."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from ocr.errors import DataError

PAGE, WORD = "ocr_page", "ocrx_word"
LINES = {"ocr_line", "ocrx_line", "ocr_header", "ocr_caption", "ocr_textfloat"}  # of Tesseract
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}


def read_lines(content: str, file: Path) -> list[str]:
    """Return the text of each line in document order: its words, or its text if it has no words.

    DataError if the document has no page.
    """
    parser = _Parser()
    parser.feed(content)
    parser.close()
    if not parser.pages:
        raise DataError(f"cannot read {file}: no element of class {PAGE} (export it as hOCR)")
    return ["".join(line) for line in parser.lines]


class _Parser(HTMLParser):
    """Collect the text of lines, with a space around each word."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = 0
        self.lines: list[list[str]] = []
        self._open: list[tuple[str, set[str]]] = []
        self._tags: Counter[str] = Counter()  # counts of `_open`, which may be long
        self._classes: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        classes = set((dict(attrs).get("class") or "").split())
        self.pages += PAGE in classes
        if classes & LINES:
            self.lines.append([])
        self._separate(classes)
        self._open.append((tag, classes))
        self._tags[tag] += 1
        self._classes.update(classes)

    def handle_endtag(self, tag: str) -> None:
        if not self._tags[tag]:
            return
        name = ""
        while name != tag:  # elements inside whose end tag is omitted end here too
            name, classes = self._open.pop()
            self._tags[name] -= 1
            self._classes.subtract(classes)
            self._separate(classes)

    def handle_data(self, data: str) -> None:
        if not self._is_inside(LINES):
            return
        # white space between the glyphs of a word is only formatting
        if data.strip() or not self._is_inside({WORD}):
            self.lines[-1].append(data)

    def _separate(self, classes: set[str]) -> None:
        """Separate a word from its neighbors."""
        if WORD in classes and self._is_inside(LINES):
            self.lines[-1].append(" ")

    def _is_inside(self, classes: set[str]) -> bool:
        return any(self._classes[name] for name in classes)
