"""What was read, drawn over each image, in files of their own."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.cli.output import png_of
from ocr.errors import OutputError
from ocr.files import write_whole

if TYPE_CHECKING:
    from ocr.input.page_image import PageImage
    from ocr.page import Page


def overlaid(
    results: Iterable[tuple[PageImage, Page]], target: Path, files: Iterable[str]
) -> Iterator[tuple[PageImage, Page]]:
    """Draw every page, and pass it on.

    The drawing of the first waits until a second comes, as only then its name is known:
    `target`, or NAME-1 of several.

    Raises
    ------
    OutputError
        If one of the `files` that are read would be overwritten.
    """
    images = {Path(file).resolve() for file in files}
    first = b""
    number = 0
    for number, (page_image, page) in enumerate(results, start=1):
        drawn = _drawn(page_image, page, target)
        if number == 1:
            first = drawn
        else:
            if number == 2:
                _write(_numbered(target, 1), first, images)
            _write(_numbered(target, number), drawn, images)
        yield page_image, page
    if number == 1:
        _write(target, first, images)


def _write(path: Path, content: bytes, images: Container[Path]) -> None:
    if path.resolve() in images:
        raise OutputError(f"cannot write {path}: it is an image that is read (name another file)")
    write_whole(path, content)


def _drawn(page_image: PageImage, page: Page, target: Path) -> bytes:
    """Content of a file: SVG if its name says so, else PNG."""
    from ocr.export import overlay, svg

    if target.suffix.lower() == ".svg":
        return svg.draw(page_image.picture(), page)
    return png_of(overlay.draw(page_image.picture(), page))


def _numbered(target: Path, number: int) -> Path:
    return target.with_stem(f"{target.stem}-{number}")
