"""Write small PDFs without a library, so that every byte is known."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

A4 = (595.2, 841.92)  # points: 1654x2339 pixels at 200 dpi, 2480x3508 at 300

SCANNED = "q {w} 0 0 {h} 0 0 cm /Scan Do Q"
CAPTION = "BT /F1 24 Tf 100 700 Td {mode} Tr (HELLO) Tj ET"


@dataclass(frozen=True)
class PdfPage:
    """A page: content in PDF's operators, and a gray picture that it can refer to as /Scan."""

    content: str = ""
    size: tuple[float, float] = A4
    picture: NDArray[np.uint8] | None = None
    entries: str = ""


def scanned(picture: NDArray[np.uint8], size: tuple[float, float] = A4, more: str = "") -> PdfPage:
    """Return a page that a picture fills."""
    content = SCANNED.format(w=size[0], h=size[1])
    return PdfPage(f"{content} {more}", size, picture)


def pdf(*pages: PdfPage) -> bytes:
    """Return the PDF of some pages."""
    font = b"<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>"
    kids = " ".join(f"{4 + 3 * k} 0 R" for k in range(len(pages)))
    objects = [
        b"<</Type/Catalog /Pages 2 0 R>>",
        f"<</Type/Pages /Count {len(pages)} /Kids [{kids}]>>".encode(),
        font,
    ]
    for page in pages:
        objects += _objects(page, first=1 + len(objects))
    return _file(objects)


def _objects(page: PdfPage, first: int) -> list[bytes]:
    """Return the objects of a page, its content and its picture."""
    width, height = page.size
    head = (
        f"<</Type/Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {first + 1} 0 R "
        f"/Resources <</Font <</F1 3 0 R>> /XObject <</Scan {first + 2} 0 R>>>> {page.entries}>>"
    )
    picture = np.full((1, 1), 255, np.uint8) if page.picture is None else page.picture
    rows, columns = picture.shape
    image = (
        f"/Type/XObject /Subtype/Image /Width {columns} /Height {rows} /ColorSpace/DeviceGray "
        "/BitsPerComponent 8 /Filter/FlateDecode"
    )
    return [
        head.encode(),
        _stream("", page.content.encode()),
        _stream(image, zlib.compress(picture.tobytes(), 1)),
    ]


def _stream(entries: str, content: bytes) -> bytes:
    head = f"<<{entries} /Length {len(content)}>>\nstream\n".encode()
    return head + content + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    content, places = b"%PDF-1.7\n", []
    for number, what in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n".encode() + what + b"\nendobj\n"
    table = b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    size = len(objects) + 1
    return (
        content
        + f"xref\n0 {size}\n0000000000 65535 f \n".encode()
        + table
        + f"trailer <</Size {size} /Root 1 0 R>>\nstartxref\n{len(content)}\n%%EOF\n".encode()
    )
