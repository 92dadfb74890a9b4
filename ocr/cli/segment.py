"""`ocr segment`: what the reader takes for rows and letters, as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.completion import files
from ocr.cli.output import write_picture
from ocr.files import make_empty
from ocr.page import Box, Glyph, Line, Page, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.input.page_image import PageImage
    from ocr.segment import Row, Segmentation


@click.command("segment")
@click.argument("source", metavar="IMAGE", shell_complete=files)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    required=True,
    help="New or empty folder to write to.",
)
def command(source: str, output: Path) -> None:
    """Show the rows and letters found on an image.

    DIR gets overlay.png, and each connected piece of ink as a 32x32 picture: row-01/001.png,
    row-01/002.png ... Every page of a TIFF or PDF gets its own folder in
    DIR.
    """
    from ocr.input import loading

    count = loading.count_pages(source)
    make_empty(output)
    for number, page_image in enumerate(loading.pages(source), start=1):
        folder = output if count == 1 else output / f"page-{number:02}"
        rows, crops = _show(page_image, folder)
        click.echo(f"{page_image.name}: {rows} rows, {crops} letters in {folder}", err=True)


def _show(page_image: PageImage, folder: Path) -> tuple[int, int]:
    """Write the pictures of one page; counts of rows and letters."""
    from ocr.export import overlay
    from ocr.pipeline import segment_at_letter_size

    working, found = segment_at_letter_size(page_image)
    folder.mkdir(exist_ok=True)
    drawn = overlay.draw(page_image.picture(), _page(working, found))
    write_picture(folder / "overlay.png", drawn)
    for number, row in enumerate(found.rows, start=1):
        _write_crops(_inks(found, row), folder / f"row-{number:02}")
    return len(found.rows), sum(len(row.members) for row in found.rows)


def _page(working: PageImage, found: Segmentation) -> Page:
    """Page of the boxes that were found, not read yet."""
    from ocr.pipeline import to_original

    lines = []
    for row in found.rows:
        boxes = found.components.boxes[row.members].tolist()
        line = Line((Word(tuple(Glyph(Box(*box), "", 1.0) for box in boxes)),))
        lines.append(to_original(line, working))
    return Page(*working.size, tuple(lines))


def _inks(found: Segmentation, row: Row) -> Iterator[NDArray[np.float32]]:
    """Ink of each letter of a row alone, float32 [h, w]."""
    parts = found.components
    for member in row.members:
        left, top, right, bottom = parts.boxes[member]
        area = (slice(top, bottom), slice(left, right))
        yield found.ink.strength[area] * (parts.labels[area] == parts.ids[member])


def _write_crops(inks: Iterator[NDArray[np.float32]], folder: Path) -> None:
    import numpy as np
    from PIL import Image

    from ocr.segment.crops import fit

    folder.mkdir()
    for number, ink in enumerate(inks, start=1):
        crop = Image.fromarray((255 * (1 - fit(ink))).round().astype(np.uint8))
        write_picture(folder / f"{number:03}.png", crop)
