"""Read ground truth: plain text, or a file that was corrected in another tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ocr.errors import DataError
from ocr.evaluation import truth_hocr, truth_xml
from ocr.files import read_errors

PLAIN = ".gt.txt"

#: Endings of the ground truth of NAME; the first file that exists is used. If marks are given,
#: because other formats have the same ending, the beginning of the file must contain one.
ENDINGS: dict[str, tuple[bytes, ...]] = {
    PLAIN: (),
    ".page.xml": (),
    ".alto.xml": (),
    ".xml": (b"PcGts", b"alto"),
    ".hocr": (),
    ".hocr.html": (),
    ".json": (b'"pages"',),
}
BEGINNING = 4096  # bytes; comments and names of schemas may come before a mark


def find_truth(image: Path) -> Path | None:
    """Return the file next to an image that has its ground truth; None if there is none."""
    files = ((image.with_suffix(ending), marks) for ending, marks in ENDINGS.items())
    return next((f for f, marks in files if f.is_file() and _has_mark(f, marks)), None)


def _has_mark(file: Path, marks: tuple[bytes, ...]) -> bool:
    if not marks:
        return True
    with file.open("rb") as opened:
        beginning = opened.read(BEGINNING)
    return any(mark in beginning for mark in marks)


def read_truth(file: Path) -> str:
    """Read ground truth: the lines of the image in reading order, each a line of text.

    The file is NAME.gt.txt, returned as it is; PAGE or ALTO XML, recognized by the root element;
    hOCR; or JSON as ``ocr read -f json`` writes it. If a line and its words differ, in PAGE and
    JSON, the line counts. DataError if it cannot be read, or is not in the format of its ending.
    """
    with read_errors(file, DataError):
        content = file.read_bytes()
    if file.name.endswith(PLAIN):
        return _decode(content, file)
    if file.suffix == ".json":
        lines = _read_json(content, file)
    elif ".hocr" in file.suffixes[-2:]:
        lines = truth_hocr.read_lines(_decode(content, file), file)
    else:
        lines = truth_xml.read_lines(content, file)
    return "".join(f"{line}\n" for line in (" ".join(line.split()) for line in lines) if line)


def _decode(content: bytes, file: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"cannot read {file}: not UTF-8 (save it as UTF-8)") from error


def _read_json(content: bytes, file: Path) -> list[str]:
    try:
        values: Any = json.loads(content)
        lines = [line["text"] for page in values["pages"] for line in page["lines"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"cannot read {file}: not JSON of ocr read -f json (write it again, or NAME{PLAIN})"
        ) from error
    if not all(isinstance(line, str) for line in lines):
        raise DataError(f"cannot read {file}: the text of a line is not a string (correct it)")
    return lines
