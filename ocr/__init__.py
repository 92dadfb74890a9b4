"""Read hand-printed text from images.

>>> import ocr
>>> page = ocr.read("samples/note.jpg")  # doctest: +SKIP
>>> print(page.text)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocr.classifiers import load as load_model
    from ocr.page import Box, Glyph, Line, Page, Word

__version__ = "0.1.0"
__all__ = ["Box", "Glyph", "Line", "Page", "Word", "__version__", "load_model", "read"]

_HOMES = {
    "Box": ("ocr.page", "Box"),
    "Glyph": ("ocr.page", "Glyph"),
    "Line": ("ocr.page", "Line"),
    "Page": ("ocr.page", "Page"),
    "Word": ("ocr.page", "Word"),
    "load_model": ("ocr.classifiers", "load"),
}


def read(
    path: str | Path,
    *,
    model: str | Path = "default",
    alphabet: str | None = None,
    language: str | Path | None = "english",
    reject: float = 0.0,
) -> Page:
    """Page read from an image file, its first where it has several.

    Parameters
    ----------
    path : str or Path
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
    """
    from ocr import classifiers, image, pipeline

    classifier = classifiers.load(model, alphabet=alphabet)
    ngrams = pipeline.language_model(language)
    return pipeline.read(image.load(path)[0], classifier, language=ngrams).rejecting(reject)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import ocr` alone loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ocr' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value: object = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
