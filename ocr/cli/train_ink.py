"""`ocr train --arch ink`: check the options, read the sources, train the ink network."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.progress import erase_progress, show_progress
from ocr.cli.training_run import (
    LOG_INTERVAL,
    Options,
    check_output,
    command_line,
    draw_learning_curves,
    parse_budget,
    report_interrupt,
    time_left,
)
from ocr.errors import MissingExtraError
from ocr.models_dir import models_dir
from ocr.threads import cores
from ocr.training.checkpoint import checkpoint_path, refuse_existing
from ocr.training.fine_tuning import RATE
from ocr.training.model_card import card_path
from ocr.training.ranks import world_size
from ocr.training.recipe import INK
from ocr.training.training_data import name_of

if TYPE_CHECKING:
    from ocr.training.ink.loop import Step

MAX_WORKERS = 15  # processes that draw; one GPU needs no more
UNUSED = {  # options of classifiers
    "alphabet": "--alphabet",
    "per_class": "--per-class",
    "balance": "--balance",
    "label_smoothing": "--label-smoothing",
    "augment": "--no-augment",
}


def run(ctx: click.Context, options: Options, start_time: float) -> None:
    """Train the ink network with the options of `ocr train`."""
    _refuse_other_options(ctx, options)
    init = _find(options.init) if options.init else None
    output = options.output
    if output.suffix != ".onnx":
        output = output.with_name(output.name + ".ink.onnx")
    output = check_output(output, ".onnx", init)
    refuse_existing(output, resume=options.resume)
    budget = parse_budget(options.time_budget, options.epochs)
    try:
        from ocr.drawing.sources import read_sources
        from ocr.training.ink.card import CURVES, write_card
        from ocr.training.ink.learner import InkLearner
        from ocr.training.ink.loop import Settings, train
    except ModuleNotFoundError as error:
        extra = "draw" if error.name == "cv2" else "torch"
        raise MissingExtraError("training the ink network", extra) from error

    learner = InkLearner(seed=options.seed, init=init)
    click.echo("reading data ...", err=True)
    found = read_sources(options.sources)
    settings = Settings(
        epochs=options.epochs or INK.epochs,
        batch_size=options.batch_size or INK.batch_size,
        learning_rate=options.learning_rate or INK.learning_rate * (RATE if init else 1),
        seed=options.seed,
        time_budget=budget,
    )
    contents = ", ".join(f"{count:,} {name}" for name, count in found.counts().items() if count)
    length = options.time_budget or f"{settings.epochs} epochs"
    click.echo(f"drawing pages from {contents}; {length}", err=True)
    if options.resume and not checkpoint_path(output).exists():
        click.echo("there is no checkpoint yet: the run starts from the beginning", err=True)
    progress = Progress()

    def finish(card: dict[str, Any]) -> None:
        write_card(output, card, command_line(ctx))
        draw_learning_curves(output, CURVES, "step")

    with report_interrupt(output):
        train(
            learner,
            found,
            settings=settings,
            output=output,
            card={
                "architecture": "ink",
                "data": [name_of(source) for source in options.sources],
                "contents": found.counts(),
                "init": Path(options.init).name if options.init else None,
            },
            workers=max(1, min(cores() - 1, MAX_WORKERS)),
            resume=options.resume,
            start_time=start_time,
            on_step=progress.show_step,
            on_validation=progress.show_validation,
            on_end=finish,
        )
    click.echo(f"model card: {card_path(output)}", err=True)
    click.echo(f"read with it: ocr read --binarize {shlex.quote(str(output))} IMAGE", err=True)


def _refuse_other_options(ctx: click.Context, options: Options) -> None:
    """Raise UsageError for options that make no sense for the ink network."""
    if options.backend != "torch":
        raise click.UsageError("--arch ink needs --backend torch")
    if world_size() > 1:
        raise click.UsageError("--arch ink trains in one process (leave out torchrun)")
    for name, option in UNUSED.items():
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is for networks that read letters, not --arch ink")


def _find(name: str) -> Path:
    """Return the file of an ink network: "default" ships with ocr, others are paths."""
    shipped = models_dir() / f"{name}.ink.onnx"
    return shipped if shipped.is_file() else Path(name)


class Progress:
    """Shows the steps and validations of a run on stderr."""

    def __init__(self) -> None:
        self._seconds_left = 0.0
        self._last_line = time.monotonic()

    def show_step(self, step: Step) -> None:
        """Update the line of a terminal; elsewhere print a line a minute."""
        self._seconds_left = step.seconds_left
        line = f"step {step.step:,}: loss {step.loss:.3f}{time_left(step.seconds_left)}"
        if sys.stderr.isatty():
            show_progress(line)
        elif time.monotonic() - self._last_line >= LOG_INTERVAL:
            self._print(line)

    def show_validation(self, line: dict[str, Any]) -> None:
        """Print the figures on held-out views."""
        names = {"ink_f": "ink F", "rule_f": "rules F", "core_f": "rows F", "turn": "turns"}
        figures = ", ".join(f"{name} {line[key]:.3f}" for key, name in names.items() if key in line)
        loss = f"loss {line['loss']:.3f}; " if line["loss"] is not None else ""
        self._print(
            f"step {line['step']:,}: {loss}validation loss {line['valid_loss']:.3f}, {figures}"
            f"{time_left(self._seconds_left)}"
        )

    def _print(self, line: str) -> None:
        erase_progress()
        click.echo(line, err=True)
        self._last_line = time.monotonic()
