"""Read hand-printed text from images.

>>> import ocr
>>> page = ocr.read("samples/note.jpg")
>>> page.lines[0].text
'SHOPPING FOR FRIDAY'
>>> page.lines[0].words[0].box
Box(left=95, top=83, right=628, bottom=171)
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ocr import errors

if TYPE_CHECKING:
    from ocr.classifiers import load as load_model
    from ocr.page import Box, Glyph, Line, Page, Word
    from ocr.reader import Reader, Source

__version__ = "0.1.0"
__all__ = [
    "Box",
    "Glyph",
    "Line",
    "Page",
    "Reader",
    "Word",
    "__version__",
    "errors",
    "load_model",
    "read",
]

_HOMES = {
    "Box": ("ocr.page", "Box"),
    "Glyph": ("ocr.page", "Glyph"),
    "Line": ("ocr.page", "Line"),
    "Page": ("ocr.page", "Page"),
    "Reader": ("ocr.reader", "Reader"),
    "Word": ("ocr.page", "Word"),
    "load_model": ("ocr.classifiers", "load"),
}


def read(
    source: Source,
    *,
    model: str | Path = "default",
    alphabet: str | None = None,
    language: str | Path | None = "english",
    reject: float = 0.0,
) -> Page:
    """Page read from an image, the first where a file has several.

    The model stays loaded until a call wants another one; `Reader` holds it for you, and reads
    files of several pages.

    Parameters
    ----------
    source : str, Path, bytes, binary file, ndarray or PIL.Image.Image
        A file's path, its content, an open file, or pixels: uint8, bool, or floats from 0 to 1,
        of shape [h, w], [h, w, 3] (RGB) or [h, w, 4] (RGBA).
    model : str or Path
        Name of a model that comes with the package, or a model file.
    alphabet : str, optional
        The only characters there are on the page, or the name of an alphabet.
    language : "english", str, Path or None
        What letters are likely to follow one another; None for codes and lists of letters,
        a path for what `ocr language` made of your own texts.
    reject : float
        Letters less sure than that, 0 to 1, become U+FFFD, the replacement character.

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
    from ocr import reader

    return reader.kept(model, alphabet, language).read(source).rejecting(reject)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import ocr` alone loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ocr' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value: object = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
