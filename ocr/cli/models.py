"""`ocr models`: what comes with the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ocr.alphabet import NAMED
from ocr.classifiers import describe
from ocr.models_dir import shipped_models

HEADINGS = ("NAME", "SIZE", "ARCHITECTURE", "CHARACTERS", "ACCURACY")


@click.command("models")
def command() -> None:
    """List the models that come with ocr, as their files describe themselves.

    ACCURACY is the share of crops kept apart from the training data that are told right: single
    letters and, for models that can answer "not a letter", wrong cuts too.
    """
    rows = [_row(path, describe(path)) for path in shipped_models()]
    for line in table([HEADINGS, *rows]):
        click.echo(line)


def _row(path: Path, card: dict[str, Any]) -> tuple[str, ...]:
    alphabet = str(card["alphabet"])
    return (
        path.stem,
        f"{path.stat().st_size / 1e6:.1f} MB",
        str(card["architecture"]),
        f"{len(alphabet)}: {abbreviated(alphabet)}",
        f"{card['valid_accuracy']:.1%}" if "valid_accuracy" in card else "-",
    )


def abbreviated(alphabet: str) -> str:
    """Name an alphabet, or show its ends.

    Examples
    --------
    >>> abbreviated("9876543210"), abbreviated("ABC"), abbreviated("ABCDEFGHIJKLMNOPQRSTUVWXY!")
    ('digits', 'ABC', 'ABCDEF...VWXY!')
    """
    for name, characters in NAMED.items():
        if set(characters) == set(alphabet):
            return name
    return alphabet if len(alphabet) <= 16 else f"{alphabet[:6]}...{alphabet[-5:]}"


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lines of rows whose columns are as wide as they need."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
