"""OCRmyPDF plug-in that reads with ocr: ``ocrmypdf --plugin ocr.plugins.ocrmypdf IN OUT``.

OCRmyPDF renders each page, passes the image to `Engine`, and puts the text under the page.
"""

from __future__ import annotations

import contextlib
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import cache
from math import atan, degrees
from pathlib import Path
from statistics import median

from PIL import Image

from ocr import __version__, export, pipeline
from ocr.errors import MissingExtraError, OcrError
from ocr.input import loading
from ocr.page import Line, Page, Word
from ocr.reader import Reader
from ocr.segment import load_binarizer

try:
    from ocrmypdf import OcrEngine, OcrOptions, hookimpl
    from ocrmypdf.exceptions import BadArgsError, InputFileError
    from ocrmypdf.hocrtransform import Baseline, BoundingBox, OcrClass, OcrElement
    from ocrmypdf.pluginspec import OrientationConfidence
except ModuleNotFoundError as error:
    raise MissingExtraError("the plug-in of OCRmyPDF", "ocrmypdf") from error

DEFAULT_DPI = 72.0  # for images without a resolution, as in OCRmyPDF's other engines
LANGUAGE = "eng"  # OCRmyPDF's name for the language of the model that ships


@hookimpl
def add_options(parser: ArgumentParser) -> None:
    """Add --ocr-model, --ocr-alphabet and --ocr-language, as in `ocr read`."""
    group = parser.add_argument_group("ocr", "Options of the engine ocr")
    group.add_argument(
        "--ocr-model",
        default="default",
        metavar="NAME|FILE",
        help="Model to read with: one that `ocr models` lists, or a file.",
    )
    group.add_argument(
        "--ocr-alphabet",
        metavar="NAME|CHARACTERS",
        help="The only characters on the pages, or the name of an alphabet.",
    )
    group.add_argument(
        "--ocr-language",
        default="english",
        metavar="english|none|FILE",
        help="Language model; use none for codes and other languages.",
    )


@hookimpl
def check_options(options: OcrOptions) -> None:
    """Refuse options that cannot work before any page is rendered."""
    if not _is_chosen(options):
        return
    if options.pdf_renderer == "sandwich":
        raise BadArgsError("ocr writes no PDF for --pdf-renderer sandwich (leave the option out)")
    others = set(options.languages) - {LANGUAGE}
    if others and _setting(options, "language") == "english":
        raise BadArgsError(
            f"ocr has a language model for {LANGUAGE} only, none for {', '.join(sorted(others))} "
            "(add --ocr-language none, or a FILE that `ocr language` made)"
        )
    with _raise_as(BadArgsError):
        _reader(options)


@hookimpl
def get_ocr_engine(options: OcrOptions | None) -> OcrEngine | None:
    """Read with ocr, unless --ocr-engine names another."""
    return Engine() if options is None or _is_chosen(options) else None


class Engine(OcrEngine):
    """ocr behind the contract of OCRmyPDF's engines."""

    @staticmethod
    def version() -> str:
        """Return the version of ocr."""
        return __version__

    @staticmethod
    def creator_tag(options: OcrOptions) -> str:
        """Return the name of the engine for the PDF's metadata."""
        return f"ocr {__version__}"

    def __str__(self) -> str:
        return f"ocr {__version__}"

    @staticmethod
    def languages(options: OcrOptions) -> set[str]:
        """Return no languages, so that OCRmyPDF leaves --language to `check_options`."""
        return set()

    @staticmethod
    def get_orientation(input_file: Path, options: OcrOptions) -> OrientationConfidence:
        """Return by how many degrees the page is turned clockwise, and how many letters say so.

        Each letter counts with its confidence; `--rotate-pages-threshold` is 14 by default.
        """
        with _raise_as(InputFileError):
            page = _reader(options, rotate=True).read(input_file)
        letters = sum(g.confidence for line in page.lines for g in line.glyphs)
        return OrientationConfidence(angle=-page.rotation % 360, confidence=letters)

    @staticmethod
    def get_deskew(input_file: Path, options: OcrOptions) -> float:
        """Return the degrees to rotate the page counter-clockwise; 0 for a blank one."""
        with _raise_as(InputFileError):
            [page_image] = loading.load(input_file)
            found = pipeline.segment(page_image, load_binarizer(threads=1), rotate=False)
        slopes = [row.slope for row in found.rows]
        return found.image.tilt + degrees(atan(median(slopes))) if slopes else 0.0

    @staticmethod
    def supports_generate_ocr() -> bool:
        """Return whether `generate_ocr` is supported."""
        return True

    @staticmethod
    def generate_ocr(
        input_file: Path, options: OcrOptions, page_number: int = 0
    ) -> tuple[OcrElement, str]:
        """Read an image; return the tree of its lines and words, and the text."""
        with _raise_as(InputFileError):
            page = _reader(options).read(input_file)
        return _tree(page, _dpi(input_file), page_number), page.text

    @staticmethod
    def generate_hocr(
        input_file: Path, output_hocr: Path, output_text: Path, options: OcrOptions
    ) -> None:
        """Read an image; write the result as hOCR and as text."""
        with _raise_as(InputFileError):
            [page_image] = loading.load(input_file)
            page = _reader(options).read(input_file)
            writer = export.writer("hocr")
            writer.add(page_image, page)
            output_hocr.write_bytes(writer.finish())
        output_text.write_text(page.text, encoding="utf-8")

    @staticmethod
    def generate_pdf(
        input_file: Path, output_pdf: Path, output_text: Path, options: OcrOptions
    ) -> None:
        """Raise NotImplementedError; `check_options` refuses what would need it."""
        raise NotImplementedError("ocr writes no PDF for --pdf-renderer sandwich")


def _is_chosen(options: OcrOptions) -> bool:
    return bool(options.ocr_engine == "auto")


def _setting(options: OcrOptions, name: str) -> str | None:
    """Return the value of --ocr-NAME, or its default where OCRmyPDF is called from Python."""
    defaults = {"model": "default", "alphabet": None, "language": "english"}
    value: str | None = getattr(options, f"ocr_{name}", defaults[name])
    return value


def _reader(options: OcrOptions, *, rotate: bool = False) -> Reader:
    """Return a reader that leaves it to OCRmyPDF to turn pages, unless it is to `rotate` them."""
    settings = (_setting(options, name) for name in ("model", "alphabet", "language"))
    return _kept_reader(*settings, rotate)


@cache
def _kept_reader(model: str, alphabet: str | None, language: str, rotate: bool) -> Reader:
    """Return this process's reader; it uses one thread, as OCRmyPDF reads pages in parallel."""
    return Reader(
        model=model,
        alphabet=alphabet,
        language=None if language == "none" else language,
        threads=1,
        rotate=rotate,
    )


@contextlib.contextmanager
def _raise_as(kind: type[Exception]) -> Iterator[None]:
    """Raise errors of ocr as one of OCRmyPDF's, which it reports in one line."""
    try:
        yield
    except OcrError as error:
        raise kind(str(error)) from error


def _dpi(path: Path) -> float:
    with Image.open(path) as picture:
        return float(picture.info.get("dpi", (DEFAULT_DPI, DEFAULT_DPI))[0])


def _tree(page: Page, dpi: float, number: int) -> OcrElement:
    """Convert a page to OCRmyPDF's elements, in pixels of the image."""
    return OcrElement(
        OcrClass.PAGE,
        bbox=BoundingBox(0, 0, page.width, page.height),
        children=[_line(line) for line in page.lines],
        dpi=dpi,
        page_number=number,
    )


def _line(line: Line) -> OcrElement:
    return OcrElement(
        OcrClass.LINE,
        bbox=BoundingBox(*line.box),
        baseline=_baseline(line),
        confidence=line.confidence,
        children=[_word(word) for word in line.words],
    )


def _baseline(line: Line) -> Baseline | None:
    """Return a horizontal baseline, relative to the bottom of the line's box.

    pdftotext splits a sloping line into several. On a tilted page words are therefore off by up to
    half the rise of their line; `--deskew` avoids that.
    """
    if line.baseline is None:
        return None
    return Baseline(0.0, (line.baseline.left + line.baseline.right) / 2 - line.box.bottom)


def _word(word: Word) -> OcrElement:
    return OcrElement(
        OcrClass.WORD, bbox=BoundingBox(*word.box), text=word.text, confidence=word.confidence
    )
