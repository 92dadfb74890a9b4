from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from ocr import classifiers, pipeline
from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier
from ocr.decode.language import Ngrams, english
from ocr.evaluation.report import score_page
from ocr.input import loading
from ocr.input.page_image import PageImage
from ocr.models_dir import models_dir
from ocr.page import Box, Page
from ocr.pipeline import segment
from ocr.segment import load_binarizer
from ocr.segment.coordinates import box_to_original
from tests.fakes import RaisingClassifier
from tests.page_maker import handprint_page
from tests.templates import TemplateClassifier, page_image

LETTERS = TemplateClassifier.knowing("AEFHKLMNTWXZ")
STEADY = {"seed": 0, "jitter": 0.0}


def read(image: PageImage, classifier: Classifier, *, language: Ngrams | None) -> Page:
    return pipeline.read(image, classifier, language=language, binarizer=load_binarizer())


def glyph_boxes(page: Page) -> list[Box]:
    return [g.box for line in page.lines for word in line.words for g in word.glyphs]


def encoded(picture: Image.Image, form: str = "PNG") -> bytes:
    file = BytesIO()
    picture.save(file, form)
    return file.getvalue()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_page_has_its_size_and_no_lines(level: int) -> None:
    blank = page_image(Image.new("L", (90, 60), level))
    assert read(blank, RaisingClassifier(Alphabet("A")), language=None) == Page(90, 60)


def test_one_pixel_is_a_blank_page() -> None:
    pixel = page_image(Image.new("L", (1, 1)))
    assert read(pixel, RaisingClassifier(Alphabet("A")), language=None) == Page(1, 1)


@pytest.mark.parametrize("letter_height", [20, 33, 60, 110])
def test_size_of_the_photo_does_not_change_the_text(letter_height: float) -> None:
    picture = handprint_page(["THE WHALE", "TAKE THEM"], letter_height=letter_height, **STEADY)
    assert read(page_image(picture), LETTERS, language=None).text == "THE WHALE\nTAKE THEM\n"


def test_light_letters_on_dark_paper_read_the_same() -> None:
    picture = handprint_page(["THE WHALE", "TAKE THEM"], shade=0, **STEADY)
    negative = picture.point(lambda value: 255 - value)
    dark, light = (read(page_image(p), LETTERS, language=None) for p in (picture, negative))
    assert dark.text == light.text == "THE WHALE\nTAKE THEM\n"


def test_frame_around_the_text_is_left_out() -> None:
    picture = handprint_page(["THE WHALE", "TAKE THEM"], **STEADY)
    frame = (15, 15, picture.width - 15, picture.height - 15)
    ImageDraw.Draw(picture).rectangle(frame, outline=(38, 42, 70), width=6)
    assert read(page_image(picture), LETTERS, language=None).text == "THE WHALE\nTAKE THEM\n"


@pytest.mark.parametrize("first", [30, 40, 56], ids=["through", "below", "between"])
@pytest.mark.parametrize("light", [0.84, 0.5], ids=["pale", "dark"])
@pytest.mark.parametrize("degrees", [0, 3])
def test_ruled_paper_is_read_as_plain_paper_is(first: int, light: float, degrees: float) -> None:
    picture = handprint_page(["THE WHALE", "TAKE THEM"], **STEADY)
    rules = Image.new("L", picture.size, 255)
    for y in range(first, picture.height, 116):
        ImageDraw.Draw(rules).line((0, y, picture.width, y), fill=round(255 * light), width=2)
    ruled = ImageChops.multiply(picture, rules.convert("RGB"))
    turned = ruled.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(235, 230, 220))
    text = read(page_image(turned), classifiers.load("default"), language=english()).text
    assert score_page("THE WHALE\nTAKE THEM", text).letters.edits <= 1


@pytest.mark.parametrize("degrees", [0, 4])
def test_sheet_on_a_dark_table_is_read_without_the_table(degrees: float) -> None:
    sheet = handprint_page(["THE WHALE", "TAKE THEM", "MEAT"], **STEADY)
    table = Image.new("RGB", (sheet.width + 400, sheet.height + 400), (58, 44, 36))
    table.paste(sheet, (200, 200))
    turned = table.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(58, 44, 36))
    text = read(page_image(turned), LETTERS, language=None).text
    assert text == "THE WHALE\nTAKE THEM\nMEAT\n"


@pytest.mark.parametrize("factor", [1, 2, 5])
def test_boxes_are_pixels_of_the_original(factor: int) -> None:
    picture = handprint_page(["HAT"], noise=0, shade=0, size=(700, 300), **STEADY)
    ink = np.asarray(picture.convert("L")) < 140
    columns = np.flatnonzero(ink.any(0))
    large = picture.resize((factor * picture.width, factor * picture.height))
    [page_of_file] = loading.load(encoded(large))
    page = read(page_of_file, LETTERS, language=None)
    box = page.lines[0].box
    assert (page.width, page.height, page.text) == (*large.size, "HAT\n")
    found = np.array([box.left, box.right]) / factor
    np.testing.assert_allclose(found, [columns[0], columns[-1] + 1], atol=3)


def test_photo_that_lies_on_its_side_is_boxed_upright() -> None:
    picture = handprint_page(["HAT", "MAN"], **STEADY)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: a quarter clockwise makes it upright
    file = BytesIO()
    picture.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif, quality=95)
    page = read(loading.load(file.getvalue())[0], LETTERS, language=None)
    assert (page.width, page.height) == picture.size
    assert page.text == "HAT\nMAN\n"


def test_boxes_go_from_left_to_right_inside_the_image() -> None:
    picture = handprint_page(["THE WHALE"], **STEADY)
    boxes = glyph_boxes(read(page_image(picture), LETTERS, language=None))
    assert [b.left for b in boxes] == sorted(b.left for b in boxes)
    for box in boxes:
        assert 0 <= box.left < box.right <= picture.width
        assert 0 <= box.top < box.bottom <= picture.height


sides = st.integers(1, 60)


@given(sides, sides, st.floats(0.05, 2), st.lists(st.integers(0, 200), min_size=4, max_size=4))
def test_box_of_any_scale_covers_a_pixel_of_the_image(
    width: int, height: int, scale: float, corners: list[int]
) -> None:
    left, right = sorted(corners[:2])
    top, bottom = sorted(corners[2:])
    page = PageImage(np.zeros((1, 1), np.uint8), scale, (width, height), "page")
    box = box_to_original(Box(left, top, right, bottom), page)
    assert 0 <= box.left < box.right <= width
    assert 0 <= box.top < box.bottom <= height


@pytest.mark.parametrize("letter_height", [15, 28, 120])
def test_letters_are_read_at_about_one_size(letter_height: float) -> None:
    picture = handprint_page(
        ["WHALE MEAT"], letter_height=letter_height, size=(1500, 1000), **STEADY
    )
    given_page = page_image(picture)
    found = segment(given_page, load_binarizer())
    assert 24 <= letter_height * found.image.scale <= 40
    assert found.image.size == given_page.size
    assert found.components.labels.shape == found.image.gray.shape


def test_letters_stand_on_the_baseline() -> None:
    picture = handprint_page(["WHALE MEAT", "HALF A LIME"], letter_height=60, tilt=3, **STEADY)
    page = read(page_image(picture), classifiers.load("default"), language=english())
    for line in page.lines:
        assert line.baseline is not None
        first, last = line.words[0].glyphs[0].box, line.words[-1].glyphs[-1].box
        assert abs(line.baseline.left - first.bottom) < 8
        assert abs(line.baseline.right - last.bottom) < 8
        assert abs(line.baseline.capital - (first.bottom - first.top)) < 4


HARD = {
    "plain": {},
    "tilted": {"tilt": 7},
    "tilted the other way": {"tilt": -7},
    "light on dark": {"ink": (245, 245, 240), "paper": (30, 50, 40)},
    "coloured paper": {"paper": (250, 215, 90), "ink": (60, 30, 90)},
    "noise": {"noise": 14},
    "shade": {"shade": 0.6},
    "pale": {"ink": (150, 150, 155)},
    "small": {"letter_height": 26},
    "large": {"letter_height": 150},
}
NOTE = ["MEET AT THE LIBRARY", "ON FRIDAY MORNING", "BRING 25 BOOKS"]


@pytest.mark.skipif(
    not (models_dir() / "default.onnx").exists(), reason="the default model is not trained yet"
)
@pytest.mark.parametrize("kind", HARD)
def test_default_model_reads_hand_print(kind: str) -> None:
    picture = handprint_page(NOTE, seed=5, **HARD[kind])  # type: ignore[arg-type]
    classifier = classifiers.load("default")
    text = read(page_image(picture), classifier, language=english()).text
    rate = score_page("\n".join(NOTE), text).strict.error_rate
    assert rate is not None
    assert rate <= 0.06, text  # three errors; none was measured
