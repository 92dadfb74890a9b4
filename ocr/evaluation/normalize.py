"""What counts as the same text."""

from __future__ import annotations

import string
import unicodedata

LETTERS = frozenset(string.ascii_uppercase + string.digits)


def strict(text: str) -> str:
    r"""Text in NFC, every run of white space one space, none at the ends.

    Examples
    --------
    >>> strict(" TO  DO\nLIST\n")
    'TO DO LIST'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def letters_only(text: str) -> str:
    r"""The letters A-Z, upper-cased, and the digits; the page joined.

    Examples
    --------
    >>> letters_only("To-do\nlist 1.")
    'TODOLIST1'
    """
    return "".join(c for c in text.upper() if c in LETTERS)


def case_insensitive(text: str) -> str:
    """`strict` text, case-folded: spaces and punctuation still count."""
    return strict(text).casefold()
