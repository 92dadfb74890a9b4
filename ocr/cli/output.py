"""Files that are there whole or not at all."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.errors import OutputError

if TYPE_CHECKING:
    from PIL.Image import Image


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file in one step, so that nobody ever finds half of it.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a pipe or /dev/stdout: nothing to replace
        else:
            _replace(path, data)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OutputError(f"cannot write {path}: {why} (name another file)") from error


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture as `write_whole` does, in PNG."""
    file = BytesIO()
    picture.save(file, "PNG")
    write_whole(path, file.getvalue())


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
