"""What is missing: the files that a run has to read."""

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
    """Jobs whose outputs are not there, or not of these inputs and settings.

    An input of the size and the time of change that it had is taken for unchanged; of another
    the worker compares the bytes.

    Parameters
    ----------
    files : iterable of Input
    entry : callable
        What the manifest knows of a file, by its name.
    output : Path
        Folder of the outputs.
    forms : tuple of str
        Formats.
    settings : str
        What `Settings.fingerprint` gives.
    retry_failed : bool
        Whether files that failed, or were set aside, are missing, too.

    Returns
    -------
    list of (Job, Entry)
        With each job the entry that awaits it.
    """
    jobs = []
    for file in files:
        outputs = tuple(str(output / file.stem) + export.FORMATS[form][0] for form in forms)
        before = entry(file.name)
        written = before.outputs if before else "{}"
        job = Job(file.name, file.path, outputs, written)
        now = replace(_awaited(file, settings), outputs=written)
        if before is None or not _stands(before, now, job, forms, retry_failed):
            jobs.append((job, now))
        elif (before.size, before.changed) != (now.size, now.changed):
            jobs.append((replace(job, known=before.digest), now))
    return jobs


def _awaited(file: Input, settings: str) -> Entry:
    try:
        status = Path(file.path).stat()
    except OSError:  # the worker tells why
        return Entry(file.name, WAITING, None, None, "", settings)
    return Entry(file.name, WAITING, status.st_size, status.st_mtime_ns, "", settings)


def _stands(
    before: Entry, now: Entry, job: Job, forms: tuple[str, ...], retry_failed: bool
) -> bool:
    """Whether an entry's outputs are there, and as they should be if the input is what it was."""
    if before.settings != now.settings or before.state == WAITING:
        return False
    if before.state != DONE and retry_failed:
        return False
    paths = chain.from_iterable(job.paths(forms, before.pages))
    return before.pages == 0 or all(Path(path).exists() for path in paths)
