"""`ocr segment`: the rows of an image and the crops that are classified, as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.completion import files
from ocr.cli.options import segment_options
from ocr.cli.output import write_picture
from ocr.files import make_empty
from ocr.page import Box, Glyph, Line, Page, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ocr.input.page_image import PageImage
    from ocr.segment import Binarizer, Row, SegmentedPage


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
@segment_options
def command(source: str, output: Path, binarize: str, rotate: bool) -> None:
    """Show the rows and letters found on an image.

    DIR gets overlay.png, a picture of each row, row-01.png, and the 32x32 crop of every candidate
    letter in it, as the classifier sees it and in that order: row-01/001.png, row-01/002.png ...
    A wide piece of ink gives several candidates: its parts between possible cuts, alone and
    joined. Every page of a TIFF or PDF gets its own folder in DIR.
    """
    from ocr.input import loading
    from ocr.segment import load_binarizer

    count = loading.count_pages(source)
    binarizer = load_binarizer(binarize)
    make_empty(output)
    for number, page_image in enumerate(loading.pages(source), start=1):
        folder = output if count == 1 else output / f"page-{number:02}"
        rows, crops = _show(page_image, folder, binarizer, rotate)
        click.echo(f"{page_image.name}: {rows} rows, {crops} crops in {folder}", err=True)


def _show(
    page_image: PageImage, folder: Path, binarizer: Binarizer, rotate: bool
) -> tuple[int, int]:
    """Write the pictures of one page; return the number of rows and of crops."""
    from ocr.export import overlay
    from ocr.segment import crop, segment

    page = segment(page_image, binarizer, rotate=rotate)
    crops = crop(page)
    folder.mkdir(exist_ok=True)
    drawn = overlay.draw(page_image.turn(page.image.rotation).picture(), _boxes(page))
    write_picture(folder / "overlay.png", drawn)
    starts = [0, *page.row_ends]
    for number, (row, start, end) in enumerate(
        zip(page.rows, starts, page.row_ends, strict=False), start=1
    ):
        name = f"row-{number:02}"
        write_picture(folder / f"{name}.png", _row_picture(page, row))
        _write_crops(crops[start:end], folder / name)
    return len(page.rows), len(crops)


def _boxes(page: SegmentedPage) -> Page:
    """Return a page of the boxes of components, not read yet."""
    from ocr.segment.coordinates import to_original

    lines = []
    for row in page.rows:
        boxes = page.components.boxes[row.members].tolist()
        line = Line((Word(tuple(Glyph(Box(*box), "", 1.0) for box in boxes)),))
        lines.append(to_original(line, page.image))
    return Page(*page.image.size, tuple(lines))


def _row_picture(page: SegmentedPage, row: Row) -> Image:
    """Cut a row out of the page, at the resolution at which it was segmented."""
    boxes = page.components.boxes[row.members]
    (left, top), (right, bottom) = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    return page.image.picture().crop((int(left), int(top), int(right), int(bottom)))


def _write_crops(crops: NDArray[np.float32], folder: Path) -> None:
    import numpy as np
    from PIL.Image import fromarray

    folder.mkdir()
    for number, crop in enumerate(crops, start=1):
        picture = fromarray((255 * (1 - crop)).round().astype(np.uint8))
        write_picture(folder / f"{number:03}.png", picture)
