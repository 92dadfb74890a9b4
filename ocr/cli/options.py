"""The options of every command that reads, worded once."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ocr.cli import completion

Command = TypeVar("Command", bound=Callable[..., Any])

NEARLY = 0.8  # alike by difflib: a letter of "upper" is missing, doubled or swapped


def reading_options(command: Command) -> Command:
    """Add what a model reads with: --model, --alphabet, --language, --threads."""
    return model_options(_THREADS(command))


def model_options(command: Command) -> Command:
    """Add what decides what is read: --model, --alphabet, --language."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def reject_option(command: Command) -> Command:
    """Add --reject."""
    return _REJECT(command)


def language_of(value: str) -> str | None:
    """Value of --language as `ocr.decode.language.language_model` takes it."""
    return None if value == "none" else value


def alphabet_of(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Characters that the value of --alphabet stands for; None where it is not given.

    Raises
    ------
    click.BadParameter
        If there are none, or it is nearly the name of an alphabet.
    """
    if value is None:
        return None
    from ocr.alphabet import NAMED, characters_of

    near = difflib.get_close_matches(value.lower(), NAMED, n=1, cutoff=NEARLY)
    if near and value not in NAMED:
        raise click.BadParameter(
            f"there is no alphabet {value!r}: {near[0]!r} is the nearest "
            "(characters may be given in another order)"
        )
    characters = characters_of(value)
    if not characters:
        raise click.BadParameter("it has no characters (spaces do not count)")
    return characters


_OPTIONS = (
    click.option(
        "-m",
        "--model",
        default="default",
        metavar="NAME|FILE",
        shell_complete=completion.models,
        show_default=True,
        help="Model to read with: one that `ocr models` lists, or a file.",
    ),
    click.option(
        "-a",
        "--alphabet",
        metavar="NAME|CHARACTERS",
        shell_complete=completion.alphabets,
        callback=alphabet_of,
        help="The only characters there are: digits, upper, lower, letters, upper-digits, alnum, "
        "ascii, latin, or the characters themselves.",
    ),
    click.option(
        "-l",
        "--language",
        default="english",
        metavar="english|none|FILE",
        shell_complete=completion.languages,
        show_default=True,
        help="What letters are likely to follow one another; none for codes and lists of "
        "letters, a FILE that `ocr language` made for your own texts.",
    ),
)

_THREADS = click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    help="Use at most so many cores.  [default: all]",
)

_REJECT = click.option(
    "--reject",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="P",
    help="Write \N{REPLACEMENT CHARACTER} for letters less sure than P, from 0 to 1.",
)
