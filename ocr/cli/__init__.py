"""The `ocr` command: a table of subcommands, each imported when it is called."""

from __future__ import annotations

import atexit
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ocr import __version__
from ocr.errors import OcrError, OutputError
from ocr.process import hurry

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Subcommand to what it does; its module in this package holds it as `command`.
COMMANDS = {
    "read": "Read the text on images.",
    "batch": "Read many files, by several processes, resumed where it was stopped.",
    "segment": "Show the rows and letters found on an image.",
    "train": "Train a model.",
    "eval": "Measure how well a model reads.",
    "data": "Look at training data, convert it, part it, fetch it.",
    "study": "Repeat a study of the course report.",
    "language": "Learn a language model from texts.",
    "models": "List the models that come with ocr.",
}

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
SWITCH_INTERVAL = 0.0005  # seconds that a thread which decodes or loads may wait for Python's lock
PIPE_CLOSED = 141  # 128 + SIGPIPE


def run() -> None:
    """Be the program: run the command on the arguments of the process, and end it."""
    hurry()
    sys.setswitchinterval(SWITCH_INTERVAL)
    _open_what_is_closed()
    try:
        main(prog_name="ocr")
    except SystemExit as ending:
        _leave(ending.code)
    except OSError as error:  # of what is told before a command begins, as --help is
        _drop_unwritable_stdout()
        report(_unwritten(error))
        _leave(OutputError.exit_code)


def _open_what_is_closed() -> None:
    """Take the places of standard streams that were closed before the start.

    Else the next file that is opened would get what is printed, as the manifest of a batch.
    """
    if sys.stdout is None:  # click would drop what is printed there: that it is lost is told
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _leave(code: str | int | None) -> NoReturn:
    """End the process without taking the modules apart, which takes as long as a small page."""
    atexit._run_exitfuncs()
    status = code if isinstance(code, int) else 0
    for stream in sys.stdout, sys.stderr:
        try:
            stream.flush()
        except OSError:
            status = status or OutputError.exit_code
    os._exit(status)


class LazyGroup(click.Group):
    """The subcommands of `COMMANDS`; ``ocr --help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the subcommands, in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand; None if there is no such."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"ocr.cli.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer subcommands that begin so, and our options."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; what goes wrong becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except OcrError as error:
            fail(ctx, error)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _drop_unwritable_stdout()
            ctx.exit(PIPE_CLOSED)
        except OSError as error:
            _drop_unwritable_stdout()
            fail(ctx, _unwritten(error))


def fail(ctx: click.Context, error: OcrError) -> NoReturn:
    """End the run with an error's line and exit code."""
    report(error)
    ctx.exit(error.exit_code)


def report(error: OcrError) -> None:
    """Print an error's line on stderr."""
    click.echo(f"ocr: error: {error}", err=True)


def _unwritten(error: OSError) -> OutputError:
    where = error.filename or "the output"
    return OutputError(f"cannot write {where}: {(error.strerror or str(error)).lower()}")


def _drop_unwritable_stdout() -> None:
    """Send what stdout still holds to nowhere: Python would try it again on exit, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ocr", message="%(prog)s %(version)s")
def main() -> None:
    """Read hand-printed text from images."""
