"""Settings of a run: with the inputs they determine the outputs."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocr import __version__
from ocr.errors import ModelError, OcrError
from ocr.files import read_errors, sha256
from ocr.input.page_image import MAX_PIXELS
from ocr.input.page_numbers import PageNumbers

if TYPE_CHECKING:
    from ocr.rows import Readers


@dataclass(frozen=True)
class Settings:
    """Settings for reading files, and the formats to write."""

    forms: tuple[str, ...] = ("text",)  # keys of `ocr.export.FORMATS`
    # as `ocr.read` takes them
    model: str = "default"
    reader: Readers = "both"
    alphabet: str | None = None
    language: str | None = "english"
    binarize: str = "network"
    rotate: bool = True
    reject: float = 0.0  # letters of lower confidence, 0 to 1, become U+FFFD
    # as `ocr.input.loading.pages` takes them
    select: PageNumbers | None = None
    max_pixels: int = MAX_PIXELS

    def fingerprint(self) -> str:
        """Return a digest of the settings, the bytes of the models and the version of ocr.

        ModelError if there is no such model or language model.
        """
        from ocr.classifiers import find

        parts = {**asdict(self), "model": digest(find(self.model), ModelError)}
        if self.language not in (None, "english"):
            parts["language"] = digest(Path(str(self.language)), ModelError)
        if Path(self.binarize).is_file():
            parts["binarize"] = digest(Path(self.binarize), ModelError)
        if "page" in self.forms:  # its files hold the date
            parts["date"] = os.environ.get("SOURCE_DATE_EPOCH")
        del parts["max_pixels"]  # decides whether a page is read, not how
        text = json.dumps([__version__, parts], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def digest(path: Path, kind: type[OcrError]) -> str:
    """Return the SHA-256 of a file; if it cannot be read, raise an error of that kind."""
    with read_errors(path, kind):
        return sha256(path)
