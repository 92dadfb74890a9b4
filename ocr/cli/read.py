"""`ocr read`: images to text and other formats."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ocr import export
from ocr.cli.completion import files as image_names
from ocr.cli.exits import exit_on_interrupt, report
from ocr.cli.options import language_of, page_options, reading_options, reject_option
from ocr.cli.writers import Result, make_writers
from ocr.errors import OcrError
from ocr.input import sources
from ocr.threads import use_threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.classifiers import Classifier
    from ocr.decode.language import Ngrams
    from ocr.input.page_image import PageImage
    from ocr.input.page_numbers import PageNumbers
    from ocr.page import Page
    from ocr.rows import Readers, RowReader
    from ocr.segment import Binarizer

T = TypeVar("T")

OVERLAY_ENDINGS = {"", ".png", ".svg"}
WORKERS = 6  # threads: they decode a page, load four models, and read a page


def check_overlay(
    ctx: click.Context, parameter: click.Parameter, value: Path | None
) -> Path | None:
    """Return the value of --overlay, or raise BadParameter for another kind of picture."""
    if value is not None and value.suffix.lower() not in OVERLAY_ENDINGS:
        raise click.BadParameter(f"{value} is neither PNG nor SVG: name it .png or .svg")
    return value


@click.command("read")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...", shell_complete=image_names)
@page_options
@click.option(
    "--allow-urls",
    is_flag=True,
    help="Fetch images that are given by an https:// or http:// address.",
)
@reading_options
@reject_option
@click.option(
    "-f",
    "--format",
    "forms",
    type=click.Choice(list(export.FORMATS)),
    multiple=True,
    help="Output format: plain text; json with everything, alternatives too; tsv or csv, a table "
    "of words; hocr (HTML), alto or page (XML), text with its positions for other tools; pdf, the "
    "image with searchable text. Several are written to -o NAME as NAME.ENDING.  [default: by "
    "the ending of -o, else text]",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(),
    multiple=True,
    metavar="FILE|FOLDER/",
    help="Write to this file, not to standard output, which is -; several files may be given. "
    "In a FOLDER/ each image gets a file of its own.",
)
@click.option(
    "-v/-q",
    "--headers/--no-headers",
    default=None,
    help="Print the name of each image above its text on standard output, as head does.  "
    "[default: if there are several]",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=check_overlay,
    metavar="FILE",
    help="Draw what was read over the image, in PNG or (FILE.svg) SVG; of several pages, "
    "NAME-1.png, NAME-2.png ...",
)
@click.option(
    "--crops",
    type=click.Path(path_type=Path),
    metavar="FOLDER|FILE.npz",
    help="Write every letter as the classifier saw it, to correct and to train on.",
)
@click.option(
    "--backend",
    type=click.Choice(["onnx", "torch"]),
    default="onnx",
    show_default=True,
    help="Library that runs the model.",
)
@click.pass_context
def command(
    ctx: click.Context,
    images: tuple[str, ...],
    select: PageNumbers | None,
    max_pixels: int,
    allow_urls: bool,
    model: str,
    alphabet: str | None,
    language: str,
    binarize: str,
    rotate: bool,
    reader: Readers,
    threads: int | None,
    reject: float,
    forms: tuple[str, ...],
    outputs: tuple[str, ...],
    headers: bool | None,
    overlay: Path | None,
    crops: Path | None,
    backend: str,
) -> None:
    """Read the text on images.

    IMAGE is an image, a PDF, a folder of them, a pattern in quotes ('scans/*.tif'), or - for
    standard input.

    An image that cannot be read is reported and the others are read; the exit code is then that
    of the first error.
    """
    files = sources.expand(images)
    writers = make_writers(
        images,
        files,
        forms=forms,
        outputs=outputs,
        overlay=overlay,
        crops=crops,
        headers=headers,
    )
    use_threads(threads)
    with exit_on_interrupt():  # before there are threads: two that import one package may block
        from ocr import classifiers, pipeline  # noqa: F401
        from ocr.input import frames  # noqa: F401
    background = ThreadPoolExecutor(WORKERS)
    pages = iterate_ahead(decode(files, select, max_pixels, allow_urls), background)
    models = Models(
        background.submit(load_classifier, reader, model, backend, alphabet, threads),
        background.submit(load_row_reader, reader, model, alphabet, threads),
        background.submit(load_language, language_of(language)),
        background.submit(load_ink_finder, binarize, threads),
    )
    exit_code = 0
    for file, image in pages:
        try:
            if isinstance(image, OcrError):
                raise image
            # in a thread, so that this one can react to Ctrl-C while a model computes
            job = background.submit(read_page, image, models, rotate, crops is not None)
            page, seen = job.result()
        except OcrError as error:
            models.result()  # if a model cannot be loaded, only that is reported
            report(error)
            exit_code = exit_code or error.exit_code
            continue
        for writer in writers:
            writer.add(Result(file, image.turn(page.rotation), page.rejecting(reject), seen))
    for writer in writers:
        writer.finish()
    ctx.exit(exit_code)


def decode(
    files: list[str], select: PageNumbers | None, max_pixels: int, allow_urls: bool
) -> Iterator[tuple[str, PageImage | OcrError]]:
    """Yield the pages of all files with the file's name; in place of a bad page its error."""
    for file in files:
        try:
            source = sources.open_source(file, allow_urls=allow_urls)
            for page in sources.pages(source, select=select, max_pixels=max_pixels):
                yield file, page
        except OcrError as error:
            yield file, error


def iterate_ahead(items: Iterator[T], background: ThreadPoolExecutor) -> Iterator[T]:
    """Iterate over items; while the caller uses one, a background thread gets the next."""
    following = background.submit(next, items, None)

    def iterate() -> Iterator[T]:
        nonlocal following
        while (item := following.result()) is not None:
            following = background.submit(next, items, None)
            yield item

    return iterate()


@dataclass(frozen=True)
class Models:
    """The models, which background threads load."""

    classifier: Future[Classifier | None]
    row_reader: Future[RowReader | None]
    language: Future[Ngrams | None]
    binarizer: Future[Binarizer]

    def result(self) -> tuple[Classifier | None, RowReader | None, Ngrams | None]:
        """Wait until they are loaded; an error in loading one is raised here."""
        self.binarizer.result()
        return self.classifier.result(), self.row_reader.result(), self.language.result()


def load_classifier(
    reader: Readers, model: str, backend: str, alphabet: str | None, threads: int | None
) -> Classifier | None:
    """Load the classifier, unless rows are read without it."""
    from ocr import classifiers

    if reader == "rows":
        return None
    return classifiers.load(model, backend=backend, alphabet=alphabet, threads=threads)


def load_row_reader(
    reader: Readers, model: str, alphabet: str | None, threads: int | None
) -> RowReader | None:
    """Load the network that reads rows, if it is used."""
    from ocr import rows

    return rows.load_row_reader(reader, model, alphabet, threads=threads)


def load_language(language: str | None) -> Ngrams | None:
    """Load the language model."""
    from ocr.decode.language import language_model

    return language_model(language)


def load_ink_finder(binarize: str, threads: int | None) -> Binarizer:
    """Load what finds the ink."""
    from ocr.segment import load_binarizer

    return load_binarizer(binarize, threads=threads)


def read_page(
    image: PageImage, models: Models, rotate: bool, with_crops: bool
) -> tuple[Page, NDArray[np.float32] | None]:
    """Read a page; on request also return the crop of each glyph."""
    from ocr import pipeline

    segmented = pipeline.segment(image, models.binarizer.result(), rotate=rotate)
    classifier, row_reader, language = models.result()
    if with_crops:
        return pipeline.read_with_crops(
            segmented, classifier, language=language, row_reader=row_reader
        )
    page = pipeline.read_segmented(segmented, classifier, language=language, row_reader=row_reader)
    return page, None
