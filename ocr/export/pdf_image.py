"""Embed a page's image in a PDF: unchanged if PDF supports its format, otherwise lossless."""

from __future__ import annotations

import contextlib
from io import BytesIO
from itertools import islice
from pathlib import Path

import img2pdf
from pikepdf import Matrix, Name, Object, Pdf
from PIL import Image

from ocr.errors import ImageError, MissingExtraError
from ocr.input import frames, page_image
from ocr.input.page_image import PageImage

UNCHANGED_FORMATS = {"JPEG", "MPO", "PNG", "JPEG2000"}  # embedded without decoding them
UNSUPPORTED_MODES = {"F", "I", "I;16B", "LAB"}  # by PNG or PDF
SUPPORTED_MODES = {"1", "L", "P", "RGB", "I;16", "CMYK"}
ANY_LAYOUT = (72, 72, 72, 72)  # of a temporary page; the image's own size may be too small

#: EXIF orientation to the matrix that puts the unit square upright, y upward.
UPRIGHT = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}


#: Degrees clockwise by which a page was turned to the EXIF orientation that asks for it.
TURNED = {0: 1, 90: 6, 180: 3, 270: 8}


def embed(image: PageImage, pdf: Pdf) -> tuple[Object, Matrix]:
    """Embed a page's image in a PDF; return it, to be added to a page's resources.

    The matrix turns the unit square that the image fills as its EXIF orientation and the page's
    rotation say.
    """
    with page_image.exclusive_decoding():  # lifts the size limit, which was checked in reading
        content, upright = _content(image)
        made = img2pdf.convert(
            content,
            rotation=img2pdf.Rotation.none,
            first_frame_only=True,
            nodate=True,
            layout_fun=lambda *_: ANY_LAYOUT,
        )
    with Pdf.open(BytesIO(made)) as single:
        [picture] = single.pages[0].resources[Name.XObject].values()
        return pdf.copy_foreign(picture), upright


def _content(image: PageImage) -> tuple[bytes, Matrix]:
    """Return the content of an embeddable file, and the matrix that turns it upright."""
    if image.source is not None:
        with contextlib.suppress(ImageError, MissingExtraError):  # of a file of another program
            content, orientation = _content_of(image, image.source)
            by_exif = Matrix(*UPRIGHT.get(orientation, UPRIGHT[1]))
            return content, by_exif @ Matrix(*UPRIGHT[TURNED[image.rotation]])
    return _lossless(image.picture()), Matrix()


def _content_of(image: PageImage, source: str | Path | bytes) -> tuple[bytes, int]:
    with page_image.open_binary(source) as file, frames.open_image(file, image.name) as picture:
        if picture.mode in UNSUPPORTED_MODES:
            return _lossless(image.turn(-image.rotation).picture()), 1  # the gray page
        orientation = frames.exif_orientation(picture)
        if picture.format in UNCHANGED_FORMATS and not picture.has_transparency_data:
            file.seek(0)
            return file.read(), orientation
        picture = next(islice(frames.iter_frames(picture), image.number - 1, None))
        picture.load()  # turns a TIFF upright
        return _lossless(_opaque(picture)), 1 if picture.format == "TIFF" else orientation


def _opaque(picture: Image.Image) -> Image.Image:
    """Replace transparency by paper, as in reading."""
    if picture.has_transparency_data:
        return frames.on_paper(picture)
    return picture if picture.mode in SUPPORTED_MODES else picture.convert("RGB")


def _lossless(picture: Image.Image) -> bytes:
    """Encode an image as PNG, or as TIFF if that suits its mode or PDF better."""
    file = BytesIO()
    picture.save(file, "TIFF" if picture.mode in ("1", "CMYK") else "PNG")
    return file.getvalue()
