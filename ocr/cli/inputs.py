"""The options of every command that reads many images: which pages of a file, how large."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ocr.input.page_numbers import PageNumbers

Command = TypeVar("Command", bound=Callable[..., Any])

UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def page_options(command: Command) -> Command:
    """Add which pages of a file are read: --pages, --max-pixels."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def page_numbers_of(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> PageNumbers | None:
    """Pages that the value of --pages names; None, for all, where it is not given.

    Raises
    ------
    click.BadParameter
        If it names none.
    """
    if value is None:
        return None
    from ocr.input.page_numbers import PageNumbers

    try:
        return PageNumbers.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def pixels_of(ctx: click.Context, parameter: click.Parameter, value: str) -> int:
    """Pixels that the value of --max-pixels means: "400M" or "400000000".

    Raises
    ------
    click.BadParameter
        If it is no such number, or 0.
    """
    found = re.fullmatch(r"([0-9]{1,15})([kmg]?)", value.strip().lower())
    count = int(found[1]) * UNITS[found[2]] if found else 0
    if not count:
        raise click.BadParameter(f"{value!r} is no number of pixels (write 400M, or 400000000)")
    return count


_OPTIONS = (
    click.option(
        "--pages",
        "select",
        metavar="1,3-5,9-",
        callback=page_numbers_of,
        help="Only these pages of each file of several, in the file's order.  [default: all]",
    ),
    click.option(
        "--max-pixels",
        default="250M",
        metavar="N",
        show_default=True,
        callback=pixels_of,
        help="Refuse images of more pixels: a small file may unpack to more than memory holds.",
    ),
)
