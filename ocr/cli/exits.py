"""Exit codes: an error becomes one line on standard error and a code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

from ocr.cli.progress import erase_progress
from ocr.errors import OcrError, OutputError

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
PIPE_CLOSED = 141  # 128 + SIGPIPE


@contextlib.contextmanager
def exit_on_interrupt() -> Iterator[None]:
    """End the process at once on Ctrl-C; for imports, as some modules swallow KeyboardInterrupt."""
    handler = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or handler is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _exit_interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _exit_interrupted(*_: object) -> NoReturn:
    os._exit(INTERRUPTED)


def exit_code_of(error: OcrError | KeyboardInterrupt | OSError) -> int:
    """Report an error that ends a command, and return the exit code for it."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, OSError):
        _discard_unwritable_output()
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        path = error.filename or "the output"
        error = OutputError(f"cannot write {path}: {(error.strerror or str(error)).lower()}")
    report(error)
    return error.exit_code


def report(error: OcrError) -> None:
    """Print an error as one line on standard error."""
    print(f"ocr: error: {error}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def collect_errors(errors: list[OcrError]) -> Iterator[None]:
    """Report an error of the block, append it to `errors`, and continue."""
    try:
        yield
    except OcrError as error:
        erase_progress()
        report(error)
        errors.append(error)


def _discard_unwritable_output() -> None:
    """Redirect a broken standard output: Python would write to it again on exit, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
