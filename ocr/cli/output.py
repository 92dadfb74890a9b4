"""Write text to standard output and pictures to files; several commands use this."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.files import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image


def print_texts(texts: Iterable[str]) -> None:
    """Print texts to standard output as they come.

    Files and pipes get UTF-8 whatever the system's encoding; "?" replaces what a terminal's
    encoding lacks.
    """
    stdout = sys.stdout
    if isinstance(stdout, TextIOWrapper):
        stdout.reconfigure(
            encoding=stdout.encoding if stdout.isatty() else "utf-8", errors="replace"
        )
    for text in texts:
        print(text, end="", flush=True)


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture as a PNG file, whole or not at all."""
    write_whole(path, png_of(picture))


def png_of(picture: Image) -> bytes:
    """Return the content of a PNG file of a picture."""
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
