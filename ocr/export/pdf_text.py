"""Invisible text over a page of a PDF, to search, select and copy.

The font has no outlines; each character gets its own code and an entry in a table from codes to
Unicode, as in the text layers of Tesseract and OCRmyPDF.
"""

from __future__ import annotations

import math
from io import BytesIO
from itertools import count, pairwise

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from pikepdf import (
    Array,
    Dictionary,
    Matrix,
    Name,
    Operator,
    Page,
    Pdf,
    unparse_content_stream,
)
from pikepdf.canvas import ContentStreamBuilder

from ocr.export.pdf_existing import INVISIBLE
from ocr.page import Baseline, Box, Line, Word

UNITS = 1000  # per em, as in PDF
ADVANCE = 500  # units from one character to the next
CAPITAL = 700  # units, the cap height of common fonts, from which readers estimate gaps
MIN_SPACE = 0.1  # px between words that touch
MAX_CLIMB = 0.5  # cap heights from end to end, of a line whose words are level
PER_BLOCK = 100  # entries, the maximum in a block of a CMap
FIXED_PITCH, SYMBOLIC = 1, 4  # flags of a font descriptor

CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{blocks}endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


class InvisibleFont:
    """A font of a PDF that adds characters as they are used; complete after `finish`."""

    def __init__(self, pdf: Pdf) -> None:
        self._codes: dict[str, int] = {}
        self._unicode = pdf.make_stream(b"")
        self._glyphs = pdf.make_stream(b"")
        name = Name("/Invisible")
        file = _font_file()
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=name,
            Flags=FIXED_PITCH | SYMBOLIC,
            FontBBox=Array([0, 0, ADVANCE, CAPITAL]),
            ItalicAngle=0,
            Ascent=CAPITAL,
            Descent=-1,  # 0 would count as missing
            CapHeight=CAPITAL,
            StemV=80,
            FontFile2=pdf.make_stream(file, Length1=len(file)),
        )
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=name,
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=ADVANCE,
            CIDToGIDMap=self._glyphs,
        )
        self._font = pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=name,
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=self._unicode,
            )
        )

    def add_to(self, page: Page) -> Name:
        """Add the font to a page under a free name, and return the name."""
        fonts = page.resources.get(Name.Font, Dictionary())
        names = (Name(f"/Invisible{number}") for number in count())
        free = next(n for n in names if n not in fonts or fonts[n].objgen == self._font.objgen)
        return page.add_resource(self._font, Name.Font, free)

    def encode(self, text: str) -> bytes:
        """Return the codes of characters, two bytes each."""
        codes = (self._codes.setdefault(c, len(self._codes) + 1) for c in text)
        return b"".join(code.to_bytes(2, "big") for code in codes)

    def finish(self) -> None:
        """Write the table from codes to characters."""
        entries = [f"<{n:04X}> <{c.encode('utf-16-be').hex()}>" for c, n in self._codes.items()]
        blocks = [entries[i : i + PER_BLOCK] for i in range(0, len(entries), PER_BLOCK)]
        table = "".join(
            "\n".join([f"{len(block)} beginbfchar", *block, "endbfchar", ""]) for block in blocks
        )
        self._unicode.write(CMAP.format(blocks=table).encode("ascii"))
        # every code has the blank glyph: PDF/A forbids the glyph for missing characters
        self._glyphs.write(b"\0\1" * (len(self._codes) + 1))


def _font_file() -> bytes:
    """Return a TrueType font of two glyphs without area, always the same bytes."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))  # a line has no area, but an extent, by which PDFium measures letters
    pen.lineTo((ADVANCE, CAPITAL))
    pen.closePath()
    names = [".notdef", "blank"]
    font = FontBuilder(UNITS, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({})
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics({name: (ADVANCE, 0) for name in names})
    font.setupHorizontalHeader(ascent=CAPITAL, descent=-1)
    font.setupPost(isFixedPitch=1)
    font.font.recalcTimestamp = False
    font.font["head"].created = font.font["head"].modified = 0
    file = BytesIO()
    font.save(file)
    return file.getvalue()


def text_layer(
    lines: tuple[Line, ...],
    font: InvisibleFont,
    name: Name,
    to_page: Matrix,
    visible: frozenset[Word] = frozenset(),
) -> bytes:
    """Return a content stream that writes the words of lines at their positions.

    `name` is that of the font on the page, and `to_page` maps pixels, y downward, to the page's
    user space. Words in `visible`, which the page shows as text, are left out.
    """
    content = ContentStreamBuilder()
    content.push().begin_text().set_text_rendering(INVISIBLE)
    for line in lines:
        _write_line(content, line, font, name, to_page, visible)
    return content.end_text().pop().build()


def _write_line(
    content: ContentStreamBuilder,
    line: Line,
    font: InvisibleFont,
    name: Name,
    to_page: Matrix,
    visible: frozenset[Word],
) -> None:
    words = [word for word in line.words if word not in visible]
    if not words:
        return
    base = line.baseline or Baseline(line.box.bottom, line.box.bottom, line.box.height)
    size = base.capital * UNITS / CAPITAL
    content.set_text_font(name, size)
    if abs(base.right - base.left) < MAX_CLIMB * base.capital:
        _write_level(content, words, line.box, base, size, font, to_page)
    else:
        _write_sloped(content, words, line.box, base, size, font, to_page)


def _write_level(
    content: ContentStreamBuilder,
    words: list[Word],
    line: Box,
    base: Baseline,
    size: float,
    font: InvisibleFont,
    to_page: Matrix,
) -> None:
    """Write each word level, as its box is, at the height of its middle.

    PDF readers split a word that climbs by half a point.
    """
    ends = [(float(word.box.left), float(word.box.right)) for word in words]
    for word, (left, right), space in zip(words, ends, _spaces(ends), strict=True):
        share = ((left + right) / 2 - line.left) / line.width
        y = base.left + share * (base.right - base.left)
        content.set_text_matrix(Matrix(1, 0, 0, -1, left, y) @ to_page)
        for text, width in ((word.text, right - left), (" ", space)):
            if width:
                scale = width / (len(text) * size * ADVANCE / UNITS)
                content.set_text_horizontal_scaling(100 * scale)
                content.show_text(font.encode(text))


def _write_sloped(
    content: ContentStreamBuilder,
    words: list[Word],
    line: Box,
    base: Baseline,
    size: float,
    font: InvisibleFont,
    to_page: Matrix,
) -> None:
    """Write words along the baseline, as one string with a text of its own.

    Without that text, pdftotext would split it into letters; PDFium looks for it in one string.
    """
    angle = math.atan2(base.right - base.left, line.width)
    cos, sin = math.cos(angle), math.sin(angle)
    ends = [_ends_along(word.box, line, base, angle) for word in words]
    string: list[bytes | float] = []
    for word, (start, end), space in zip(words, ends, _spaces(ends), strict=True):
        for text, width in ((word.text, end - start), (" ", space)):
            step = UNITS * width / (len(text) * size)
            string += [part for c in text if width for part in (font.encode(c), ADVANCE - step)]
    start = ends[0][0]
    place = Matrix(cos, sin, sin, -cos, line.left + start * cos, base.left + start * sin)
    span = Dictionary(ActualText=" ".join(word.text for word in words))
    content.extend(unparse_content_stream([([Name.Span, span], Operator("BDC"))]))
    content.set_text_horizontal_scaling(100).set_text_matrix(place @ to_page)
    content.show_text_with_kerning(*string).end_marked_content()


def _ends_along(word: Box, line: Box, base: Baseline, angle: float) -> tuple[float, float]:
    """Return start and end of a word along the baseline, in pixels from its left end.

    The box of a turned word is wider than the word, by the height of its letters.
    """
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = (word.left + word.right) / 2 - line.left, (word.top + word.bottom) / 2 - base.left
    middle = x * cos + y * sin
    length = (word.width - min(base.capital, word.height) * abs(sin)) / cos
    return middle - length / 2, middle + length / 2


def _spaces(ends: list[tuple[float, float]]) -> list[float]:
    """Return the pixels of space after each word; none after the last."""
    return [*(max(after[0] - word[1], MIN_SPACE) for word, after in pairwise(ends)), 0.0]
