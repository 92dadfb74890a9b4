"""Tables of plain text, and how their numbers are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ocr.evaluation.table import columns


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Title, headings and rows, aligned; the first column to the left, the others to the right.

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
    """Share of 1 in per cent, to a tenth.

    Examples
    --------
    >>> percent(0.7719)
    '77.2 %'
    """
    return f"{100 * share:.1f} %"


def decibels(psnr: float) -> str:
    """Signal to noise in dB, to a hundredth."""
    return f"{psnr:.2f} dB"


def scientific(value: float) -> str:
    """Two digits and a power of ten; a bare 0 where there is nothing at all.

    Examples
    --------
    >>> scientific(0.000123), scientific(0)
    ('1.2e-04', '0')
    """
    return f"{value:.1e}" if value else "0"
