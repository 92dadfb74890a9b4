"""Text output of the studies: tables for stdout, progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from ocr.evaluation.table import columns

PROGRESS_EVERY = 5  # epochs


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Align title, headings and rows; the first column to the left, the others to the right.

    Examples
    --------
    >>> print(table("Speed", ("network", "s"), [("mlp", "1.5"), ("cnn", "12")]))
    Speed
    <BLANKLINE>
    network    s
    mlp      1.5
    cnn       12
    <BLANKLINE>
    """
    return f"{title}\n\n{columns([headings, *rows])}"


def percent(share: float) -> str:
    """Write a share of 1 in per cent, to a tenth.

    Examples
    --------
    >>> percent(0.7719)
    '77.2 %'
    """
    return f"{100 * share:.1f} %"


def scientific(value: float) -> str:
    """Write two digits and a power of ten, or a bare 0.

    Examples
    --------
    >>> scientific(0.000123), scientific(0)
    ('1.2e-04', '0')
    """
    return f"{value:.1e}" if value else "0"


def print_progress(line: str) -> None:
    """Print a line on stderr at once."""
    print(line, file=sys.stderr, flush=True)


def print_epoch(name: str, epoch: int, epochs: int, result: str) -> None:
    """Print a line of progress after every few epochs, and after the last."""
    if epoch % PROGRESS_EVERY == 0 or epoch == epochs:
        print_progress(f"{name}: epoch {epoch}/{epochs}, {result}")
