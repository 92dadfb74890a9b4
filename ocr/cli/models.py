"""`ocr models`: list the models that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ocr.alphabet import NAMED
from ocr.classifiers import describe
from ocr.evaluation.table import columns
from ocr.models_dir import shipped_models

HEADINGS = ("NAME", "SIZE", "ARCHITECTURE", "CHARACTERS", "ACCURACY", "MEASURED ON")
DEFAULT = "default"  # name of the model that is used unless --model names another
FOOTNOTES = (
    "* is the default of --model.\n"
    "The accuracies cannot be compared: each was measured on other letters (MEASURED ON) and with "
    "another alphabet (CHARACTERS)."
)


@click.command("models")
def command() -> None:
    """List the models that come with ocr, the default one first.

    ACCURACY is the share of single letters that were recognized in the test that MEASURED ON
    names. Tests and alphabets differ, so these figures do not say which of two models reads
    better: measure both on the same pages by `ocr eval -m NAME`.
    """
    described = [(path, describe(path)) for path in shipped_models()]
    described.sort(key=lambda model: (model[0].stem != DEFAULT, -model[1].get("valid_accuracy", 0)))
    rows = [HEADINGS, *(_row(path, card) for path, card in described)]
    click.echo(columns(rows, left=len(HEADINGS)), nl=False)
    click.echo(FOOTNOTES, err=True)


def _row(path: Path, card: dict[str, Any]) -> tuple[str, ...]:
    alphabet = str(card["alphabet"])
    held_out = "held-out letters and wrong cuts" if card.get("reject") else "held-out letters"
    measured = "valid_accuracy" in card
    return (
        f"{path.stem} *" if path.stem == DEFAULT else path.stem,
        f"{path.stat().st_size / 1e6:.1f} MB",
        str(card["architecture"]),
        f"{len(alphabet)}: {abbreviate(alphabet)}",
        f"{card['valid_accuracy']:.1%}" if measured else "-",
        str(card.get("valid_data", held_out)) if measured else "-",
    )


def abbreviate(alphabet: str) -> str:
    """Return the name of an alphabet, or its first and last characters if it has no name.

    Examples
    --------
    >>> abbreviate("9876543210"), abbreviate("ABC"), abbreviate("ABCDEFGHIJKLMNOPQRSTUVWXY!")
    ('digits', 'ABC', 'ABCDEF...VWXY!')
    """
    for name, characters in NAMED.items():
        if set(characters) == set(alphabet):
            return name
    return alphabet if len(alphabet) <= 16 else f"{alphabet[:6]}...{alphabet[-5:]}"
