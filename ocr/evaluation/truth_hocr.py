"""Lines of text of hOCR, which is HTML and seldom well-formed XML."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from ocr.errors import DataError

PAGE, WORD = "ocr_page", "ocrx_word"
LINES = {"ocr_line", "ocrx_line", "ocr_header", "ocr_caption", "ocr_textfloat"}  # as Tesseract has
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}


def lines_of(content: str, file: Path) -> list[str]:
    """Text of each line, as they come: its words, or what stands in it without words.

    Raises
    ------
    DataError
        If there is no page in it.
    """
    parser = _Parser()
    parser.feed(content)
    parser.close()
    if not parser.pages:
        raise DataError(f"cannot read {file}: no element of class {PAGE} (export it as hOCR)")
    return ["".join(line) for line in parser.lines]


class _Parser(HTMLParser):
    """Collects the text within lines, with a space around each word."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = 0
        self.lines: list[list[str]] = []
        self._open: list[tuple[str, set[str]]] = []
        self._tags: Counter[str] = Counter()  # of `_open`, not to look through it each time
        self._classes: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        classes = set((dict(attrs).get("class") or "").split())
        self.pages += PAGE in classes
        if classes & LINES:
            self.lines.append([])
        self._space(classes)
        self._open.append((tag, classes))
        self._tags[tag] += 1
        self._classes.update(classes)

    def handle_endtag(self, tag: str) -> None:
        if not self._tags[tag]:
            return
        name = ""
        while name != tag:  # what HTML lets stay open ends here too
            name, classes = self._open.pop()
            self._tags[name] -= 1
            self._classes.subtract(classes)
            self._space(classes)

    def handle_data(self, data: str) -> None:
        if not self._within(LINES):
            return
        # white between the glyphs of a word is the file's own
        if data.strip() or not self._within({WORD}):
            self.lines[-1].append(data)

    def _space(self, classes: set[str]) -> None:
        """Part a word from its neighbours."""
        if WORD in classes and self._within(LINES):
            self.lines[-1].append(" ")

    def _within(self, classes: set[str]) -> bool:
        return any(self._classes[name] for name in classes)
