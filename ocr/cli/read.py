"""`ocr read`: images to text or JSON."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli import report
from ocr.cli.options import language_of, reading_options, use_threads
from ocr.cli.output import print_texts, write_picture
from ocr.errors import OcrError, OutputError
from ocr.files import write_whole

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ocr.classifiers import Classifier
    from ocr.decode.language import Ngrams
    from ocr.image import PageImage
    from ocr.page import Page


@click.command("read")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@reading_options
@click.option(
    "--reject",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="P",
    help="Print \N{REPLACEMENT CHARACTER} for letters less sure than P, from 0 to 1.",
)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write there, not to standard output.",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PNG",
    help="Draw what was read over the image; of several pages, NAME-1.png, NAME-2.png ...",
)
@click.option(
    "--backend",
    type=click.Choice(["onnx", "torch"]),
    default="onnx",
    show_default=True,
    help="What computes the model.",
)
@click.pass_context
def command(
    ctx: click.Context,
    images: tuple[str, ...],
    model: str,
    alphabet: str | None,
    language: str,
    threads: int | None,
    reject: float,
    form: str,
    output: Path | None,
    overlay: Path | None,
    backend: str,
) -> None:
    """Read the text on images; - is an image on standard input.

    An image that cannot be read is reported and the others are read; the exit code is then that
    of the first error.
    """
    # Python looks through all it holds when it ends, which takes as long as a small page
    atexit.register(gc.freeze)
    errors: list[OcrError] = []
    for target in (output, overlay):
        _refuse_overwriting(images, target)
    use_threads(threads)
    models = _loading(model, alphabet, language, backend, threads)
    results = _read_all(images, models, reject, errors)
    if overlay is not None:
        results = _overlaid(results, overlay)
    chunks = _text(results) if form == "text" else _json(results)
    if output is None:
        print_texts(chunks)
    else:
        write_whole(output, "".join(chunks).encode())
    if errors:
        ctx.exit(errors[0].exit_code)


def _refuse_overwriting(images: Iterable[str], target: Path | None) -> None:
    """OutputError where an image would be lost."""
    if target is not None and any(Path(i).resolve() == target.resolve() for i in images):
        raise OutputError(f"cannot write {target}: it is the image itself (name another file)")


Models = tuple["Classifier", "Ngrams | None"]


def _loading(
    model: str, alphabet: str | None, language: str, backend: str, threads: int | None
) -> Future[Models]:
    """Models that load beside us, while the first image is decoded and segmented."""
    from concurrent.futures import ThreadPoolExecutor

    from ocr import classifiers, pipeline

    def load() -> Models:
        classifier = classifiers.load(model, backend=backend, alphabet=alphabet, threads=threads)
        return classifier, pipeline.language_model(language_of(language))

    return ThreadPoolExecutor(1).submit(load)


def _read_all(
    images: Iterable[str], models: Future[Models], reject: float, errors: list[OcrError]
) -> Iterator[tuple[PageImage, Page]]:
    """Read page after page; what goes wrong is reported, and added to `errors`."""
    from ocr import image, pipeline

    for source in images:
        try:
            for page_image in image.load(sys.stdin.buffer if source == "-" else source):
                found = pipeline.segment_at_letter_size(page_image)
                classifier, ngrams = models.result()
                page = pipeline.read_segmented(*found, classifier, language=ngrams)
                yield page_image, page.rejecting(reject)
        except OcrError as error:
            models.result()  # raises again where a model cannot be loaded: that is told alone
            report(error)
            errors.append(error)


def _overlaid(
    results: Iterable[tuple[PageImage, Page]], target: Path
) -> Iterator[tuple[PageImage, Page]]:
    """Draw every page, then pass them on."""
    from ocr.export import overlay

    everything = list(results)
    for number, (page_image, page) in enumerate(everything, start=1):
        numbered = target.with_stem(f"{target.stem}-{number}")
        picture = overlay.draw(page_image.picture(), page)
        write_picture(target if len(everything) == 1 else numbered, picture)
    return iter(everything)


def _text(results: Iterable[tuple[PageImage, Page]]) -> Iterator[str]:
    return (page.text for _, page in results)


def _json(results: Iterable[tuple[PageImage, Page]]) -> Iterator[str]:
    from ocr.export import json

    yield json.dumps([(page_image.name, page) for page_image, page in results])
