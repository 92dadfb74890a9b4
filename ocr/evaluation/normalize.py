"""What counts as the same text."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable

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


def all_letters(text: str) -> str:
    """The letters and digits of any script, case-folded; the page joined.

    Examples
    --------
    >>> all_letters("Λόγος, 2.")
    'λόγοσ2'
    """
    return "".join(c for c in unicodedata.normalize("NFC", text.casefold()) if c.isalnum())


def letters_of(truth: str) -> Callable[[str], str]:
    """What counts as letters on a page: those of its script.

    `letters_only` keeps to A-Z, as benchmarks of English do, and to 0-9; of a page that is
    mostly in other letters it would leave nothing.

    Examples
    --------
    >>> letters_of("Überfluß").__name__, letters_of("ΛΟΓΟΣ and words").__name__
    ('letters_only', 'letters_only')
    >>> letters_of("ΛΟΓΟΣ 2").__name__
    'all_letters'
    """
    # an é is an E with an accent
    letters = [unicodedata.normalize("NFD", c)[0] for c in truth if c.isalpha()]
    foreign = sum(not c.isascii() for c in letters)
    return all_letters if 2 * foreign > len(letters) else letters_only


def case_insensitive(text: str) -> str:
    """`strict` text, case-folded: spaces and punctuation still count."""
    return strict(text).casefold()
