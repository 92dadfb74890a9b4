"""Save one page to a file in the format of its ending."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np

from ocr import export
from ocr.errors import OutputError
from ocr.export import overlay, svg
from ocr.files import write_whole
from ocr.input.arrays import Source, load_pages
from ocr.input.page_image import PageImage
from ocr.input.page_numbers import PageNumbers
from ocr.page import Page

DRAWINGS = (".svg", ".png")
SHOW_IMAGE = (".pdf", *DRAWINGS)  # formats of which the image itself is a part


def save_page(page: Page, path: Path, image: Source | None = None) -> None:
    """Write a page; see `Page.save`."""
    ending, form = path.suffix.lower(), export.format_of(path)
    if form is None and ending not in DRAWINGS:
        known = " ".join([*(endings[0] for endings in export.FORMATS.values()), *DRAWINGS])
        raise OutputError(f"cannot write {path}: unknown ending (name it {known})")
    if image is None and ending in SHOW_IMAGE:
        raise OutputError(
            f"cannot write {path}: this format contains the image "
            "(pass image=, the file that was read)"
        )
    page_image = _page_image(page, image)
    if form is None:
        write_whole(path, draw(page_image, page, ending))
    else:
        writer = export.writer(form)
        writer.add(page_image, page)
        write_whole(path, writer.finish())


def _page_image(page: Page, image: Source | None) -> PageImage:
    """Load the image, or make one without pixels for formats that do not need them."""
    if image is not None:
        [loaded] = load_pages(image, select=PageNumbers(((page.number, page.number),)))
        return loaded.turn(page.rotation)
    size = page.width, page.height
    no_pixels = np.zeros((0, 0), np.uint8)
    return PageImage(no_pixels, 1.0, size, page.name, number=page.number, dpi=page.dpi)


def draw(image: PageImage, page: Page, ending: str) -> bytes:
    """Draw a page over its image as a file: .svg, otherwise PNG."""
    if ending == ".svg":
        return svg.draw(image.picture(), page)
    file = BytesIO()
    overlay.draw(image.picture(), page).save(file, "PNG")
    return file.getvalue()
