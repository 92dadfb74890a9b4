"""A progress line on standard error that is overwritten in place."""

from __future__ import annotations

import os
import sys

ERASE_LINE = "\r\x1b[K"  # ANSI: back to the start of the line and erase it


def show_progress(line: str) -> None:
    """Replace the progress line of a terminal; print nothing where stderr is not a terminal."""
    if sys.stderr.isatty():
        # a longer line would wrap, and its first part would stay; the cursor takes the last column
        columns = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        print(ERASE_LINE + line[:columns], end="", file=sys.stderr, flush=True)


def erase_progress() -> None:
    """Erase the progress line, so that a message can be printed in its place."""
    show_progress("")


def approximate(seconds: float) -> str:
    """Format a duration to about two digits.

    Examples
    --------
    >>> approximate(7.4), approximate(754), approximate(9000)
    ('7 s', '13 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
