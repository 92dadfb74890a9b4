"""`ocr train`: parse, gather the data, train, say how to read with the result."""

from __future__ import annotations

import contextlib
import io
import math
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from ocr.alphabet import NAMED, Alphabet
from ocr.cli import completion
from ocr.cli.options import alphabet_of
from ocr.errors import MissingExtraError, OutputError
from ocr.training import adapt, few_letters
from ocr.training.budget import seconds_of
from ocr.training.checkpoint import checkpoint_path, refuse_existing
from ocr.training.loop import Epoch, Settings, Step, best, train
from ocr.training.model_card import card_path, write_model_card
from ocr.training.ranks import Ranks, joined, world_size
from ocr.training.recipe import (
    BACKENDS,
    gather,
    has_reject,
    load_all,
    make_learner,
    name_of,
    schedule_of,
)
from ocr.training.tensorboard_log import TensorboardLog, tensorboard_folder

CLEAR = "\r\x1b[K"  # to the start of the line, and forget it


class FiniteRange(click.FloatRange):
    """Numbers of a range; nan and inf are none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Parse a number."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


@click.command("train")
@click.option("--backend", type=click.Choice(list(BACKENDS)), default="torch", show_default=True)
@click.option("--arch", help="cnn, report-cnn, report-mlp (torch); mlp, mlp-wide (numpy).")
@click.option(
    "--data",
    "sources",
    multiple=True,
    default=("fonts",),
    shell_complete=completion.sources,
    show_default=True,
    help="Pages with their text in NAME.gt.txt, 'fonts' (rendered), a folder of images per class, "
    ".npz, .mat, IDX or UNIPEN .jsonl; @train, @valid or @test behind it picks a part; repeatable.",
)
@click.option(
    "--alphabet",
    callback=alphabet_of,
    shell_complete=completion.alphabets,
    help="Name or characters; the model's own with --init, else ascii.",
)
@click.option("--per-class", type=click.IntRange(1), help="Draw so many of each class.")
@click.option("--balance", is_flag=True, help="Show rare characters as often as others.")
@click.option("--epochs", type=click.IntRange(1), help="At most; stops early without progress.")
@click.option("--time-budget", metavar="TIME", help="Train for 90s, 10m or 1h30m, not by epochs.")
@click.option("--batch-size", type=click.IntRange(1))
@click.option("--learning-rate", type=FiniteRange(0, min_open=True), help="Its peak.")
@click.option(
    "--label-smoothing",
    type=FiniteRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Share of each answer that is spread over all; 0.1 is usual.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--augment/--no-augment", default=True, show_default=True, help="Distort crops.")
@click.option("--resume", is_flag=True, help="Go on with a stopped run of the same options.")
@click.option(
    "--init",
    metavar="MODEL",
    shell_complete=completion.models,
    help="Fine-tune a model, also onto another alphabet.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default="model",
    show_default=True,
    help="Model file, not there yet; .onnx (torch) or .npz (numpy) is added.",
)
@click.pass_context
def command(
    ctx: click.Context,
    backend: str,
    arch: str | None,
    sources: tuple[str, ...],
    alphabet: str | None,
    per_class: int | None,
    balance: bool,
    epochs: int | None,
    time_budget: str | None,
    batch_size: int | None,
    learning_rate: float | None,
    label_smoothing: float,
    seed: int,
    augment: bool,
    resume: bool,
    init: str | None,
    output: Path,
) -> None:
    """Train a classifier on labelled letters.

    Writes the model, what to know of it (MODEL.md), a log (MODEL.log.jsonl) and, with the
    extra "plot", its curves (MODEL.curves.png). Ctrl-C saves; --resume goes on, after
    anything that ended the run. Trains on a GPU if there is one; `torchrun
    --nproc-per-node N -m ocr train ...` shares the work between N processes.
    """
    begun = time.monotonic()
    # threads that spin while they wait cost several times the work on a busy machine
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    start = _described(init) if init else {}
    architecture = arch or start.get("architecture") or next(iter(BACKENDS[backend].schedules))
    schedule = schedule_of(backend, architecture)
    characters = alphabet or start.get("alphabet") or NAMED["ascii"]
    outputs = Alphabet(characters, has_reject(backend, architecture))
    output = _checked(output, BACKENDS[backend].suffix, start=_path(init))
    refuse_existing(output, resume=resume)
    budget = _seconds(time_budget, epochs)
    processes = _processes(backend)
    with joined() as ranks, _said_once(ranks):
        loaded = samples = None
        # with an alphabet of its own a model needs not know what it did
        if init and not alphabet and per_class is None and few_letters.may_hold(sources):
            loaded = load_all(sources, outputs, seed=seed)
            samples = few_letters.find(loaded, outputs)
        if init and (adapt.only_pages(sources) or samples is not None):
            schedule = adapt.gentle(schedule)
        epochs = epochs or schedule.epochs
        settings = Settings(
            epochs=epochs,
            batch_size=batch_size or schedule.batch_size,
            learning_rate=learning_rate or schedule.learning_rate,
            seed=seed,
            # in the first half of the cycle the rate is too high to tell whether it still learns
            patience=max(5, epochs // 2) if budget is None else None,
            augment=augment,
            label_smoothing=label_smoothing,
            balance=balance,
            time_budget=budget,
            processes=processes,
        )
        learner = make_learner(
            backend,
            architecture,
            outputs,
            seed=seed,
            init=_path(init),
            label_smoothing=label_smoothing,
            ranks=ranks,
        )
        hand = adapt.find_hand(sources, learner, init=init, seed=seed)
        few = None if samples is None else few_letters.begin(samples, learner)
        if few is not None:
            training, validation = few_letters.gather(few, outputs, seed=seed)
        elif hand is None:
            training, validation = gather(
                sources, outputs, per_class=per_class, seed=seed, loaded=loaded
            )
        else:
            click.echo("\n".join(hand.summary), err=True)
            training, validation = adapt.gather_with(
                hand, sources, outputs, per_class=per_class, seed=seed
            )
        del loaded  # as large as what is trained on
        click.echo(
            f"{len(training):,} crops to train on, {len(validation):,} to validate", err=True
        )
        _tell_spent(budget, time.monotonic() - begun)
        if resume and not checkpoint_path(output).exists():
            click.echo("no checkpoint: the run begins", err=True)

        def on_end(history: list[Epoch]) -> None:
            gain = ""
            if few is not None:
                gain = few_letters.finish(few, validation, learner, output)
            if hand is not None:
                gain = adapt.finish(hand, learner, output)
            if gain:
                click.echo(_fresh_line() + gain, err=True)
            write_model_card(output, training, validation, command=typed(ctx), gain=gain)
            _draw(output)

        try:
            history = train(
                learner,
                training,
                validation,
                settings=settings,
                output=output,
                card={
                    "architecture": architecture,
                    "data": [name_of(source) for source in sources],
                    "crops": len(training),
                    "init": Path(init).name if init else None,
                },
                resume=resume,
                ranks=ranks,
                begun=begun,
                on_step=_show_step if sys.stderr.isatty() else _ignore,
                on_epoch=_showing_epochs(output) if ranks.first else _ignore,
                on_end=on_end,
            )
        except KeyboardInterrupt:
            saved = checkpoint_path(output).exists()
            told = (
                "stopped and saved: --resume goes on" if saved else "stopped: nothing is saved yet"
            )
            click.echo(_fresh_line() + told, err=True)
            raise
        if hand is None and few is None:
            click.echo(f"validation accuracy {best(history).valid_accuracy:.2%}", err=True)
        click.echo(f"what to know of it: {card_path(output)}", err=True)
        click.echo(f"read with it: ocr read --model {shlex.quote(str(output))} IMAGE", err=True)


def _seconds(time_budget: str | None, epochs: int | None) -> float | None:
    if time_budget is None:
        return None
    if epochs is not None:
        raise click.UsageError("--epochs and --time-budget exclude each other")
    try:
        return seconds_of(time_budget)
    except ValueError as error:
        raise click.BadParameter(
            f"{error} (write 90s, 10m or 1h30m)", param_hint="--time-budget"
        ) from error


def _tell_spent(budget: float | None, seconds: float) -> None:
    """Warn where reading the data leaves little of a time budget, and so a poor model."""
    if budget is not None and seconds > budget / 2:
        click.echo(
            f"reading the data took {seconds:.0f} s of a time budget of {budget:.0f} s: "
            "little is left to train (give more, or less data by --per-class)",
            err=True,
        )


def _processes(backend: str) -> int:
    if backend == "numpy" and world_size() > 1:
        raise click.UsageError("--backend numpy trains in one process (leave out torchrun)")
    return world_size()


def typed(ctx: click.Context) -> str:
    """Return the command line as it was typed, with names for paths.

    --resume is left out: the command is that of the whole run.
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
            path = name in ("init", "output")
            words += [option, shlex.quote(Path(value).name if path else str(value))]
    return " ".join(words)


@contextlib.contextmanager
def _said_once(ranks: Ranks) -> Iterator[None]:
    """Keep all processes but the first quiet; an error that ends one is told all the same."""
    with contextlib.nullcontext() if ranks.first else contextlib.redirect_stderr(io.StringIO()):
        yield


def _ignore(told: object) -> None:
    pass


def _described(init: str) -> dict[str, Any]:
    from ocr.classifiers import describe

    return describe(init)


def _path(init: str | None) -> Path | None:
    from ocr.classifiers import find

    return find(init) if init else None


def _checked(output: Path, suffix: str, *, start: Path | None) -> Path:
    """Add the suffix, and fail before an hour of training rather than after it."""
    if output.suffix != suffix:
        output = output.with_name(output.name + suffix)
    if output.is_dir():
        raise OutputError(f"cannot write {output}: it is a folder (choose another -o)")
    if start is not None and output.resolve() == start.resolve():
        # the first epoch would replace what --resume starts from anew
        raise OutputError(f"cannot write {output}: training starts from it (choose another -o)")
    try:
        tempfile.TemporaryFile(dir=output.parent).close()
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror} (choose another -o)") from error
    return output


def _show_step(step: Step) -> None:
    columns = os.get_terminal_size(sys.stderr.fileno()).columns
    click.echo(CLEAR + progress_line(step, columns), nl=False, err=True)


def progress_line(step: Step, columns: int) -> str:
    """One line that fits a terminal: a longer one would wrap and leave its parts behind."""
    bar = "█" * int(step.done * 20)
    minutes, seconds = divmod(int(step.seconds_left), 60)
    line = (
        f"epoch {step.epoch}/{step.epochs} {bar:░<20} {minutes}:{seconds:02} left "
        f"loss {step.loss:.3f} accuracy {step.accuracy:.1%} {step.images_per_second:,.0f} img/s"
    )
    return line[: columns - 1]  # the cursor takes the last column


def _showing_epochs(output: Path) -> Callable[[Epoch], None]:
    events = TensorboardLog(tensorboard_folder(output))

    def show(epoch: Epoch) -> None:
        _show_epoch(epoch)
        events.add(epoch)

    return show


def _show_epoch(epoch: Epoch) -> None:
    click.echo(
        f"{_fresh_line()}epoch {epoch.epoch}: "
        f"loss {epoch.loss:.3f}, accuracy {epoch.accuracy:.2%}; "
        f"validation loss {epoch.valid_loss:.3f}, accuracy {epoch.valid_accuracy:.2%}; "
        f"{epoch.images_per_second:,.0f} img/s",
        err=True,
    )


def _fresh_line() -> str:
    return CLEAR if sys.stderr.isatty() else ""


def _draw(output: Path) -> None:
    from ocr.training.curves import draw_curves

    try:
        draw_curves(
            output.with_name(output.name + ".log.jsonl"),
            output.with_name(output.name + ".curves.png"),
        )
    except MissingExtraError as error:
        click.echo(f"no picture of the curves: {error}", err=True)
