"""What people name to be read: files, folders, patterns, addresses, standard input."""

from __future__ import annotations

import contextlib
import glob
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.errors import FetchError, ImageError, OcrError
from ocr.files import read_errors
from ocr.input.page_image import NamedBytes

if TYPE_CHECKING:
    from ocr.input.page_image import PageImage
    from ocr.input.page_numbers import PageNumbers

STDIN = "-"
ADDRESS = re.compile("https?://", re.IGNORECASE)

#: Endings of the names of files that are read, whatever their case.
ENDINGS = {
    *(".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".j2k", ".jfif", ".jp2", ".jpe"),
    *(".jpeg", ".jpg", ".pbm", ".pdf", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
}


def expand(arguments: Iterable[str]) -> list[str]:
    """Name every file that is meant.

    A folder stands for the images in it, in natural order ("2.png" before "10.png"): those with
    a known ending, not hidden, not in folders below it. A pattern stands for the files that it
    matches, in the same order; ``**`` goes down into folders. A file that has the pattern as its
    very name comes first. All else stays as it is.

    Raises
    ------
    ImageError
        If a folder has no image, or a pattern matches no file.

    Examples
    --------
    >>> expand(["-", "https://example.org/*.png", "no-such-file.png"])
    ['-', 'https://example.org/*.png', 'no-such-file.png']
    """
    found = []
    for argument in arguments:
        with read_errors(argument, ImageError):
            found += _expand(argument)
    return found


def is_address(source: str) -> bool:
    """Whether a source is one of the web's."""
    return bool(ADDRESS.match(source))


def opened(source: str, *, allow_urls: bool) -> str | NamedBytes:
    """Source as `pages` takes it: a path, or what came from standard input, a pipe or an address.

    Raises
    ------
    FetchError
        If an address cannot be fetched, or none may be.
    ImageError
        If standard input is closed.
    """
    if source == STDIN:
        if sys.stdin is None:
            raise ImageError("cannot read standard input: it is closed (name a file)")
        return NamedBytes(sys.stdin.buffer.read(), "<stdin>")
    if not is_address(source):
        with read_errors(source, ImageError):  # a pipe, as <(command), cannot be read again
            is_pipe = Path(source).is_fifo()
            return NamedBytes(Path(source).read_bytes(), source) if is_pipe else source
    if not allow_urls:
        raise FetchError(f"cannot read {source}: it is an address (give --allow-urls to fetch it)")
    from ocr.input.url import fetch

    return fetch(source)


def pages(
    source: str | NamedBytes, *, select: PageNumbers | None, max_pixels: int
) -> Iterator[PageImage | ImageError]:
    """Pages of what `opened` gave: those selected that are there, then an error for the others.

    In the place of a page that cannot be decoded is the reason.

    Of a file of one page, that page: so a folder of images can be read beside a book.

    Raises
    ------
    ImageError, MissingExtraError
        As `ocr.input.loading.pages_or_errors` does.
    """
    from ocr.input import loading

    count, there = 0, select
    if select is not None:
        with contextlib.suppress(OcrError):  # told below, by the name of the source
            count = loading.count_pages(source if isinstance(source, str) else source.getvalue())
            there = select.of(count)
    yield from loading.pages_or_errors(source, select=there, max_pixels=max_pixels)
    if select is not None and count > 1:
        select.check(count, source if isinstance(source, str) else source.name)


def _expand(argument: str) -> list[str]:
    if not argument:  # Path("") is the folder that one is in
        raise ImageError("cannot read '': it is no name (a variable of the shell may not be set)")
    path = Path(argument)
    if argument == STDIN or is_address(argument):
        return [argument]
    if path.is_dir():
        return _images_in(path)
    if glob.has_magic(argument) and not path.exists():
        return _matches(argument)
    return [argument]


def _images_in(folder: Path) -> list[str]:
    found = [str(path) for path in folder.iterdir() if _is_shown_image(path)]
    if not found:
        raise ImageError(
            f"cannot read {folder}: no image is in this folder "
            f"(folders below it are not looked into: give '{folder / '**' / '*.png'}')"
        )
    return sorted(found, key=natural)


def _is_shown_image(path: Path) -> bool:
    is_named_so = path.suffix.lower() in ENDINGS and not path.name.startswith(".")
    return is_named_so and path.is_file()


def _matches(pattern: str) -> list[str]:
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207 (Path's takes no absolute one)
    found = [path for path in matches if Path(path).is_file()]
    if not found:
        raise ImageError(f"cannot read {pattern}: no file has such a name (check the pattern)")
    return sorted(found, key=natural)


def natural(path: str) -> list[tuple[int, str]]:
    """Key that sorts numbers in names by their value.

    Examples
    --------
    >>> sorted(["p10.png", "p2.png", "P1.png"], key=natural)
    ['P1.png', 'p2.png', 'p10.png']
    """
    parts = re.split(r"(\d+)", path.lower())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
