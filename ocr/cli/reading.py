"""What `ocr read` does once it is known what is asked for.

Only what text needs is imported at once: the other formats, drawings and crops are seldom asked
for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ocr.cli import interruptible, report
from ocr.cli.later import Later
from ocr.errors import OcrError
from ocr.input import sources
from ocr.process import use_threads

if TYPE_CHECKING:
    from ocr.beside import ClassifierBeside
    from ocr.classifiers import Classifier
    from ocr.decode.language import Ngrams
    from ocr.export.crops import CropWriter
    from ocr.input.page_image import PageImage
    from ocr.input.page_numbers import PageNumbers
    from ocr.page import Page

    Models = tuple[Later[Classifier], Later[Ngrams | None]]


class Job(NamedTuple):
    """What is read, with what, and where it is written to.

    Attributes
    ----------
    files : list of str
        As `ocr.input.sources.expand` gives them.
    select : PageNumbers or None
    max_pixels : int
    allow_urls : bool
    model : str
    backend : str
    alphabet : str or None
    language : str or None
        As `ocr.decode.language.language_model` takes it.
    threads : int or None
    reject : float
    targets : list of (str, Path or None)
        Formats, and the file each goes to; None is standard output.
    overlay : Path or None
    crops : Path or None
    """

    files: list[str]
    select: PageNumbers | None
    max_pixels: int
    allow_urls: bool
    model: str
    backend: str
    alphabet: str | None
    language: str | None
    threads: int | None
    reject: float
    targets: list[tuple[str, Path | None]]
    overlay: Path | None
    crops: Path | None

    def classifier(self) -> Classifier:
        """Load the classifier."""
        from ocr import classifiers

        return classifiers.load(
            self.model, backend=self.backend, alphabet=self.alphabet, threads=self.threads
        )

    def language_model(self) -> Ngrams | None:
        """Load the language model."""
        from ocr.decode.language import language_model

        return language_model(self.language)

    def pages(self) -> Iterator[PageImage | OcrError]:
        """Pages of all files, decoded one by one; in the place of one, why it cannot be."""
        for file in self.files:
            try:
                source = sources.opened(file, allow_urls=self.allow_urls)
                yield from sources.pages(source, select=self.select, max_pixels=self.max_pixels)
            except OcrError as error:
                yield error


class Ahead:
    """Pages that are decoded beside us: the first from now on, each other during the one before.

    Decoding does not hold Python's lock, and the imports that reading needs take as long.
    """

    def __init__(self, pages: Iterator[PageImage | OcrError]) -> None:
        self._pages = pages
        self._next = self._begin()

    def __iter__(self) -> Iterator[PageImage | OcrError]:
        while page := self._next.result():
            self._next = self._begin()
            yield page

    def _begin(self) -> Later[PageImage | OcrError | None]:
        return Later(lambda: next(self._pages, None))

    def is_at_end(self) -> bool:
        """Whether it is known by now that there is no other page."""
        return self._next.is_known() and self._next.result() is None


def read(job: Job) -> int:
    """Do it; the exit code."""
    return _done(job, Ahead(job.pages()), (Later(job.classifier), Later(job.language_model)))


def read_beside(other: ClassifierBeside) -> int | None:
    """Do the job that another process tells; the exit code, which it may tell in the job's place.

    None where it ended before it told anything.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # here are no products for more, whatever is asked for
    told: Later[Job | int | None] = Later(other.heard)

    def pages() -> Iterator[PageImage | OcrError]:
        job = told.result()
        if isinstance(job, Job):
            yield from job.pages()

    decoded = Ahead(pages())
    for needed in (
        "ocr.input.frames",
        "ocr.pipeline",
    ):  # an image can be decoded once the first is there
        import_module(needed)
    job = told.result()
    if not isinstance(job, Job):
        return job
    use_threads(job.threads)
    other.load = job.classifier

    def language() -> Ngrams | None:
        loaded: tuple[Ngrams | None] | None = other.heard()
        return job.language_model() if loaded is None else loaded[0]

    def classifier() -> Classifier:
        ngrams.wait()  # told before the alphabet
        _ = other.alphabet  # known once it is loaded; what is wrong is raised here
        return other

    ngrams = Later(language)
    return _done(job, decoded, (Later(classifier), ngrams))


def _done(job: Job, decoded: Ahead, models: Models) -> int:
    """Write all that is asked for; the exit code of the first error."""
    errors: list[OcrError] = []
    letters = None if job.crops is None else _crop_writer(job.crops)
    results = _read_all(decoded, models, job.reject, errors, letters)
    if job.overlay is not None:
        from ocr.cli.overlays import overlaid

        results = overlaid(results, job.overlay, job.files)
    if job.targets == [("text", None)]:
        from ocr.cli.output import print_texts

        print_texts(page.text for _, page in results)  # each as soon as it is read
    else:
        _write(results, job.targets)
    if letters is not None:
        letters.finish()
    return errors[0].exit_code if errors else 0


def _crop_writer(target: Path) -> CropWriter:
    from ocr.export.crops import crop_writer

    return crop_writer(target)


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

    interruptible()  # all is imported
    for page_image in decoded:
        try:
            if isinstance(page_image, OcrError):
                raise page_image
            found = pipeline.segment(page_image)
            classifier, ngrams = models[0].result(), models[1].result()
            if isinstance(classifier, ClassifierBeside):
                classifier.ends_after_next = decoded.is_at_end()
            if letters is None:
                page = pipeline.read_segmented(found, classifier, language=ngrams)
                yield page_image, page.rejecting(reject)
            else:
                page, seen = pipeline.read_with_crops(found, classifier, language=ngrams)
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
    from ocr import export
    from ocr.cli.documents import write_documents

    documents = [export.Documents(form) for form, _ in wanted]
    count = 0
    for count, (page_image, page) in enumerate(results, start=1):  # noqa: B007
        for document in documents:
            document.add(page_image, page)
    if not count:
        return
    for document, (form, target) in zip(documents, wanted, strict=True):
        write_documents(document.finish(), form, target)
