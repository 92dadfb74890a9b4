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
from pikepdf import Array, Dictionary, Matrix, Name, Page, Pdf
from pikepdf.canvas import ContentStreamBuilder

from ocr.export.pdf_existing import INVISIBLE
from ocr.page import Baseline, Line, Word

UNITS = 1000  # per em, as in PDF
ADVANCE = 500  # units from one character to the next
CAPITAL = 700  # units, the cap height of common fonts, from which readers estimate gaps
MIN_SPACE = 0.1  # px between words that touch
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
    base = line.baseline or Baseline(line.box.bottom, line.box.bottom, line.box.height)
    size = base.capital * UNITS / CAPITAL
    content.set_text_font(name, size)
    for word, space in zip(line.words, _spaces(line.words), strict=True):
        if word in visible:
            continue
        place, along = _word_matrix(word, line, base)
        content.set_text_matrix(place @ to_page)
        for text, width in ((word.text, word.box.width), (" ", space)):
            if width:
                scale = width * along / (len(text) * size * ADVANCE / UNITS)
                content.set_text_horizontal_scaling(100 * scale)
                content.show_text(font.encode(text))


def _word_matrix(word: Word, line: Line, base: Baseline) -> tuple[Matrix, float]:
    """Return the matrix that puts a word on its line, and its length per pixel of its width.

    A word that climbs less than the cap height is set level at the height of its middle, as its
    box is: pdftotext splits words that climb.
    """
    slope = (base.right - base.left) / line.box.width
    left, width = word.box.left, word.box.width
    start = base.left + slope * (left - line.box.left)
    if abs(slope) * width < base.capital:
        return Matrix(1, 0, 0, -1, left, start + slope * width / 2), 1.0
    along = math.hypot(1, slope)
    cos, sin = 1 / along, slope / along
    return Matrix(cos, sin, sin, -cos, left, start), along


def _spaces(words: tuple[Word, ...]) -> list[float]:
    """Return the pixels of space after each word; none after the last."""
    gaps = [float(after.box.left - word.box.right) for word, after in pairwise(words)]
    return [*(max(gap, MIN_SPACE) for gap in gaps), 0.0]
