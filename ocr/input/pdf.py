"""PDF pages as grey pictures, rendered by PDFium at a resolution that suits reading.

Boxes are told in pixels of the upright page, cropped as it is shown, at `DPI`: whatever the
resolution that was worked at, ``x_pt = x_px * 72 / DPI`` from the page's left, and as much from
its top.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ocr.errors import ImageError, MissingExtraError
from ocr.input.page_image import (
    COPY_AGAIN,
    TOLERANCE,
    PageImage,
    alone,
    check_pixels,
    name_of,
    numbered,
    opened,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pypdfium2 as pdfium
    from numpy.typing import NDArray

    from ocr.input.page_numbers import PageNumbers

DPI = 300  # of `PageImage.size`, and at most of what is no scan: more shows no more of letters
POINT = 1 / 72  # inch
TOGETHER = 32  # pages; then the file is opened anew, as PDFium keeps all that it has read of it
COVERS = 0.9  # of the page's area: such a picture is the page, scanned
SQUARE = 0.01  # by which the resolutions of a scan differ, as its page is cut to whole points


def pages(
    file: BinaryIO,
    name: str,
    *,
    select: PageNumbers | None,
    max_pixels: int,
    working_side: int,
) -> Iterator[PageImage]:
    """Render one page after the other; see `ocr.input.loading.pages`.

    PDFium bears one thread at a time.

    Raises
    ------
    ImageError
        If the file needs a password or is damaged, a picture in it has more than `max_pixels`,
        or it lacks a page of `select`.
    MissingExtraError
        If PDFium is not installed.
    """
    last = count(file, name)
    if select is not None:
        select.check(last, name)
    wanted = [number for number in range(1, last + 1) if select is None or number in select]
    for start in range(0, len(wanted), TOGETHER):
        with _opened(file, name) as document:
            for number in wanted[start : start + TOGETHER]:
                yield _page(document, number, numbered(name, number), max_pixels, working_side)


def count(file: BinaryIO, name: str) -> int:
    """How many pages there are."""
    with _opened(file, name) as document:
        return len(document)


def letters_seen(source: str | Path | bytes, number: int) -> NDArray[np.float64]:
    """Boxes of the letters of a page's own text, but of what is invisible.

    Parameters
    ----------
    source : str, Path or bytes
        The file's path or content.
    number : int
        Which page, from 1.

    Returns
    -------
    ndarray, float64 [n, 4]
        Left, bottom, right and top in the page's user space.

    Raises
    ------
    ImageError
        If the file or the page is damaged.
    """
    name = name_of(source)
    with (
        alone(),
        opened(source) as file,
        _opened(file, name) as document,
        _loaded(document, number, numbered(name, number)) as page,
    ):
        return np.array(list(_letters_seen(page)), np.float64).reshape(-1, 4)


def _letters_seen(page: pdfium.PdfPage) -> Iterator[tuple[float, float, float, float]]:
    from pypdfium2 import raw

    text = page.get_textpage()
    for letter in range(text.count_chars()):
        thing = raw.FPDFText_GetTextObject(text, letter)  # none of a space that PDFium adds
        if thing and raw.FPDFTextObj_GetTextRenderMode(thing) != raw.FPDF_TEXTRENDERMODE_INVISIBLE:
            yield text.get_charbox(letter, loose=True)


@contextlib.contextmanager
def _opened(file: BinaryIO, name: str) -> Iterator[pdfium.PdfDocument]:
    """PDFium's document, which is closed in the end."""
    try:
        import pypdfium2 as pdfium
    except ImportError as error:
        raise MissingExtraError(f"reading {name}, a PDF,", "pdf") from error

    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        raise ImageError(f"cannot read {name}: {_unopened(str(error))}") from error
    try:
        document.init_forms()  # what was filled in is drawn
        yield document
    finally:
        document.close()


def _unopened(told: str) -> str:
    """Why a document cannot be opened, and what to do."""
    if "password" in told.lower():
        return "it needs a password (save it without: qpdf --decrypt --password=... IN OUT)"
    if "security" in told.lower():
        return "its protection is not known (print it to another PDF)"
    return f"the PDF is damaged, or has no pages {COPY_AGAIN}"


def _page(
    document: pdfium.PdfDocument, number: int, name: str, max_pixels: int, working_side: int
) -> PageImage:
    with _loaded(document, number, name) as page:
        for size in _picture_sizes(page):
            check_pixels(size, name, max_pixels)
        longer = max(page.get_size())
        resolution = _side(page, longer, working_side) / longer  # pixels a point
        gray = _rendered(page, _pixels(page, resolution))
        if gray.min() == gray.max() and _has_damaged_picture(page):
            raise ImageError(f"cannot read {name}: the picture on it is damaged {COPY_AGAIN}")
        return PageImage(
            gray,
            scale=resolution / (DPI * POINT),
            size=_pixels(page, DPI * POINT),
            name=name,
            number=number,
            dpi=DPI,
        )


@contextlib.contextmanager
def _loaded(document: pdfium.PdfDocument, number: int, name: str) -> Iterator[pdfium.PdfPage]:
    """PDFium's page, which is closed in the end."""
    import pypdfium2 as pdfium

    try:
        page = document[number - 1]
        try:
            yield page
        finally:
            page.close()
    except pdfium.PdfiumError as error:
        raise ImageError(f"cannot read {name}: the page is damaged {COPY_AGAIN}") from error


def _picture_sizes(page: pdfium.PdfPage) -> Iterator[tuple[int, int]]:
    """Width and height in pixels of every picture on a page, which PDFium decodes whole."""
    from pypdfium2 import raw

    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        yield picture.get_px_size()


def _has_damaged_picture(page: pdfium.PdfPage) -> bool:
    """Whether there is a picture that PDFium cannot decode: it leaves it out, or black."""
    from pypdfium2 import raw

    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        bitmap = raw.FPDFImageObj_GetBitmap(picture)
        raw.FPDFBitmap_Destroy(bitmap)
        if not bitmap or _stays_packed(picture):
            return True
    return False


def _stays_packed(picture: pdfium.PdfImage) -> bool:
    """Whether a picture that PDFium can unpack by itself, as Flate, comes out as it went in."""
    if not picture.get_filters() or picture.get_filters(skip_simple=True):
        return False
    return bytes(picture.get_data()) == bytes(picture.get_data(decode_simple=True))


def _side(page: pdfium.PdfPage, longer: float, working_side: int) -> float:
    """Pixels that the longer side, given in points, is rendered to.

    A scan keeps its own, or is reduced, as an image file is; what is drawn is as sharp as one
    likes: small print is read better than from fewer pixels, and in the same time.
    """
    most = TOLERANCE[1] * working_side
    scan = _scan_resolution(page) * longer
    drawn = 0 if scan and _is_scan_alone(page) else min(most, longer * DPI * POINT)
    return max(working_side if scan > most else scan, drawn, 1)


def _scan_resolution(page: pdfium.PdfPage) -> float:
    """Pixels a point of the pictures that make up a page; 0 where they do not."""
    from pypdfium2 import raw

    area, resolution = 0.0, 0.0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=1):
        a, b, c, d, _, _ = picture.get_matrix().get()
        width, height = math.hypot(a, b), math.hypot(c, d)  # points, however it is turned
        if width and height:
            columns, rows = picture.get_px_size()
            area += width * height
            resolution = max(resolution, _resolution(columns / width, rows / height))
    page_width, page_height = page.get_size()
    return resolution if area >= COVERS * page_width * page_height else 0.0


def _resolution(across: float, down: float) -> float:
    """One for both directions: of a fax the finer, else that of which no pixel has to be made."""
    is_square = abs(across - down) < SQUARE * across
    return min(across, down) if is_square else max(across, down)


def _is_scan_alone(page: pdfium.PdfPage) -> bool:
    """Whether there is nothing to see on a page but pictures."""
    from pypdfium2 import raw

    unseen = {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM}  # of a form, its parts are told
    return all(
        thing.type in unseen
        or thing.type == raw.FPDF_PAGEOBJ_TEXT
        and raw.FPDFTextObj_GetTextRenderMode(thing) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
        for thing in page.get_objects()
    )


def _pixels(page: pdfium.PdfPage, resolution: float) -> tuple[int, int]:
    """Width and height of a page at so many pixels a point."""
    width, height = page.get_size()
    return max(1, round(width * resolution)), max(1, round(height * resolution))


def _rendered(page: pdfium.PdfPage, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Grey page, uint8 [h, w], that fills exactly so many pixels.

    `PdfPage.render` rounds up, which would blur a scan that is one pixel less.
    """
    import pypdfium2 as pdfium
    from pypdfium2 import raw

    bitmap = pdfium.PdfBitmap.new_native(*size, raw.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
    how = (bitmap, page, 0, 0, *size, 0, raw.FPDF_ANNOT | raw.FPDF_GRAYSCALE)
    raw.FPDF_RenderPageBitmap(*how)
    if page.formenv:
        raw.FPDF_FFLDraw(page.formenv, *how)
    gray: NDArray[np.uint8] = bitmap.to_numpy().reshape(size[::-1]).copy()
    bitmap.close()
    return gray
