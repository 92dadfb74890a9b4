"""Plan a run: find the files whose outputs are missing or out of date."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path

from ocr import export
from ocr.batch.inputs import Input
from ocr.batch.manifest import DONE, WAITING, Entry
from ocr.batch.work import Job


def missing(
    files: Iterable[Input],
    entry: Callable[[str], Entry | None],
    *,
    output: Path,
    forms: tuple[str, ...],
    settings: str,
    retry_failed: bool = False,
) -> list[tuple[Job, Entry]]:
    """Return the jobs whose outputs are missing, or made from other inputs or settings.

    An input with the same size and modification time counts as unchanged; otherwise the worker
    compares the bytes.

    Parameters
    ----------
    files : iterable of Input
    entry : callable
        Returns the manifest's entry of a name.
    output : Path
        Folder of the outputs.
    forms : tuple of str
        Formats.
    settings : str
        Result of `Settings.fingerprint`.
    retry_failed : bool
        Whether to read files again that failed or were set aside.

    Returns
    -------
    list of (Job, Entry)
        Each job with the entry to record until it is done.
    """
    jobs = []
    for file in files:
        outputs = tuple(str(output / file.stem) + export.FORMATS[form][0] for form in forms)
        before = entry(file.name)
        written = before.outputs if before else "{}"
        job = Job(file.name, file.path, outputs, written)
        now = replace(_waiting_entry(file, settings), outputs=written)
        if before is None or not _is_done(before, now, job, forms, retry_failed):
            jobs.append((job, now))
        elif (before.size, before.changed) != (now.size, now.changed):
            jobs.append((replace(job, known=before.digest), now))
    return jobs


def _waiting_entry(file: Input, settings: str) -> Entry:
    try:
        status = Path(file.path).stat()
    except OSError:  # the worker reports why
        return Entry(file.name, WAITING, None, None, "", settings)
    return Entry(file.name, WAITING, status.st_size, status.st_mtime_ns, "", settings)


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
