"""Helpers shared by the XML formats: identifiers, numbers and valid text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from ocr.export.json import rounded
from ocr.page import REJECTED

PAGES = "pages"  # comment that marks where pages go; escaped text cannot look like it

#: Characters that a document must not contain, even escaped (XML 1.0, section 2.2).
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def proper(text: str) -> str:
    r"""Replace what XML cannot hold, such as control characters and surrogates, by U+FFFD.

    >>> proper("caf\udce9 & \x07") == "caf\N{REPLACEMENT CHARACTER} & \N{REPLACEMENT CHARACTER}"
    True
    """
    return FORBIDDEN.sub(REJECTED, text)


def share(confidence: float) -> str:
    """Format a confidence from 0 to 1 as in JSON."""
    return str(rounded(confidence))


def identity(kind: str, *numbers: int) -> str:
    """Return the identifier of an element by its position in the file.

    >>> identity("word", 1, 2, 3)
    'word_1_2_3'
    """
    return "_".join([kind, *map(str, numbers)])


def root_of(tag: str, namespace: str, schema: str, **attributes: str) -> ET.Element:
    """Return the root of a document that names its schema."""
    names = {
        "xmlns": namespace,
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:schemaLocation": f"{namespace} {schema}",
    }
    return ET.Element(tag, names, **attributes)


def part(page: ET.Element) -> bytes:
    """Serialize a page, indented as a grandchild of the root.

    This takes a tenth of the memory of its elements, so that a document can have many pages.
    """
    ET.indent(page, level=2)
    return serialize(page)


def serialize(element: ET.Element) -> bytes:
    """Serialize an element without indenting it, in UTF-8."""
    content: bytes = ET.tostring(element, encoding="utf-8")
    return content


def document(root: ET.Element, pages: Iterable[bytes] = (), doctype: str = "") -> bytes:
    """Return the whole file in UTF-8, with the pages in place of the comment `PAGES`."""
    ET.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + doctype
    around = serialize(root).split(f"<!--{PAGES}-->".encode())
    return head.encode() + b"\n    ".join(pages).join(around) + b"\n"
