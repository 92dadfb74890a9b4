from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr.errors import ImageError
from ocr.input.loading import load, pages_or_errors
from ocr.input.page_image import PageImage
from ocr.input.page_numbers import PageNumbers

BLACK_LEFT = np.array([[0, 0, 255, 255, 255], [0, 0, 255, 255, 255]], np.uint8).repeat(20, axis=0)


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def only_page(content: bytes, **options: Any) -> PageImage:
    [page] = load(content, **options)
    return page


L = Image.fromarray(BLACK_LEFT)
RGB = L.convert("RGB")
CLEAR_BLACK = Image.merge("LA", (Image.new("L", L.size, 0), L.point(lambda value: 255 - value)))


@pytest.mark.parametrize(
    "content",
    [
        encoded(L),
        encoded(L.convert("1")),
        encoded(RGB),
        encoded(RGB.quantize(4)),
        encoded(L.convert("LA")),
        encoded(Image.fromarray(BLACK_LEFT.astype(np.uint16) * 257)),
        encoded(Image.fromarray(BLACK_LEFT.astype(np.uint16) * 257), "TIFF"),
        encoded(Image.fromarray(BLACK_LEFT.astype(np.int32) * 257), "TIFF"),
        encoded(Image.fromarray(BLACK_LEFT / np.float32(255)), "TIFF"),
        encoded(RGB.convert("CMYK"), "TIFF"),
        encoded(L.convert("1"), "TIFF", compression="group4"),
        encoded(RGB, "GIF"),
        encoded(RGB, "BMP"),
        encoded(RGB, "PPM"),
        encoded(CLEAR_BLACK),
        encoded(CLEAR_BLACK.convert("RGBA")),
        encoded(L.point(lambda value: value and 7), transparency=7),
    ],
)
def test_every_mode_comes_out_black_on_white(content: bytes) -> None:
    page = only_page(content)
    np.testing.assert_array_equal(page.gray, BLACK_LEFT)
    assert page.gray.dtype == np.uint8
    assert (page.size, page.scale) == ((5, 40), 1.0)


def test_light_ink_on_nothing_lies_on_black() -> None:
    logo = Image.new("RGBA", (5, 40), "#ffffff00")
    logo.paste("#ffffffff", (0, 0, 2, 40))
    gray = only_page(encoded(logo)).gray
    assert (gray[:, :2] == 255).all() and (gray[:, 2:] == 0).all()


def test_cmyk_jpeg_is_not_inverted() -> None:
    page = only_page(encoded(RGB.resize((50, 40)).convert("CMYK"), "JPEG"))
    assert page.gray[:, :16].max() < 80 < 200 < page.gray[:, 24:].min()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, "tl"), (2, "tr"), (3, "br"), (4, "bl"), (5, "tl"), (6, "tr"), (7, "br"), (8, "bl")],
)
def test_exif_orientation_is_applied(form: str, orientation: int, corner: str) -> None:
    picture = Image.new("L", (64, 32), 255)
    picture.paste(0, (0, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = only_page(encoded(picture, form, exif=exif))
    assert page.size == ((64, 32) if orientation < 5 else (32, 64))
    assert page.gray.shape == page.size[::-1]
    y, x = {"tl": (0, 0), "tr": (0, -1), "bl": (-1, 0), "br": (-1, -1)}[corner]
    corners = page.gray[:: page.gray.shape[0] - 1, :: page.gray.shape[1] - 1]
    assert corners[y, x] < 25
    assert np.sum(corners > 230) == 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotated_tiff_is_the_same_by_path_and_as_bytes(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "turned.tif"
    exif = Image.Exif()
    exif[0x0112] = orientation
    path.write_bytes(encoded(Image.linear_gradient("L").crop((0, 0, 64, 32)), "TIFF", exif=exif))
    np.testing.assert_array_equal(load(path)[0].gray, only_page(path.read_bytes()).gray)


def test_large_jpeg_is_decoded_at_half_size() -> None:
    page = only_page(encoded(Image.new("RGB", (4032, 3024)), "JPEG"))
    assert page.gray.shape == (1512, 2016)
    assert (page.size, page.scale) == ((4032, 3024), 0.5)


def test_large_png_is_reduced_to_the_working_side() -> None:
    page = only_page(encoded(Image.new("1", (4400, 100))))
    assert page.gray.shape == (50, 2200)
    assert page.scale == 0.5


def test_each_frame_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    L.save(path, save_all=True, append_images=[L.rotate(90, expand=True)])
    assert [(Path(page.name).name, page.size) for page in load(path)] == [
        ("scan.tif", (5, 40)),
        ("scan.tif#2", (40, 5)),
    ]


def damaged_tiff(pages: int, damaged: int) -> bytes:
    """Return a TIFF in which one page, counted from 1, cannot be unpacked."""
    noise = [Image.effect_noise((64, 64), 20 + n) for n in range(pages)]
    content = encoded(
        noise[0], "TIFF", compression="tiff_adobe_deflate", save_all=True, append_images=noise[1:]
    )
    with Image.open(io.BytesIO(content)) as picture:
        picture.seek(damaged - 1)
        [start], [count] = picture.tag_v2[273], picture.tag_v2[279]  # type: ignore[attr-defined]
    return content[:start] + bytes(count) + content[start + count :]


@pytest.mark.parametrize("is_stream", [True, False])
@pytest.mark.parametrize(
    ("damaged", "select", "expected"),
    [
        (1, None, ["damaged", 2, 3, 4]),
        (2, None, [1, "damaged", 3, 4]),
        (4, None, [1, 2, 3, "damaged"]),
        (2, "2,4", ["damaged", 4]),
        (2, "1-2", [1, "damaged"]),
        (1, "1,3-", ["damaged", 3, 4]),
        (1, "1,9", ["there is no page 9"]),
    ],
)
def test_a_damaged_page_does_not_stop_the_pages_after_it(
    damaged: int, select: str | None, expected: list[int | str], is_stream: bool
) -> None:
    content = damaged_tiff(4, damaged)
    numbers = None if select is None else PageNumbers.parse(select)
    found = list(pages_or_errors(io.BytesIO(content) if is_stream else content, select=numbers))
    assert len(found) == len(expected)
    for page, what in zip(found, expected, strict=True):
        if isinstance(what, int):
            assert isinstance(page, PageImage)
            assert page.number == what
        else:
            assert what in str(page)
            assert damaged == 1 or f"#{damaged}: " in str(page)


def test_a_damaged_file_gives_one_error() -> None:
    assert len(list(pages_or_errors(encoded(NOISE)[:3000]))) == 1
    assert len(list(pages_or_errors(b"no image"))) == 1
    assert len(list(pages_or_errors("no-such-file.png"))) == 1


@pytest.mark.parametrize("high", [2**17, 2**31 - 1, 2**32 - 1])
def test_integers_beyond_16_bits_are_stretched(high: int) -> None:
    values = BLACK_LEFT.astype(np.uint32) // 255 * np.uint32(high)
    content = encoded(Image.fromarray(values.view(np.int32)), "TIFF")
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == "I"
    signed = b"\x53\x01\x03\x00\x01\x00\x00\x00\x02\x00"  # tag, type, count and value
    assert signed in content
    unsigned = content.replace(signed, signed[:-2] + b"\x01\x00")
    np.testing.assert_array_equal(only_page(unsigned).gray, BLACK_LEFT)


def test_animation_gives_its_first_frame() -> None:
    second = Image.new("L", L.size, 128)
    page = only_page(encoded(L, "GIF", save_all=True, append_images=[second]))
    np.testing.assert_array_equal(page.gray, BLACK_LEFT)


def test_one_pixel_is_a_page() -> None:
    assert only_page(encoded(Image.new("L", (1, 1), 255))).gray.tolist() == [[255]]


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"comment": b"%PDF-1.4"}),
        ("GIF", {"comment": b"%PDF-1.4"}),
        ("TIFF", {"description": "%PDF-1.4"}),
        ("WEBP", {"lossless": True, "icc_profile": b"%PDF-1.4"}),
    ],
)
def test_image_that_mentions_pdf_is_an_image(form: str, options: dict[str, Any]) -> None:
    content = encoded(L, form, **options)
    assert b"%PDF-" in content[:1024]
    assert only_page(content).size == L.size


def test_open_file_is_read_and_named() -> None:
    file = io.BytesIO(encoded(L))
    file.name = "<stdin>"
    assert load(file)[0].name == "<stdin>"


NOISE = Image.effect_noise((200, 100), 60)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"Dear all,\nthis is text.\n", "not an image that can be read (convert it to PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS is not supported"),
        (encoded(NOISE, "JPEG")[:3000], "cut short"),
        (encoded(NOISE)[:3000], "cut short"),
        (encoded(NOISE, "TIFF")[:3000], "cut short"),
        (encoded(NOISE, "JPEG")[:9], "cut short"),
        (encoded(NOISE)[:99] + bytes(99) + encoded(NOISE)[198:], "damaged"),
    ],
)
def test_incomplete_images_give_an_error_of_one_line(content: bytes, reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        load(content)
    assert str(caught.value).startswith("cannot read <bytes>: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_error_names_the_path(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"8BPS")
    with pytest.raises(ImageError, match=r"a\.png: Photoshop files are not supported"):
        load(tmp_path / "a.png")


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.png: no such file"):
        load(tmp_path / "none.png")
    with pytest.raises(ImageError, match="is a folder"):
        load(str(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_unreadable_file_says_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImageError, match="permission denied"):
        load(tmp_path / "secret.png")


def test_enormous_image_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (8, 8)))
    header = (30_000).to_bytes(4, "big") * 2
    with pytest.raises(ImageError, match="30000x30000 pixels are more than the limit of 250 mill"):
        load(patched_header(bomb, header))


def patched_header(png: bytes, size: bytes) -> bytes:
    import zlib

    chunk = b"IHDR" + size + png[24:29]
    return png[:12] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + png[33:]


def test_limit_counts_what_a_jpeg_decodes_to() -> None:
    content = encoded(Image.new("L", (4000, 4000)), "JPEG")
    assert only_page(content, max_pixels=4_000_000).scale == 0.5
    progressive = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    with pytest.raises(ImageError, match="limit of 4 million"):
        load(progressive, max_pixels=4_000_000)


def test_pillow_keeps_its_own_limit() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError):
        load(b"")
    assert before == Image.MAX_IMAGE_PIXELS
