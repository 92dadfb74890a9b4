"""Find the files that a user names: files, folders, patterns, addresses, standard input."""

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

#: Endings of the files that are read in a folder, in lower case.
ENDINGS = {
    *(".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".j2k", ".jfif", ".jp2", ".jpe"),
    *(".jpeg", ".jpg", ".pbm", ".pdf", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
}


def expand(arguments: Iterable[str]) -> list[str]:
    """Replace folders and patterns by the files that they stand for.

    A folder stands for the images directly in it, in natural order ("2.png" before "10.png"),
    without hidden files. A pattern stands for the files that it matches, in the same order;
    ``**`` matches folders at any depth. A name that exists is not treated as a pattern. Raises
    ImageError if a folder has no images, or a pattern matches no file.

    >>> expand(["-", "https://example.org/*.png", "no-such-file.png"])
    ['-', 'https://example.org/*.png', 'no-such-file.png']
    """
    found = []
    for argument in arguments:
        with read_errors(argument, ImageError):
            found += _expand(argument)
    return found


def is_address(source: str) -> bool:
    """Whether a source is an address of the web."""
    return bool(ADDRESS.match(source))


def open_source(source: str, *, allow_urls: bool) -> str | NamedBytes:
    """Return a path as it is, and the content of standard input, a pipe or an address."""
    if source == STDIN:
        if sys.stdin is None:
            raise ImageError("cannot read standard input: it is closed (name a file)")
        return NamedBytes(sys.stdin.buffer.read(), "<stdin>")
    if not is_address(source):
        with read_errors(source, ImageError):  # a pipe such as <(command) cannot be read twice
            is_pipe = Path(source).is_fifo()
            return NamedBytes(Path(source).read_bytes(), source) if is_pipe else source
    if not allow_urls:
        raise FetchError(f"cannot read {source}: it is an address (give --allow-urls to fetch it)")
    from ocr.input.url import fetch

    return fetch(source)


def pages(
    source: str | NamedBytes, *, select: PageNumbers | None, max_pixels: int
) -> Iterator[PageImage | ImageError]:
    """Yield the selected pages of a source; raise ImageError at the end if some do not exist.

    The error of a page that cannot be decoded takes its place. A file with one page yields it
    whatever is selected, so that images can be read together with a book.
    """
    from ocr.input import loading

    count, existing = 0, select
    if select is not None:
        with contextlib.suppress(OcrError):  # raised below, with the name of the source
            count = loading.count_pages(source if isinstance(source, str) else source.getvalue())
            existing = select.of(count)
    yield from loading.pages_or_errors(source, select=existing, max_pixels=max_pixels)
    if select is not None and count > 1:
        select.check(count, source if isinstance(source, str) else source.name)


def _expand(argument: str) -> list[str]:
    if not argument:  # Path("") would be the current folder
        raise ImageError("cannot read '': the name is empty (is a shell variable unset?)")
    path = Path(argument)
    if argument == STDIN or is_address(argument):
        return [argument]
    if path.is_dir():
        return _images_in(path)
    if glob.has_magic(argument) and not path.exists():
        return _matches(argument)
    return [argument]


def _images_in(folder: Path) -> list[str]:
    found = [str(path) for path in folder.iterdir() if _is_visible_image(path)]
    if not found:
        raise ImageError(
            f"cannot read {folder}: there are no images in this folder "
            f"(subfolders are not searched: give '{folder / '**' / '*.png'}')"
        )
    return sorted(found, key=natural_key)


def _is_visible_image(path: Path) -> bool:
    is_image = path.suffix.lower() in ENDINGS and not path.name.startswith(".")
    return is_image and path.is_file()


def _matches(pattern: str) -> list[str]:
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207 (Path's takes no absolute one)
    found = [path for path in matches if Path(path).is_file()]
    if not found:
        raise ImageError(f"cannot read {pattern}: it matches no file (check the pattern)")
    return sorted(found, key=natural_key)


def natural_key(path: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names by their value.

    >>> sorted(["p10.png", "p2.png", "P1.png"], key=natural_key)
    ['P1.png', 'p2.png', 'p10.png']
    """
    parts = re.split(r"(\d+)", path.lower())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
