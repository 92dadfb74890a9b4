"""Searchable PDF, read by other programs."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image, ImageDraw, ImageOps

from ocr import __version__, export
from ocr.cli import commands
from ocr.errors import ImageError, MissingExtraError
from ocr.input import loading
from ocr.input.page_image import PageImage
from ocr.page import Baseline, Box, Glyph, Line, Page, Word

pikepdf = pytest.importorskip("pikepdf", reason="needs the extra pdf")
pdfium = pytest.importorskip("pypdfium2", reason="needs the extra pdf")
pytest.importorskip("img2pdf", reason="needs the extra pdf")
pytest.importorskip("fontTools", reason="needs the extra pdf")

needs_pdftotext = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
SIZE = (400, 240)
DPI = 144


def word(text: str, left: int, bottom: int, *, pitch: int = 20, height: int = 30) -> Word:
    """Word of letters that each fill their box."""
    boxes = [
        Box(left + pitch * i, bottom - height, left + pitch * (i + 1), bottom)
        for i in range(len(text))
    ]
    return Word(tuple(Glyph(box, c, 1.0) for box, c in zip(boxes, text, strict=True)))


def line(*words: Word, climb: float = 0) -> Line:
    """Words on a baseline at the bottom of the first, `climb` pixels lower at the right end."""
    bottom = words[0].box.bottom
    return Line(words, Baseline(bottom, bottom + climb, words[0].box.height))


PAGE = Page(
    *SIZE,
    (
        line(word("SIX", 20, 60), word("A", 110, 60), word("EGGS", 160, 60)),
        line(word("TWO", 20, 120), word("PIES", 100, 120)),
    ),
)


def picture(mode: str = "RGB") -> Image.Image:
    """Something with no symmetry."""
    drawn = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((20, 30, 80, 60), fill=(200, 30, 30))
    pen.rectangle((100, 90, 340, 120), fill=(20, 60, 160))
    return drawn.convert(mode)


def content_of(drawn: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    drawn.save(file, form, **options)
    return file.getvalue()


def page_image(source: str | Path | bytes | None = None, **changes: Any) -> PageImage:
    given = {"size": SIZE, "name": "a.png", "source": source, "dpi": DPI}
    return PageImage(**{"gray": np.asarray(picture("L")), "scale": 1.0} | given | changes)


def written(*pages: tuple[PageImage, Page]) -> bytes:
    writer = export.writer("pdf")
    for page in pages:
        writer.add(*page)
    return writer.finish()


def pdftotext(content: bytes, *options: str) -> str:
    done = subprocess.run(
        ["pdftotext", *options, "-", "-"], input=content, capture_output=True, check=True
    )
    assert not done.stderr
    return done.stdout.decode()


def by_pdfium(content: bytes) -> list[str]:
    """Text of each page."""
    with pdfium.PdfDocument(content) as document:
        return [page.get_textpage().get_text_range() for page in document]


def rendered(content: bytes, dpi: float = DPI) -> np.ndarray:
    """First page as pixels [h, w, 3]."""
    with pdfium.PdfDocument(content) as document:
        shown = document[0].render(scale=dpi / 72, rev_byteorder=True).to_pil().convert("RGB")
    return np.asarray(shown)


def images_of(content: bytes) -> list[Any]:
    """Images of the first page, as dictionary, raw stream and decoded stream."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        images = pdf.pages[0].resources.XObject.values()
        return [(dict(i.items()), i.read_raw_bytes(), decoded(i)) for i in images]


def decoded(stream: Any) -> bytes | None:
    try:
        return stream.read_bytes()
    except pikepdf.PdfError:  # a JPEG: the library does not decode it
        return None


def boxes_of(content: bytes, dpi: float = DPI) -> dict[str, list[float]]:
    """Box of each word in pixels, as pdftotext finds it."""
    found = re.findall(
        r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>',
        pdftotext(content, "-bbox", "-cropbox"),
    )
    return {text: [float(side) * dpi / 72 for side in sides] for *sides, text in found}


def expected_boxes(page: Page) -> dict[str, list[float]]:
    boxes = {w.text: w.box for each in page.lines for w in each.words}
    return {text: [b.left, b.top, b.right, b.bottom] for text, b in boxes.items()}


@needs_pdftotext
def test_pdftotext_gives_words_and_lines_as_they_were_read() -> None:
    content = written((page_image(), PAGE))
    assert pdftotext(content).split("\n\n")[0].strip("\n\f") == PAGE.text.strip()
    assert pdftotext(content, "-raw").strip("\n\f") == PAGE.text.strip()


def test_pdfium_gives_words_and_lines_as_they_were_read() -> None:
    [text] = by_pdfium(written((page_image(), PAGE)))
    assert text == "SIX A EGGS\r\nTWO PIES"


@needs_pdftotext
def test_boxes_of_words_are_those_that_were_read() -> None:
    found = boxes_of(written((page_image(), PAGE)))
    expected = expected_boxes(PAGE)
    assert found.keys() == expected.keys()
    for text, box in expected.items():
        assert found[text] == pytest.approx(box, abs=1)


def test_pdfium_finds_each_letter_in_its_box() -> None:
    with pdfium.PdfDocument(written((page_image(), PAGE))) as document:
        text = document[0].get_textpage()
        left, bottom, right, top = (side * DPI / 72 for side in text.get_charbox(1))
    box = PAGE.lines[0].words[0].glyphs[1].box
    found = [left, SIZE[1] - top, right, SIZE[1] - bottom]
    assert found == pytest.approx([box.left, box.top, box.right, box.bottom], abs=1)


@needs_pdftotext
def test_columns_are_read_one_after_the_other() -> None:
    columns = [
        line(*(word(text, x + 60 * i, y, pitch=12, height=20) for i, text in enumerate(texts)))
        for x, column in ((10, ("ONE TWO", "SIX TEN", "ACE")), (220, ("OLD ELK", "PAW", "YES")))
        for y, texts in zip((40, 80, 120), map(str.split, column), strict=True)
    ]
    content = written((page_image(), Page(*SIZE, tuple(columns))))
    read = "ONE TWO SIX TEN ACE OLD ELK PAW YES"
    assert pdftotext(content).split() == read.split()
    assert pdftotext(content, "-raw").split() == read.split()
    assert by_pdfium(content)[0].split() == read.split()


@pytest.mark.parametrize(
    "text", ["é€ß", "Ωμέγα", "Ж№", "一二", "ᚠᚢ", "𐌰𝔘", "\N{REPLACEMENT CHARACTER}"]
)
def test_characters_of_any_script_come_out(text: str) -> None:
    page = Page(*SIZE, (line(word("IT", 20, 60), word(text, 100, 60)),))
    content = written((page_image(), page))
    assert by_pdfium(content) == [f"IT {text}"]
    if shutil.which("pdftotext"):
        assert pdftotext(content).split() == ["IT", text]


def bottoms(page: Page) -> list[float]:
    """Ordinate that PDFium finds each letter to stand on, in pixels."""
    with pdfium.PdfDocument(written((page_image(), page))) as document:
        text = document[0].get_textpage()
        return [SIZE[1] - text.get_charbox(i)[1] * DPI / 72 for i in range(text.count_chars())]


def test_words_of_a_sloped_row_are_level_and_climb_with_it() -> None:
    sloped = line(word("NORTH", 20, 80), word("EAST", 260, 89), climb=12)
    expected = [80 + 12 * 50 / 320] * 5 + [80 + 12 * 280 / 320] * 4
    found = bottoms(Page(*SIZE, (sloped,)))
    assert found[:5] + found[6:] == pytest.approx(expected, abs=0.1)


def tilted(text: str, degrees: float, *, left: int = 60, bottom: int = 120) -> Line:
    """Words of letters 8 px wide and 20 px high, on a line that is turned clockwise."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    words = []
    for match in re.finditer(r"\S+", text):
        boxes = []
        for i in range(*match.span()):
            along, up = np.array([[x, y] for x in (12 * i, 12 * i + 8) for y in (0, 20)]).T
            x, y = left + along * cos + up * sin, bottom + along * sin - up * cos
            boxes.append(Box(*(round(v) for v in (x.min(), y.min(), x.max(), y.max()))))
        words.append(Word(tuple(Glyph(b, c, 1.0) for b, c in zip(boxes, match[0], strict=True))))
    box = Box.around(w.box for w in words)
    ends = (float(bottom + (x - left) * sin / cos) for x in (box.left, box.right))
    return Line(tuple(words), Baseline(*ends, 20.0))


@pytest.mark.parametrize("degrees", [-40, -13, -3, 3, 13, 40])
def test_words_and_phrases_of_a_tilted_page_are_found(degrees: float) -> None:
    lines = [tilted(text, degrees, bottom=y) for y, text in ((120, "ALL THE BIRDS"), (160, "SANG"))]
    content = written((page_image(), Page(*SIZE, tuple(lines))))
    assert by_pdfium(content) == ["ALL THE BIRDS\r\nSANG"]
    with pdfium.PdfDocument(content) as document:
        text = document[0].get_textpage()
        at, count = text.search("THE BIRDS").get_next()
        rects = [text.get_rect(i) for i in range(text.count_rects(at, count))]
    left, right = min(r[0] for r in rects) * DPI / 72, max(r[2] for r in rects) * DPI / 72
    box = Box.around(w.box for w in lines[0].words[1:])
    assert (left, right) == pytest.approx((box.left, box.right), abs=20)


@needs_pdftotext
@pytest.mark.parametrize("degrees", [-40, -13, -3, 3, 13, 40])
def test_pdftotext_gives_the_lines_of_a_tilted_page(degrees: float) -> None:
    lines = [tilted(text, degrees, bottom=y) for y, text in ((120, "ALL THE BIRDS"), (160, "SANG"))]
    content = written((page_image(), Page(*SIZE, tuple(lines))))
    assert pdftotext(content, "-layout").strip().split("\n")[0].strip() == "ALL THE BIRDS"
    assert pdftotext(content, "-raw").split() == ["ALL", "THE", "BIRDS", "SANG"]


def test_line_without_a_baseline_is_at_the_bottom_of_its_box() -> None:
    bare = Line((word("NORTH", 20, 80),))
    with pdfium.PdfDocument(written((page_image(), Page(*SIZE, (bare,))))) as document:
        box = document[0].get_textpage().get_charbox(0)
    assert [side * DPI / 72 for side in box] == pytest.approx([20, 160, 40, 190], abs=1)


def test_text_is_invisible() -> None:
    content = written((page_image(content_of(picture(), "PNG")), PAGE))
    assert (rendered(content) == np.asarray(picture())).all()


def test_jpeg_is_embedded_unchanged() -> None:
    source = content_of(picture(), "JPEG", quality=80)
    [(_, raw, _)] = images_of(written((page_image(source), PAGE)))
    assert raw == source


def test_jpeg_that_mentions_pdf_is_embedded_unchanged() -> None:
    source = content_of(picture(), "JPEG", comment=b"made of a.pdf, %PDF-1.4")
    [(_, raw, _)] = images_of(written((page_image(source), PAGE)))
    assert raw == source


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_jpeg_is_shown_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    source = content_of(picture(), "JPEG", quality=95, exif=exif)
    turned = picture()
    turned.getexif()[ExifTags.Base.Orientation] = orientation
    upright = ImageOps.exif_transpose(turned)
    content = written((page_image(source, size=upright.size), PAGE))
    assert rendered(content).shape == np.asarray(upright).shape
    assert np.abs(rendered(content) - np.asarray(upright, np.int16)).mean() < 3


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("PNG", "RGB", {}),
        ("PNG", "P", {}),
        ("PNG", "L", {}),
        ("PNG", "1", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("TIFF", "1", {"compression": "group4"}),
        ("TIFF", "L", {}),
        ("WEBP", "RGB", {"lossless": True}),
        ("BMP", "RGB", {}),
        ("GIF", "P", {}),
        ("PPM", "RGB", {}),
        ("JPEG2000", "RGB", {}),
    ],
)
def test_other_kinds_of_images_lose_nothing(form: str, mode: str, options: dict[str, Any]) -> None:
    drawn = picture(mode)
    content = written((page_image(content_of(drawn, form, **options)), PAGE))
    assert (rendered(content) == np.asarray(drawn.convert("RGB"))).all()


def test_sixteen_bits_stay_sixteen() -> None:
    values = np.linspace(0, 65535, SIZE[0] * SIZE[1]).astype(np.uint16).reshape(SIZE[::-1])
    source = content_of(Image.fromarray(values), "PNG")
    [(embedded, _, samples)] = images_of(written((page_image(source), PAGE)))
    assert embedded["/BitsPerComponent"] == 16
    assert samples is not None
    assert (np.frombuffer(samples, ">u2").reshape(SIZE[::-1]) == values).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_images_are_shown_on_white(mode: str) -> None:
    drawn = picture(mode)
    drawn.putalpha(Image.new("L", SIZE, 0))
    content = written((page_image(content_of(drawn, "PNG")), PAGE))
    assert (rendered(content) == 255).all()


@pytest.mark.parametrize("form", ["TIFF", "JPEG"])
def test_cmyk_stays_cmyk(form: str) -> None:
    source = content_of(picture("CMYK"), form)
    content = written((page_image(source), PAGE))
    [(embedded, _, _)] = images_of(content)
    assert embedded["/ColorSpace"] == "/DeviceCMYK"
    assert np.abs(rendered(content) - np.asarray(picture(), np.int16)).mean() < 20


@pytest.mark.parametrize("mode", ["F", "I", "I;16B", "LAB"])
def test_unsupported_mode_is_shown_as_it_was_read(mode: str) -> None:
    source = content_of(picture("I").convert(mode) if ";" in mode else picture(mode), "TIFF")
    [page] = loading.load(source)
    content = written((page_image(source, gray=page.gray), PAGE))
    assert (rendered(content)[..., 0] == page.gray).all()


def test_each_page_of_a_tiff_is_its_own() -> None:
    second = picture().rotate(180)
    source = content_of(picture(), "TIFF", save_all=True, append_images=[second])
    content = written((page_image(source, number=2), PAGE))
    assert (rendered(content) == np.asarray(second)).all()


def test_thumbnail_in_a_tiff_is_no_page() -> None:
    thumbnail = picture().resize((40, 24))
    thumbnail.encoderinfo = {"tiffinfo": {ExifTags.Base.NewSubfileType: 1}}
    second = picture().rotate(180)
    source = content_of(picture(), "TIFF", save_all=True, append_images=[thumbnail, second])
    content = written((page_image(source, number=2), PAGE))
    assert (rendered(content) == np.asarray(second)).all()


def test_heic_keeps_its_colors() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
    file = io.BytesIO()
    pillow_heif.from_pillow(picture()).save(file, quality=-1)
    content = written((page_image(file.getvalue()), PAGE))
    assert np.abs(rendered(content) - np.asarray(picture(), np.int16)).mean() < 3


def test_unsupported_file_is_shown_as_it_was_read() -> None:
    content = written((page_image(b"foreign"), PAGE))
    assert (rendered(content)[..., 0] == np.asarray(picture("L"))).all()


def test_image_above_pillows_limit_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    source = content_of(picture(), "JPEG")
    [(_, raw, _)] = images_of(written((page_image(source), PAGE)))
    assert raw == source


def test_page_of_a_pdf_stays_as_it_is() -> None:
    before = written((page_image(content_of(picture(), "JPEG")), Page(*SIZE)))
    after = written((page_image(before), PAGE))
    assert (rendered(after) == rendered(before)).all()
    assert [raw for _, raw, _ in images_of(after)] == [raw for _, raw, _ in images_of(before)]
    assert by_pdfium(after) == ["SIX A EGGS\r\nTWO PIES"]


def test_older_text_layer_is_replaced_and_visible_text_is_kept() -> None:
    before = written((page_image(content_of(picture(), "PNG")), PAGE))
    with pikepdf.open(io.BytesIO(before)) as pdf:
        page = pdf.pages[0]
        fonts = page.resources.Font
        fonts.F = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type1,
                BaseFont=pikepdf.Name.Helvetica,
            )
        )
        page.contents_add(b"BT /F 12 Tf 10 20 Td (SEEN) Tj ET")
        file = io.BytesIO()
        pdf.save(file)
    other = Page(*SIZE, (line(word("NEW", 20, 60)),))
    after = written((page_image(file.getvalue()), other))
    assert sorted(by_pdfium(after)[0].split()) == ["NEW", "SEEN"]
    assert (rendered(after) == rendered(file.getvalue())).all()


def with_text(content: bytes, *, in_form: bool = False, **changes: Any) -> bytes:
    """One-page PDF of `SIZE` with a content stream behind its own, perhaps in nested forms."""
    helvetica = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=helvetica))
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=[side * 72 / DPI for side in SIZE])
        for _ in range(2 * in_form):
            form = pdf.make_stream(
                content,
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Form,
                BBox=[0, 0, 200, 120],
                Resources=resources,
            )
            resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Inner=form))
            content = b"q /Inner Do Q"
        page.obj.Resources = resources
        page.contents_add(content)
        for key, value in changes.items():
            page.obj[f"/{key}"] = value
        file = io.BytesIO()
        pdf.save(file)
    return file.getvalue()


@pytest.mark.parametrize("in_form", [False, True])
@pytest.mark.parametrize(
    "show",
    [
        b"3 Tr (OLD) Tj",
        b"3\nTr (OLD) Tj",
        b"3.0  Tr [(OL) 5 (D)] TJ",
        b"3 Tr (OLD) '",
        b'3 Tr 1 2 (OLD) "',
        b"q 3 Tr (OLD) Tj Q",
    ],
)
def test_invisible_text_is_dropped_in_all_its_forms(show: bytes, in_form: bool) -> None:
    """Text and forms as OCRmyPDF and others write them; what is shown behind it stays."""
    laid = b"BT /F 12 Tf 14 TL 10 60 Td " + show + b" ET BT /F 9 Tf 10 9 Td 0 Tr (SEEN) Tj ET"
    after = written((page_image(with_text(laid, in_form=in_form)), PAGE))
    assert sorted(by_pdfium(after)[0].split()) == sorted([*PAGE.text.split(), "SEEN"])


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_visible_words_get_no_second_text(turn: int) -> None:
    """EGGS is written by hand; the stamp across the page hides none of what was read."""
    to_page = {
        0: b"1 0 0 1 0 0 cm",
        90: b"0 1 -1 0 120 0 cm",
        180: b"-1 0 0 -1 200 120 cm",
        270: b"0 -1 1 0 0 200 cm",
    }[turn]
    shown = (
        b" BT /F 20 Tf 10 90 Td (SIX) Tj 45 0 Td (A) Tj -45 -30 Td (TWO PIES) Tj ET"
        b" BT /F 150 Tf 20 2 Td (X) Tj ET"
    )
    sides = [side * 72 / DPI for side in (SIZE if turn % 180 == 0 else SIZE[::-1])]
    source = with_text(to_page + shown, Rotate=turn, MediaBox=[0, 0, *sides])
    [text] = by_pdfium(written((page_image(source), PAGE)))
    assert sorted("".join(text.split())) == sorted("".join(PAGE.text.split()) + "X")


@needs_pdftotext
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_text_is_in_place_on_a_rotated_and_cropped_page(turn: int) -> None:
    width, height = (side * 72 / DPI for side in (SIZE if turn % 180 == 0 else SIZE[::-1]))
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(50 + width, 70 + height))
        page.mediabox = [-50, -70, width, height]
        page.cropbox = [0, 0, width, height]
        page.rotate(turn, relative=False)
        page.contents_add(b"2 0 0 2 7 7 cm")  # and never undone
        file = io.BytesIO()
        pdf.save(file)
    found = boxes_of(written((page_image(file.getvalue()), PAGE)))
    for text, box in expected_boxes(PAGE).items():
        assert found[text] == pytest.approx(box, abs=1)


def test_pages_of_several_files_come_one_after_the_other() -> None:
    sources = [content_of(picture(), form) for form in ("JPEG", "PNG")]
    pdf = written((page_image(sources[0]), PAGE))
    numbered = [
        Page(*SIZE, (line(word(name, 20, 60)),)) for name in ("ONE", "TWO", "THREE", "FOUR")
    ]
    images = [page_image(source) for source in (sources[0], pdf, sources[1], pdf)]
    texts = by_pdfium(written(*zip(images, numbered, strict=True)))
    assert texts == ["ONE", "TWO", "THREE", "FOUR"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's list of open files")
def test_pdfs_that_were_copied_are_not_kept_open(tmp_path: Path) -> None:
    writer = export.writer("pdf")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(5):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(with_text(b"BT /F 9 Tf 9 9 Td (SEEN) Tj ET"))
        writer.add(page_image(path), PAGE)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert len(by_pdfium(writer.finish())) == 5


def test_page_without_text_is_kept() -> None:
    content = written((page_image(content_of(picture(), "PNG")), Page(*SIZE)))
    assert by_pdfium(content) == [""]
    assert (rendered(content) == np.asarray(picture())).all()


def test_the_same_pages_give_the_same_bytes() -> None:
    pages = [(page_image(content_of(picture(), form)), PAGE) for form in ("JPEG", "PNG", "WEBP")]
    pages.append((page_image(written(*pages)), PAGE))
    assert written(*pages) == written(*pages)


def test_file_is_valid_and_has_title_and_producer() -> None:
    named = page_image(content_of(picture(), "JPEG"), name="scans/a \udce9.jpg")
    with pikepdf.open(io.BytesIO(written((named, PAGE), (named, PAGE)))) as pdf:
        assert pdf.check_pdf_syntax() == []
        streams = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream)]
        assert all(len(stream.read_raw_bytes()) for stream in streams)
        assert pdf.docinfo == {"/Title": "a ?.jpg", "/Producer": f"ocr {__version__}"}


@pytest.mark.parametrize(
    ("size", "dpi", "expected"),
    [
        ((1700, 2200), 200, (612, 792)),
        ((3000, 4000), 72, (720, 960)),  # a camera's 72 means nothing
        ((3000, 4000), None, (720, 960)),
        ((1170, 585), None, (842.4, 421.2)),
        ((80, 40), None, (80, 40)),
    ],
)
def test_page_is_as_large_as_the_paper_was(
    size: tuple[int, int], dpi: float | None, expected: tuple[float, float]
) -> None:
    given = page_image(content_of(Image.new("1", size), "PNG"), size=size, dpi=dpi)
    with pdfium.PdfDocument(written((given, Page(*size)))) as document:
        assert document[0].get_size() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (3000, 8), (1, 500), (5000, 1), (30_000, 18)])
def test_image_of_any_shape_has_a_page_that_pdf_allows(size: tuple[int, int]) -> None:
    drawn = Image.new("L", size, 0)
    box = Box(0, 0, *size)
    page = Page(*size, (Line((Word((Glyph(box, "I", 1.0),)),)),))
    content = written((page_image(content_of(drawn, "PNG"), size=size, dpi=100), page))
    with pdfium.PdfDocument(content) as document:
        sides = document[0].get_size()
        left, bottom, right, top = document[0].get_textpage().get_charbox(0, loose=True)
        ink = next(iter(document[0].get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE])))
        picture = ink.get_bounds()
    assert 3 <= min(sides) <= max(sides) <= 14_400
    assert (picture[2] - picture[0]) / (picture[3] - picture[1]) == pytest.approx(
        size[0] / size[1], rel=0.01
    )
    assert picture[0] == 0
    assert picture[3] == pytest.approx(sides[1], abs=0.01)
    assert [left, right] == pytest.approx([picture[0], picture[2]], abs=0.1)


def test_damaged_pdf_says_so() -> None:
    with pytest.raises(ImageError, match=r"cannot copy a.png: the PDF is damaged \(print it"):
        written((page_image(b"%PDF-1.7 and no more"), PAGE))


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ocr.export.pdf", raising=False)
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    with pytest.raises(MissingExtraError, match=r"writing PDF needs an extra: .*ocr\[pdf\]"):
        export.writer("pdf")


def test_pdf_that_is_read_is_written_with_its_text(tmp_path: Path) -> None:
    samples = [Path(__file__).parent.parent / "samples" / n for n in ("label.png", "print.png")]
    scanned, read, text_file = (tmp_path / name for name in ("scan.pdf", "read.pdf", "read.txt"))
    blank = [(loading.load(sample)[0], Page(1, 1)) for sample in samples]
    scanned.write_bytes(written(*blank))
    arguments = ["read", scanned, "-o", read, "-o", text_file]
    assert CliRunner().invoke(commands.main, [str(a) for a in arguments]).exit_code == 0
    texts = by_pdfium(read.read_bytes())
    assert "".join(f"{text}\r\n" for text in texts).split() == text_file.read_text().split()
    assert "The quick brown fox jumps" in texts[1]
    assert (rendered(read.read_bytes()) == rendered(scanned.read_bytes())).all()
