"""Entry point of the program: it runs a command and ends the process."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from typing import NoReturn

from ocr.cli.exits import INTERRUPTED, exit_code_of, exit_on_interrupt
from ocr.errors import OutputError

GC_THRESHOLD = 50_000  # allocations; what a command allocates mostly lives until it ends
SWITCH_INTERVAL = 0.0005  # s; threads that decode or load wait no longer for Python's lock


def run() -> NoReturn:
    """Run the command that the arguments of the process name, and end the process."""
    try:
        gc.set_threshold(GC_THRESHOLD)
        sys.setswitchinterval(SWITCH_INTERVAL)
        _replace_closed_streams()
        _exit(_run_command())
    except KeyboardInterrupt:  # a second one, while the program ends
        _exit(INTERRUPTED)


def _run_command() -> int:
    """Run the command and return its exit code."""
    with exit_on_interrupt():
        from ocr.cli.commands import main

    try:
        main(prog_name="ocr")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    except OSError as error:  # --help, for one, is printed before a command begins
        return exit_code_of(error)
    return 0


def _replace_closed_streams() -> None:
    """Open the null device for standard streams that were closed before the start.

    Otherwise the next file opened, such as a manifest, would get their number and what is printed.
    """
    if sys.stdout is None:  # opened for reading, so that printing fails and is reported
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _exit(code: int) -> NoReturn:
    """End the process without unloading the modules, which takes as long as a small page."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code != INTERRUPTED:  # then a background thread may still use what these would close
        atexit._run_exitfuncs()
    for stream in sys.stdout, sys.stderr:
        try:
            stream.flush()
        except OSError:
            code = code or OutputError.exit_code
    os._exit(code)
