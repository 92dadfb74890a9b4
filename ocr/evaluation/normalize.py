"""Normalize texts before they are compared."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable

LETTERS = frozenset(string.ascii_uppercase + string.digits)


def strict(text: str) -> str:
    r"""Return text in NFC, each run of white space as one space, without spaces at the ends.

    Examples
    --------
    >>> strict(" TO  DO\nLIST\n")
    'TO DO LIST'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def letters_only(text: str) -> str:
    r"""Return only the letters A-Z, in upper case, and the digits.

    Examples
    --------
    >>> letters_only("To-do\nlist 1.")
    'TODOLIST1'
    """
    return "".join(c for c in text.upper() if c in LETTERS)


def all_letters(text: str) -> str:
    """Return only the letters and digits of any script, case-folded.

    Examples
    --------
    >>> all_letters("Λόγος, 2.")
    'λόγοσ2'
    """
    return "".join(c for c in unicodedata.normalize("NFC", text.casefold()) if c.isalnum())


def letters_of(truth: str) -> Callable[[str], str]:
    """Choose the normalization that keeps the letters of the script of a page.

    That is `letters_only`, as in benchmarks of English, unless most letters are of another
    script, which it would leave out.

    Examples
    --------
    >>> letters_of("Überfluß").__name__, letters_of("ΛΟΓΟΣ and words").__name__
    ('letters_only', 'letters_only')
    >>> letters_of("ΛΟΓΟΣ 2").__name__
    'all_letters'
    """
    # NFD: an é is an E with an accent
    letters = [unicodedata.normalize("NFD", c)[0] for c in truth if c.isalpha()]
    foreign = sum(not c.isascii() for c in letters)
    return all_letters if 2 * foreign > len(letters) else letters_only


def case_insensitive(text: str) -> str:
    """Return `strict` text, case-folded: spaces and punctuation still count."""
    return strict(text).casefold()
