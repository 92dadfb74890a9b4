"""Render PDF pages as gray images with PDFium, at a resolution that suits reading.

Boxes are pixels of the upright page, cropped as viewers show it, at `DPI`. Whatever resolution
the page was rendered at, ``x_pt = x_px * 72 / DPI`` from the page's left; y from its top likewise.
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
    WORKING_SIDE,
    PageImage,
    check_pixels,
    exclusive_decoding,
    open_binary,
    page_name,
    source_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pypdfium2 as pdfium
    from numpy.typing import NDArray

    from ocr.input.page_numbers import PageNumbers

DPI = 300  # of `PageImage.size`, and the maximum for drawn pages: more does not help reading
POINT = 1 / 72  # inch
PAGES_PER_OPENING = 32  # then the file is opened again, to free what PDFium keeps of it
MIN_SCAN_AREA = 0.9  # of the page's area; images that cover as much are a scan of the page
MAX_ROUNDING = 0.01  # difference of a scan's two resolutions, as pages have whole points


def pages(
    file: BinaryIO, name: str, *, select: PageNumbers | None, max_pixels: int
) -> Iterator[PageImage]:
    """Render one page after the other; see `ocr.input.loading.pages`.

    `max_pixels` also limits the images on a page. PDFium supports only one thread at a time.
    """
    last = count(file, name)
    if select is not None:
        select.check(last, name)
    wanted = [number for number in range(1, last + 1) if select is None or number in select]
    for start in range(0, len(wanted), PAGES_PER_OPENING):
        with _open_document(file, name) as document:
            for number in wanted[start : start + PAGES_PER_OPENING]:
                yield _render_page(document, number, page_name(name, number), max_pixels)


def count(file: BinaryIO, name: str) -> int:
    """Count the pages."""
    with _open_document(file, name) as document:
        return len(document)


def visible_letters(source: str | Path | bytes, number: int) -> NDArray[np.float64]:
    """Return the boxes [n, 4] of the visible letters of a page's own text.

    They are left, bottom, right and top in the page's user space. Pages are counted from 1.
    """
    name = source_name(source)
    with (
        exclusive_decoding(),
        open_binary(source) as file,
        _open_document(file, name) as document,
        _open_page(document, number, page_name(name, number)) as page,
    ):
        return np.array(list(_visible_letters(page)), np.float64).reshape(-1, 4)


def _visible_letters(page: pdfium.PdfPage) -> Iterator[tuple[float, float, float, float]]:
    from pypdfium2 import raw

    text = page.get_textpage()
    for letter in range(text.count_chars()):
        part = raw.FPDFText_GetTextObject(text, letter)  # None for a space that PDFium adds
        if part and raw.FPDFTextObj_GetTextRenderMode(part) != raw.FPDF_TEXTRENDERMODE_INVISIBLE:
            yield text.get_charbox(letter, loose=True)


@contextlib.contextmanager
def _open_document(file: BinaryIO, name: str) -> Iterator[pdfium.PdfDocument]:
    try:
        import pypdfium2 as pdfium
    except ImportError as error:
        raise MissingExtraError(f"reading {name}, a PDF,", "pdf") from error

    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        raise ImageError(f"cannot read {name}: {_reason_unreadable(str(error))}") from error
    try:
        document.init_forms()  # so that filled-in fields are drawn
        yield document
    finally:
        document.close()


def _reason_unreadable(message: str) -> str:
    """Explain PDFium's message, and what to do."""
    if "password" in message.lower():
        return "it needs a password (save it without: qpdf --decrypt --password=... IN OUT)"
    if "security" in message.lower():
        return "its protection is not known (print it to another PDF)"
    return f"the PDF is damaged, or has no pages {COPY_AGAIN}"


def _render_page(
    document: pdfium.PdfDocument, number: int, name: str, max_pixels: int
) -> PageImage:
    with _open_page(document, number, name) as page:
        for picture in _images_of(page):
            check_pixels(picture.get_px_size(), name, max_pixels)  # PDFium decodes it whole
        resolution = _resolution(page)
        gray = _render(page, _pixels(page, resolution))
        if gray.min() == gray.max() and any(map(_is_damaged, _images_of(page))):
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
def _open_page(document: pdfium.PdfDocument, number: int, name: str) -> Iterator[pdfium.PdfPage]:
    import pypdfium2 as pdfium

    try:
        page = document[number - 1]
        try:
            yield page
        finally:
            page.close()
    except pdfium.PdfiumError as error:
        raise ImageError(f"cannot read {name}: the page is damaged {COPY_AGAIN}") from error


def _images_of(page: pdfium.PdfPage, **options: int) -> Iterator[pdfium.PdfImage]:
    from pypdfium2 import raw

    found: Iterator[pdfium.PdfImage] = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], **options)
    return found


def _is_damaged(picture: pdfium.PdfImage) -> bool:
    """Whether PDFium cannot decode an image, which it then leaves out or renders black."""
    from pypdfium2 import raw

    bitmap = raw.FPDFImageObj_GetBitmap(picture)
    raw.FPDFBitmap_Destroy(bitmap)
    return not bitmap or _stays_packed(picture)


def _stays_packed(picture: pdfium.PdfImage) -> bool:
    """Whether unpacking an image that PDFium can unpack, such as Flate, changes nothing."""
    if not picture.get_filters() or picture.get_filters(skip_simple=True):
        return False
    return bytes(picture.get_data()) == bytes(picture.get_data(decode_simple=True))


def _resolution(page: pdfium.PdfPage) -> float:
    """Return the pixels per point to render a page at.

    A scan keeps its pixels or is reduced, as an image file is. Anything drawn is rendered at up
    to `DPI`: small print is read better than from fewer pixels, and in the same time.
    """
    longer: float = max(page.get_size())
    most = TOLERANCE[1] * WORKING_SIDE
    scan = _scan_resolution(page) * longer
    drawn = 0 if scan and _has_only_images(page) else min(most, longer * DPI * POINT)
    return max(WORKING_SIDE if scan > most else scan, drawn, 1) / longer


def _scan_resolution(page: pdfium.PdfPage) -> float:
    """Return the pixels per point of the images that cover a page; 0 if they do not."""
    area, resolution = 0.0, 0.0
    for picture in _images_of(page, max_depth=1):
        a, b, c, d, _, _ = picture.get_matrix().get()
        width, height = math.hypot(a, b), math.hypot(c, d)  # points, at any rotation
        if width and height:
            columns, rows = picture.get_px_size()
            area += width * height
            resolution = max(resolution, _common_resolution(columns / width, rows / height))
    page_width, page_height = page.get_size()
    return resolution if area >= MIN_SCAN_AREA * page_width * page_height else 0.0


def _common_resolution(across: float, down: float) -> float:
    """Return one resolution for both directions: the finer one of a fax, otherwise the coarser."""
    is_square = abs(across - down) < MAX_ROUNDING * across
    return min(across, down) if is_square else max(across, down)


def _has_only_images(page: pdfium.PdfPage) -> bool:
    """Whether nothing is visible on a page but images."""
    from pypdfium2 import raw

    no_drawing = {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM}  # parts of forms are listed too
    return all(
        part.type in no_drawing
        or part.type == raw.FPDF_PAGEOBJ_TEXT
        and raw.FPDFTextObj_GetTextRenderMode(part) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
        for part in page.get_objects()
    )


def _pixels(page: pdfium.PdfPage, resolution: float) -> tuple[int, int]:
    """Width and height of a page in pixels, at a resolution in pixels per point."""
    width, height = page.get_size()
    return max(1, round(width * resolution)), max(1, round(height * resolution))


def _render(page: pdfium.PdfPage, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Render a page to gray, uint8 [h, w], at exactly this width and height.

    `PdfPage.render` rounds up, which would blur a scan that is one pixel smaller.
    """
    import pypdfium2 as pdfium
    from pypdfium2 import raw

    bitmap = pdfium.PdfBitmap.new_native(*size, raw.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
    arguments = (bitmap, page, 0, 0, *size, 0, raw.FPDF_ANNOT | raw.FPDF_GRAYSCALE)
    raw.FPDF_RenderPageBitmap(*arguments)
    if page.formenv:
        raw.FPDF_FFLDraw(page.formenv, *arguments)
    gray: NDArray[np.uint8] = bitmap.to_numpy().reshape(size[::-1]).copy()
    bitmap.close()
    return gray
