"""What the formats in XML share: names, numbers, and characters that XML cannot hold."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from ocr.export.json import rounded
from ocr.page import REJECTED

PAGES = "pages"  # the comment where pages of a document come in; no text looks like it, escaped

#: What no document may contain, not even escaped (XML 1.0, section 2.2).
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def proper(text: str) -> str:
    r"""Text that XML can hold: U+FFFD stands for controls and for bytes of a name that are no text.

    Examples
    --------
    >>> proper("caf\udce9 & \x07") == "caf\N{REPLACEMENT CHARACTER} & \N{REPLACEMENT CHARACTER}"
    True
    """
    return FORBIDDEN.sub(REJECTED, text)


def share(confidence: float) -> str:
    """Confidence from 0 to 1, as the JSON has it."""
    return str(rounded(confidence))


def identity(kind: str, *numbers: int) -> str:
    """Name of a part of the file, by its place in it.

    Examples
    --------
    >>> identity("word", 1, 2, 3)
    'word_1_2_3'
    """
    return "_".join([kind, *map(str, numbers)])


def part(page: ET.Element) -> bytes:
    """A page of a document, indented as a child of a child of the root.

    It takes a tenth of the memory of its elements, so that a document may have many.
    """
    ET.indent(page, level=2)
    return serialized(page)


def serialized(element: ET.Element) -> bytes:
    """Element as it stands, in UTF-8."""
    content: bytes = ET.tostring(element, encoding="utf-8")
    return content


def document(root: ET.Element, pages: Iterable[bytes] = (), doctype: str = "") -> bytes:
    """The whole file, in UTF-8, with the pages in the place of the comment `PAGES`."""
    ET.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + doctype
    around = serialized(root).split(f"<!--{PAGES}-->".encode())
    return head.encode() + b"\n    ".join(pages).join(around) + b"\n"
