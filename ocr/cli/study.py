"""`ocr study`: a subcommand for each study, imported when it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ocr.cli import completion
from ocr.files import make_folder
from ocr.study import STUDIES, find

#: Default of --data, and its help; the test part of EMNIST is used for testing only.
DATA = (
    "emnist@train",
    "A folder with nist36_train.mat, nist36_valid.mat and nist36_test.mat, or with "
    "train.npz, valid.npz and test.npz, or any source of `ocr train` to draw from.",
)

#: The same for studies that use other data.
OWN_DATA = {"transfer": ("mnist", "Digits that the default model was not trained on.")}

#: Options that only one study has.
OWN_OPTIONS = {
    "backends": (
        click.Option(
            ["--mnist"],
            default="mnist@train",
            show_default=True,
            help="Digits to train on, as `ocr train --data` takes them.",
        ),
        click.Option(
            ["--mnist-test"], default="mnist@test", show_default=True, help="Digits to test on."
        ),
    ),
    "transfer": (
        click.Option(
            ["--images"],
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            help="Photographs in a folder per class, for SqueezeNet: the report's are Flowers-17.",
        ),
        click.Option(
            ["--weights"],
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help="SqueezeNet 1.1's pretrained features, .npz under torchvision's names.",
        ),
    ),
}


class Studies(click.Group):
    """The subcommands of `STUDIES`; ``ocr study --help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the studies, in the order of the course report."""
        return list(STUDIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build the command of a study; None if there is no study of that name."""
        return _command(cmd_name) if cmd_name in STUDIES else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the studies with the time that each takes."""
        rows = [
            (name, f"{s.summary.removesuffix('.')} ({s.duration})") for name, s in STUDIES.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group("study", cls=Studies)
def command() -> None:
    """Repeat a study of the course report: a table, and pictures in a folder.

    The times are those of one idle core with the default data. docs/studies.md describes what
    each study found.
    """


def _command(name: str) -> click.Command:
    def run(data: str, output: Path, seed: int, **own: Any) -> None:
        with _make_folder(output):
            find(name)(data, output, seed=seed, say=click.echo, **own)
        click.echo(f"pictures in {output}", err=True)

    study = STUDIES[name]
    default_data, data_help = OWN_DATA.get(name, DATA)
    options = [
        click.Option(
            ["--data"],
            shell_complete=completion.sources,
            default=default_data,
            show_default=True,
            help=data_help,
        ),
        click.Option(
            ["-o", "--output"],
            type=click.Path(path_type=Path, file_okay=False),
            default=Path(f"study-{name}"),
            show_default=True,
            help="Folder for the pictures.",
        ),
        click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True),
        *OWN_OPTIONS.get(name, ()),
    ]
    help_text = f"{study.summary}\n\nTakes about {study.duration} on one idle core."
    return click.Command(name, callback=run, params=[*options], help=help_text)


@contextmanager
def _make_folder(folder: Path) -> Iterator[None]:
    """Make a folder before the study rather than after it; remove it if it stays empty."""
    is_new = not folder.exists()
    make_folder(folder)
    try:
        yield
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
