"""Options that several commands share."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ocr.cli import completion

if TYPE_CHECKING:
    from ocr.input.page_numbers import PageNumbers

Command = TypeVar("Command", bound=Callable[..., Any])

#: Smallest difflib ratio of a misspelt alphabet: one letter of "upper" missing, doubled, swapped.
MIN_SIMILARITY = 0.8
UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def page_options(command: Command) -> Command:
    """Add --pages and --max-pixels."""
    for option in reversed(_PAGES):
        command = option(command)
    return command


def page_numbers_of(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> PageNumbers | None:
    """Parse the value of --pages; None stands for all pages."""
    if value is None:
        return None
    from ocr.input.page_numbers import PageNumbers

    try:
        return PageNumbers.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def pixels_of(ctx: click.Context, parameter: click.Parameter, value: str) -> int:
    """Parse the value of --max-pixels: "400M" or "400000000"."""
    found = re.fullmatch(r"([0-9]{1,15})([kmg]?)", value.strip().lower())
    count = int(found[1]) * UNITS[found[2]] if found else 0
    if not count:
        raise click.BadParameter(f"{value!r} is not a number of pixels (write 400M, or 400000000)")
    return count


def reading_options(command: Command) -> Command:
    """Add --model, --reader, --alphabet, --language, --binarize, --rotate and --threads."""
    return model_options(_THREADS(command))


def model_options(command: Command) -> Command:
    """Add --model, --reader, --alphabet, --language, --binarize and --rotate."""
    for option in reversed(_MODEL):
        command = option(command)
    return command


def reject_option(command: Command) -> Command:
    """Add --reject."""
    return _REJECT(command)


def segment_options(command: Command) -> Command:
    """Add --binarize and --rotate."""
    return _BINARIZE(_ROTATE(command))


def language_of(value: str) -> str | None:
    """Return the value of --language as `ocr.decode.language.language_model` takes it."""
    return None if value == "none" else value


def alphabet_of(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the characters of an --alphabet; a misspelt name raises BadParameter."""
    if value is None:
        return None
    from ocr.alphabet import NAMED, characters_of

    near = difflib.get_close_matches(value.lower(), NAMED, n=1, cutoff=MIN_SIMILARITY)
    if near and value not in NAMED:
        raise click.BadParameter(
            f"there is no alphabet {value!r}: {near[0]!r} is the nearest "
            "(characters may be given in another order)"
        )
    characters = characters_of(value)
    if not characters:
        raise click.BadParameter("it has no characters (spaces do not count)")
    return characters


_PAGES = (
    click.option(
        "--pages",
        "select",
        metavar="1,3-5,9-",
        callback=page_numbers_of,
        help="Read only these pages of multi-page files, in the order of the file.  [default: all]",
    ),
    click.option(
        "--max-pixels",
        default="250M",
        metavar="N",
        show_default=True,
        callback=pixels_of,
        help="Refuse images with more pixels; a small file may take gigabytes of memory.",
    ),
)

_BINARIZE = click.option(
    "--binarize",
    default="network",
    metavar="network|sauvola|otsu|FILE",
    show_default=True,
    help="What separates ink from paper: the network that learned what writing is, a threshold "
    "for dark ink on plain paper, or a network that `ocr train --arch ink` made.",
)

_ROTATE = click.option(
    "--rotate/--no-rotate",
    default=True,
    show_default=True,
    help="Set pages upright that lie on their side or upside down.",
)

_MODEL = (
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
        "--reader",
        type=click.Choice(["letters", "rows", "both"]),
        default="both",
        show_default=True,
        help="Read the letters of a row one by one with the model, whole rows with the network for "
        "joined and careless writing, or with both and take the likelier text. With another model "
        "than default, and where the network lacks a character of the alphabet, both is letters.",
    ),
    click.option(
        "-a",
        "--alphabet",
        metavar="NAME|CHARACTERS",
        shell_complete=completion.alphabets,
        callback=alphabet_of,
        help="The only characters on the page: digits, upper, lower, letters, upper-digits, alnum, "
        "ascii, latin, or the characters themselves.",
    ),
    click.option(
        "-l",
        "--language",
        default="english",
        metavar="english|none|FILE",
        shell_complete=completion.languages,
        show_default=True,
        help="Language model: how likely letters follow one another. Use none for codes and lists "
        "of letters, or a FILE that `ocr language` made from your own texts.",
    ),
    _BINARIZE,
    _ROTATE,
)

_THREADS = click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    help="Use at most this many cores.  [default: all]",
)

_REJECT = click.option(
    "--reject",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="P",
    help="Write \N{REPLACEMENT CHARACTER} for letters with a confidence below P, from 0 to 1.",
)
