"""How far a run is, on standard error: a line that is written over, or one every half a minute."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType

CLEAR = "\r\x1b[K"  # to the start of the line, and forget it
SECONDS = {True: 0.2, False: 30.0}  # from line to line, on a terminal or not


class Progress:
    """Counts files, pages and failures; a context whose end leaves the last line.

    Parameters
    ----------
    files : int
        To be read.
    is_quiet : bool
        Tells errors alone.
    """

    def __init__(self, files: int, *, is_quiet: bool = False) -> None:
        self._files, self._is_quiet = files, is_quiet
        self._done = self._pages = self._failed = 0
        self._begun = self._shown = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
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
        """Count a page that is not in the outputs, and tell why."""
        self._failed += 1
        self._tell(f"error: {line}")

    def kept(self, path: str) -> None:
        """Tell that an output was not written."""
        self._tell(f"kept {path}, which was changed since it was written (delete it for a new one)")

    def _tell(self, line: str) -> None:
        clear = CLEAR if self._is_terminal and not self._is_quiet else ""
        print(f"{clear}ocr: {line}", file=sys.stderr, flush=True)

    def _show(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if self._is_quiet or not (last or now - self._shown >= SECONDS[self._is_terminal]):
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
            f"{self._done:,} of {counted(self._files, 'file')}",
            counted(self._pages, "page"),
            f"{self._pages / max(seconds, 1e-3):.1f} pages/s",
            f"{self._failed:,} failed",
        ]
        if 0 < self._done < self._files:
            left = seconds / self._done * (self._files - self._done)
            parts.append(f"{duration(left)} left")
        return ", ".join(parts)


def counted(number: int, noun: str) -> str:
    """So many of something.

    Examples
    --------
    >>> counted(1, "file"), counted(2000, "page")
    ('1 file', '2,000 pages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time in its two largest units.

    Examples
    --------
    >>> duration(7), duration(754), duration(90_000)
    ('7 s', '12 min 34 s', '25 h 0 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
