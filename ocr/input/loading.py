"""Load image files and PDFs as gray pages: upright, on white, at a suitable resolution.

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
    DECODING_LOCK,
    MAX_PIXELS,
    PageImage,
    check_pixels,
    exclusive_decoding,
    image_errors,
    open_binary,
    read_head,
    source_name,
)

if TYPE_CHECKING:
    from ocr.input.page_numbers import PageNumbers

PDF_HEAD = 1024  # bytes; a PDF begins within these (ISO 32000, note 13 of Annex H)

#: First bytes of images, which may mention PDF in a comment.
IMAGE_HEADS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF", b"\0\0\0\x0cjP")


def load(source: str | Path | bytes | BinaryIO, *, max_pixels: int = MAX_PIXELS) -> list[PageImage]:
    """Return all pages of an image file at once; see `pages`."""
    return list(pages(source, max_pixels=max_pixels))


def pages(
    source: str | Path | bytes | BinaryIO,
    *,
    select: PageNumbers | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[PageImage]:
    """Decode the pages of a path, content or open file one by one, when they are requested.

    There is one for each frame of a TIFF and each page of a PDF, otherwise one for the first
    frame; upright by EXIF, and on white where transparent. `select` names those to decode, in the
    order of the file; images of more than `max_pixels` are refused before they are decoded.

    Raises ImageError if the file does not exist, is not a complete image of a known format, or
    lacks a page of `select`; MissingExtraError if it is a PDF or HEIC, and the library that reads
    it is not installed.
    """
    name = source_name(source)
    yield from _pages(_reopenable(source), name, select, max_pixels)


def pages_or_errors(
    source: str | Path | bytes | BinaryIO,
    *,
    select: PageNumbers | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[PageImage | ImageError]:
    """Yield pages as `pages` does, and the error of a damaged page in its place."""
    name, content = source_name(source), _reopenable(source)
    last, rest = 0, select
    while rest is None or rest.ranges:
        try:
            for page in _pages(content, name, rest, max_pixels):
                last = page.number
                yield page
            return
        except ImageError as error:
            yield error
        last, rest = _pages_after_damaged(content, rest, last)


def _pages_after_damaged(
    source: str | Path | bytes, select: PageNumbers | None, last: int
) -> tuple[int, PageNumbers]:
    """Return the damaged page, which follows the last decoded one, and the pages after it."""
    from ocr.input.page_numbers import PageNumbers

    select = select or PageNumbers(((1, None),))
    try:
        count = count_pages(source)
        select.check(count, "")
    except ImageError:  # the whole file is damaged
        return last, PageNumbers(())
    failed = next(number for number in range(last + 1, count + 1) if number in select)
    return failed, select.between(failed + 1, count)


def _reopenable(source: str | Path | bytes | BinaryIO) -> str | Path | bytes:
    return source if isinstance(source, (str, Path, bytes)) else source.read()


def _pages(
    source: str | Path | bytes, name: str, select: PageNumbers | None, max_pixels: int
) -> Iterator[PageImage]:
    decoder = _decode(source, name, select, max_pixels)
    try:
        while True:
            with image_errors(name), exclusive_decoding():
                page = next(decoder, None)
            if page is None:
                return
            yield page
    finally:
        with DECODING_LOCK:
            decoder.close()


def _decode(
    source: str | Path | bytes, name: str, select: PageNumbers | None, max_pixels: int
) -> Generator[PageImage]:
    with open_binary(source) as file:
        for page in _decoder_of(file).pages(file, name, select=select, max_pixels=max_pixels):
            yield replace(page, source=source)


def _decoder_of(file: BinaryIO) -> ModuleType:
    """Import the module that decodes such a file."""
    return import_module("ocr.input.pdf" if is_pdf(file) else "ocr.input.frames")


def count_pages(source: str | Path | bytes) -> int:
    """Count the pages of a file without decoding them; raises what `pages` raises."""
    name = source_name(source)
    with image_errors(name), exclusive_decoding(), open_binary(source) as file:
        count: int = _decoder_of(file).count(file, name)
        return count


def is_pdf(file: BinaryIO) -> bool:
    """Whether a file is a PDF; leaves it at its start."""
    head = read_head(file, PDF_HEAD)
    return b"%PDF-" in head and not head.startswith(IMAGE_HEADS)


def load_image(picture: Image.Image, *, max_pixels: int = MAX_PIXELS) -> PageImage:
    """Return the page of a Pillow image, upright by its EXIF; the image stays unchanged."""
    from ocr.input import frames

    name = getattr(picture, "filename", "") or "<picture>"
    with image_errors(name), exclusive_decoding():
        check_pixels(picture.size, name, max_pixels)  # before they are decoded
        return frames.decode_frame(picture.copy(), 1, name, max_pixels)
