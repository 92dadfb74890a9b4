from __future__ import annotations

import io
import sys
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr.errors import ImageError, MissingExtraError
from ocr.input.loading import count_pages, load, pages, pages_or_errors
from ocr.input.page_image import PageImage
from ocr.input.page_numbers import PageNumbers
from tests.pdf_maker import A4, CAPTION, PdfPage, pdf, scanned

pytest.importorskip("pypdfium2", reason="needs the extra pdf")

SEEN, UNSEEN = CAPTION.format(mode=0), CAPTION.format(mode=3)
RED_BOX = "1 0 0 rg 90 600 144 36 re f"  # left, bottom, width, height in points


def noise(width: int, height: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)


def only_page(page: PdfPage, **options: Any) -> PageImage:
    [image] = load(pdf(page), **options)
    return image


def points_of_ink(image: PageImage) -> list[float]:
    """Left, top, right and bottom of all that is dark, in points."""
    rows, columns = np.nonzero(image.gray < 200)
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert image.dpi is not None
    return [float(side) / image.scale * 72 / image.dpi for side in box]


def test_scan_keeps_every_pixel() -> None:
    picture = noise(1654, 2339)
    image = only_page(scanned(picture))
    np.testing.assert_allclose(image.gray.astype(int), picture, atol=1)
    assert (image.size, image.dpi) == ((2480, 3508), 300)
    assert image.scale == pytest.approx(200 / 300, rel=1e-3)


def test_small_scan_is_not_enlarged_by_the_text_layer_of_another_ocr() -> None:
    image = only_page(scanned(noise(595, 842), more=UNSEEN))
    assert image.gray.shape == (842, 595)


def test_small_scan_with_text_on_it_is_as_sharp_as_the_text() -> None:
    image = only_page(scanned(noise(595, 842), more=SEEN))
    assert image.gray.shape == (3080, 2177)


def test_large_scan_is_reduced_to_the_working_side() -> None:
    image = only_page(scanned(noise(3400, 4809)))
    assert image.gray.shape == (2200, 1555)


def test_fax_keeps_the_finer_of_its_resolutions() -> None:
    image = only_page(scanned(noise(1728, 1143)))
    assert image.gray.shape == (2444, 1728)


def test_image_on_a_part_of_a_page_does_not_set_its_resolution() -> None:
    image = only_page(PdfPage("q 60 0 0 60 99 99 cm /Scan Do Q", A4, noise(50, 50)))
    assert image.gray.shape == (3080, 2177)


def test_small_drawn_page_is_rendered_at_300_dpi_and_no_more() -> None:
    image = only_page(PdfPage(SEEN, (240, 144)))
    assert (image.gray.shape, image.size) == ((600, 1000), (1000, 600))
    assert image.scale == pytest.approx(1)


@pytest.mark.parametrize("size", [A4, (612, 792), (595.3, 420.9)])
def test_boxes_map_back_to_points(size: tuple[float, float]) -> None:
    image = only_page(PdfPage("0 g 90 300 144 36 re f", size))
    top = size[1] - 336
    assert points_of_ink(image) == pytest.approx([90, top, 234, top + 36], abs=0.4)


@pytest.mark.parametrize(
    ("entries", "ink"),
    [
        ("/Rotate 90", [600, 90, 636, 234]),
        ("/Rotate 180", [595.2 - 234, 600, 595.2 - 90, 636]),
        ("/Rotate 270", [841.92 - 636, 595.2 - 234, 841.92 - 600, 595.2 - 90]),
        ("/CropBox [50 500 350 700]", [40, 64, 184, 100]),
        ("/CropBox [50 500 350 700] /Rotate 90", [100, 40, 136, 184]),
    ],
)
def test_page_is_upright_and_cropped_as_it_is_shown(entries: str, ink: list[float]) -> None:
    image = only_page(PdfPage(RED_BOX, entries=entries))
    assert points_of_ink(image) == pytest.approx(ink, abs=0.4)
    assert image.gray.shape == tuple(round(side * image.scale) for side in image.size[::-1])


def test_rotated_scan_keeps_every_pixel() -> None:
    picture = noise(1654, 2339)
    page = scanned(picture)
    turned = PdfPage(page.content, page.size, picture, "/Rotate 90")
    gray = only_page(turned).gray.astype(int)
    np.testing.assert_allclose(gray, np.rot90(picture, -1), atol=1)


def test_colors_are_gray_on_white() -> None:
    gray = only_page(PdfPage(RED_BOX)).gray
    assert (gray[0, 0], 50 < gray.min() < 100) == (255, True)


@pytest.mark.parametrize("side", [14_400, 1e6])
def test_huge_page_is_rendered_no_larger_than_any_other(side: float) -> None:
    image = only_page(PdfPage(size=(side, side / 4)))
    assert image.gray.shape == (770, 3080)


def test_each_page_has_its_name_and_number(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf(PdfPage(), PdfPage(size=(300, 200)), PdfPage()))
    found = [(Path(page.name).name, page.number, page.source) for page in pages(path)]
    assert found == [("scan.pdf", 1, path), ("scan.pdf#2", 2, path), ("scan.pdf#3", 3, path)]
    assert count_pages(path) == 3


def test_only_selected_pages_are_rendered() -> None:
    content = pdf(*(PdfPage(size=(100 + n, 300)) for n in range(40)))
    found = list(pages(content, select=PageNumbers.parse("2,35-")))
    assert [page.number for page in found] == [2, *range(35, 41)]
    assert [round(page.size[0] * 72 / 300) for page in found] == [101, *range(134, 140)]


def test_missing_page_is_an_error_before_any_is_read() -> None:
    with pytest.raises(ImageError, match=r"there is no page 3 \(it has 2 pages;"):
        next(pages(pdf(PdfPage(), PdfPage()), select=PageNumbers.parse("1-3")))


def test_pages_are_not_kept() -> None:
    seen = []
    for page in pages(pdf(*[PdfPage()] * 5)):
        seen.append(weakref.ref(page.gray))
        assert sum(gray() is not None for gray in seen) <= 2


def test_pdf_behind_other_bytes_is_read() -> None:
    assert len(load(b"\r\n\0mail header\n" + pdf(PdfPage()))) == 1


def test_password_is_asked_for() -> None:
    with pytest.raises(ImageError) as caught:
        load(encrypted(pdf(PdfPage()), user="secret"))
    assert str(caught.value) == (
        "cannot read <bytes>: it needs a password "
        "(save it without: qpdf --decrypt --password=... IN OUT)"
    )


def test_pdf_that_opens_without_a_password_is_read() -> None:
    assert len(load(encrypted(pdf(PdfPage()), user=""))) == 1


def encrypted(content: bytes, *, user: str) -> bytes:
    pikepdf = pytest.importorskip("pikepdf", reason="needs pikepdf, to encrypt")
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(file, encryption=pikepdf.Encryption(owner="owner", user=user))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.7\n", "the PDF is damaged, or has no pages (copy or download it again)"),
        (pdf(PdfPage())[:300], "the PDF is damaged, or has no pages (copy or download it again)"),
        (pdf(), "the PDF is damaged, or has no pages (copy or download it again)"),
        (pdf(PdfPage()).replace(b"/Kids [4", b"/Kids [9"), "the page is damaged (copy or"),
        (pdf(PdfPage()).replace(b"4 0 obj", b"8 0 obj"), "the page is damaged (copy or"),
    ],
)
def test_damage_gives_an_error_of_one_line(content: bytes, reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        load(content)
    assert str(caught.value).startswith(f"cannot read <bytes>: {reason}")
    assert "\n" not in str(caught.value)


def damaged(content: bytes, how: str) -> bytes:
    """PDF of one scan whose picture is no longer one."""
    if how == "colours":
        return content.replace(b"/DeviceGray", b"/DeviceGrxy")
    start = content.index(b"stream\n", content.index(b"Subtype/Image")) + 7
    end = content.index(b"\nendstream", start)
    return content[:start] + bytes(end - start) + content[end:]


@pytest.mark.parametrize("how", ["colours", "zeros"])
@pytest.mark.parametrize("is_jpeg", [True, False])
def test_damaged_scan_is_no_blank_page(how: str, is_jpeg: bool) -> None:
    picture = noise(200, 300)
    content = pdf(scanned(picture))
    if is_jpeg:
        jpeg = io.BytesIO()
        Image.fromarray(picture).save(jpeg, "JPEG")
        packed = zlib.compress(picture.tobytes(), 1)
        content = content.replace(packed, jpeg.getvalue())
        content = content.replace(b"/FlateDecode", b"/DCTDecode")
        content = content.replace(b"/Length %d" % len(packed), b"/Length %d" % len(jpeg.getvalue()))
    with pytest.raises(ImageError, match=r"<bytes>: the picture on it is damaged \(copy"):
        load(damaged(content, how))


@pytest.mark.parametrize("shade", [0, 255])
def test_scan_of_one_shade_is_a_page(shade: int) -> None:
    assert only_page(scanned(np.full((300, 200), shade, np.uint8))).gray.min() == shade


def test_pages_before_a_damaged_one_are_read() -> None:
    found = pages(pdf(PdfPage(), PdfPage()).replace(b"/Kids [4 0 R 7", b"/Kids [4 0 R 9"))
    assert next(found).number == 1
    with pytest.raises(ImageError, match="<bytes>#2: the page is damaged"):
        next(found)


def test_pages_behind_a_damaged_one_are_read() -> None:
    content = pdf(*[PdfPage()] * 3).replace(b"/Kids [4 0 R 7", b"/Kids [4 0 R 99")
    first, error, third = pages_or_errors(content)
    assert isinstance(first, PageImage)
    assert str(error).startswith("cannot read <bytes>#2: the page is damaged")
    assert isinstance(third, PageImage)
    assert (first.number, third.number) == (1, 3)


def test_picture_too_large_is_refused_before_it_is_decoded() -> None:
    content = pdf(scanned(noise(20, 10))).replace(
        b"/Width 20 /Height 10", b"/Width 60000/Height 9999"
    )
    with pytest.raises(ImageError, match=r"60000x9999 pixels are more .*--max-pixels 600M"):
        load(content)


def test_image_below_a_higher_limit_is_read() -> None:
    content = pdf(scanned(noise(200, 100), size=(20, 10)))
    with pytest.raises(ImageError, match="--max-pixels 1M"):
        load(content, max_pixels=19_999)
    assert load(content, max_pixels=20_000)[0].gray.shape == (100, 200)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(
        MissingExtraError, match=r"<bytes>, a PDF, needs .*pip install 'ocr\[pdf\]'"
    ):
        load(pdf(PdfPage()))


def test_form_fields_that_were_filled_in_are_seen() -> None:
    field = "<</Type/Annot /Subtype/Widget /FT/Tx /T(name) /V(ADA) /Rect [90 600 234 636]"
    look = "/DA(/F1 20 Tf 0 g) /F 4>>"
    content = pdf(PdfPage(entries=f"/Annots [{field} {look}]"))
    form = b"/Type/Catalog /AcroForm <</Fields [] /NeedAppearances true>>"
    [image] = load(content.replace(b"/Type/Catalog", form))
    assert image.gray.min() < 200
