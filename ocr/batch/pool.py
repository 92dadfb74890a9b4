"""Read files in worker processes, each of which is replaced when it dies or hangs."""

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

from ocr.batch.work import Failure, Job, OnPage, Outcome, picklable
from ocr.errors import OcrError
from ocr.files import reason

Read = Callable[[Job, OnPage], Outcome]
Load = Callable[[], Read]
Results = Generator[tuple[Job, Outcome], None, None]

MAX_TRIES = 2  # of a page that kills its worker; then the page is left out
MAX_FAILED_STARTS = 3  # workers in a row; more would fail for the same reason
EXIT_TIMEOUT = 5.0  # s for a process that closed its connection; then it is killed
FOREVER = float("inf")
PR_SET_PDEATHSIG = 1  # from sys/prctl.h


def read_all(
    jobs: Iterable[Job],
    load: Load,
    *,
    workers: int,
    page_timeout: float = FOREVER,
    on_page: Callable[[], None] = lambda: None,
) -> Results:
    """Read files in worker processes; yield each with its outcome, as they are done.

    `load` is pickled to each process and called there once; it returns a function that reads a
    file. A process that takes longer than `page_timeout` seconds for a page is killed. `on_page` is
    called whenever a page has been read. Raises an OcrError of `load` or of reading, with its exit
    code, or one that says that every process dies at once.
    """
    yield from _Pool(iter(jobs), load, page_timeout, on_page).run(workers)


@dataclass(eq=False)
class _Worker:
    """A process, the file and page that it is reading, and when it started on that page."""

    process: multiprocessing.process.BaseProcess
    connection: Connection
    job: Job | None = None
    page: int = 0  # 0 before the first and after the last
    since: float = FOREVER


class _Pool:
    def __init__(
        self, jobs: Iterator[Job], load: Load, page_timeout: float, on_page: Callable[[], None]
    ) -> None:
        self._jobs, self._load, self._on_page = jobs, load, on_page
        self._page_timeout = page_timeout
        self._retries = deque[Job]()  # to retry at the end, when more memory may be free
        self._tries = Counter[tuple[str, int]]()
        self._set_aside: dict[str, tuple[Failure, ...]] = {}
        self._workers: list[_Worker] = []
        self._failed_starts = 0

    def run(self, count: int) -> Results:
        try:
            for _ in range(count):
                self._workers.append(self._start())
            while self._workers:
                for worker in self._ready():
                    yield from self._receive(worker)
                for worker in self._overdue():
                    yield from self._replace(worker, f"took longer than {self._page_timeout:g} s")
        finally:
            for worker in [*self._workers]:
                self._end(worker)

    def _end(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")  # shares nothing with this process
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self._load, theirs), daemon=True)
        try:
            with _block_interrupts():
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
        """Return the workers that exceed the time limit of a page.

        Those with a message waiting are done: this process was delayed, by a slow disk or Ctrl-Z.
        """
        late = time.monotonic() - self._page_timeout
        return [w for w in self._workers if w.since <= late and not w.connection.poll()]

    def _receive(self, worker: _Worker) -> Results:
        """Handle a message: the worker is loaded, begins a page, finished a file, or must stop."""
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(EXIT_TIMEOUT)
            yield from self._replace(worker, _death(worker.process.exitcode))
            return
        if isinstance(message, int):
            if worker.page:
                self._on_page()
            worker.page, worker.since = message, time.monotonic()
        elif isinstance(message, OcrError):
            raise message
        else:
            if worker.job:  # without one, the message is that the worker is loaded
                yield self._finished(worker.job, message)
            self._failed_starts = 0
            self._hand_out(worker)

    def _hand_out(self, worker: _Worker) -> None:
        """Send a worker the next file, or end it if there is none."""
        job = next(self._jobs, None) or (self._retries.popleft() if self._retries else None)
        worker.job, worker.page, worker.since = job, 0, time.monotonic()
        if job is None:
            self._end(worker)
        else:
            with contextlib.suppress(BrokenPipeError):  # it died: the next message says so
                worker.connection.send(job)

    def _finished(self, job: Job, outcome: Outcome) -> tuple[Job, Outcome]:
        aside = self._set_aside.pop(job.name, ())
        return job, replace(outcome, failures=aside + outcome.failures)

    def _replace(self, worker: _Worker, why: str) -> Results:
        """Replace a dead or hanging worker; try its page again or set it aside."""
        self._end(worker)
        if worker.job is None:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise OcrError(f"a worker ends before it can read: {why} (try fewer --jobs)")
        else:
            yield from self._try_again(worker.job, worker.page, why)
        self._workers.append(self._start())

    def _try_again(self, job: Job, page: int, why: str) -> Results:
        self._tries[job.name, page] += 1
        tries = self._tries[job.name, page]
        if tries < MAX_TRIES:
            self._retries.append(job)
        elif page not in job.left_out:
            self._set_aside[job.name] = (
                *self._set_aside.get(job.name, ()),
                Failure(page, why, tries),
            )
            self._retries.append(replace(job, left_out=job.left_out | {page}))
        else:  # not the page but the file is the reason
            yield self._finished(job, Outcome(""))


def _death(exit_code: int | None) -> str:
    """Describe how a process ended.

    Examples
    --------
    >>> _death(-11)
    'its process died of SIGSEGV'
    """
    if exit_code is None:
        return "its process stopped answering"
    if exit_code >= 0:
        return f"its process ended with exit code {exit_code}"
    if exit_code == -9:
        return "its process was killed (out of memory?)"
    return f"its process died of {signal.Signals(-exit_code).name}"


@contextlib.contextmanager
def _block_interrupts() -> Iterator[None]:
    """Block Ctrl-C, which a terminal sends to every process, in one that is started meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # starting it later would unblock interrupts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# In the worker's process


def _serve(load: Load, parent: Connection) -> None:
    """Read files until there are no more, or the parent has died."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on systems where it could not be blocked
    try:
        read = load()
        parent.send(None)  # loaded
        while True:
            parent.send(read(parent.recv(), parent.send))
    except OcrError as error:  # it ends the whole run
        parent.send(picklable(error))
    except (EOFError, ConnectionError):
        pass  # the parent has finished or died


def _die_with_parent() -> None:
    """Have Linux kill this process with its parent; elsewhere it ends after its page."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
