"""A page image in memory, and how decoders report what is wrong with a file."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
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


TOLERANCE = (0.8, 1.4)  # of WORKING_SIDE: between these nothing is resampled, which takes time


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


DECODING = RLock()


@dataclass(frozen=True, eq=False, slots=True)
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


def opened(source: str | Path | bytes) -> BinaryIO:
    """Source as an open file: Pillow maps those it opens itself, and scrambles turned TIFFs."""
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def name_of(source: str | Path | bytes | BinaryIO) -> str:
    """What a source is called in messages."""
    if isinstance(source, bytes):
        return "<bytes>"
    return str(source if isinstance(source, (str, Path)) else getattr(source, "name", "<stream>"))


class NamedBytes(io.BytesIO):
    """Bytes of standard input, a pipe or an address, as an open file with a name."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


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
    with DECODING, warnings.catch_warnings():
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
