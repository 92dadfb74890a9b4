"""Searchable PDF: the pages unchanged, with an invisible layer of the text that was read."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from ocr import __version__
from ocr.errors import ImageError, MissingExtraError
from ocr.input.loading import is_pdf
from ocr.input.page_image import PageImage, open_binary
from ocr.input.pdf import visible_letters
from ocr.page import Page, Word

try:
    import fontTools  # noqa: F401  # used by the modules below
    import img2pdf  # noqa: F401
    import pikepdf
    from pikepdf import Matrix, Name, Pdf
    from pikepdf.canvas import ContentStreamBuilder
except ImportError as error:
    raise MissingExtraError("writing PDF", "pdf") from error

from ocr.export.pdf_existing import drop_invisible_text, visible_words
from ocr.export.pdf_image import embed
from ocr.export.pdf_text import InvisibleFont, text_layer

POINTS = 72  # per inch
DEFAULT_SIDE = 11.7  # inches, the longer side of A4, for an image without a resolution
MIN_DPI, MAX_DPI = 72, 300  # of such an image
MIN_SIDE, MAX_SIDE = 3, 14_400  # points, the limits of PDF
MIN_TRUSTED_DPI = 100  # cameras and screens write 72 or 96 without knowing


class Writer:
    """Builds a PDF of all pages; the same pages give the same bytes.

    A page of a PDF is copied without the invisible text of other programs; words that it shows
    as text get no second one. Images are embedded as they are if PDF supports their format.
    """

    def __init__(self) -> None:
        self._pdf = Pdf.new()
        self._font = InvisibleFont(self._pdf)
        self._source: tuple[str | Path | bytes, Pdf] | None = None  # the last PDF copied from
        self._title = ""

    def add(self, image: PageImage, page: Page) -> None:
        """Add the next page; ImageError if it is from a PDF that is too damaged to be copied."""
        self._title = self._title or _title(image)
        source = image.source
        if source is None or not _is_pdf(source):
            added, to_page = self._add_image(image)
            visible = frozenset[Word]()
        else:
            try:
                added, to_page = self._copy_page(source, image)
                visible = visible_words(page.lines, visible_letters(source, image.number), to_page)
            except (pikepdf.PdfError, IndexError) as error:
                raise ImageError(
                    f"cannot copy {image.name}: the PDF is damaged (print it to a new PDF)"
                ) from error
        name = self._font.add_to(added)
        added.contents_add(text_layer(page.lines, self._font, name, to_page, visible))

    def finish(self) -> bytes:
        """Return the content of the file."""
        self._font.finish()
        self._pdf.docinfo[Name.Producer] = f"ocr {__version__}"
        self._pdf.docinfo[Name.Title] = self._title
        file = BytesIO()
        packed = pikepdf.ObjectStreamMode.generate
        self._pdf.save(file, deterministic_id=True, object_stream_mode=packed)
        return file.getvalue()

    def _add_image(self, image: PageImage) -> tuple[pikepdf.Page, Matrix]:
        """Add a page with an image; return it and the matrix from its pixels to the page."""
        scale = min(POINTS / _resolution(image), MAX_SIDE / max(image.size))
        width, height = (side * scale for side in image.size)
        picture, upright = embed(image, self._pdf)
        size = max(width, MIN_SIDE), max(height, MIN_SIDE)
        page = self._pdf.add_blank_page(page_size=size)
        place = Matrix(width, 0, 0, height, 0, size[1] - height)  # at the top left
        content = ContentStreamBuilder().push().cm(upright @ place)
        content.draw_xobject(page.add_resource(picture, Name.XObject, Name.Picture)).pop()
        page.obj.Contents = self._pdf.make_stream(content.build())
        return page, Matrix(scale, 0, 0, -scale, 0, size[1])

    def _copy_page(
        self, source: str | Path | bytes, image: PageImage
    ) -> tuple[pikepdf.Page, Matrix]:
        """Copy a page of a PDF; return it and the matrix from its pixels to the page."""
        if self._source is None or self._source[0] != source:
            # in memory, because pages are copied at the end and the number of open files is limited
            content = source if isinstance(source, bytes) else Path(source).read_bytes()
            self._source = source, Pdf.open(BytesIO(content))
        self._pdf.pages.append(self._source[1].pages[image.number - 1])
        page = self._pdf.pages[-1]
        page.rotate(image.rotation, relative=True)
        drop_invisible_text(page, self._pdf)
        page.contents_add(b"q", prepend=True)  # so that its settings do not affect the text
        page.contents_add(b"Q")
        return page, _from_pixels(page, *image.size)


def _is_pdf(source: str | Path | bytes) -> bool:
    with open_binary(source) as file:
        return is_pdf(file)


def _from_pixels(page: pikepdf.Page, width: int, height: int) -> Matrix:
    """Return the matrix from pixels of the upright page, y downward, to its user space."""
    x, y, x_end, y_end = (float(side) for side in page.cropbox)
    left, bottom, right, top = min(x, x_end), min(y, y_end), max(x, x_end), max(y, y_end)
    across, down = right - left, top - bottom
    return (
        Matrix(across / width, 0, 0, -down / height, left, top),
        Matrix(0, down / width, across / height, 0, left, bottom),
        Matrix(-across / width, 0, 0, down / height, right, bottom),
        Matrix(0, -down / width, -across / height, 0, right, top),
    )[int(page.obj.get(Name.Rotate, 0)) // 90 % 4]


def _resolution(image: PageImage) -> float:
    """Return the image's pixels per inch, or those that make it a plausible page of A4."""
    if image.dpi is not None and image.dpi >= MIN_TRUSTED_DPI:
        return image.dpi
    return min(max(max(image.size) / DEFAULT_SIDE, MIN_DPI), MAX_DPI)


def _title(image: PageImage) -> str:
    """Return the name of the file, with ? for bytes that are not text."""
    return Path(image.name).name.encode(errors="replace").decode()
