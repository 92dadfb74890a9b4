"""Frames of image files, which Pillow decodes, to grey pages: upright, on white, reduced.

NumPy is imported once a picture is decoded, so that the one goes on while the other does.
"""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, UnidentifiedImageError

from ocr.errors import ImageError, MissingExtraError
from ocr.input.page_image import (
    COPY_AGAIN,
    DAMAGE,
    TOLERANCE,
    PageImage,
    check_pixels,
    errors,
    head_of,
    numbered,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.input.page_numbers import PageNumbers

#: Of Pillow's formats, those of pages.
FORMATS = {"JPEG", "MPO", "PNG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF"}

CONVERT = "(convert it to PNG or JPEG)"

#: First bytes of what Pillow does not know, and the way out.
FOREIGN = {
    b"%!PS": "PostScript is not supported (convert it to PNG)",
    b"<!doctype html": "a web page, not an image (save the image that is shown on it)",
    b"<html": "a web page, not an image (save the image that is shown on it)",
    b"8BPS": "Photoshop files are not supported (export it as PNG)",
    b"\x89PNG": f"its start is damaged or cut short {COPY_AGAIN}",
    b"\xff\xd8\xff": f"its start is damaged or cut short {COPY_AGAIN}",
}
SANE_DPI = (30, 2400)  # of a page; what lies beyond was not measured
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"  # how they begin
HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}

#: EXIF orientation to what makes the picture upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = {5, 6, 7, 8}
ORIENTATION = 0x0112  # EXIF and TIFF tag
SAMPLE_FORMAT, SIGNED = 0x0153, 2  # TIFF tag, and its value
SUBFILE_TYPE = 0x00FE  # TIFF tag; bit 0 marks a reduced copy of another frame


def pages(
    file: BinaryIO,
    name: str,
    *,
    select: PageNumbers | None,
    max_pixels: int,
    working_side: int,
) -> Iterator[PageImage]:
    """Decode one frame after the other; see `ocr.input.loading.pages`."""
    with opened(file, name) as image:
        if select is not None:
            select.check(_count(image), name)
        for number, frame in enumerate(frames_of(image), start=1):
            if select is None or number in select:
                told = numbered(name, number)
                with errors(told):
                    page = page_of(frame, number, told, max_pixels, working_side)
                yield page


def count(file: BinaryIO, name: str) -> int:
    """How many frames there are."""
    with opened(file, name) as image:
        return _count(image)


def opened(file: BinaryIO, name: str) -> Image.Image:
    """Picture with its size known and nothing decoded.

    Raises
    ------
    ImageError
        If it is none of `FORMATS`, nor HEIC.
    MissingExtraError
        If it is HEIC, and what reads that is not installed.
    """
    with contextlib.suppress(SyntaxError, IndexError, TypeError, struct.error):
        return _opened_as_common(file)
    head = head_of(file, 64)
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS and b"avif" not in head:
        return _opened_as_heif(file, name)
    try:
        image = Image.open(file)
    except UnidentifiedImageError as error:
        raise ImageError(f"cannot read {name}: {_foreign(head)}") from error
    if image.format not in FORMATS:
        raise ImageError(f"cannot read {name}: {image.format} is not supported {CONVERT}")
    return image


def _opened_as_common(file: BinaryIO) -> Image.Image:
    """JPEG or PNG, without the import of Pillow's other formats; SyntaxError for another."""
    head = head_of(file, 8)
    if head.startswith(JPEG):
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile(file)
    if head == PNG:
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile(file)
    raise SyntaxError("neither JPEG nor PNG")


def _opened_as_heif(file: BinaryIO, name: str) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingExtraError(f"reading {name}, HEIC,", "heic") from error
    image: Image.Image = HeifImageFile(file)
    return image


def _count(image: Image.Image) -> int:
    return sum(1 for _ in frames_of(image))


def frames_of(image: Image.Image) -> Iterator[Image.Image]:
    """The picture at each of its frames; reduced copies of others are none."""
    if image.format != "TIFF":
        yield image
        return
    for number in itertools.count():
        try:
            image.seek(number)
        except EOFError:  # Pillow's word for the end; what is cut short is another error
            return
        is_thumbnail = getattr(image, "tag_v2", {}).get(SUBFILE_TYPE, 0) & 1
        if number == 0 or not is_thumbnail:
            yield image


def page_of(
    image: Image.Image, number: int, name: str, max_pixels: int, working_side: int
) -> PageImage:
    """Decode one picture; it is used up."""
    width, height = image.size
    _draft(image, working_side)
    # a progressive JPEG is held in memory whole, at whatever scale it is decoded
    if image.info.get("progressive") or image.width * image.height > max_pixels:
        check_pixels((width, height), name, max_pixels)
    image.load()
    orientation = orientation_of(image)
    gray = _reduced(_gray(image), working_side)
    scale = max(gray.size) / max(width, height)
    if orientation in UPRIGHT:
        gray = gray.transpose(UPRIGHT[orientation])
    size = (height, width) if orientation in SIDEWAYS else (width, height)
    import numpy as np

    return PageImage(np.asarray(gray), scale, size, name, number=number, dpi=_dpi(image))


def _draft(image: Image.Image, working_side: int) -> None:
    """Have a JPEG decoded at 1/2, 1/4 or 1/8, straight to grey, where enough pixels remain."""
    reduction = max(1.0, max(image.size) / (TOLERANCE[0] * working_side))
    width, height = image.size
    image.draft("L", (max(1, int(width / reduction)), max(1, int(height / reduction))))


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation; 1, upright, where there is none (Pillow turns TIFF itself)."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DAMAGE:
        return 1  # damaged EXIF is no reason to refuse a picture


def _dpi(image: Image.Image) -> float | None:
    """Pixels an inch, where the file tells one for both directions."""
    try:
        across, down = (round(float(value), 2) for value in image.info["dpi"])
    except DAMAGE:
        return None
    return across if across == down and SANE_DPI[0] <= across <= SANE_DPI[1] else None


def _gray(image: Image.Image) -> Image.Image:
    """Convert to Pillow's mode L, on white where the picture is transparent."""
    if image.mode.startswith(("I", "F")):  # Pillow's own conversion clips these at 255
        return Image.fromarray(_bytes(image))
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("L")


def _bytes(image: Image.Image) -> NDArray[np.uint8]:
    """Samples of 16 or 32 bits, or of floats, as bytes."""
    import numpy as np

    if image.mode == "F":
        return _stretched(np.asarray(image))
    values = _integers(image)
    if values.max() > 65535:
        return _stretched(values)
    return (values.clip(0, 65535) >> 8).astype(np.uint8)


def _integers(image: Image.Image) -> NDArray[np.integer[Any]]:
    """Samples of a mode I; Pillow takes 32 bits as signed, which few files say they are."""
    import numpy as np

    values: NDArray[np.integer[Any]] = np.asarray(image)
    is_signed = getattr(image, "tag_v2", {}).get(SAMPLE_FORMAT) == SIGNED
    return values if is_signed or image.mode != "I" else values.view(np.uint32)


def _stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale samples whose range no file format fixes, or too wide a one, to 0 and 255."""
    import numpy as np

    values = np.nan_to_num(values.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255 / (high - low or 1))).astype(np.uint8)


def _reduced(gray: Image.Image, working_side: int) -> Image.Image:
    if max(gray.size) <= TOLERANCE[1] * working_side:
        return gray
    factor = working_side / max(gray.size)
    size = max(1, round(gray.width * factor)), max(1, round(gray.height * factor))
    return gray.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _foreign(head: bytes) -> str:
    """Why something that begins so is no image that we know, and what to do."""
    if not head:
        return "the file is empty"
    return next(
        (why for start, why in FOREIGN.items() if head.lower().startswith(start.lower())),
        f"not an image that can be read {CONVERT}",
    )
