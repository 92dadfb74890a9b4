"""Workers of a Dask cluster that read files: they see the same paths as this machine does.

What travels is a job's paths there and its outcome back; a worker loads the model once.
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
from ocr.batch.work import Failure, Job, Outcome, Reader
from ocr.errors import ClusterError, MissingExtraError, ModelError, OcrError

if TYPE_CHECKING:
    from distributed import Client, Future

AHEAD = 2  # files given out for each thread: the next is there when one is done
PATIENCE = 10  # seconds in which a scheduler has to answer


def cluster(settings: Settings, address: str) -> Engine:
    """An engine of all workers that a scheduler of Dask has, or gets while it reads.

    A worker that dies is done without: another one reads its files. A file with which four
    workers died, as Dask counts, is set aside.

    Parameters
    ----------
    settings : Settings
    address : str
        Of the scheduler: ``tcp://host:8786``.

    Raises
    ------
    OcrError
        If there is no such scheduler; from the engine, if it is lost, or a worker cannot read
        anything.
    """
    client = _connected(address)  # or there is nothing to begin

    def engine(jobs: Sequence[Job], on_page: Callable[[], None]) -> Results:
        try:
            for job, outcome in _read_all(client, _anywhere(settings), jobs):
                for _ in range(outcome.pages):
                    on_page()
                yield job, outcome
        finally:
            client.close()

    return engine


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingExtraError("--scheduler", "dask") from error
    for name in "distributed", "distributed.client":  # what matters is told by us, once
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
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
    """Give jobs out as threads get free: the scheduler never holds more than a few."""
    from distributed import as_completed

    waiting, running = iter(jobs), dict[Any, Job]()
    futures = as_completed(loop=client.loop)
    fingerprint = settings.fingerprint()

    def give_out() -> None:
        room = AHEAD * max(1, sum(client.nthreads().values())) - len(running)
        for job in islice(waiting, max(0, room)):
            future = client.submit(_read, settings, fingerprint, _absolute(job), pure=False)
            running[future.key] = job
            futures.add(future)

    give_out()
    for future in futures:
        job = running.pop(future.key)
        outcome = _outcome(future)
        give_out()
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
        raise ClusterError("the scheduler was lost (the same command goes on)") from error
    except Exception as error:  # whatever keeps a worker from calling `_read`
        reason = str(error).partition("\n")[0]
        raise ClusterError(
            f"a worker cannot read: {reason} (install ocr {__version__} there)"
        ) from error


def _anywhere(settings: Settings) -> Settings:
    """Settings whose files are named for processes that run in another folder."""
    model, language = (_full(name) for name in (settings.model, settings.language))
    return replace(settings, model=model or settings.model, language=language)


def _full(name: str | None) -> str | None:
    return os.path.abspath(name) if name and Path(name).is_file() else name  # noqa: PTH100


def _absolute(job: Job) -> Job:
    """A job of whole paths; links stay as they are, as they may lead elsewhere on a worker."""
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
        told = OcrError(str(error))  # some of ours cannot be pickled
        told.exit_code = error.exit_code
        raise told from None


@cache
def _reader(settings: Settings, fingerprint: str) -> Reader:
    if settings.fingerprint() != fingerprint:
        raise ModelError(
            f"a worker has another model or version of ocr than {__version__} (install it there)"
        )
    return Reader(settings)
