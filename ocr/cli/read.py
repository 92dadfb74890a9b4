"""`ocr read`: images to text and other formats."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr import export, sources
from ocr.cli import report
from ocr.cli.completion import files as image_names
from ocr.cli.documents import write_documents
from ocr.cli.inputs import page_options
from ocr.cli.options import language_of, reading_options, reject_option, use_threads
from ocr.cli.output import print_texts
from ocr.cli.overlays import drawing_of, overlaid
from ocr.cli.targets import targets
from ocr.errors import OcrError, OutputError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ocr.classifiers import Classifier
    from ocr.decode.language import Ngrams
    from ocr.image import PageImage
    from ocr.page import Page
    from ocr.page_numbers import PageNumbers
    from ocr.training.read_crops import CropWriter

    Models = tuple[Future[Classifier], Future[Ngrams | None]]


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
    help="What to write; several go to NAME.ENDING of -o NAME.  [default: by the ending of -o, "
    "else text]",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Write there, not to standard output, which is -; several files may be given.",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=drawing_of,
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
    help="What computes the model.",
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
    threads: int | None,
    reject: float,
    forms: tuple[str, ...],
    outputs: tuple[Path, ...],
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
    errors: list[OcrError] = []
    wanted = targets(forms, outputs)
    files = sources.expand(images)
    _refuse_overwriting(files, [target for _, target in wanted] + [overlay, crops])
    letters = None if crops is None else _crop_writer(crops)
    use_threads(threads)
    classifier = _classifier_beside(model, alphabet, backend, threads)
    pool = ThreadPoolExecutor(3)  # an image, a classifier and a language model
    decoded = Ahead(_decoded(files, select, max_pixels, allow_urls), pool)
    models = pool.submit(classifier), pool.submit(_language, language)
    results = _read_all(decoded, models, reject, errors, letters)
    if overlay is not None:
        results = overlaid(results, overlay, files)
    if wanted == [("text", None)]:
        print_texts(page.text for _, page in results)  # each as soon as it is read
    else:
        _write(results, wanted)
    if letters is not None:
        letters.finish()
    if errors:
        ctx.exit(errors[0].exit_code)


def _refuse_overwriting(files: Iterable[str], targets: Iterable[Path | None]) -> None:
    """OutputError where an image would be lost, or one output to another."""
    images = {Path(file).resolve() for file in files}
    seen: set[Path] = set()
    for target in filter(None, targets):
        path = target.resolve()
        if path in images:
            raise OutputError(f"cannot write {target}: it is the image itself (name another file)")
        if path in seen:
            raise OutputError(f"cannot write {target} twice (name another file)")
        seen.add(path)


def _crop_writer(target: Path) -> CropWriter:
    from ocr.training.read_crops import crop_writer

    return crop_writer(target)


def _decoded(
    files: Iterable[str], select: PageNumbers | None, max_pixels: int, allow_urls: bool
) -> Iterator[PageImage | OcrError]:
    """Pages of all files, one decoded after the other; in the place of one, why it cannot be."""
    for file in files:
        try:
            source = sources.opened(file, allow_urls=allow_urls)
            yield from sources.pages(source, select=select, max_pixels=max_pixels)
        except OcrError as error:
            yield error


class Ahead:
    """Pages that are decoded beside us: the first from now on, each other during the one before.

    Decoding does not hold Python's lock, and the imports that reading needs take as long.
    """

    def __init__(self, pages: Iterator[PageImage | OcrError], pool: ThreadPoolExecutor) -> None:
        self._pages, self._pool = pages, pool
        self._next = self._begin()

    def __iter__(self) -> Iterator[PageImage | OcrError]:
        while page := self._next.result():
            self._next = self._begin()
            yield page

    def _begin(self) -> Future[PageImage | OcrError | None]:
        return self._pool.submit(next, self._pages, None)

    def is_at_end(self) -> bool:
        """Whether it is known by now that there is no other page."""
        return self._next.done() and self._next.result() is None


def _classifier_beside(
    model: str, alphabet: str | None, backend: str, threads: int | None
) -> Callable[[], Classifier]:
    """Begin to load a classifier in another process if that pays; what waits for it, or loads it.

    It has to be forked before there are threads.
    """
    from ocr import beside

    def load() -> Classifier:
        from ocr import classifiers

        return classifiers.load(model, backend=backend, alphabet=alphabet, threads=threads)

    if threads == 1 or not beside.pays():
        return load
    try:
        classifier = beside.ClassifierBeside(load)
    except OSError:  # no more processes are allowed
        return load
    atexit.register(classifier.close)

    def loaded() -> Classifier:
        _ = classifier.alphabet  # known once it is loaded; what is wrong is raised here
        return classifier

    return loaded


def _language(language: str) -> Ngrams | None:
    from ocr import pipeline

    return pipeline.language_model(language_of(language))


def _read_all(
    decoded: Ahead,
    models: Models,
    reject: float,
    errors: list[OcrError],
    letters: CropWriter | None,
) -> Iterator[tuple[PageImage, Page]]:
    """Read page after page; what goes wrong is reported, and added to `errors`."""
    from ocr import pipeline
    from ocr.beside import ClassifierBeside

    for page_image in decoded:
        try:
            if isinstance(page_image, OcrError):
                raise page_image
            found = pipeline.segment_at_letter_size(page_image)
            classifier, ngrams = models[0].result(), models[1].result()
            if isinstance(classifier, ClassifierBeside):
                classifier.ends_after_next = decoded.is_at_end()
            if letters is None:
                page = pipeline.read_segmented(*found, classifier, language=ngrams)
                yield page_image, page.rejecting(reject)
            else:
                page, seen = pipeline.read_with_crops(*found, classifier, language=ngrams)
                page = page.rejecting(reject)
                letters.add(page_image, page, seen)
                yield page_image, page
        except OcrError as error:
            for model in models:
                model.result()  # raises again where one cannot be loaded: that is told alone
            report(error)
            errors.append(error)


def _write(
    results: Iterable[tuple[PageImage, Page]], wanted: list[tuple[str, Path | None]]
) -> None:
    """Write all pages in every format that is wanted; of none, leave what an earlier run wrote."""
    documents = [export.Documents(form) for form, _ in wanted]
    count = 0
    for count, (page_image, page) in enumerate(results, start=1):  # noqa: B007
        for document in documents:
            document.add(page_image, page)
    if not count:
        return
    for document, (form, target) in zip(documents, wanted, strict=True):
        write_documents(document.finish(), form, target)
