"""Pages as they came, in one PDF, with what was read as text to search, select and copy."""

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
    import fontTools  # noqa: F401  # of the modules below
    import img2pdf  # noqa: F401
    import pikepdf
    from pikepdf import Matrix, Name, Pdf
    from pikepdf.canvas import ContentStreamBuilder
except ImportError as error:
    raise MissingExtraError("writing PDF", "pdf") from error

from ocr.export.pdf_before import drop_invisible_text, words_seen
from ocr.export.pdf_image import embed
from ocr.export.pdf_text import InvisibleFont, text_layer

POINTS = 72  # of an inch
USUAL = 11.7  # inches of A4's longer side, for an image that does not say its size
COARSEST, FINEST = 72, 300  # pixels per inch of such an image
SMALLEST, LARGEST = 3, 14_400  # points of a page's side, as PDF allows
LEAST_SAID = 100  # pixels per inch; cameras and screens write 72 or 96 without knowing


class Writer:
    """PDF of all pages; the same pages give the same bytes.

    A page of a PDF stays as it is, but for invisible text that another program laid over it,
    and words that it shows as text get no other; an image is not encoded anew where PDF can
    hold it as it came.
    """

    def __init__(self) -> None:
        self._pdf = Pdf.new()
        self._font = InvisibleFont(self._pdf)
        self._source: tuple[str | Path | bytes, Pdf] | None = None  # of the last page of a PDF
        self._title = ""

    def add(self, image: PageImage, page: Page) -> None:
        """Take in the next page.

        Raises
        ------
        ImageError
            If it is of a PDF that can be seen, but is too damaged to be copied.
        """
        self._title = self._title or _title(image)
        source = image.source
        if source is None or not _is_pdf(source):
            added, to_page = self._drawn(image)
            seen = frozenset[Word]()
        else:
            try:
                added, to_page = self._kept(source, image)
                seen = words_seen(page.lines, visible_letters(source, image.number), to_page)
            except (pikepdf.PdfError, IndexError) as error:
                raise ImageError(
                    f"cannot copy {image.name}: the PDF is damaged (print it to a new PDF)"
                ) from error
        name = self._font.named_on(added)
        added.contents_add(text_layer(page.lines, self._font, name, to_page, seen))

    def finish(self) -> bytes:
        """Content of the file."""
        self._font.finish()
        self._pdf.docinfo[Name.Producer] = f"ocr {__version__}"
        self._pdf.docinfo[Name.Title] = self._title
        file = BytesIO()
        packed = pikepdf.ObjectStreamMode.generate
        self._pdf.save(file, deterministic_id=True, object_stream_mode=packed)
        return file.getvalue()

    def _drawn(self, image: PageImage) -> tuple[pikepdf.Page, Matrix]:
        """Page with an image on it; and the matrix from its pixels, y downward, to the page."""
        scale = min(POINTS / _resolution(image), LARGEST / max(image.size))
        width, height = (side * scale for side in image.size)
        picture, upright = embed(image, self._pdf)
        size = max(width, SMALLEST), max(height, SMALLEST)
        page = self._pdf.add_blank_page(page_size=size)
        place = Matrix(width, 0, 0, height, 0, size[1] - height)  # at the top left
        content = ContentStreamBuilder().push().cm(upright @ place)
        content.draw_xobject(page.add_resource(picture, Name.XObject, Name.Picture)).pop()
        page.obj.Contents = self._pdf.make_stream(content.build())
        return page, Matrix(scale, 0, 0, -scale, 0, size[1])

    def _kept(self, source: str | Path | bytes, image: PageImage) -> tuple[pikepdf.Page, Matrix]:
        """Page of a PDF, as it is; and the matrix from its pixels, y downward, to the page."""
        if self._source is None or self._source[0] != source:
            # in memory: what was copied is read in the end, and only so many files may be open
            content = source if isinstance(source, bytes) else Path(source).read_bytes()
            self._source = source, Pdf.open(BytesIO(content))
        self._pdf.pages.append(self._source[1].pages[image.number - 1])
        page = self._pdf.pages[-1]
        drop_invisible_text(page, self._pdf)
        page.contents_add(b"q", prepend=True)  # or what it sets would hold for the text too
        page.contents_add(b"Q")
        return page, _from_pixels(page, *image.size)


def _is_pdf(source: str | Path | bytes) -> bool:
    with open_binary(source) as file:
        return is_pdf(file)


def _from_pixels(page: pikepdf.Page, width: int, height: int) -> Matrix:
    """From pixels of a page as it is shown, upright, y downward, to its user space."""
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
    """Pixels per inch: what the image says, or what makes a page of A4 if that is likely."""
    if image.dpi is not None and image.dpi >= LEAST_SAID:
        return image.dpi
    return min(max(max(image.size) / USUAL, COARSEST), FINEST)


def _title(image: PageImage) -> str:
    """Name of the file, with ? for what is no text in it."""
    return Path(image.name).name.encode(errors="replace").decode()
