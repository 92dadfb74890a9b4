"""Read hand-printed text from images.

>>> import ocr
>>> page = ocr.read("samples/note.jpg")
>>> page.lines[0].text
'SHOPPING FOR FRIDAY'
>>> page.lines[0].words[0].box
Box(left=95, top=83, right=629, bottom=171)
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ocr import errors

if TYPE_CHECKING:
    from ocr.classifiers import load as load_model
    from ocr.input.arrays import Source
    from ocr.page import Box, Glyph, Line, Page, Word
    from ocr.reader import Reader
    from ocr.rows import Readers

__version__ = "0.1.0"
__all__ = [
    # read one image, or many with a model that stays loaded
    "read",
    "Reader",
    "load_model",
    # the result: a page has lines, lines have words, words have glyphs
    "Page",
    "Line",
    "Word",
    "Glyph",
    "Box",
    # what can go wrong
    "errors",
    "__version__",
]  # fmt: skip

#: Public name to the module and attribute that define it, imported at first use.
_HOMES = {
    "Reader": ("ocr.reader", "Reader"),
    "load_model": ("ocr.classifiers", "load"),
    "Page": ("ocr.page", "Page"),
    "Line": ("ocr.page", "Line"),
    "Word": ("ocr.page", "Word"),
    "Glyph": ("ocr.page", "Glyph"),
    "Box": ("ocr.page", "Box"),
}
_PARTS_OF_A_PAGE = {"Line", "Word", "Glyph", "Box"}  # left out of help(ocr), to keep it short


def read(
    source: Source,
    *,
    model: str | Path = "default",
    alphabet: str | None = None,
    language: str | Path | None = "english",
    reject: float = 0.0,
    binarize: str | Path = "network",
    rotate: bool = True,
    reader: Readers = "both",
) -> Page:
    """Read an image, or the first page of a file that has several.

    The model stays loaded until a call names another one. `Reader` keeps it for longer and
    reads files of several pages.

    Parameters
    ----------
    source : str, Path, bytes, binary file, ndarray or PIL.Image.Image
        A file's path, its content, an open file, or pixels: uint8, bool, or floats from 0 to 1,
        of shape [h, w], [h, w, 3] (RGB) or [h, w, 4] (RGBA).
    model : str or Path
        Name of a model that comes with the package, or a model file.
    alphabet : str, optional
        Characters that can occur on the page, or the name of an alphabet.
    language : "english", str, Path or None
        Language model of which letters follow one another: a file made by `ocr language`, or
        None for codes and lists of letters.
    reject : float
        Letters of a confidence below this, 0 to 1, become U+FFFD, the replacement character.
    binarize : "network", "sauvola", "otsu", str or Path
        What finds the ink: the network that ships, a threshold for dark ink on plain light paper,
        or the file of a network that `ocr train --arch ink` made.
    rotate : bool
        Whether a page that lies on its side or upside down is set upright; see `Page.rotation`.
    reader : "letters", "rows" or "both"
        Read letters one by one with the model, whole rows with the network for joined and careless
        writing, or with both. With another model than "default", and where the network lacks a
        character of the alphabet, "both" is "letters".

    Raises
    ------
    ImageError, ModelError
        If the image, the model or the language model cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> read(np.full((300, 400), 255, np.uint8))
    Page(400x300, no lines)
    """
    from ocr.reader import kept_reader

    kept = kept_reader(model, alphabet, language, binarize, rotate, reader)
    return kept.read(source).rejecting(reject)


def __getattr__(name: str) -> object:
    """Import a public name at its first use, so that `import ocr` loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ocr' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value: object = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    """List what one starts from, so that help(ocr) is short; help(ocr.Line) works as well."""
    return sorted(set(__all__) - _PARTS_OF_A_PAGE)
