"""Show the progress of a run on standard error: one line, or one every half a minute."""

from __future__ import annotations

import os
import sys
import time

CLEAR = "\r\x1b[K"  # terminal codes that erase the current line
INTERVAL = {True: 0.2, False: 30.0}  # s between lines, on a terminal or not


class Progress:
    """Counts pages, failures and `files`; the end of the context prints the last line.

    With `is_quiet` it prints errors only.
    """

    def __init__(self, files: int, *, is_quiet: bool = False) -> None:
        self._files, self._is_quiet = files, is_quiet
        self._done = self._pages = self._failed = 0
        self._begun = self._shown = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._show(last=True)

    def page(self) -> None:
        """Count a page."""
        self._pages += 1
        self._show()

    def file(self) -> None:
        """Count a file."""
        self._done += 1
        self._show()

    def failure(self, line: str) -> None:
        """Count a page that could not be read, and print why."""
        self._failed += 1
        self._print(f"error: {line}")

    def kept(self, path: str) -> None:
        """Print that a changed output was not overwritten."""
        self._print(f"kept {path}, which was changed since it was written (delete it to renew it)")

    def _print(self, line: str) -> None:
        clear = CLEAR if self._is_terminal and not self._is_quiet else ""
        print(f"{clear}ocr: {line}", file=sys.stderr, flush=True)

    def _show(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if self._is_quiet or not (last or now - self._shown >= INTERVAL[self._is_terminal]):
            return
        self._shown = now
        line = self._line(now - self._begun)
        if self._is_terminal:
            columns = os.get_terminal_size(sys.stderr.fileno()).columns
            line = CLEAR + line[: columns - 1]
        end = "\n" if last or not self._is_terminal else ""
        print(line, end=end, file=sys.stderr, flush=True)

    def _line(self, seconds: float) -> str:
        parts = [
            f"{self._done:,} of {count_of(self._files, 'file')}",
            count_of(self._pages, "page"),
            f"{self._pages / max(seconds, 1e-3):.1f} pages/s",
            f"{self._failed:,} failed",
        ]
        if 0 < self._done < self._files:
            left = seconds / self._done * (self._files - self._done)
            parts.append(f"{format_duration(left)} left")
        return ", ".join(parts)


def count_of(number: int, noun: str) -> str:
    """Format a number of things.

    Examples
    --------
    >>> count_of(1, "file"), count_of(2000, "page")
    ('1 file', '2,000 pages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def format_duration(seconds: float) -> str:
    """Format a time in its two largest units.

    Examples
    --------
    >>> format_duration(7), format_duration(754), format_duration(90_000)
    ('7 s', '12 min 34 s', '25 h 0 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
