"""Decoding of all image formats, and errors of broken files."""

from __future__ import annotations

import io
import struct
import sys
import tracemalloc
import weakref
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr.errors import ImageError, MissingExtraError
from ocr.input.loading import count_pages, load, pages
from ocr.input.page_numbers import PageNumbers
from ocr.input.sources import ENDINGS

PAGE = Image.new("RGB", (64, 40), "white")
PAGE.paste("black", (0, 0, 32, 10))
BILEVEL = PAGE.convert("1")


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def heic(picture: Image.Image, **options: Any) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("GIF", {}),
        ("PPM", {}),
        ("JPEG2000", {}),
        ("AVIF", {"quality": 95}),
        *[("TIFF", {"compression": name}) for name in ("raw", "tiff_lzw", "packbits", "jpeg")],
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"big_tiff": True}),
    ],
)
def test_every_format_is_read(form: str, options: dict[str, Any]) -> None:
    [page] = load(encoded(PAGE, form, **options))
    assert_is_page(page.gray)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "CMYK", "LAB", "I;16", "P"])
def test_every_kind_of_tiff_is_read(mode: str) -> None:
    values = np.asarray(PAGE.convert("L"))
    wide = Image.fromarray(values.astype(np.uint16) * 257)
    [page] = load(encoded(wide if mode == "I;16" else PAGE.convert(mode), "TIFF"))
    assert_is_page(page.gray)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt", "raw"])
def test_every_kind_of_bilevel_tiff_is_read(compression: str) -> None:
    [page] = load(encoded(BILEVEL, "TIFF", compression=compression))
    assert_is_page(page.gray)


@pytest.mark.parametrize("form", ["PBM", "PGM", "PPM"])
def test_every_pnm_is_read(form: str) -> None:
    mode = {"PBM": "1", "PGM": "L", "PPM": "RGB"}[form]
    [page] = load(encoded(PAGE.convert(mode), "PPM"))
    assert_is_page(page.gray)


def assert_is_page(gray: np.ndarray[Any, Any]) -> None:
    """Assert that an image is PAGE, within the loss of its format."""
    np.testing.assert_allclose(gray.astype(int), np.asarray(PAGE.convert("L")), atol=24)


def test_heic_is_read() -> None:
    [page] = load(heic(PAGE, quality=95))
    assert_is_page(page.gray)


@pytest.mark.parametrize(("orientation", "size"), [(1, (64, 40)), (6, (40, 64)), (3, (64, 40))])
def test_heic_is_upright(orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    [page] = load(heic(PAGE, quality=95, exif=exif.tobytes()))
    corner = {1: (0, 0), 6: (0, -1), 3: (-1, -1)}[orientation]
    assert (page.size, page.gray.shape) == (size, size[::-1])
    assert page.gray[corner] < 50


def test_heic_without_the_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"<bytes>, HEIC, needs .*'ocr\[heic\]'"):
        load(b"\0\0\0\x18ftypheic" + bytes(99))


def test_damaged_heic_gives_an_error_of_one_line() -> None:
    with pytest.raises(ImageError, match="^cannot read <bytes>: the image is damaged: [^\n]*$"):
        load(heic(PAGE)[:300])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "BMP"])
def test_resolution_is_taken_from_the_file(form: str) -> None:
    assert load(encoded(PAGE, form, dpi=(300, 300)))[0].dpi == 300
    assert load(encoded(PAGE, form))[0].dpi is None or form == "BMP"


def test_resolution_in_centimetres_is_in_inches() -> None:
    assert load(encoded(PAGE, "TIFF", resolution=100, resolution_unit=3))[0].dpi == 254


@pytest.mark.parametrize("dpi", [(1, 1), (0, 0), (9600, 9600), (204, 98)])
def test_implausible_or_different_resolutions_are_none(dpi: tuple[int, int]) -> None:
    assert load(encoded(PAGE, "TIFF", dpi=dpi))[0].dpi is None


def tiff(*widths: int) -> bytes:
    """Return a TIFF of white pages with these widths."""
    first, *others = [Image.new("L", (width, 9), 255) for width in widths]
    return encoded(first, "TIFF", save_all=True, append_images=others)


def test_only_selected_frames_of_a_tiff_are_read() -> None:
    content = tiff(5, 6, 7, 8)
    found = [
        (page.number, page.size[0]) for page in pages(content, select=PageNumbers.parse("2,4-"))
    ]
    assert found == [(2, 6), (4, 8)]
    assert count_pages(content) == 4


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG"])
def test_a_single_image_has_one_page(form: str) -> None:
    content = encoded(PAGE, form)
    assert count_pages(content) == len(list(pages(content, select=PageNumbers.parse("1-")))) == 1
    with pytest.raises(ImageError, match=r"there is no page 2 \(it has 1 page;"):
        next(pages(content, select=PageNumbers.parse("2")))


def test_frames_of_a_truncated_tiff_are_read_up_to_the_cut() -> None:
    noise = Image.effect_noise((100, 100), 60)
    content = encoded(noise, "TIFF", save_all=True, append_images=[noise, noise])
    found = pages(content[: len(content) // 2])
    assert next(found).number == 1
    with pytest.raises(ImageError, match="cut short"):
        next(found)


def test_frames_are_not_kept() -> None:
    seen = []
    for page in pages(tiff(5, 6, 7, 8)):
        seen.append(weakref.ref(page.gray))
        assert sum(gray() is not None for gray in seen) <= 2


def test_two_files_can_be_read_alternately() -> None:
    by_turns = zip(pages(tiff(5, 6)), pages(tiff(7, 8)), strict=True)
    assert [(a.size[0], b.size[0]) for a, b in by_turns] == [(5, 7), (6, 8)]


def test_file_endings_are_those_of_the_formats() -> None:
    assert {".jpg", ".tif", ".pdf", ".heic", ".webp", ".bmp", ".gif", ".ppm"} < ENDINGS
    assert not {".txt", ".json", ".eps", ".svg"} & ENDINGS


def sized(form: str, width: int, height: int) -> bytes:
    """Return a small file whose header announces a large image."""
    content = bytearray(encoded(BILEVEL if form == "TIFF" else PAGE, form))
    if form == "GIF":
        content[6:10] = struct.pack("<HH", width, height)
    elif form == "BMP":
        content[18:26] = struct.pack("<ii", width, height)
    elif form == "PPM":
        content[3:8] = f"{width} {height}".encode()
    elif form == "TIFF":
        at = struct.unpack("<I", content[4:8])[0] + 2
        for tag, value in ((256, width), (257, height)):
            place = content.index(struct.pack("<H", tag), at)
            content[place : place + 12] = struct.pack("<HHII", tag, 4, 1, value)
    return bytes(content)


@pytest.mark.parametrize("form", ["GIF", "BMP", "PPM", "TIFF"])
def test_error_of_a_huge_image_names_the_limit_and_the_option(form: str) -> None:
    with pytest.raises(ImageError) as caught:
        load(sized(form, 60_000, 50_000))
    assert str(caught.value) == (
        "cannot read <bytes>: 60000x50000 pixels are more than the limit of 250 million "
        "(scale it down, or read it with --max-pixels 3000M)"
    )


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "JPEG2000", "GIF", "PNG", "TIFF"])
def test_limit_counts_for_every_format(form: str) -> None:
    with pytest.raises(ImageError, match="64x40 pixels are more than the limit of 0.002 million"):
        load(encoded(PAGE, form), max_pixels=2_000)


def test_limit_counts_for_heic() -> None:
    with pytest.raises(ImageError, match="64x40 pixels are more than the limit"):
        load(heic(PAGE), max_pixels=2_000)


def test_limit_counts_for_every_frame() -> None:
    found = pages(tiff(9, 99), max_pixels=100)
    assert next(found).size == (9, 9)
    with pytest.raises(ImageError, match="<bytes>#2: 99x9 pixels are more"):
        next(found)


UNPACKED = zlib.compress(bytes(60_000_000), 9)


@pytest.mark.parametrize(
    "chunk",
    [
        (b"iCCP", b"a\0\0" + UNPACKED),
        (b"zTXt", b"a\0\0" + UNPACKED),
        (b"iTXt", b"a\0\1\0\0\0" + UNPACKED),
    ],
    ids=lambda chunk: chunk[0].decode(),
)
@pytest.mark.parametrize("place", [33, -12], ids=["before", "after"])
def test_compressed_metadata_of_a_png_does_not_fill_memory(
    chunk: tuple[bytes, bytes], place: int
) -> None:
    kind, data = chunk
    part = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    content = encoded(PAGE, "PNG")
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match="unpacks to megabytes"):
            load(content[:place] + part + content[place:])
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_web_page_is_recognized() -> None:
    with pytest.raises(ImageError, match="a web page, not an image"):
        load(b"<!DOCTYPE HTML><html></html>")
