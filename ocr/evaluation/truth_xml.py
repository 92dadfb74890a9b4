"""Read the lines of PAGE and ALTO XML of any version, as tools for correcting text write it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

from ocr.errors import DataError

SOFT_HYPHEN = "\N{SOFT HYPHEN}"  # in ALTO also the hyphen at the end of a line


def read_lines(content: bytes, file: Path) -> list[str]:
    """Return the text of each line, in reading order.

    PAGE: the first text of each line, or else its words; regions in the reading order of the
    file, then regions that it does not mention, in document order. ALTO: strings separated by
    spaces, in document order. DataError if it is neither, is damaged, or declares entities.
    """
    # no tool writes entities, and they can expand to gigabytes; UTF-16 has zeros between letters
    if b"<!ENTITY" in content.replace(b"\0", b""):
        raise DataError(f"cannot read {file}: it declares entities (save it without a DTD)")
    try:
        root = fromstring(content)
    except (ParseError, ValueError, LookupError) as error:
        raise DataError(
            f"cannot read {file}: not well-formed XML: {error} (export it again)"
        ) from error
    kind = _name(root)
    if kind == "PcGts":
        try:
            return list(_read_page(root))
        except RecursionError as error:
            raise DataError(
                f"cannot read {file}: its groups are nested too deep (export it again)"
            ) from error
    if kind == "alto":
        return [_text_of_alto(line) for line in _all(root, "TextLine")]
    raise DataError(f"cannot read {file}: <{kind}> is neither PAGE nor ALTO (export it as one)")


def _name(element: Element) -> str:
    """Return the name of an element without its namespace, which depends on the version."""
    return element.tag.rpartition("}")[2]


def _all(root: Element, name: str) -> Iterator[Element]:
    """Return the elements of a name at any depth, in document order."""
    return (element for element in root.iter() if _name(element) == name)


def _children(parent: Element, name: str) -> list[Element]:
    return [child for child in parent if _name(child) == name]


def _read_page(root: Element) -> Iterator[str]:
    for region in _sort_regions(root, list(_all(root, "TextRegion"))):
        lines = _children(region, "TextLine")
        if lines:
            yield from map(_text_of_page, lines)
        elif not _children(region, "TextRegion"):  # its text repeats that of the regions inside
            yield from _text_of_page(region).splitlines()


def _sort_regions(root: Element, regions: list[Element]) -> list[Element]:
    """Sort regions by the reading order of the file, those that it does not mention last."""
    named = [
        reference.get("regionRef", "")
        for order in _all(root, "ReadingOrder")
        for reference in _references(order)
    ]
    places = {name: place for place, name in reversed(list(enumerate(named)))}
    return sorted(regions, key=lambda region: places.get(region.get("id", ""), len(places)))


def _references(group: Element) -> Iterator[Element]:
    """Yield the references to regions, group by group, sorted by index if they have one."""
    for member in sorted(group, key=lambda m: _number(m.get("index"))):
        if member.get("regionRef"):
            yield member
        yield from _references(member)


def _number(index: str | None) -> float:
    """Return an index as a number; 0 without one, as for members of an unordered group."""
    return float(index) if index and index.isdecimal() else 0


def _text_of_page(element: Element) -> str:
    """Return the first text of a line, word or glyph, or else that of its words or glyphs."""
    texts = sorted(_children(element, "TextEquiv"), key=lambda t: _number(t.get("index")))
    for text in texts[:1]:
        for content in _children(text, "Unicode"):
            return content.text or ""
    words = " ".join(map(_text_of_page, _children(element, "Word")))
    return words or "".join(map(_text_of_page, _children(element, "Glyph")))


def _text_of_alto(line: Element) -> str:
    strings = [string.get("CONTENT", "") for string in _children(line, "String")]
    hyphens = [hyphen.get("CONTENT", "-") for hyphen in _children(line, "HYP")]
    return " ".join(strings) + "".join(hyphens).replace(SOFT_HYPHEN, "-")
