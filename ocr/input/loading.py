"""Image files and PDFs to grey pages: upright, on white, at a size to work at.

`ocr.input.frames` decodes image files, and `ocr.input.pdf` renders PDFs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from ocr.errors import ImageError
from ocr.input.page_image import (
    DECODING,
    MAX_PIXELS,
    WORKING_SIDE,
    PageImage,
    alone,
    check_pixels,
    errors,
    head_of,
    name_of,
    opened,
)

if TYPE_CHECKING:
    from ocr.input.page_numbers import PageNumbers

SNIFFED = 1024  # bytes; within these a PDF begins (ISO 32000, note 13 of Annex H)

#: How images begin, which may speak of PDF in a comment.
IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF", b"\0\0\0\x0cjP")


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
    from ocr.input.page_numbers import PageNumbers

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
        with DECODING:
            decoded.close()


def count_pages(source: str | Path | bytes) -> int:
    """How many pages `pages` gives where it gives all, and raises the same; decodes none."""
    name = name_of(source)
    with errors(name), alone(), opened(source) as file:
        count: int = _kind_of(file).count(file, name)
        return count


def is_pdf(file: BinaryIO) -> bool:
    """Whether a file is a PDF; it is left at its start."""
    head = head_of(file, SNIFFED)
    return b"%PDF-" in head and not head.startswith(IMAGES)


def load_image(
    picture: Image.Image, *, max_pixels: int = MAX_PIXELS, working_side: int = WORKING_SIDE
) -> PageImage:
    """Page of a picture of Pillow's, upright by its EXIF; the picture is left as it is.

    Raises
    ------
    ImageError
        If it has too many pixels, or the file that it is still to be loaded from is damaged.
    """
    from ocr.input import frames

    name = getattr(picture, "filename", "") or "<picture>"
    with errors(name), alone():
        check_pixels(picture.size, name, max_pixels)  # before they are decoded
        return frames.page_of(picture.copy(), 1, name, max_pixels, working_side)


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
            yield replace(page, source=source)


def _kind_of(file: BinaryIO) -> ModuleType:
    """Module that reads such a file: what it imports is not needed by the others."""
    if is_pdf(file):
        return import_module("ocr.input.pdf")
    return import_module("ocr.input.frames")
