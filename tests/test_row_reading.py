"""Reading rows with a network: its pictures, CTC, boxes, and both readers together."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import ocr
from ocr.cli.commands import main
from ocr.decode.ctc import beam_search, find_peaks, greedy, outputs_of, text_log_probs
from ocr.decode.expectation import Expectation
from ocr.decode.row_hypotheses import split_shared
from ocr.decode.row_lines import glyph_boxes
from ocr.errors import ModelError
from ocr.models_dir import models_dir
from ocr.page import Box, Glyph, Line, Word
from ocr.reader import Reader
from ocr.rows import RowImage, RowReader, load_row_reader, row_image
from ocr.rows.image import HEIGHT, LETTER
from ocr.segment import SegmentedPage
from tests.bitmaps import segmented_at_full_size
from tests.page_maker import handprint_page
from tests.templates import page_image

CHARACTERS = " AB1"
EVEN = Expectation(CHARACTERS, None)


def columns(*shown: str, sure: float = 0.9) -> np.ndarray:
    """Log-probabilities of columns that each show a character, or - for a blank."""
    probabilities = np.full((len(shown), len(CHARACTERS) + 1), (1 - sure) / len(CHARACTERS))
    for column, character in zip(probabilities, shown, strict=True):
        column[CHARACTERS.find(character) + 1 if character != "-" else 0] = sure
    return np.log(probabilities).astype(np.float32)


def text_of_path(path: tuple[int, ...]) -> str:
    return "".join(CHARACTERS[k - 1] for k, _ in itertools.groupby(path) if k)


def test_a_character_twice_needs_a_blank_between() -> None:
    [(text, _)] = beam_search(columns(*"AAB-B-1"), CHARACTERS, EVEN, 0.3)
    assert text == "ABB1"


def test_greedy_text_is_that_of_the_likeliest_outputs() -> None:
    text, score = greedy(columns(*"AA-A B1 "), CHARACTERS)
    assert text == "AA B1"
    assert score == pytest.approx(8 * math.log(0.9), abs=1e-4)


def test_spaces_at_the_ends_and_in_pairs_are_not_read() -> None:
    [(text, _)] = beam_search(columns(*" A - B "), CHARACTERS, EVEN, 0.3)
    assert text == "A B"


@given(st.integers(0, 1000))
def test_probability_of_a_text_is_the_sum_over_its_alignments(seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(4, len(CHARACTERS) + 1))
    log_probs = (scores - np.logaddexp.reduce(scores, 1, keepdims=True)).astype(np.float32)
    sums: dict[str, float] = {}
    for path in itertools.product(range(len(CHARACTERS) + 1), repeat=4):
        text = text_of_path(path)
        sums[text] = sums.get(text, 0) + math.exp(log_probs[range(4), path].sum())
    texts = ["", "A", "AA", "AB1", "B A"]
    found = np.exp(text_log_probs(log_probs, [outputs_of(text, CHARACTERS) for text in texts]))
    assert found == pytest.approx([sums.get(text, 0) for text in texts], rel=1e-4, abs=1e-9)


def test_a_text_that_needs_more_columns_is_impossible() -> None:
    assert text_log_probs(columns("A"), [outputs_of("ABA", CHARACTERS)])[0] < -500


def test_peaks_are_the_columns_that_show_the_characters() -> None:
    assert find_peaks(columns(*"--A--B-1"), outputs_of("AB1", CHARACTERS)) == [2, 5, 7]


def drawn(*lines: str, tilt: float = 0) -> SegmentedPage:
    page = handprint_page(lines, seed=0, jitter=0, letter_height=40, tilt=tilt)
    return segmented_at_full_size(page_image(page).gray)


@pytest.mark.parametrize("tilt", [-8, 0, 8])
def test_picture_of_a_row_is_level_and_maps_back_to_the_page(tilt: float) -> None:
    page = drawn("HATE THEM", "HE THEN", tilt=tilt)
    for row in page.rows:
        picture = row_image(page, row)
        assert picture is not None
        assert picture.pixels.shape[0] == HEIGHT
        inked = np.flatnonzero((picture.pixels > 100).any(1))
        assert abs(np.ptp(inked) + 1 - LETTER) <= 5
        columns_of_ink = np.flatnonzero((picture.pixels > 100).any(0))
        whole = picture.to_page(
            columns_of_ink[0], inked[0], columns_of_ink[-1] + 1, inked[-1] + 1
        )  # fmt: skip
        own = page.components.boxes[row.members]
        assert abs(whole.left - own[:, 0].min()) <= 4
        assert abs(whole.right - own[:, 2].max()) <= 4
        middle = (own[:, 1].min() + own[:, 3].max()) / 2
        assert abs((whole.top + whole.bottom) / 2 - middle) <= 6


def test_glyphs_are_parted_where_there_is_least_ink() -> None:
    pixels = np.zeros((HEIGHT, 40), np.uint8)
    pixels[10:30, 4:14] = pixels[10:30, 18:30] = 255
    picture = RowImage(pixels, 0.5, left=100.0, top=50.0, slope=0.0)
    assert glyph_boxes(picture, [2, 6]) == [(108, 70, 128, 110), (136, 70, 160, 110)]


def test_letters_that_share_a_box_divide_it() -> None:
    wide = Box(10, 0, 30, 20)
    glyphs = tuple(Glyph(box, "x", 0.5) for box in (Box(0, 0, 8, 20), wide, wide))
    line = split_shared(Line((Word(glyphs[:2]), Word(glyphs[2:]))))
    assert [g.box[::2] for g in line.glyphs] == [(0, 8), (10, 20), (20, 30)]


needs_models = pytest.mark.skipif(
    not (models_dir() / "default.rows.onnx").exists(), reason="needs the row network"
)


@needs_models
@pytest.mark.parametrize("reader", ["rows", "both"])
def test_a_drawn_page_is_read(reader: str, tmp_path: Path) -> None:
    handprint_page(["SEND 24 BOXES", "BY FRIDAY"], seed=3).save(tmp_path / "page.png")
    page = Reader(reader=reader, threads=1).read(tmp_path / "page.png")  # type: ignore[arg-type]
    assert page.text == "SEND 24 BOXES\nBY FRIDAY\n"
    for line in page.lines:
        lefts = [glyph.box.left for glyph in line.glyphs]
        assert lefts == sorted(lefts)
        assert all(0 <= glyph.confidence <= 1 for glyph in line.glyphs)
        assert line.baseline is not None


@needs_models
@pytest.mark.parametrize("reader", ["rows", "both"])
def test_touching_letters_are_read(reader: str, tmp_path: Path) -> None:
    handprint_page(["WATER", "HOUSES"], seed=5, gap=-0.6).save(tmp_path / "page.png")
    page = ocr.read(tmp_path / "page.png", reader=reader)  # type: ignore[arg-type]
    assert page.text == "WATER\nHOUSES\n"


@needs_models
@pytest.mark.parametrize("reader", ["rows", "both"])
def test_alphabet_binds_both_readers(reader: str, tmp_path: Path) -> None:
    handprint_page(["SOLO 105"], seed=3).save(tmp_path / "page.png")
    result = CliRunner().invoke(
        main, ["read", str(tmp_path / "page.png"), "--reader", reader, "-a", "digits"]
    )
    assert result.exit_code == 0
    assert set(result.output) <= set("0123456789 \n")


@needs_models
def test_letters_have_crops_whatever_reads_the_rows(tmp_path: Path) -> None:
    handprint_page(["BOX 7"], seed=3).save(tmp_path / "page.png")
    for reader in ("letters", "rows", "both"):
        arguments = ["--reader", reader, "--crops", str(tmp_path / f"{reader}.npz")]
        result = CliRunner().invoke(main, ["read", str(tmp_path / "page.png"), *arguments])
        assert result.exit_code == 0
        assert len(np.load(tmp_path / f"{reader}.npz")["images"]) == 4


@needs_models
def test_both_is_letters_beside_another_model_or_alphabet() -> None:
    assert load_row_reader("both", "upper-digits", None) is None
    assert load_row_reader("both", "default", "äöü") is None
    assert load_row_reader("letters", "default", None) is None
    with pytest.raises(ModelError, match="does not know 'äö'"):
        load_row_reader("rows", "default", "aäö")


@needs_models
def test_excluded_characters_have_no_probability() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, 90), np.uint8)
    row = RowImage(pixels, 1.0, 0.0, 0.0, 0.0)
    free = RowReader(models_dir() / "default.rows.onnx", threads=1)
    digits = RowReader(models_dir() / "default.rows.onnx", threads=1, alphabet="digits")
    assert free.log_probs(row).shape == (23, 96)
    for reader in (free, digits):
        assert np.exp(reader.log_probs(row)).sum(1) == pytest.approx(1, abs=1e-4)
    kept = [0, *(1 + digits.characters.index(c) for c in " 0123456789")]
    assert np.exp(digits.log_probs(row)[:, kept]).sum(1) == pytest.approx(1, abs=1e-4)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="not a row network"):
        RowReader(tmp_path / "bad.onnx")


@needs_models
def test_a_blank_page_has_no_lines() -> None:
    assert ocr.read(np.full((300, 400), 255, np.uint8), reader="both").lines == ()


def test_pictures_need_ink() -> None:
    page = drawn("HI")
    faint = replace(page, ink=replace(page.ink, strength=page.ink.strength // 10))
    assert row_image(faint, page.rows[0]) is None


def test_onnx_file_keeps_the_weights(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from ocr.training.rows.network import RowNetwork
    from ocr.training.rows.onnx_file import load_network, save_onnx

    torch.manual_seed(0)
    network = RowNetwork(len(CHARACTERS) + 1).eval()
    save_onnx(tmp_path / "rows.onnx", network, {"characters": CHARACTERS})
    assert (tmp_path / "rows.onnx").stat().st_size <= 4_000_000
    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, 60), np.uint8)
    with torch.no_grad():
        rows = torch.from_numpy(pixels)[None, None].float() / 255
        expected = load_network(tmp_path / "rows.onnx").eval()(rows)[0].numpy()
        exact = network(rows)[0].numpy()
    found = RowReader(tmp_path / "rows.onnx", threads=1).log_probs(RowImage(pixels, 1, 0, 0, 0))
    assert found == pytest.approx(expected, abs=1e-4)
    assert found == pytest.approx(exact, abs=0.02)  # weights are stored in half precision
