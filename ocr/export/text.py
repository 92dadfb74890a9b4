"""Pages as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.page import Page


def dumps(pages: Sequence[tuple[str, Page]]) -> str:
    """Text of named pages, one after another, each line ended by a newline."""
    return "".join(page.text for _, page in pages)
