"""A page image in memory, and the errors that decoders report."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from ocr.errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_PIXELS = 250_000_000  # about 1 GiB as Pillow decodes it; an A0 sheet at 300 dpi has 140 million
WORKING_SIDE = 2200  # px of the longer side: A4 at 190 dpi, hand-printed letters of 25 px and more
TOLERANCE = (0.8, 1.4)  # of WORKING_SIDE; images between these are not resampled, to save time
COPY_AGAIN = "(copy or download it again)"

#: Exceptions that Pillow's decoders raise for damaged files.
DECODER_ERRORS = (
    *(ArithmeticError, OSError, RuntimeError, SyntaxError, ValueError, TypeError, LookupError),
    *(EOFError, struct.error, zlib.error),
)

#: Other errors that need an explanation.
REASONS = {
    FileNotFoundError: "no such file",
    IsADirectoryError: "is a folder (give the images in it)",
    PermissionError: "permission denied",
    MemoryError: "not enough memory (scale it down)",
}

DECODING_LOCK = RLock()


@dataclass(frozen=True, eq=False, slots=True)
class PageImage:
    """One upright page to read.

    `dpi` are the pixels per inch of the original, if the file states a plausible value; 300 for
    a page of a PDF, so that ``72 / dpi`` times a box is in points.
    """

    gray: NDArray[np.uint8]  # [h, w], 0 black to 255 white
    scale: float  # pixels of `gray` per pixel of the original
    size: tuple[int, int]  # width and height of the original upright image
    name: str  # the file it came from; later pages of a file are scan.tif#2, scan.tif#3 ...
    source: str | Path | bytes | None = None  # the file's path or content, if there is one
    number: int = 1  # frame or page of the file
    dpi: float | None = None
    rotation: int = 0  # degrees, a multiple of 90, by which the file's page was turned clockwise
    tilt: float = 0.0  # degrees by which its rows ran downward before `gray` was levelled

    def turn(self, degrees: int) -> PageImage:
        """Return the page turned clockwise, by a multiple of 90 degrees."""
        if not degrees:
            return self
        by_quarters = self.gray, self.gray[::-1].T, self.gray[::-1, ::-1], self.gray.T[::-1]
        gray = by_quarters[degrees // 90 % 4].copy()
        size = self.size if degrees % 180 == 0 else self.size[::-1]
        rotation = (self.rotation + degrees) % 360
        return replace(self, gray=gray, size=size, rotation=rotation)

    def picture(self) -> Image.Image:
        """Return `gray` as a Pillow image of mode L."""
        return Image.fromarray(self.gray)


class NamedBytes(io.BytesIO):
    """Content of standard input, a pipe or an address, as an open file with a name."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def page_name(name: str, number: int) -> str:
    """Name a page of a file."""
    return name if number == 1 else f"{name}#{number}"


def source_name(source: str | Path | bytes | BinaryIO) -> str:
    """Name a source in messages."""
    if isinstance(source, bytes):
        return "<bytes>"
    return str(source if isinstance(source, (str, Path)) else getattr(source, "name", "<stream>"))


def check_pixels(size: tuple[int, int], name: str, max_pixels: int) -> None:
    """Raise ImageError if an image of this width and height has too many pixels."""
    width, height = size
    if width * height > max_pixels:
        raise ImageError(
            f"cannot read {name}: {width}x{height} pixels are more than the limit of "
            f"{max_pixels / 1e6:g} million (scale it down, or read it with "
            f"--max-pixels {-(width * height // -1_000_000)}M)"
        )


def open_binary(source: str | Path | bytes) -> BinaryIO:
    """Open a source; Pillow would map files that it opens itself, and scramble rotated TIFFs."""
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def read_head(file: BinaryIO, count: int) -> bytes:
    """Read the first bytes of a file and return to its start."""
    file.seek(0)
    head = file.read(count)
    file.seek(0)
    return head


@contextlib.contextmanager
def image_errors(name: str) -> Iterator[None]:
    """Raise errors of the system and of decoders as one-line ImageErrors."""
    try:
        yield
    except (MemoryError, *DECODER_ERRORS) as error:
        raise ImageError(f"cannot read {name}: {_describe(error)}") from error


def _describe(error: Exception) -> str:
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    if isinstance(error, OSError) and error.errno is not None:
        return str(error.strerror).lower()
    message = " ".join(str(error).split())
    if "truncated" in message.lower():
        return f"the image is cut short {COPY_AGAIN}"
    if "MAX_TEXT" in message:
        return "a comment or color profile in it unpacks to megabytes (save it without)"
    return f"the image is damaged: {message} {COPY_AGAIN}"


@contextlib.contextmanager
def exclusive_decoding() -> Iterator[None]:
    """Lift Pillow's size limit and silence warnings while one thread decodes.

    Both settings are global to the process, and PDFium supports only one thread at a time.
    """
    with DECODING_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
