"""The `ocr` program: how it begins, what it tells of errors, and how it ends.

`ocr.cli.commands` has the subcommands. Here click is not imported: of the two processes that
`ocr read` begins as, one does without it.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from ocr import beside
from ocr.errors import OcrError, OutputError
from ocr.process import hurry

if TYPE_CHECKING:
    from ocr.beside import Server

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
PIPE_CLOSED = 141  # 128 + SIGPIPE
SWITCH_INTERVAL = 0.0005  # seconds that a thread which decodes or loads may wait for Python's lock


def run() -> NoReturn:
    """Be the program: run the command on the arguments of the process, and end it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end_at_once)
    try:
        hurry()
        sys.setswitchinterval(SWITCH_INTERVAL)
        _open_what_is_closed()
        code = _read_in_two() if sys.argv[1:2] == ["read"] and beside.pays() else None
        _leave(_run_command() if code is None else code)
    except KeyboardInterrupt:  # a second one, as it ends
        _leave(INTERRUPTED)


def _end_at_once(*_: object) -> NoReturn:
    """Hear Ctrl-C while modules are imported: some take KeyboardInterrupt for another error."""
    os._exit(INTERRUPTED)


def interruptible() -> None:
    """Hear Ctrl-C as KeyboardInterrupt from now on: there are files that may be half written."""
    if signal.getsignal(signal.SIGINT) is _end_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _read_in_two() -> int | None:
    """Exit code of `ocr read`, parsed in a process beside; None where there can be no such."""
    try:
        other = beside.fork()
    except OSError:  # no more processes are allowed
        return None
    if isinstance(other, beside.Server):
        try:
            other.tell(_flushed(_run_command(other)))  # of --help or an error: it reads no pages
        finally:
            other.end()
    try:
        from ocr.cli import reading

        return reading.read_beside(other)
    except (OcrError, KeyboardInterrupt, OSError) as error:
        return told(error)
    finally:
        other.close()


def _run_command(server: Server | None = None) -> int:
    """Parse the arguments of the process and do what they say; the exit code."""
    from ocr.cli.commands import main

    try:
        main(prog_name="ocr", obj=server)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    except OSError as error:  # of what is told before a command begins, as --help is
        return told(error)
    return 0


def _open_what_is_closed() -> None:
    """Take the places of standard streams that were closed before the start.

    Else the next file that is opened would get what is printed, as the manifest of a batch.
    """
    if sys.stdout is None:  # click would drop what is printed there: that it is lost is told
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _leave(code: int) -> NoReturn:
    """End the process without taking the modules apart, which takes as long as a small page."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code != INTERRUPTED:  # a thread may be using what would be taken apart, as PDFium
        atexit._run_exitfuncs()
    os._exit(_flushed(code))


def _flushed(code: int) -> int:
    """Exit code once all is written that was printed."""
    for stream in sys.stdout, sys.stderr:
        try:
            stream.flush()
        except OSError:
            code = code or OutputError.exit_code
    return code


def told(error: OcrError | KeyboardInterrupt | OSError) -> int:
    """Exit code of what went wrong, after its line is printed."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, OSError):
        _drop_unwritable_stdout()
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        where = error.filename or "the output"
        error = OutputError(f"cannot write {where}: {(error.strerror or str(error)).lower()}")
    report(error)
    return error.exit_code


def report(error: OcrError) -> None:
    """Print an error's line on stderr."""
    print(f"ocr: error: {error}", file=sys.stderr, flush=True)


def _drop_unwritable_stdout() -> None:
    """Send what stdout still holds to nowhere: Python would try it again on exit, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
