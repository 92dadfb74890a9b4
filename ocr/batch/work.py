"""Read one file and write its outputs: the work of a worker.

It is independent of processes and of the manifest: any engine can call it, on any machine that
has access to the files.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.batch.settings import Settings, digest
from ocr.errors import ImageError, OcrError, OutputError
from ocr.export import FORMATS, PAGE_A_FILE, paths_of
from ocr.files import make_folder, reason, write_whole
from ocr.input.page_numbers import PageNumbers

if TYPE_CHECKING:
    from ocr.classifiers import Classifier
    from ocr.decode.language import Ngrams
    from ocr.input.page_image import PageImage
    from ocr.page import Page

#: Errors of the system after which no other file could be written either.
FATAL_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}

OnPage = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read."""

    name: str  # its path below the inputs' folder, with slashes; for the manifest and the outputs
    path: str
    outputs: tuple[str, ...]  # path of the output in each format; see `paths`
    written: str = "{}"  # name and SHA-256 of each file written for it before, as JSON
    known: str = ""  # digest of its bytes when the present outputs were made, if there are any
    left_out: frozenset[int] = frozenset()  # pages, from 1, to skip

    def paths(self, forms: Sequence[str], pages: int) -> list[list[str]]:
        """Return the output files in each format; some formats need one file a page.

        Those have the input's whole name, ``a/scan.tif-1.page.xml``, so that they differ from
        those of ``a/scan-1.jpg``.
        """
        numbered = self.numbered(forms)
        return [
            [str(path) for path in paths_of(form, numbered[form], pages)]
            if form in numbered and pages > 1
            else [output]
            for form, output in zip(forms, self.outputs, strict=True)
        ]

    def numbered(self, forms: Sequence[str]) -> dict[str, Path]:
        """Return the formats that need a file a page, with the name to which numbers are added."""
        name = Path(self.path).name
        return {
            form: Path(output).with_name(name + FORMATS[form][0])
            for form, output in zip(forms, self.outputs, strict=True)
            if form in PAGE_A_FILE
        }


@dataclass(frozen=True)
class Failure:
    """The reason why a page is not in the outputs, and the number of attempts.

    Pages count from 1; 0 is the file itself, before its first page or after its last.
    """

    page: int
    reason: str
    attempts: int = 1

    def describe(self, name: str) -> str:
        """Return a line that names the page, its file and the reason."""
        page = f"page {self.page} of " if self.page > 1 else ""
        tries = f", {self.attempts} times" if self.attempts > 1 else ""
        return f"cannot read {page}{name}: {self.reason}{tries}"


@dataclass(frozen=True)
class Outcome:
    """The result of reading a file."""

    digest: str  # SHA-256 of the bytes that were read
    pages: int = 0  # in the outputs; with 0 there are no outputs
    failures: tuple[Failure, ...] = ()
    is_as_known: bool = False  # nothing was done, as the file's bytes are those of `Job.known`
    written: str = ""  # the new value of `Job.written`; empty if nothing was written
    kept: tuple[str, ...] = ()  # outputs that somebody changed, and that were not overwritten


class Reader:
    """Reads files with a model that it loads once.

    Raises OcrError if a model, or the extra of a format, cannot be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        from ocr import classifiers, export
        from ocr.decode.language import language_model
        from ocr.rows import load_row_reader
        from ocr.segment import load_binarizer

        self._settings = settings
        self._classifier: Classifier | None = None
        if settings.reader != "rows":
            self._classifier = classifiers.load(
                settings.model, alphabet=settings.alphabet, threads=1
            )
        self._row_reader = load_row_reader(
            settings.reader, settings.model, settings.alphabet, threads=1
        )
        self._language: Ngrams | None = language_model(settings.language)
        self._binarizer = load_binarizer(settings.binarize, threads=1)
        for form in settings.forms:
            export.Documents(form)  # reports a missing extra before anything is read

    def __call__(self, job: Job, on_page: OnPage) -> Outcome:
        """Read a file, and write its outputs; OutputError if no other could be written either.

        `on_page` is called with the number of each page, from 1, before it is read, and with 0 at
        the end.
        """
        outcome, outputs = self.read(job, on_page)
        if outcome.is_as_known or not outcome.digest:
            return outcome
        return write(job, self._settings.forms, outcome, outputs)

    def read(self, job: Job, on_page: OnPage) -> tuple[Outcome, dict[str, bytes]]:
        """Read a file; return the outcome and the content of each output by its path."""
        found = ""
        try:
            found = digest(Path(job.path), ImageError)
            if found == job.known:
                return Outcome(found, is_as_known=True), {}
            return self._read(job, found, on_page)
        except ConnectionError:  # the parent process has ended
            raise
        except Exception as error:  # not even a bug may stop the other files
            return Outcome(found, failures=(_failure(job, 1, error),)), {}

    def _read(self, job: Job, found: str, on_page: OnPage) -> tuple[Outcome, dict[str, bytes]]:
        from ocr import export

        documents = [export.Documents(form) for form in self._settings.forms]
        pages = 0
        numbers, failures = self._numbers(job)
        for read in self._pages(job, numbers, on_page):
            if isinstance(read, Failure):
                failures.append(read)
                continue
            for document in documents:
                document.add(*read)
            pages += 1
        outputs: dict[str, bytes] = {}
        if pages:
            paths = job.paths(self._settings.forms, pages)
            for document, of_form in zip(documents, paths, strict=True):
                outputs |= zip(of_form, document.finish(), strict=True)
        return Outcome(found, pages, tuple(failures)), outputs

    def _numbers(self, job: Job) -> tuple[list[int], list[Failure]]:
        """Return the pages of a file to read, and a failure for those that it lacks."""
        from ocr.input import loading

        count, select = loading.count_pages(job.path), self._settings.select
        there = list(range(1, count + 1))
        lacking = []
        if select is not None:
            wanted = select.of(count)
            there = [number for number in there if number in wanted]
            missing = select.missing(count)
            if missing and count > 1:  # a file of one page is always read
                lacking.append(Failure(missing, f"there is no such page (it has {count})"))
        return [number for number in there if number not in job.left_out], lacking

    def _pages(
        self, job: Job, numbers: Sequence[int], on_page: OnPage
    ) -> Iterator[tuple[PageImage, Page] | Failure]:
        """Read page after page; yield a failure in place of one that cannot be read."""
        from ocr import pipeline
        from ocr.input.page_image import page_name

        images = self._images(job, numbers)
        for index, number in enumerate(numbers):
            on_page(number)
            try:
                # without this machine's folder: outputs are the same on every machine
                image = replace(next(images), name=page_name(job.name, number))
                page = pipeline.read(
                    image,
                    self._classifier,
                    language=self._language,
                    binarizer=self._binarizer,
                    rotate=self._settings.rotate,
                    row_reader=self._row_reader,
                )
                yield image.turn(page.rotation), page.rejecting(self._settings.reject)
            except Exception as error:  # nor may it stop the other pages
                yield _failure(job, number, error)
                images = self._images(job, numbers[index + 1 :])
        if numbers:
            on_page(0)

    def _images(self, job: Job, numbers: Sequence[int]) -> Iterator[PageImage]:
        from ocr.input import loading

        select = PageNumbers(ranges_of(numbers))
        return loading.pages(job.path, select=select, max_pixels=self._settings.max_pixels)


def _failure(job: Job, page: int, error: Exception) -> Failure:
    from ocr.input.page_image import page_name

    if not isinstance(error, OcrError):
        return Failure(page, f"{type(error).__name__}: {error} (please report this)")
    return Failure(page, str(error).removeprefix(f"cannot read {page_name(job.path, page)}: "))


def ranges_of(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return the first and last of each run of consecutive numbers.

    >>> ranges_of([1, 2, 3, 7, 9, 10])
    ((1, 3), (7, 7), (9, 10))
    """
    runs = groupby(enumerate(numbers), lambda item: item[1] - item[0])
    found = [[number for _, number in run] for _, run in runs]
    return tuple((run[0], run[-1]) for run in found)


def picklable(error: OcrError) -> OcrError:
    """Return an error with the same message and exit code; some subclasses cannot be pickled."""
    plain = OcrError(str(error))
    plain.exit_code = error.exit_code
    return plain


def write(
    job: Job, forms: Sequence[str], outcome: Outcome, outputs: Mapping[str, bytes]
) -> Outcome:
    """Write a file's outputs, and remove those of pages that it no longer has.

    An output that was changed since it was written is somebody's work, and is kept. OutputError if
    no other file could be written either.
    """
    written, kept = json.loads(job.written), []
    try:
        for name, content in outputs.items():
            path, new = Path(name), hashlib.sha256(content).hexdigest()
            there = _digest_of(path)
            if there not in (None, new, written.get(path.name)):
                kept.append(name)
                continue
            if there != new:
                make_folder(path.parent)
                write_whole(path, content)
            written[path.name] = new
    except OutputError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in FATAL_ERRORS:
            raise OutputError(
                f"cannot write {name}: {reason(cause)} (fix that, then repeat the command)"
            ) from error
        outcome = Outcome(outcome.digest, failures=(Failure(1, str(error)),))
    else:
        _remove_others(job, forms, {Path(name).name for name in outputs}, written)
    return replace(outcome, written=json.dumps(written, sort_keys=True), kept=tuple(kept))


def _remove_others(
    job: Job, forms: Sequence[str], names: Collection[str], written: dict[str, str]
) -> None:
    """Remove earlier outputs in these formats that have other names than now."""
    endings = tuple(FORMATS[form][0] for form in forms)
    for name in [name for name in written if name.endswith(endings) and name not in names]:
        path = Path(job.outputs[0]).with_name(name)
        if _digest_of(path) == written.pop(name):
            with contextlib.suppress(OSError):
                path.unlink()


def _digest_of(path: Path) -> str | None:
    """Return the SHA-256 of a file; None if there is none."""
    return digest(path, OutputError) if path.is_file() else None
