"""A page as an HTML fragment for notebooks: the text, its words colored by confidence."""

from __future__ import annotations

from html import escape

from ocr.export.overlay import color_of
from ocr.page import Page, Word


def format_page(page: Page) -> str:
    """Return the lines of a page; pointing at a word shows its confidence.

    >>> format_page(Page(40, 30))
    '<p>Page of 40x30 pixels without text</p>'
    """
    if not page.lines:
        return f"<p>Page of {page.width}x{page.height} pixels without text</p>"
    lines = (" ".join(map(_format_word, line.words)) for line in page.lines)
    return "<pre>" + "\n".join(lines) + "</pre>"


def _format_word(word: Word) -> str:
    color = bytes(color_of(word.confidence)).hex()
    title = f"{100 * word.confidence:.0f} %"
    return f'<span style="color: #{color}" title="{title}">{escape(word.text)}</span>'
