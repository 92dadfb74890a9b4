"""Text that a page of a PDF had before it was read: the unseen is dropped, the seen is kept.

OCRmyPDF and others lay invisible text over a page, some of them in a form that the page draws.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from pikepdf import (
    Array,
    ContentStreamInlineImage,
    ContentStreamInstruction,
    Dictionary,
    Matrix,
    Name,
    Object,
    Page,
    Pdf,
    String,
    parse_content_stream,
    unparse_content_stream,
)

from ocr.page import Line, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Instruction = ContentStreamInstruction | ContentStreamInlineImage

INVISIBLE = 3  # text rendering mode
SETS_INVISIBLE = re.compile(rb"\b3(\.0*)?\s+Tr\b")
SHOWING = {"Tj", "TJ"}  # operators that show text
SHOWING_BELOW = {"'", '"'}  # on the next line, to which they go
TALLEST = 4  # heights of a word, of text that it is; a stamp across the page is larger


def drop_invisible_text(page: Page, pdf: Pdf) -> None:
    """Take from a page what another program read there, so that nothing is found twice."""
    for form in _forms(page.resources, set()):
        if SETS_INVISIBLE.search(form.read_bytes()):
            form.write(unparse_content_stream(list(_seen(parse_content_stream(form)))))
    contents = page.obj.get(Name.Contents, Array())
    streams = contents if isinstance(contents, Array) else [contents]
    # between streams there is a space, where an instruction may be cut
    if SETS_INVISIBLE.search(b"\n".join(stream.read_bytes() for stream in streams)):
        kept = list(_seen(parse_content_stream(page)))
        page.obj.Contents = pdf.make_stream(unparse_content_stream(kept))


def _forms(resources: Object, found: set[tuple[int, int]]) -> Iterator[Object]:
    """Forms that may be drawn, and those that these may draw, each once."""
    for thing in resources.get(Name.XObject, Dictionary()).values():
        if thing.get(Name.Subtype) == Name.Form and thing.objgen not in found:
            found.add(thing.objgen)
            yield thing
            yield from _forms(thing.get(Name.Resources, Dictionary()), found)


def _seen(instructions: Iterable[Instruction]) -> Iterator[Instruction]:
    """Content stream without the text that is shown invisibly."""
    mode, outer = 0, list[int]()
    for instruction in instructions:
        operator = str(instruction.operator)
        if operator == "q":
            outer.append(mode)
        elif operator == "Q" and outer:
            mode = outer.pop()
        elif operator == "Tr":
            mode = int(instruction.operands[0])
        if mode != INVISIBLE or operator not in SHOWING | SHOWING_BELOW:
            yield instruction
        elif operator in SHOWING_BELOW:
            operands = [*instruction.operands][:-1]
            yield ContentStreamInstruction([*operands, String("")], instruction.operator)


def words_seen(
    lines: Iterable[Line], letters: NDArray[np.float64], to_page: Matrix
) -> frozenset[Word]:
    """Words that a page already shows as text.

    Parameters
    ----------
    lines : iterable of Line
    letters : ndarray, float64 [n, 4]
        Left, bottom, right and top of each letter of the page's text, in its user space.
    to_page : Matrix
        From pixels, y downward, to the page's user space.
    """
    if not len(letters):
        return frozenset()
    return frozenset(w for line in lines for w in line.words if _is_seen(w, letters, to_page))


def _is_seen(word: Word, letters: NDArray[np.float64], to_page: Matrix) -> bool:
    """Whether half of a word's letters or more have their middle in one of the page's."""
    a, b, c, d, e, f = to_page.shorthand
    boxes = [glyph.box for glyph in word.glyphs]
    middles = np.array([[(x.left + x.right) / 2, (x.top + x.bottom) / 2, 1] for x in boxes])
    x, y = (middles @ [[a, b], [c, d], [e, f]]).T[:, :, None]
    left, bottom, right, top = letters.T
    tallest = TALLEST * word.box.height * max(abs(b), abs(d))
    is_alike = np.maximum(right - left, top - bottom) <= tallest
    covers = is_alike & (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
    return bool(covers.any(axis=1).mean() >= 0.5)
