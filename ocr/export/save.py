"""Save one page to a file in the format of its ending."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ocr import export
from ocr.errors import OutputError
from ocr.files import write_whole
from ocr.input.arrays import load_pages
from ocr.input.page_image import PageImage
from ocr.input.page_numbers import PageNumbers
from ocr.page import Page

DRAWINGS = (".svg", ".png")
SHOW_IMAGE = (".pdf", *DRAWINGS)  # formats of which the image itself is a part


def save_page(page: Page, path: Path, image: Any = None) -> None:
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
    shown = _without_pixels(page) if image is None else _load(image, page.number)
    write_whole(path, _draw(shown, page, ending) if form is None else _write(form, shown, page))


def _load(image: Any, number: int) -> PageImage:
    [found] = load_pages(image, select=PageNumbers(((number, number),)))
    return found


def _without_pixels(page: Page) -> PageImage:
    size = page.width, page.height
    pixels = np.zeros((0, 0), np.uint8)
    return PageImage(pixels, 1.0, size, page.name, number=page.number, dpi=page.dpi)


def _write(form: str, image: PageImage, page: Page) -> bytes:
    writer = export.writer(form)
    writer.add(image, page)
    return writer.finish()


def _draw(image: PageImage, page: Page, ending: str) -> bytes:
    from ocr.export import overlay, svg

    if ending == ".svg":
        return svg.draw(image.picture(), page)
    file = BytesIO()
    overlay.draw(image.picture(), page).save(file, "PNG")
    return file.getvalue()
