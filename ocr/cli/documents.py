"""What commands write in the formats of `ocr.export`."""

from __future__ import annotations

import sys
from pathlib import Path

from ocr import export
from ocr.errors import OutputError
from ocr.files import write_whole


def write_documents(contents: list[bytes], form: str, target: Path | None) -> None:
    """Write documents of one format to files, or one to standard output where there is no target.

    Raises
    ------
    OutputError
        Where a file cannot be written, or several documents would run together.
    """
    if target is not None:
        paths = export.paths_of(form, target, len(contents))
        for path, content in zip(paths, contents, strict=True):
            write_whole(path, content)
    elif len(contents) > 1:
        raise OutputError(
            f"cannot write {len(contents)} pages as {form} to standard output: each is a file "
            f"(give -o NAME{export.FORMATS[form][0]})"
        )
    else:
        sys.stdout.buffer.write(b"".join(contents))
        sys.stdout.buffer.flush()
