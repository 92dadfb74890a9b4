"""A reader for `ocr batch` that knows no letters: each file says what becomes of it.

Its lines are the pages; a page is read as it stands, unless it is ``hang``, ``die``, ``die once``,
``full`` (the disk) or ``bad``; ``end`` and ``end once`` kill the process after the last page.
"""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import time
from functools import partial
from pathlib import Path

from ocr.batch.pool import FOREVER, Load, Results, read_all
from ocr.batch.settings import Settings
from ocr.batch.work import Failure, Job, OnPage, Outcome, write
from ocr.errors import OutputError


def reader(log: Path | None = None, seconds: float = 0.0):
    """Return a stand-in for `ocr.batch.work.Reader` that needs `seconds` for each page."""
    return partial(read, log=log, seconds=seconds)


def read(job: Job, on_page: OnPage, *, log: Path | None, seconds: float) -> Outcome:
    content = Path(job.path).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest == job.known:
        return Outcome(digest, is_as_known=True)
    pages, failures = [], []
    for number, page in enumerate(content.decode().splitlines(), start=1):
        on_page(number)
        if number not in job.left_out:
            if page == "bad":
                failures.append(Failure(number, "it is bad"))
                continue
            _suffer(page, Path(job.path))
            time.sleep(seconds)
            pages.append(f"{job.name} {number}: {page}\n")
    on_page(0)
    for ending in "end", "end once":
        if content.decode().endswith(f"{ending}\n"):
            _suffer(ending.replace("end", "die"), Path(job.path))
    content = "".join(pages).encode()
    outcome = Outcome(digest, len(pages), tuple(failures))
    outcome = write(job, ("text",), outcome, dict.fromkeys(job.outputs, content) if pages else {})
    if log:
        with log.open("a") as file:
            file.write(f"{job.name}\n")
    return outcome


def _suffer(page: str, path: Path) -> None:
    marker = path.with_suffix(".died")
    if page == "hang":
        time.sleep(60)
    if page == "die" or (page == "die once" and not marker.exists()):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if page == "full":
        error = OSError(errno.ENOSPC, "No space left on device")
        raise OutputError(f"cannot write {path}: no space left on device") from error


def engine(
    count: int = 2, *, log: Path | None = None, seconds: float = 0.0, page_timeout: float = FOREVER
):
    """An engine of processes that read such files."""
    load: Load = partial(reader, log, seconds)

    def read_jobs(jobs, on_page) -> Results:
        return read_all(
            jobs,
            load,
            workers=min(count, len(jobs)),
            page_timeout=page_timeout,
            on_page=on_page,
        )

    return read_jobs


SETTINGS = Settings(language=None)


def outputs(folder: Path) -> dict[str, bytes]:
    """Content of all files in a folder, hidden ones too, but for manifests and locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.lstrip(".").startswith("manifest")
    }
