"""Worker processes that read files, each replaced when it dies or hangs."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection, resource_tracker
from multiprocessing.connection import Connection

from ocr.batch.work import Failure, Job, OnPage, Outcome
from ocr.errors import OcrError
from ocr.files import reason

Read = Callable[[Job, OnPage], Outcome]
Load = Callable[[], Read]
Results = Generator[tuple[Job, Outcome], None, None]

TRIES = 2  # of a page that ends its worker; then it is left out
STILLBORN = 3  # workers in a row that ended before they could read: so would all others
SECONDS_TO_END = 5.0  # for a process that is heard of no more; then it is killed
FOREVER = float("inf")
PR_SET_PDEATHSIG = 1  # of sys/prctl.h


def read_all(
    jobs: Iterable[Job],
    load: Load,
    *,
    workers: int,
    page_timeout: float = FOREVER,
    on_page: Callable[[], None] = lambda: None,
) -> Results:
    """Read files in processes of their own; give each with what became of it, as they end.

    Parameters
    ----------
    jobs : iterable of Job
    load : callable
        Called once in each process, which gets it by pickle: gives what reads a file there.
    workers : int
    page_timeout : float
        Seconds after which a page's process is killed.
    on_page : callable
        Called whenever a page has been read.

    Raises
    ------
    OcrError
        What `load` or the reading raised, with its exit code; processes that end at once.
    """
    pool = _Pool(jobs, load, page_timeout, on_page)
    try:
        yield from pool.run(workers)
    finally:
        pool.kill()


@dataclass(eq=False)
class _Worker:
    """A process, the file it reads, since when it reads which page of it, and how many it began."""

    process: multiprocessing.process.BaseProcess
    connection: Connection
    job: Job | None = None
    page: int = 0  # none yet, or no more
    since: float = FOREVER


class _Pool:
    def __init__(
        self, jobs: Iterable[Job], load: Load, page_timeout: float, on_page: Callable[[], None]
    ) -> None:
        self._jobs = iter(jobs)
        self._again = deque[Job]()  # after all others: they may want memory that is free by then
        self._tries = Counter[tuple[str, int]]()
        self._set_aside: dict[str, tuple[Failure, ...]] = {}
        self._load = load
        self._page_timeout = page_timeout
        self._on_page = on_page
        self._workers: list[_Worker] = []
        self._stillborn = 0

    def run(self, count: int) -> Results:
        for _ in range(count):
            self._workers.append(self._started())
        while self._workers:
            for worker in self._ready():
                yield from self._heard(worker)
            for worker in self._overdue():
                yield from self._lost(worker, f"took longer than {self._page_timeout:g} s")

    def kill(self) -> None:
        """End all processes at once."""
        for worker in [*self._workers]:
            self._end(worker)

    def _end(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)

    def _started(self) -> _Worker:
        context = multiprocessing.get_context("spawn")  # nothing of this process is shared
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self._load, theirs), daemon=True)
        try:
            with _interrupts_held():
                process.start()
        except OSError as error:
            raise OcrError(f"no worker can start: {reason(error)} (try fewer --jobs)") from error
        theirs.close()
        return _Worker(process, ours)

    def _ready(self) -> list[_Worker]:
        by_connection = {worker.connection: worker for worker in self._workers}
        first = min(worker.since for worker in self._workers) + self._page_timeout
        wait = None if first == FOREVER else max(0.0, first - time.monotonic())
        return [by_connection[c] for c in connection.wait(list(by_connection), wait)]  # type: ignore[index]

    def _overdue(self) -> list[_Worker]:
        """Workers at a page for too long, but for those that have said since that it is done.

        Those wait for us where we were held up: by a slow disk, or stopped by Ctrl-Z.
        """
        late = time.monotonic() - self._page_timeout
        return [w for w in self._workers if w.since <= late and not w.connection.poll()]

    def _heard(self, worker: _Worker) -> Results:
        """Take in what a worker says: it is loaded, at a page, done with a file, or has to stop."""
        try:
            said = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(SECONDS_TO_END)
            yield from self._lost(worker, _death(worker.process.exitcode))
            return
        if isinstance(said, int):
            if worker.page:
                self._on_page()
            worker.page, worker.since = said, time.monotonic()
        elif isinstance(said, _Stop):
            raise said.error()
        else:
            if worker.job and isinstance(said, Outcome):
                yield self._finished(worker.job, said)
            self._stillborn = 0
            self._hand_out(worker)

    def _hand_out(self, worker: _Worker) -> None:
        """Give a worker the next file, or its leave."""
        job = next(self._jobs, None) or (self._again.popleft() if self._again else None)
        worker.job, worker.page, worker.since = job, 0, time.monotonic()
        if job is None:
            self._end(worker)
        else:
            with contextlib.suppress(BrokenPipeError):  # it is dead, as we shall hear
                worker.connection.send(job)

    def _finished(self, job: Job, outcome: Outcome) -> tuple[Job, Outcome]:
        aside = self._set_aside.pop(job.name, ())
        return job, replace(outcome, failures=aside + outcome.failures)

    def _lost(self, worker: _Worker, why: str) -> Results:
        """Replace a worker that is dead or has to die, and try its page again or set it aside."""
        self._end(worker)
        if worker.job is None:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                raise OcrError(f"a worker ends before it can read: {why} (try fewer --jobs)")
        else:
            yield from self._try_again(worker.job, worker.page, why)
        self._workers.append(self._started())

    def _try_again(self, job: Job, page: int, why: str) -> Results:
        self._tries[job.name, page] += 1
        tries = self._tries[job.name, page]
        if tries < TRIES:
            self._again.append(job)
        elif page not in job.left_out:
            self._set_aside[job.name] = (
                *self._set_aside.get(job.name, ()),
                Failure(page, why, tries),
            )
            self._again.append(replace(job, left_out=job.left_out | {page}))
        else:  # it is not that page but the file
            yield self._finished(job, Outcome(""))


def _death(exit_code: int | None) -> str:
    """What a process died of.

    Examples
    --------
    >>> _death(-11)
    'its process died of SIGSEGV'
    """
    if exit_code is None:
        return "its process said no more"
    if exit_code >= 0:
        return f"its process ended with exit code {exit_code}"
    if exit_code == -9:
        return "its process was killed (out of memory?)"
    return f"its process died of {signal.Signals(-exit_code).name}"


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal: one that is started meanwhile never hears it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # its start would let interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# In the worker's process


@dataclass(frozen=True)
class _Stop:
    """An error after which no worker can go on."""

    message: str
    exit_code: int

    def error(self) -> OcrError:
        error = OcrError(self.message)
        error.exit_code = self.exit_code
        return error


class _Loaded:
    """Says that files can be read from now on."""


def _serve(load: Load, parent: Connection) -> None:
    """Read files until there are no more, or the parent is dead."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be held
    try:
        read = load()
        parent.send(_Loaded())
        while True:
            parent.send(read(parent.recv(), parent.send))
    except OcrError as error:
        parent.send(_Stop(str(error), error.exit_code))
    except (EOFError, ConnectionError):
        pass  # the parent is done with us, or dead


def _die_with_parent() -> None:
    """End at once where the parent is killed; other systems wait until the page is read."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
