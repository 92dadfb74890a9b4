"""A page's picture as an image of a PDF: as it came where PDF can hold it, else lossless."""

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

AS_THEY_COME = {"JPEG", "MPO", "PNG", "JPEG2000"}  # formats that PDF holds without decoding them
DEEP = {"F", "I", "I;16B", "LAB"}  # modes that PNG or PDF lack
PLAIN = {"1", "L", "P", "RGB", "I;16", "CMYK"}  # modes that they have
ANY_LAYOUT = (72, 72, 72, 72)  # of a page that is thrown away; by itself it may be too narrow

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


def embed(image: PageImage, pdf: Pdf) -> tuple[Object, Matrix]:
    """Put a page's picture into a PDF.

    Returns
    -------
    picture : Object
        The image, to be named in a page's resources.
    upright : Matrix
        Turns the unit square that it fills as the picture's orientation says.
    """
    with page_image.exclusive_decoding():  # its size limit: what is read is not too large
        content, orientation = _content(image)
        made = img2pdf.convert(
            content,
            rotation=img2pdf.Rotation.none,
            first_frame_only=True,
            nodate=True,
            layout_fun=lambda *_: ANY_LAYOUT,
        )
    with Pdf.open(BytesIO(made)) as single:
        [picture] = single.pages[0].resources[Name.XObject].values()
        return pdf.copy_foreign(picture), Matrix(*UPRIGHT.get(orientation, UPRIGHT[1]))


def _content(image: PageImage) -> tuple[bytes, int]:
    """File that can be embedded, and its EXIF orientation."""
    if image.source is not None:
        with contextlib.suppress(ImageError, MissingExtraError):  # another program read it
            return _content_of(image, image.source)
    return _lossless(image.picture()), 1


def _content_of(image: PageImage, source: str | Path | bytes) -> tuple[bytes, int]:
    with page_image.open_binary(source) as file, frames.open_image(file, image.name) as picture:
        if picture.mode in DEEP:
            return _lossless(image.picture()), 1  # as it was read
        orientation = frames.exif_orientation(picture)
        if picture.format in AS_THEY_COME and not picture.has_transparency_data:
            file.seek(0)
            return file.read(), orientation
        picture = next(islice(frames.iter_frames(picture), image.number - 1, None))
        picture.load()  # which turns a TIFF upright
        return _lossless(_on_white(picture)), 1 if picture.format == "TIFF" else orientation


def _on_white(picture: Image.Image) -> Image.Image:
    """Picture without its transparency, as it was read."""
    if not picture.has_transparency_data:
        return picture if picture.mode in PLAIN else picture.convert("RGB")
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _lossless(picture: Image.Image) -> bytes:
    """Picture as PNG; as TIFF where PNG lacks its colours, or PDF packs it better."""
    file = BytesIO()
    picture.save(file, "TIFF" if picture.mode in ("1", "CMYK") else "PNG")
    return file.getvalue()
