"""Decode frames of image files with Pillow to gray pages: upright, on white, reduced.

NumPy is imported in functions, so that it can load in one thread while another decodes.
"""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, ImageStat, UnidentifiedImageError

from ocr.errors import ImageError, MissingExtraError
from ocr.input.page_image import (
    COPY_AGAIN,
    DECODER_ERRORS,
    TOLERANCE,
    WORKING_SIDE,
    PageImage,
    check_pixels,
    image_errors,
    page_name,
    read_head,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.input.page_numbers import PageNumbers

#: Formats of Pillow that are used for pages.
FORMATS = {"JPEG", "MPO", "PNG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF"}

CONVERT = "(convert it to PNG or JPEG)"

#: First bytes of files that Pillow cannot open, and the reason with the remedy.
UNREADABLE_HEADS = {
    b"%!PS": "PostScript is not supported (convert it to PNG)",
    b"<!doctype html": "a web page, not an image (save the image that is shown on it)",
    b"<html": "a web page, not an image (save the image that is shown on it)",
    b"8BPS": "Photoshop files are not supported (export it as PNG)",
    b"\x89PNG": f"its start is damaged or cut short {COPY_AGAIN}",
    b"\xff\xd8\xff": f"its start is damaged or cut short {COPY_AGAIN}",
}
PLAUSIBLE_DPI = (30, 2400)  # of a page; other values were not measured
JPEG_HEAD, PNG_HEAD = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}

#: EXIF orientation to the operation that turns the image upright.
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
    file: BinaryIO, name: str, *, select: PageNumbers | None, max_pixels: int
) -> Iterator[PageImage]:
    """Decode one frame after the other; see `ocr.input.loading.pages`."""
    with open_image(file, name) as image:
        if select is not None:
            select.check(_count(image), name)
        for number, frame in enumerate(iter_frames(image), start=1):
            if select is None or number in select:
                frame_name = page_name(name, number)
                with image_errors(frame_name):
                    page = decode_frame(frame, number, frame_name, max_pixels)
                yield page


def count(file: BinaryIO, name: str) -> int:
    """Count the frames."""
    with open_image(file, name) as image:
        return _count(image)


def open_image(file: BinaryIO, name: str) -> Image.Image:
    """Open an image of one of `FORMATS`, or HEIC, to learn its size, without decoding it."""
    with contextlib.suppress(SyntaxError, IndexError, TypeError, struct.error):
        return _open_common(file)
    head = read_head(file, 64)
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS and b"avif" not in head:
        return _open_heif(file, name)
    try:
        image = Image.open(file)
    except UnidentifiedImageError as error:
        raise ImageError(f"cannot read {name}: {_reason_unreadable(head)}") from error
    if image.format not in FORMATS:
        raise ImageError(f"cannot read {name}: {image.format} is not supported {CONVERT}")
    return image


def _open_common(file: BinaryIO) -> Image.Image:
    """Open a JPEG or PNG without importing Pillow's other formats; SyntaxError for others."""
    head = read_head(file, 8)
    if head.startswith(JPEG_HEAD):
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile(file)
    if head == PNG_HEAD:
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile(file)
    raise SyntaxError("neither JPEG nor PNG")


def _open_heif(file: BinaryIO, name: str) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingExtraError(f"reading {name}, HEIC,", "heic") from error
    image: Image.Image = HeifImageFile(file)
    return image


def _count(image: Image.Image) -> int:
    return sum(1 for _ in iter_frames(image))


def iter_frames(image: Image.Image) -> Iterator[Image.Image]:
    """Yield the image at each of its frames, without thumbnails of other frames."""
    if image.format != "TIFF":
        yield image
        return
    for number in itertools.count():
        try:
            image.seek(number)
        except EOFError:  # no more frames; a truncated file raises another error
            return
        is_thumbnail = getattr(image, "tag_v2", {}).get(SUBFILE_TYPE, 0) & 1
        if number == 0 or not is_thumbnail:
            yield image


def decode_frame(image: Image.Image, number: int, name: str, max_pixels: int) -> PageImage:
    """Decode one image, which is changed by it."""
    width, height = image.size
    _set_draft_mode(image)
    # a progressive JPEG takes memory for all its pixels at any scale of decoding
    if image.info.get("progressive") or image.width * image.height > max_pixels:
        check_pixels((width, height), name, max_pixels)
    image.load()
    orientation = exif_orientation(image)
    gray = _reduce(_to_gray(image))
    scale = max(gray.size) / max(width, height)
    if orientation in UPRIGHT:
        gray = gray.transpose(UPRIGHT[orientation])
    size = (height, width) if orientation in SIDEWAYS else (width, height)
    import numpy as np

    return PageImage(np.asarray(gray), scale, size, name, number=number, dpi=_dpi(image))


def _set_draft_mode(image: Image.Image) -> None:
    """Let a JPEG be decoded to gray at 1/2, 1/4 or 1/8 of its size if enough pixels remain."""
    reduction = max(1.0, max(image.size) / (TOLERANCE[0] * WORKING_SIDE))
    width, height = image.size
    image.draft("L", (max(1, int(width / reduction)), max(1, int(height / reduction))))


def exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1, upright, if there is none (Pillow turns TIFF itself)."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODER_ERRORS:
        return 1  # an image with damaged EXIF can still be read


def _dpi(image: Image.Image) -> float | None:
    """Return the pixels per inch if the file states the same for both directions."""
    try:
        across, down = (round(float(value), 2) for value in image.info["dpi"])
    except DECODER_ERRORS:
        return None
    is_plausible = PLAUSIBLE_DPI[0] <= across <= PLAUSIBLE_DPI[1]
    return across if across == down and is_plausible else None


def _to_gray(image: Image.Image) -> Image.Image:
    """Convert to Pillow's mode L, on paper where the image is transparent."""
    if image.mode.startswith(("I", "F")):  # Pillow's own conversion clips these at 255
        return Image.fromarray(_to_bytes(image))
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.has_transparency_data:
        image = on_paper(image)
    return image.convert("L")


def on_paper(image: Image.Image) -> Image.Image:
    """Return an image with transparent parts on white, or on black if it is light ink alone.

    Ink alone, such as a logo for dark pages, leaves most of the image transparent.
    """
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    opacity = ImageStat.Stat(alpha).mean[0]
    is_light = opacity and ImageStat.Stat(image.convert("L"), alpha).mean[0] > 127
    paper = "black" if is_light and opacity < 127 else "white"
    return Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("RGB")


def _to_bytes(image: Image.Image) -> NDArray[np.uint8]:
    """Convert samples of 16 or 32 bits or floats to 8 bits."""
    import numpy as np

    if image.mode == "F":
        return _stretch(np.asarray(image))
    values = _integers(image)
    if values.max() > 65535:
        return _stretch(values)
    return (values.clip(0, 65535) >> 8).astype(np.uint8)


def _integers(image: Image.Image) -> NDArray[np.integer[Any]]:
    """Return the samples of mode I; few files are signed as Pillow assumes for 32 bits."""
    import numpy as np

    values: NDArray[np.integer[Any]] = np.asarray(image)
    is_signed = getattr(image, "tag_v2", {}).get(SAMPLE_FORMAT) == SIGNED
    return values if is_signed or image.mode != "I" else values.view(np.uint32)


def _stretch(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale samples of an unknown or very wide range to 0 to 255."""
    import numpy as np

    values = np.nan_to_num(values.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255 / (high - low or 1))).astype(np.uint8)


def _reduce(gray: Image.Image) -> Image.Image:
    if max(gray.size) <= TOLERANCE[1] * WORKING_SIDE:
        return gray
    factor = WORKING_SIDE / max(gray.size)
    size = max(1, round(gray.width * factor)), max(1, round(gray.height * factor))
    return gray.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _reason_unreadable(head: bytes) -> str:
    """Explain why a file with these first bytes cannot be read, and what to do."""
    if not head:
        return "the file is empty"
    return next(
        (why for start, why in UNREADABLE_HEADS.items() if head.lower().startswith(start.lower())),
        f"not an image that can be read {CONVERT}",
    )
