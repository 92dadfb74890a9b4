"""Run a batch: read what is missing, write it, and record it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ocr.batch import inputs
from ocr.batch.inputs import Input
from ocr.batch.lock import WHOLE, Shard, locked, manifest_path, manifests
from ocr.batch.manifest import DONE, FAILED, SET_ASIDE, Entry, Manifest
from ocr.batch.plan import missing
from ocr.batch.pool import FOREVER, MAX_TRIES, Results, read_all
from ocr.batch.progress import Progress
from ocr.batch.settings import Settings
from ocr.batch.work import Job, Outcome, Reader
from ocr.files import make_folder, sweep

#: Reads jobs, and yields each with its outcome; it calls the function given after each page.
Engine = Callable[[Sequence[Job], Callable[[], None]], Results]


@dataclass(frozen=True)
class Summary:
    """Number of files, of those read in this run, and of those with a page that failed."""

    files: int
    read: int
    failed: int


def run(
    sources: Sequence[str],
    output: Path,
    settings: Settings,
    engine: Engine,
    *,
    shard: Shard = WHOLE,
    retry_failed: bool = False,
    is_quiet: bool = False,
) -> Summary:
    """Read all files whose outputs are missing.

    A run may be killed at any moment and started again: the outputs are byte for byte those of
    an undisturbed run. `sources` are files, folders and patterns, see `inputs.find`; the folder
    `output` gets the same tree. An engine is, for example, `processes(settings, count=2)`. With
    `shard`, only the i-th of N parts of the files is read.

    Raises OcrError if there is no such input or model, another run is at work, or nothing can be
    written.
    """
    fingerprint = settings.fingerprint()
    files = inputs.in_shard(inputs.find(sources, output), shard)
    make_folder(output)
    with locked(output, shard), Manifest(manifest_path(output, shard)) as manifest:
        for other, path in manifests(output).items():
            if other[1] != shard[1]:
                with Manifest(path) as theirs:  # creates its tables if its run was killed before
                    _claim(theirs, files)
                manifest.merge(path)
        _claim(manifest, files)
        todo = missing(
            files, manifest, output, settings.forms, fingerprint, retry_failed=retry_failed
        )
        manifest.expect(entry for job, entry in todo if not job.known)
        with _remove_partial([job for job, _ in todo], settings.forms):
            read = _read(todo, manifest, engine, is_quiet) if todo else 0
        not_done = manifest.not_done()
        failed = sum(file.name in not_done for file in files)
    return Summary(len(files), read, failed)


def _claim(manifest: Manifest, files: Sequence[Input]) -> None:
    if files:
        manifest.claim(files[0].top)


@contextmanager
def _remove_partial(jobs: Sequence[Job], forms: Sequence[str]) -> Iterator[None]:
    """Remove partly written outputs, those of earlier runs before and those of this one after."""

    def clean() -> None:
        sweep(
            *(Path(path) for job in jobs for path in job.outputs),
            numbered=(path for job in jobs for path in job.numbered(forms).values()),
        )

    clean()
    try:
        yield
    finally:
        clean()


def processes(settings: Settings, *, count: int, page_timeout: float = FOREVER) -> Engine:
    """Return an engine that uses several processes on this machine; see `pool.read_all`."""

    def engine(jobs: Sequence[Job], on_page: Callable[[], None]) -> Results:
        load, workers = partial(Reader, settings), min(count, len(jobs))
        return read_all(jobs, load, workers=workers, page_timeout=page_timeout, on_page=on_page)

    return engine


def _read(
    todo: Sequence[tuple[Job, Entry]], manifest: Manifest, engine: Engine, is_quiet: bool
) -> int:
    """Have files read; record and report the outcome of each. Return how many were read."""
    waiting = {job.name: entry for job, entry in todo}
    read = 0
    with Progress(len(todo), is_quiet=is_quiet) as progress:

        def on_page() -> None:
            progress.page()
            manifest.commit_if_due()  # the next outcome may be far off if a file has many pages

        with closing(engine([job for job, _ in todo], on_page)) as outcomes:
            for job, outcome in outcomes:
                if outcome.is_as_known:
                    manifest.retain(waiting[job.name])
                else:
                    read += 1
                    manifest.record(_entry(waiting[job.name], outcome), outcome.failures)
                for failure in outcome.failures:
                    progress.failure(failure.describe(job.name))
                for path in outcome.kept:
                    progress.kept(path)
                progress.file()
    return read


def _entry(waiting: Entry, outcome: Outcome) -> Entry:
    state = DONE
    if outcome.failures:
        is_set_aside = any(failure.attempts >= MAX_TRIES for failure in outcome.failures)
        state = SET_ASIDE if is_set_aside else FAILED
    return replace(
        waiting,
        state=state,
        digest=outcome.digest,
        pages=outcome.pages,
        outputs=outcome.written or waiting.outputs,
    )
