"""Image files to grey pages: upright, on white, at a size to work at.

NumPy is imported once a picture is decoded, so that the one goes on while the other does.
"""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, UnidentifiedImageError

from ocr.errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_PIXELS = 250_000_000  # about 1 GiB as Pillow decodes it; an A0 sheet at 300 dpi has 140 million
WORKING_SIDE = 2200  # px of the longer side: A4 at 190 dpi, hand-printed letters of 25 px and more
TOLERANCE = (
    0.8,
    1.4,
)  # of WORKING_SIDE: between these a page is not resampled, which would cost time

FORMATS = {"JPEG", "MPO", "PNG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF"}

CONVERT = "(convert it to PNG or JPEG)"
COPY_AGAIN = "(copy or download it again)"

#: First bytes of what Pillow does not know, and the way out.
FOREIGN = {
    b"%PDF": "PDF is not supported (convert it: pdftoppm -r 200 -png)",
    b"%!PS": "PostScript is not supported (convert it to PNG)",
    b"8BPS": "Photoshop files are not supported (export it as PNG)",
    b"\x89PNG": f"its start is damaged or cut short {COPY_AGAIN}",
    b"\xff\xd8\xff": f"its start is damaged or cut short {COPY_AGAIN}",
}
HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}

#: What Pillow's decoders raise when a file is damaged.
DAMAGE = (
    ArithmeticError,
    OSError,
    RuntimeError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    struct.error,
    zlib.error,
)

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
SUBFILE_TYPE = 0x00FE  # TIFF tag; bit 0 marks a reduced copy of another frame

_pillow_limits = RLock()


@dataclass(frozen=True)
class PageImage:
    """One upright page to read.

    Attributes
    ----------
    gray : ndarray, uint8 [h, w]
        0 black to 255 white.
    scale : float
        Pixels of `gray` per pixel of the original.
    size : (int, int)
        Width and height of the original upright image.
    name : str
        The file it came from; later frames of a file are ``scan.tif#2``, ``scan.tif#3`` ...
    source : str, Path, bytes or None
        The file's path or content; None where there is neither.
    number : int
        Which frame or page of the file, from 1.
    dpi : float or None
        Pixels an inch of the original, as the file tells it; of a PDF page ``300``, so that
        ``72 / dpi`` times a box is in its points. None where the file tells nothing sane.
    """

    gray: NDArray[np.uint8]
    scale: float
    size: tuple[int, int]
    name: str
    source: str | Path | bytes | None = None
    number: int = 1
    dpi: float | None = None

    def picture(self) -> Image.Image:
        """`gray` as a picture to draw on, in Pillow's mode L."""
        return Image.fromarray(self.gray)


def load(
    source: str | Path | bytes | BinaryIO,
    *,
    max_pixels: int = MAX_PIXELS,
    working_side: int = WORKING_SIDE,
) -> list[PageImage]:
    """Pages of an image file, upright by EXIF and on white where transparent.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A file's path, its content, or an open file such as ``sys.stdin.buffer``.
    max_pixels : int
        Images that decode to more are refused before they are decoded.
    working_side : int
        Large images are reduced until their longer side is about this many pixels.

    Returns
    -------
    list of PageImage
        One for each frame of a TIFF; one, the first frame, of anything else.

    Raises
    ------
    ImageError
        If there is no such file, or it holds no whole image of a known format.
    """
    name = _name_of(source)
    if not isinstance(source, (str, Path, bytes)):
        source = source.read()
    try:
        with _stream(source) as file, _quiet_pillow(), _opened(file, name) as image:
            if image.format not in FORMATS:
                raise ImageError(f"cannot read {name}: {image.format} is not supported {CONVERT}")
            return [
                replace(
                    _page(frame, name if n == 1 else f"{name}#{n}", max_pixels, working_side),
                    source=source,
                    number=n,
                )
                for n, frame in enumerate(_frames(image), start=1)
            ]
    except FileNotFoundError as error:
        raise ImageError(f"cannot read {name}: no such file") from error
    except IsADirectoryError as error:
        raise ImageError(f"cannot read {name}: is a folder (give the images in it)") from error
    except PermissionError as error:
        raise ImageError(f"cannot read {name}: permission denied") from error
    except DAMAGE as error:
        raise ImageError(f"cannot read {name}: {_damage(error)}") from error


def _name_of(source: str | Path | bytes | BinaryIO) -> str:
    if isinstance(source, bytes):
        return "<bytes>"
    return str(source if isinstance(source, (str, Path)) else getattr(source, "name", "<stream>"))


def _stream(source: str | Path | bytes) -> BinaryIO:
    """Source as an open file: Pillow maps those it opens itself, and scrambles turned TIFFs."""
    return BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def _opened(file: BinaryIO, name: str) -> Image.Image:
    with contextlib.suppress(SyntaxError, IndexError, TypeError, struct.error):
        return _opened_as_common(file)
    try:
        return Image.open(file)
    except UnidentifiedImageError as error:
        file.seek(0)
        raise ImageError(f"cannot read {name}: {_foreign(file.read(16))}") from error


def _opened_as_common(file: BinaryIO) -> Image.Image:
    """JPEG or PNG, without the import of Pillow's other formats; SyntaxError for another."""
    head = file.read(8)
    file.seek(0)
    if head.startswith(b"\xff\xd8\xff"):
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile(file)
    if head == b"\x89PNG\r\n\x1a\n":
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile(file)
    raise SyntaxError("neither JPEG nor PNG")


@contextlib.contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Put our size limit in the place of Pillow's, and its warnings aside.

    Both are settings of the process, so one thread decodes at a time.
    """
    with _pillow_limits, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    if image.format != "TIFF":
        yield image
        return
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        is_thumbnail = getattr(image, "tag_v2", {}).get(SUBFILE_TYPE, 0) & 1
        if number == 0 or not is_thumbnail:
            yield image


def _page(image: Image.Image, name: str, max_pixels: int, working_side: int) -> PageImage:
    width, height = image.size
    _draft(image, working_side)
    _check_pixels(image, (width, height), name, max_pixels)
    image.load()
    orientation = _orientation(image)
    gray = _reduced(_gray(image), working_side)
    scale = max(gray.size) / max(width, height)
    if orientation in UPRIGHT:
        gray = gray.transpose(UPRIGHT[orientation])
    size = (height, width) if orientation in SIDEWAYS else (width, height)
    import numpy as np

    return PageImage(np.asarray(gray), scale, size, name)


def _draft(image: Image.Image, working_side: int) -> None:
    """Have a JPEG decoded at 1/2, 1/4 or 1/8, straight to grey, where enough pixels remain."""
    reduction = max(1.0, max(image.size) / (TOLERANCE[0] * working_side))
    width, height = image.size
    image.draft("L", (max(1, int(width / reduction)), max(1, int(height / reduction))))


def _check_pixels(
    image: Image.Image, original: tuple[int, int], name: str, max_pixels: int
) -> None:
    # a progressive JPEG is held in memory whole, at whatever scale it is decoded
    width, height = original if image.info.get("progressive") else image.size
    if width * height > max_pixels:
        raise ImageError(
            f"cannot read {name}: {original[0]}x{original[1]} pixels are more than the limit "
            f"of {max_pixels // 1_000_000} million (scale it down)"
        )


def _orientation(image: Image.Image) -> int:
    """EXIF orientation; 1, upright, where there is none (Pillow turns TIFF itself)."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DAMAGE:
        return 1  # damaged EXIF is no reason to refuse a picture


def _gray(image: Image.Image) -> Image.Image:
    """Convert to Pillow's mode L, on white where the picture is transparent."""
    import numpy as np

    if image.mode.startswith("I"):  # 16 bits; Pillow's own conversion clips them at 255
        return Image.fromarray((np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8))
    if image.mode == "F":
        return Image.fromarray(_stretched(np.asarray(image)))
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("L")


def _stretched(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scale floating-point samples, whose range no file format fixes, to 0 and 255."""
    import numpy as np

    values = np.nan_to_num(values)
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
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return f"HEIC is not supported {CONVERT}"
    return next(
        (why for start, why in FOREIGN.items() if head.startswith(start)),
        f"not an image that can be read {CONVERT}",
    )


def _damage(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return str(error.strerror).lower()
    if "truncated" in str(error).lower():
        return f"the image is cut short {COPY_AGAIN}"
    return f"the image is damaged: {error} {COPY_AGAIN}"
