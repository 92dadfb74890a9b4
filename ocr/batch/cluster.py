"""Read files on the workers of a Dask cluster, which need access to the same paths.

Only a job's paths and its outcome are transferred; a worker loads the model once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ocr import __version__
from ocr.batch.pool import Results
from ocr.batch.run import Engine
from ocr.batch.settings import Settings
from ocr.batch.work import Failure, Job, Outcome, Reader, picklable
from ocr.errors import ClusterError, MissingExtraError, ModelError, OcrError

if TYPE_CHECKING:
    from distributed import Client, Future

JOBS_PER_THREAD = 2  # submitted at a time, so that no thread waits for its next file
TIMEOUT = 10  # s for the scheduler to answer


def cluster(settings: Settings, address: str) -> Engine:
    """Return an engine that uses all workers of a Dask scheduler, also those that join later.

    The address is such as ``tcp://host:8786``. If a worker dies, others read its files. A file
    during which four workers died is set aside. Raises ClusterError if no scheduler answers; so
    does the engine if the scheduler is lost or a worker cannot read at all.
    """
    client = _connect(address)

    def engine(jobs: Sequence[Job], on_page: Callable[[], None]) -> Results:
        try:
            for job, outcome in _read_all(client, _with_whole_paths(settings), jobs):
                for _ in range(outcome.pages):
                    on_page()
                yield job, outcome
        finally:
            client.close()

    return engine


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingExtraError("--scheduler", "dask") from error
    for name in "distributed", "distributed.client":  # this module reports their errors, once
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {address} (start one: dask scheduler)"
        ) from error
    if not client.nthreads():
        start = f"dask worker {address} --nthreads 1"
        print(f"ocr: the scheduler has no workers yet (start some: {start})", file=sys.stderr)
    return client


def _read_all(
    client: Client, settings: Settings, jobs: Sequence[Job]
) -> Iterator[tuple[Job, Outcome]]:
    """Submit jobs as threads become free, so that the scheduler never holds more than a few."""
    from distributed import as_completed

    waiting, running = iter(jobs), dict[Any, Job]()
    futures = as_completed(loop=client.loop)
    fingerprint = settings.fingerprint()

    def submit() -> None:
        room = JOBS_PER_THREAD * max(1, sum(client.nthreads().values())) - len(running)
        for job in islice(waiting, max(0, room)):
            future = client.submit(_read, settings, fingerprint, _absolute(job), pure=False)
            running[future.key] = job
            futures.add(future)

    submit()
    for future in futures:
        job = running.pop(future.key)
        outcome = _outcome(future)
        submit()
        yield job, outcome


def _outcome(future: Future[Any]) -> Outcome:
    from distributed import CancelledError, KilledWorker

    try:
        outcome: Outcome = future.result()
        return outcome
    except OcrError:
        raise
    except KilledWorker as error:
        attempts = error.allowed_failures + 1
        return Outcome("", failures=(Failure(1, "the workers that read it died", attempts),))
    except (CancelledError, OSError) as error:
        raise ClusterError("the scheduler was lost (run the same command to continue)") from error
    except Exception as error:  # for example, the worker cannot import ocr
        reason = str(error).partition("\n")[0]
        raise ClusterError(
            f"a worker cannot read: {reason} (install ocr {__version__} there)"
        ) from error


def _with_whole_paths(settings: Settings) -> Settings:
    """Make the paths in settings absolute, for workers that run in another folder."""
    names = (settings.model, settings.language, settings.binarize)
    model, language, binarize = (_whole_path(name) for name in names)
    return replace(
        settings,
        model=model or settings.model,
        language=language,
        binarize=binarize or settings.binarize,
    )


def _whole_path(name: str | None) -> str | None:
    return os.path.abspath(name) if name and Path(name).is_file() else name  # noqa: PTH100


def _absolute(job: Job) -> Job:
    """Make a job's paths absolute; links are kept, as workers may resolve them differently."""
    outputs = tuple(os.path.abspath(path) for path in job.outputs)  # noqa: PTH100
    return replace(job, outputs=outputs)


# In the worker's process

_loading = Lock()


def _read(settings: Settings, fingerprint: str, job: Job) -> Outcome:
    """Read a file, and write its outputs."""
    try:
        with _loading:
            reader = _reader(settings, fingerprint)
        return reader(job, lambda page: None)
    except OcrError as error:
        raise picklable(error) from None


@cache
def _reader(settings: Settings, fingerprint: str) -> Reader:
    if settings.fingerprint() != fingerprint:
        raise ModelError(
            f"a worker has another model or version of ocr than {__version__} (install it there)"
        )
    return Reader(settings)
