"""What training has in common for all networks: options, output, budget, Ctrl-C, curves."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from ocr.alphabet import NAMED
from ocr.cli.progress import approximate, erase_progress
from ocr.errors import MissingExtraError, OutputError
from ocr.files import refuse_unwritable
from ocr.training.checkpoint import checkpoint_path
from ocr.training.log import PANELS, Panels, draw_curves, log_path
from ocr.training.schedule import parse_duration
from ocr.training.training_data import name_of

LOG_INTERVAL = 60.0  # seconds between progress lines where stderr is not a terminal


@dataclass(frozen=True)
class Options:
    """Values of the command line, named after its options."""

    backend: str
    arch: str | None
    sources: tuple[str, ...]
    alphabet: str | None
    per_class: int | None
    balance: bool
    epochs: int | None
    time_budget: str | None
    batch_size: int | None
    learning_rate: float | None
    label_smoothing: float
    seed: int
    augment: bool
    resume: bool
    init: str | None
    output: Path


def check_output(output: Path, suffix: str, init: Path | None) -> Path:
    """Append the suffix, and raise an error now rather than after an hour of training."""
    if output.suffix != suffix:
        output = output.with_name(output.name + suffix)
    if output.is_dir():
        raise OutputError(f"cannot write {output}: it is a folder (choose another -o)")
    if init is not None and output.resolve() == init.resolve():
        # the first epoch would replace the model that --resume has to start from again
        raise OutputError(f"cannot write {output}: training starts from it (choose another -o)")
    refuse_unwritable(output)
    return output


def parse_budget(time_budget: str | None, epochs: int | None) -> float | None:
    """Return the seconds of --time-budget, which --epochs excludes; None without it."""
    if time_budget is None:
        return None
    if epochs is not None:
        raise click.UsageError("--epochs and --time-budget cannot be used together")
    try:
        return parse_duration(time_budget)
    except ValueError as error:
        raise click.BadParameter(
            f"{error} (write 90s, 10m or 1h30m)", param_hint="--time-budget"
        ) from error


@contextlib.contextmanager
def report_interrupt(output: Path) -> Iterator[None]:
    """Say after Ctrl-C whether the run can be continued."""
    try:
        yield
    except KeyboardInterrupt:
        erase_progress()
        is_saved = checkpoint_path(output).exists()
        saved = "and saved: continue with --resume" if is_saved else "before anything was saved"
        click.echo(f"stopped {saved}", err=True)
        raise


def time_left(seconds: float) -> str:
    """Format the time that a run still takes, to be appended to a line; "" at its end."""
    if seconds <= 0:
        return ""
    return f"; about {approximate(seconds)} left"


def draw_learning_curves(output: Path, panels: Panels = PANELS, x: str = "epoch") -> None:
    """Draw the curves of a run's log, or say which extra that needs."""
    picture = output.with_name(output.name + ".curves.png")
    try:
        draw_curves(log_path(output), picture, panels, x)
    except MissingExtraError as error:
        click.echo(f"learning curves are not drawn: {error}", err=True)


def command_line(ctx: click.Context) -> str:
    """Return the command line as the user typed it, with names in place of paths.

    Without --resume, since it is the command of the whole run.
    """
    words = ["ocr", "train"]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        source = ctx.get_parameter_source(name)
        if name == "resume" or source is not click.core.ParameterSource.COMMANDLINE:
            continue
        option, value = max(parameter.opts, key=len), ctx.params[name]
        if isinstance(value, bool):
            words.append(option if value else parameter.secondary_opts[0])
        elif name == "sources":
            words += [word for v in value for word in (option, shlex.quote(name_of(v)))]
        elif name == "alphabet":
            named = {characters: alphabet for alphabet, characters in NAMED.items()}
            words += [option, shlex.quote(named.get(value, value))]
        else:
            is_path = name in ("init", "output")
            words += [option, shlex.quote(Path(value).name if is_path else str(value))]
    return " ".join(words)
