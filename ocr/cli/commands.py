"""The table of subcommands, each imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from ocr import __version__
from ocr.cli.exits import exit_code_of
from ocr.errors import OcrError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Subcommand to its summary; the module of that name in this package defines `command`.
COMMANDS = {
    "read": "Read the text on images.",
    "batch": "Read many files, by several processes, resumed where it was stopped.",
    "segment": "Show the rows and letters found on an image.",
    "train": "Train a model.",
    "eval": "Measure how well a model reads.",
    "data": "Look at training data, convert it, split it, fetch it.",
    "study": "Repeat a study of the course report.",
    "language": "Learn a language model from texts.",
    "models": "List the models that come with ocr.",
}


class LazyGroup(click.Group):
    """A group of the subcommands in `COMMANDS`; ``ocr --help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the subcommands, in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand; return None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"ocr.cli.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of subcommands and the options of the group."""
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
        """Run the subcommand; an error becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except (OcrError, KeyboardInterrupt, OSError) as error:
            ctx.exit(exit_code_of(error))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ocr", message="%(prog)s %(version)s")
def main() -> None:
    """Read hand-printed text from images."""
