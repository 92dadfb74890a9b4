"""Alphabets: the character that each output of a classifier stands for."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ocr.errors import ModelError

#: Letters of Western and Central European languages beyond ASCII, and a few common signs.
ACCENTED = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŠŽŸŒßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿšžœ"
SIGNS = "€£§°¿¡"

#: Unicode categories of incomplete signs: marks, joiners, controls, surrogates.
INCOMPLETE = ("Mn", "Mc", "Me", "Cf", "Cc", "Cs")
#: Halves of flags, and skin tones.
EMOJI_PARTS = frozenset(map(chr, (*range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400))))

#: Names that can be given instead of characters.
NAMED = {
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letters": string.ascii_uppercase + string.ascii_lowercase,
    "upper-digits": string.ascii_uppercase + string.digits,
    "alnum": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "ascii": string.digits + string.ascii_uppercase + string.ascii_lowercase + string.punctuation,
}
NAMED["latin"] = NAMED["ascii"] + ACCENTED + SIGNS


@dataclass(frozen=True)
class Alphabet:
    """Characters in the order of a classifier's outputs.

    Attributes
    ----------
    characters : str
        Output i stands for ``characters[i]``; no character occurs twice.
    reject : bool
        Whether another output follows, for "not a letter".

    >>> abc = Alphabet("ABC", reject=True)
    >>> len(abc), abc.index("C"), abc.reject_index
    (4, 2, 3)
    """

    characters: str
    reject: bool = False

    def __post_init__(self) -> None:
        if len(set(self.characters)) != len(self.characters):
            raise ValueError(f"alphabet names a character twice: {self.characters!r}")

    def __len__(self) -> int:
        """Count the outputs: the characters, and "not a letter" if there is one."""
        return len(self.characters) + self.reject

    def __contains__(self, character: str) -> bool:
        return character in self._indices

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {c: i for i, c in enumerate(self.characters)}

    def index(self, character: str) -> int:
        """Return the output that stands for `character`; KeyError if there is none."""
        return self._indices[character]

    @property
    def reject_index(self) -> int | None:
        """Output that stands for "not a letter", or None."""
        return len(self.characters) if self.reject else None

    def restricted(self, characters: str) -> tuple[Alphabet, NDArray[np.intp]]:
        """Return the alphabet of the `characters` that are in this one, and their outputs here.

        The "not a letter" output is kept, and so is the order of this alphabet.

        >>> Alphabet("ABC", reject=True).restricted("CB9")
        (Alphabet(characters='BC', reject=True), array([1, 2, 3]))
        """
        kept = "".join(c for c in self.characters if c in set(characters))
        outputs = [self.index(c) for c in kept]
        if self.reject:
            outputs.append(len(self.characters))
        return Alphabet(kept, self.reject), np.array(outputs, dtype=np.intp)


def characters_of(name_or_characters: str) -> str:
    """Return the characters of a named alphabet, or the given ones in NFC, each once, in order.

    Raises ModelError if a character needs several code points, such as a flag.

    >>> characters_of("digits")
    '0123456789'
    >>> characters_of("HELLO")
    'HELO'
    """
    text = NAMED.get(name_or_characters, unicodedata.normalize("NFC", name_or_characters))
    _check_single(text)
    return "".join(dict.fromkeys(c for c in text if not c.isspace()))


def _check_single(text: str) -> None:
    """Raise ModelError for an incomplete sign: an output stands for one code point."""
    for i, character in enumerate(text):
        part = unicodedata.category(character) in INCOMPLETE or character in EMOJI_PARTS
        if part and not character.isspace():
            raise ModelError(
                f"the alphabet has {text[max(i - 1, 0) : i + 1]!r}, which is no single character "
                "(leave it out, or let a character of the private use area stand for it)"
            )
