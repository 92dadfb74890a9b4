"""`ocr study`: one subcommand a study, each imported when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ocr.cli import completion
from ocr.errors import OutputError
from ocr.files import reason
from ocr.study import STUDIES, find

DATA = "emnist@train"  # the test part is for testing only
DATA_HELP = (
    "A folder with nist36_train.mat, nist36_valid.mat and nist36_test.mat, or with "
    "train.npz, valid.npz and test.npz, or any source of `ocr train` to draw from."
)

#: Study to its own default of --data, and what that is.
OWN_DATA = {
    "transfer": ("mnist", "Digits that the model that ships was not trained on."),
}

#: Study to the options that it alone has.
OWN_OPTIONS = {
    "backends": (
        click.option(
            "--mnist",
            default="mnist@train",
            show_default=True,
            help="Digits to train on, as `ocr train --data` takes them.",
        ),
        click.option(
            "--mnist-test", default="mnist@test", show_default=True, help="Digits to test on."
        ),
    ),
    "transfer": (
        click.option(
            "--images",
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            help="Photographs in a folder per class, for SqueezeNet: the report's are Flowers-17.",
        ),
        click.option(
            "--weights",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help="SqueezeNet 1.1's pretrained features, .npz under torchvision's names.",
        ),
    ),
}


class Studies(click.Group):
    """The subcommands of `STUDIES`; ``ocr study --help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the studies, in the order of the course report."""
        return list(STUDIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of a study; None if there is no such."""
        return _command(cmd_name) if cmd_name in STUDIES else None


@click.group("study", cls=Studies)
def command() -> None:
    """Repeat a study of the course report: a table, and pictures in a folder.

    What each found is told in docs/studies.md.
    """


def _command(name: str) -> click.Command:
    @click.command(name, help=STUDIES[name].summary, short_help=STUDIES[name].summary)
    @click.option(
        "--data",
        shell_complete=completion.sources,
        default=DATA if name not in OWN_DATA else OWN_DATA[name][0],
        show_default=True,
        help=DATA_HELP if name not in OWN_DATA else OWN_DATA[name][1],
    )
    @click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(f"study-{name}"),
        show_default=True,
        help="Folder for the pictures.",
    )
    @click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
    @_with_own_options(name)
    def run(data: str, output: Path, seed: int, **own: Any) -> None:
        with _made(output):
            find(name)(data, output, seed=seed, say=click.echo, **own)
        click.echo(f"pictures in {output}", err=True)

    return run


def _with_own_options(name: str) -> Callable[[Any], Any]:
    def add(function: Any) -> Any:
        for option in reversed(OWN_OPTIONS.get(name, ())):
            function = option(function)
        return function

    return add


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make the folder before minutes of training rather than after them; leave no empty one."""
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {folder}: {reason(error)} (choose another -o)") from error
    try:
        yield
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
