"""What is written on an image, as people give it: plain text, or what a tool let them correct."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ocr.errors import DataError
from ocr.evaluation import truth_hocr, truth_xml
from ocr.files import read_errors

PLAIN = ".gt.txt"

#: Endings of what is taken for the ground truth of NAME, the first that is there wins; and, for
#: those that other things have too, what its beginning must have.
ENDINGS: dict[str, tuple[bytes, ...]] = {
    PLAIN: (),
    ".page.xml": (),
    ".alto.xml": (),
    ".xml": (b"PcGts", b"alto"),
    ".hocr": (),
    ".hocr.html": (),
    ".json": (b'"pages"',),
}
BEGINNING = 4096  # bytes, of comments and names of schemas before what tells


def truth_of(image: Path) -> Path | None:
    """File beside an image that has its ground truth; None if there is none."""
    files = ((image.with_suffix(ending), marks) for ending, marks in ENDINGS.items())
    return next((file for file, marks in files if file.is_file() and _has(file, marks)), None)


def _has(file: Path, marks: tuple[bytes, ...]) -> bool:
    if not marks:
        return True
    with file.open("rb") as opened:
        beginning = opened.read(BEGINNING)
    return any(mark in beginning for mark in marks)


def text_of(file: Path) -> str:
    """Ground truth, a line of text for each on the image, in reading order.

    Parameters
    ----------
    file : Path
        NAME.gt.txt, as it was written; PAGE or ALTO XML, told by the root element; hOCR; or JSON
        as ``ocr read -f json`` writes it. Where lines and their words differ, in PAGE and JSON,
        lines count.

    Raises
    ------
    DataError
        If it cannot be read, or is not what its ending says.
    """
    with read_errors(file, DataError):
        content = file.read_bytes()
    if file.name.endswith(PLAIN):
        return _decoded(content, file)
    if file.suffix == ".json":
        lines = _lines_of_json(content, file)
    elif ".hocr" in file.suffixes[-2:]:
        lines = truth_hocr.lines_of(_decoded(content, file), file)
    else:
        lines = truth_xml.lines_of(content, file)
    return "".join(f"{line}\n" for line in (" ".join(line.split()) for line in lines) if line)


def _decoded(content: bytes, file: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"cannot read {file}: not UTF-8 (save it as UTF-8)") from error


def _lines_of_json(content: bytes, file: Path) -> list[str]:
    try:
        values: Any = json.loads(content)
        lines = [line["text"] for page in values["pages"] for line in page["lines"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"cannot read {file}: not JSON of ocr read -f json (write it anew, or to NAME{PLAIN})"
        ) from error
    if not all(isinstance(line, str) for line in lines):
        raise DataError(f"cannot read {file}: a line's text is no string (correct it)")
    return lines
