"""Generate docs/cli.md and the man page docs/ocr.1 from the help of every command.

python tools/cli_reference.py
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from ocr import __version__
from ocr.cli.commands import main
from ocr.cli.exits import INTERRUPTED, PIPE_CLOSED
from ocr.errors import OcrError

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 100  # columns of the help in docs/cli.md

ENVIRONMENT = {
    "OCR_CACHE": "Folder for the data sets that `ocr data fetch` downloads; by default ocr in the "
    "system's folder for caches.",
    "OMP_NUM_THREADS": "Maximum number of cores used, for commands without --threads.",
}

#: Escapes for the characters that are special to roff.
ROFF = {
    "\\": r"\(rs",
    "-": r"\-",
    "'": r"\(aq",
    '"': r"\(dq",
    "`": r"\(ga",
    "^": r"\(ha",
    "~": r"\(ti",
}


def write_all() -> None:
    """Write both files."""
    (DOCS / "cli.md").write_text(markdown(), encoding="utf-8")
    (DOCS / "ocr.1").write_text(man_page(), encoding="utf-8")


def contexts() -> list[click.Context]:
    """Return the program, and every command, those of a group after the group."""
    top = click.Context(
        main,
        info_name="ocr",
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **main.context_settings,
    )
    return list(_walk(top))


def _walk(ctx: click.Context) -> Iterator[click.Context]:
    yield ctx
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            command = ctx.command.get_command(ctx, name)
            assert command is not None, name
            yield from _walk(click.Context(command, info_name=name, parent=ctx))


def markdown() -> str:
    """Format docs/cli.md: the help of every command as it is printed."""
    everything = contexts()
    parts = [
        "# Commands",
        "The help of every command, as `--help` prints it. `python tools/cli_reference.py` "
        "generates this page.",
        "\n".join(f"- [{c.command_path}](#{c.command_path.replace(' ', '-')})" for c in everything),
        *(f"## {c.command_path}\n\n```text\n{c.get_help()}\n```" for c in everything),
    ]
    return "\n\n".join(parts) + "\n"


def man_page() -> str:
    """Format docs/ocr.1: the same in the sections of a man page."""
    top, *others = contexts()
    summary = str(top.command.help).removesuffix(".")
    lines = [
        f'.TH OCR 1 "" "ocr {__version__}" "User Commands"',
        ".SH NAME",
        roff(f"ocr - {summary[0].lower()}{summary[1:]}"),
        ".SH SYNOPSIS",
        *_usage(top),
        ".SH DESCRIPTION",
        *_describe(top),
        ".SH COMMANDS",
        *(line for ctx in others for line in _command(ctx)),
        ".SH EXIT STATUS",
        *(line for code, why in exit_codes().items() for line in _item(roff(str(code)), why)),
        ".SH ENVIRONMENT",
        *(line for name, what in ENVIRONMENT.items() for line in _item(_bold(name), what)),
    ]
    return "\n".join(lines) + "\n"


def exit_codes() -> dict[int, str]:
    """Return the meaning of each exit code; the errors describe their own."""
    errors = {kind.exit_code: inspect.getdoc(kind) or "" for kind in OcrError.__subclasses__()}
    return {
        0: "Success.",
        1: "An unexpected error.",
        2: "An invalid command line.",
        **{code: text.splitlines()[0] for code, text in sorted(errors.items())},
        INTERRUPTED: "Interrupted by Ctrl-C.",
        PIPE_CLOSED: "The reader of the output has closed it, as head does.",
    }


def _command(ctx: click.Context) -> list[str]:
    return [f'.SS "{roff(ctx.command_path)}"', *_usage(ctx), ".PP", *_describe(ctx)]


def _usage(ctx: click.Context) -> list[str]:
    """Format the usage line."""
    pieces = " ".join(ctx.command.collect_usage_pieces(ctx))
    return [f"{_bold(ctx.command_path)} {roff(pieces)}"]


def _describe(ctx: click.Context) -> list[str]:
    """Format the description and the options."""
    paragraphs = inspect.cleandoc(ctx.command.help or "").split("\n\n")
    lines = "\n.PP\n".join(roff(" ".join(p.split())) for p in paragraphs).splitlines()
    for parameter in ctx.command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        is_described_above = parameter.name == "help" and ctx.parent is not None
        if isinstance(parameter, click.Option) and record is not None and not is_described_above:
            lines += _item(_flags(record[0]), record[1])
    return lines


def _flags(text: str) -> str:
    """Format ``-o, --output FILE`` with bold options and values in italics."""
    return " ".join(
        _bold(token) if token.startswith("-") else f"\\fI{roff(token)}\\fR"
        for token in text.split()
    )


def _item(term: str, text: str) -> list[str]:
    return [".TP", term, roff(" ".join(text.split()))]


def _bold(text: str) -> str:
    return f"\\fB{roff(text)}\\fR"


def roff(text: str) -> str:
    r"""Escape text for roff.

    Examples
    --------
    >>> roff(".profile's")
    '\\&.profile\\(aqs'
    """
    escaped = "".join(ROFF.get(c, c if c.isascii() else f"\\[u{ord(c):04X}]") for c in text)
    return "\\&" + escaped if escaped.startswith(".") else escaped


if __name__ == "__main__":
    write_all()
