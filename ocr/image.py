"""Image files and PDFs to grey pages: upright, on white, at a size to work at.

`ocr.frames` decodes image files, and `ocr.pdf` renders PDFs.
"""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from collections.abc import Generator, Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from PIL import Image

from ocr.errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.page_numbers import PageNumbers

MAX_PIXELS = 250_000_000  # about 1 GiB as Pillow decodes it; an A0 sheet at 300 dpi has 140 million
WORKING_SIDE = 2200  # px of the longer side: A4 at 190 dpi, hand-printed letters of 25 px and more
TOLERANCE = (0.8, 1.4)  # of WORKING_SIDE: between these nothing is resampled, which takes time
SNIFFED = 1024  # bytes; within these a PDF begins (ISO 32000, note 13 of Annex H)

#: How images begin, which may speak of PDF in a comment.
IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF", b"\0\0\0\x0cjP")

COPY_AGAIN = "(copy or download it again)"

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

_decoding = RLock()


class PageImage(NamedTuple):
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
        The file it came from; later pages of a file are ``scan.tif#2``, ``scan.tif#3`` ...
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
    """All pages of an image file at once; see `pages`."""
    return list(pages(source, max_pixels=max_pixels, working_side=working_side))


def pages(
    source: str | Path | bytes | BinaryIO,
    *,
    select: PageNumbers | None = None,
    max_pixels: int = MAX_PIXELS,
    working_side: int = WORKING_SIDE,
) -> Iterator[PageImage]:
    """Pages of an image file, upright by EXIF and on white where transparent, one by one.

    Each is decoded when it is asked for, and none is kept.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A file's path, its content, or an open file such as ``sys.stdin.buffer``.
    select : PageNumbers, optional
        Pages to decode, in the order of the file; None for all.
    max_pixels : int
        Images that decode to more are refused before they are decoded.
    working_side : int
        Large images are reduced until their longer side is about this many pixels.

    Yields
    ------
    PageImage
        One for each frame of a TIFF and each page of a PDF; one, the first frame, of anything
        else.

    Raises
    ------
    ImageError
        If there is no such file, it holds no whole image of a known format, or it lacks a page
        of `select`.
    MissingExtraError
        If it is a PDF or HEIC, and what reads these is not installed.
    """
    name = name_of(source)
    content = _content_of(source)
    yield from _pages(content, name, select, max_pixels, working_side)


def pages_or_errors(
    source: str | Path | bytes | BinaryIO,
    *,
    select: PageNumbers | None = None,
    max_pixels: int = MAX_PIXELS,
    working_side: int = WORKING_SIDE,
) -> Iterator[PageImage | ImageError]:
    """As `pages`; one that cannot be decoded leaves those behind it, and why is in its place.

    Raises
    ------
    MissingExtraError
        As `pages`.
    """
    name = name_of(source)
    content = _content_of(source)
    last, left = 0, select
    while left is None or left.ranges:
        try:
            for page in _pages(content, name, left, max_pixels, working_side):
                last = page.number
                yield page
            return
        except ImageError as error:
            yield error
        last, left = _behind(content, left, last)


def _behind(
    source: str | Path | bytes, select: PageNumbers | None, last: int
) -> tuple[int, PageNumbers]:
    """The page after the last that was decoded, which is damaged, and those behind it."""
    from ocr.page_numbers import PageNumbers

    select = select or PageNumbers(((1, None),))
    try:
        count = count_pages(source)
        select.check(count, "")
    except ImageError:  # the file is damaged, not the page
        return last, PageNumbers(())
    failed = next(number for number in range(last + 1, count + 1) if number in select)
    return failed, select.between(failed + 1, count)


def _content_of(source: str | Path | bytes | BinaryIO) -> str | Path | bytes:
    """What can be opened more than once."""
    return source if isinstance(source, (str, Path, bytes)) else source.read()


def _pages(
    source: str | Path | bytes,
    name: str,
    select: PageNumbers | None,
    max_pixels: int,
    working_side: int,
) -> Iterator[PageImage]:
    decoded = _decoded(source, name, select, max_pixels, working_side)
    try:
        while page := _next(decoded, name):
            yield page
    finally:
        with _decoding:
            decoded.close()


def count_pages(source: str | Path | bytes) -> int:
    """How many pages `pages` gives where it gives all, and raises the same; decodes none."""
    name = name_of(source)
    with errors(name), alone(), opened(source) as file:
        count: int = _kind_of(file).count(file, name)
        return count


def numbered(name: str, number: int) -> str:
    """Name of a page of a file."""
    return name if number == 1 else f"{name}#{number}"


def check_pixels(size: tuple[int, int], name: str, max_pixels: int) -> None:
    """Raise ImageError where a picture of such a width and height has too many pixels."""
    width, height = size
    if width * height > max_pixels:
        raise ImageError(
            f"cannot read {name}: {width}x{height} pixels are more than the limit of "
            f"{max_pixels / 1e6:g} million (scale it down, or read it with "
            f"--max-pixels {-(width * height // -1_000_000)}M)"
        )


def head_of(file: BinaryIO, count: int) -> bytes:
    """First bytes of a file, which is left at its start."""
    file.seek(0)
    head = file.read(count)
    file.seek(0)
    return head


def is_pdf(file: BinaryIO) -> bool:
    """Whether a file is a PDF; it is left at its start."""
    head = head_of(file, SNIFFED)
    return b"%PDF-" in head and not head.startswith(IMAGES)


def opened(source: str | Path | bytes) -> BinaryIO:
    """Source as an open file: Pillow maps those it opens itself, and scrambles turned TIFFs."""
    return BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def of_picture(
    picture: Image.Image, *, max_pixels: int = MAX_PIXELS, working_side: int = WORKING_SIDE
) -> PageImage:
    """Page of a picture of Pillow's, upright by its EXIF; the picture is left as it is.

    Raises
    ------
    ImageError
        If it has too many pixels, or the file that it is still to be loaded from is damaged.
    """
    from ocr import frames

    name = getattr(picture, "filename", "") or "<picture>"
    with errors(name), alone():
        check_pixels(picture.size, name, max_pixels)  # before they are decoded
        return frames.page_of(picture.copy(), 1, name, max_pixels, working_side)


def name_of(source: str | Path | bytes | BinaryIO) -> str:
    """What a source is called in messages."""
    if isinstance(source, bytes):
        return "<bytes>"
    return str(source if isinstance(source, (str, Path)) else getattr(source, "name", "<stream>"))


def _next(decoded: Iterator[PageImage], name: str) -> PageImage | None:
    """Decode the next page; None after the last."""
    with errors(name), alone():
        return next(decoded, None)


def _decoded(
    source: str | Path | bytes,
    name: str,
    select: PageNumbers | None,
    max_pixels: int,
    working_side: int,
) -> Generator[PageImage]:
    limits = {"max_pixels": max_pixels, "working_side": working_side}
    with opened(source) as file:
        for page in _kind_of(file).pages(file, name, select=select, **limits):
            yield page._replace(source=source)


def _kind_of(file: BinaryIO) -> ModuleType:
    """Module that reads such a file: what it imports is not needed by the others."""
    if is_pdf(file):
        return import_module("ocr.pdf")
    return import_module("ocr.frames")


@contextlib.contextmanager
def errors(name: str) -> Iterator[None]:
    """Raise what the system and the decoders say as one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise ImageError(f"cannot read {name}: no such file") from error
    except IsADirectoryError as error:
        raise ImageError(f"cannot read {name}: is a folder (give the images in it)") from error
    except PermissionError as error:
        raise ImageError(f"cannot read {name}: permission denied") from error
    except MemoryError as error:
        raise ImageError(
            f"cannot read {name}: it needs more memory than there is (scale it down)"
        ) from error
    except DAMAGE as error:
        raise ImageError(f"cannot read {name}: {_damage(error)}") from error


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Put our size limit in the place of Pillow's, and its warnings aside.

    Both are settings of the process, and PDFium bears one thread: so one decodes at a time.
    """
    with _decoding, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _damage(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return str(error.strerror).lower()
    told = " ".join(str(error).split())
    if "truncated" in told.lower():
        return f"the image is cut short {COPY_AGAIN}"
    if "MAX_TEXT" in told:
        return "a comment or colour profile in it unpacks to megabytes (save it without)"
    return f"the image is damaged: {told} {COPY_AGAIN}"
