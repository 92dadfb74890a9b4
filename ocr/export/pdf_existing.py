"""Text that a PDF page already has: drop the invisible text, and find the visible words.

OCRmyPDF and other programs lay invisible text over a page, some of them in a form XObject.
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
SHOW_TEXT = {"Tj", "TJ"}  # operators
SHOW_ON_NEXT_LINE = {"'", '"'}  # operators that also move to the next line
MAX_HEIGHT = 4  # of a letter, in heights of the word that it is in; a stamp on the page is larger


def drop_invisible_text(page: Page, pdf: Pdf) -> None:
    """Remove the text that another program laid over a page, so that nothing is found twice."""
    for form in _forms(page.resources, set()):
        if SETS_INVISIBLE.search(form.read_bytes()):
            form.write(unparse_content_stream(list(_visible(parse_content_stream(form)))))
    contents = page.obj.get(Name.Contents, Array())
    streams = contents if isinstance(contents, Array) else [contents]
    # an instruction can be split between two streams
    if SETS_INVISIBLE.search(b"\n".join(stream.read_bytes() for stream in streams)):
        kept = list(_visible(parse_content_stream(page)))
        page.obj.Contents = pdf.make_stream(unparse_content_stream(kept))


def _forms(resources: Object, found: set[tuple[int, int]]) -> Iterator[Object]:
    """Yield the form XObjects of a page and those nested in them, each once."""
    for form in resources.get(Name.XObject, Dictionary()).values():
        if form.get(Name.Subtype) == Name.Form and form.objgen not in found:
            found.add(form.objgen)
            yield form
            yield from _forms(form.get(Name.Resources, Dictionary()), found)


def _visible(instructions: Iterable[Instruction]) -> Iterator[Instruction]:
    """Yield the instructions of a content stream without invisible text."""
    mode, outer = 0, list[int]()
    for instruction in instructions:
        operator = str(instruction.operator)
        if operator == "q":
            outer.append(mode)
        elif operator == "Q" and outer:
            mode = outer.pop()
        elif operator == "Tr":
            mode = int(instruction.operands[0])
        if mode != INVISIBLE or operator not in SHOW_TEXT | SHOW_ON_NEXT_LINE:
            yield instruction
        elif operator in SHOW_ON_NEXT_LINE:
            operands = [*instruction.operands][:-1]
            yield ContentStreamInstruction([*operands, String("")], instruction.operator)


def visible_words(
    lines: Iterable[Line], letters: NDArray[np.float64], to_page: Matrix
) -> frozenset[Word]:
    """Return the words that a page already shows as text.

    `letters` [n, 4] are left, bottom, right and top of each letter of that text, in the page's
    user space, to which `to_page` maps pixels, y downward.
    """
    if not len(letters):
        return frozenset()
    return frozenset(w for line in lines for w in line.words if _is_visible(w, letters, to_page))


def _is_visible(word: Word, letters: NDArray[np.float64], to_page: Matrix) -> bool:
    """Whether the centers of at least half of a word's glyphs are in letters of the page."""
    a, b, c, d, e, f = to_page.shorthand
    boxes = [glyph.box for glyph in word.glyphs]
    centers = np.array([[(x.left + x.right) / 2, (x.top + x.bottom) / 2, 1] for x in boxes])
    x, y = (centers @ [[a, b], [c, d], [e, f]]).T[:, :, None]
    left, bottom, right, top = letters.T
    max_size = MAX_HEIGHT * word.box.height * max(abs(b), abs(d))
    is_similar = np.maximum(right - left, top - bottom) <= max_size
    covers = is_similar & (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
    return bool(covers.any(axis=1).mean() >= 0.5)
