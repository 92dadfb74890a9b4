"""Plan a run: find the files whose outputs are missing or out of date."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from ocr import export
from ocr.batch.inputs import Input
from ocr.batch.manifest import DONE, WAITING, Entry, Manifest
from ocr.batch.work import Job


def missing(
    files: Iterable[Input],
    manifest: Manifest,
    output: Path,
    forms: tuple[str, ...],
    settings: str,
    *,
    retry_failed: bool = False,
) -> list[tuple[Job, Entry]]:
    """Return the jobs whose outputs are missing, or made from other inputs or settings.

    An input with the same size and modification time counts as unchanged; otherwise the worker
    compares the bytes. Files that failed or were set aside are read again with `retry_failed`.
    `settings` is the result of `Settings.fingerprint`. Each job comes with the entry to record
    until it is done.
    """
    jobs = []
    for file in files:
        outputs = tuple(str(output / file.stem) + export.FORMATS[form][0] for form in forms)
        before = manifest.entry(file.name)
        written = before.outputs if before else "{}"
        job = Job(file.name, file.path, outputs, written)
        now = _waiting_entry(file, settings, written)
        if before is None or not _is_done(before, now, job, forms, retry_failed):
            jobs.append((job, now))
        elif (before.size, before.changed) != (now.size, now.changed):
            jobs.append((replace(job, known=before.digest), now))
    return jobs


def _waiting_entry(file: Input, settings: str, written: str) -> Entry:
    size = changed = None
    with suppress(OSError):  # the worker reports why
        status = Path(file.path).stat()
        size, changed = status.st_size, status.st_mtime_ns
    return Entry(file.name, WAITING, size, changed, "", settings, outputs=written)


def _is_done(
    before: Entry, now: Entry, job: Job, forms: tuple[str, ...], retry_failed: bool
) -> bool:
    """Whether an entry's outputs exist and are up to date if the input has not changed."""
    if before.settings != now.settings or before.state == WAITING:
        return False
    if before.state != DONE and retry_failed:
        return False
    paths = chain.from_iterable(job.paths(forms, before.pages))
    return before.pages == 0 or all(Path(path).exists() for path in paths)
