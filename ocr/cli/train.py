"""`ocr train`: parse the options, load the data, train, and say how to read with the model."""

from __future__ import annotations

import contextlib
import io
import math
import os
import shlex
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ocr.alphabet import NAMED, Alphabet
from ocr.cli import completion
from ocr.cli.options import alphabet_of
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
from ocr.data.samples import Samples
from ocr.training import fine_tune_on_letters, fine_tune_on_pages, fine_tuning
from ocr.training.checkpoint import checkpoint_path, refuse_existing
from ocr.training.learner import Learner
from ocr.training.log import TensorboardLog, tensorboard_folder
from ocr.training.loop import train
from ocr.training.model_card import card_path, write_model_card
from ocr.training.progress import Epoch, Step, best
from ocr.training.ranks import join_processes, world_size
from ocr.training.recipe import BACKENDS, INK, Schedule, has_reject, make_learner, schedule_of
from ocr.training.schedule import Settings
from ocr.training.training_data import Loaded, gather, load_all, name_of


def _finite(ctx: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number")
    return value


def _defaults(setting: str) -> str:
    """Return the part of a help text that lists a setting's default for each architecture."""
    names = defaultdict(list)
    for backend in BACKENDS.values():
        for name, schedule in backend.schedules.items():
            names[getattr(schedule, setting)].append(name)
    names[getattr(INK, setting)].append("ink")
    listed = ", ".join(f"{value} ({', '.join(group)})" for value, group in names.items())
    return f"  [default: {listed}]"


@click.command("train")
@click.option("--backend", type=click.Choice(list(BACKENDS)), default="torch", show_default=True)
@click.option(
    "--arch",
    help="Architecture: cnn, report-cnn, report-mlp, ink (torch); mlp, mlp-wide (numpy).  "
    "[default: that of --init, else cnn or mlp]",
)
@click.option(
    "--data",
    "sources",
    multiple=True,
    default=("fonts",),
    shell_complete=completion.sources,
    show_default=True,
    help="Pages with their text in NAME.gt.txt, 'fonts' (rendered), a folder of images per class, "
    ".npz, .mat, IDX or UNIPEN .jsonl. Append @train, @valid or @test for one part. Repeatable.",
)
@click.option(
    "--alphabet",
    callback=alphabet_of,
    shell_complete=completion.alphabets,
    help="Name or characters.  [default: that of --init, else ascii]",
)
@click.option(
    "--per-class", type=click.IntRange(1), help="Use this many crops of each class.  [default: all]"
)
@click.option("--balance", is_flag=True, help="Show rare characters as often as common ones.")
@click.option(
    "--epochs",
    type=click.IntRange(1),
    help="Maximum number; training stops early if the validation accuracy no longer improves."
    + _defaults("epochs"),
)
@click.option("--time-budget", metavar="TIME", help="Train for 90s, 10m or 1h30m, not by epochs.")
@click.option("--batch-size", type=click.IntRange(1), help=_defaults("batch_size").strip())
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, min_open=True),
    callback=_finite,
    help="Peak learning rate." + _defaults("learning_rate"),
)
@click.option(
    "--label-smoothing",
    type=click.FloatRange(0, 1, max_open=True),
    callback=_finite,
    default=0.0,
    show_default=True,
    help="Label-smoothing factor; 0.1 is typical.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--augment/--no-augment", default=True, show_default=True, help="Distort crops at random."
)
@click.option("--resume", is_flag=True, help="Continue a stopped run that had the same options.")
@click.option(
    "--init",
    metavar="MODEL",
    shell_complete=completion.models,
    help="Fine-tune a model, also to another alphabet. If the data is pages, or letters that show "
    f"only a part of the alphabet, the defaults are {fine_tuning.EPOCHS} epochs in batches of "
    f"{fine_tuning.BATCH_SIZE} at a tenth of the learning rate.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default="model",
    show_default=True,
    help="New model file; .onnx (torch) or .npz (numpy) is appended.",
)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Train a classifier on labelled letters, or the network that finds ink on drawn pages.

    Writes the model, its model card (MODEL.md), a log (MODEL.log.jsonl) and, with the extra
    "plot", its learning curves (MODEL.curves.png). Ctrl-C saves the run; --resume continues it,
    whatever stopped it. Uses a GPU if there is one; `torchrun --nproc-per-node N -m ocr train
    ...` shares the work among N processes.

    With --arch ink, the network for `ocr read --binarize FILE` is trained on pages that are drawn
    meanwhile (extra "draw"), from fonts, UNIPEN, letters, or folders of fonts, strokes, letters,
    textures and text, as --data. An epoch is 4,096 views of pages.
    """
    start_time = time.monotonic()
    # threads that spin while they wait slow one another down on a busy machine
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    options = Options(**values)
    if options.arch == "ink":
        from ocr.cli import train_ink

        train_ink.run(ctx, options, start_time)
        return
    architecture, alphabet, init = _choose_network(options)
    schedule = schedule_of(options.backend, architecture)
    output = check_output(options.output, BACKENDS[options.backend].suffix, init)
    refuse_existing(output, resume=options.resume)
    budget = parse_budget(options.time_budget, options.epochs)
    processes = _count_processes(options.backend)
    with join_processes() as ranks, _quiet_unless(ranks.is_first):
        learner = make_learner(
            options.backend,
            architecture,
            alphabet,
            seed=options.seed,
            init=init,
            label_smoothing=options.label_smoothing,
            ranks=ranks,
        )
        click.echo("reading data ...", err=True)
        data = _load_data(options, alphabet, learner)
        settings = _settings(options, schedule, data, budget, processes)
        _print_plan(options, settings, data, output, time.monotonic() - start_time)
        progress = Progress(output if ranks.is_first else None)
        with report_interrupt(output):
            history = train(
                learner,
                data.training,
                data.validation,
                settings=settings,
                output=output,
                card={
                    "architecture": architecture,
                    "data": [name_of(source) for source in options.sources],
                    "crops": len(data.training),
                    "init": Path(options.init).name if options.init else None,
                },
                resume=options.resume,
                ranks=ranks,
                start_time=start_time,
                on_step=progress.show_step,
                on_epoch=progress.show_epoch,
                on_end=lambda history: _finish(data, output, command_line(ctx)),
            )
        if data.finish is None:
            click.echo(f"validation accuracy {best(history).valid_accuracy:.2%}", err=True)
        click.echo(f"model card: {card_path(output)}", err=True)
        click.echo(f"read with it: ocr read --model {shlex.quote(str(output))} IMAGE", err=True)


def _quiet_unless(is_first: bool) -> contextlib.redirect_stderr[Any]:
    """Discard what processes other than the first print; their errors are still reported."""
    return contextlib.redirect_stderr(sys.stderr if is_first else io.StringIO())


def _choose_network(options: Options) -> tuple[str, Alphabet, Path | None]:
    """Return the architecture, the alphabet, and the file of the model to start from."""
    from ocr.classifiers import describe, find

    start = describe(options.init) if options.init else {}
    architectures = BACKENDS[options.backend].schedules
    architecture = options.arch or start.get("architecture") or next(iter(architectures))
    characters = options.alphabet or start.get("alphabet") or NAMED["ascii"]
    alphabet = Alphabet(characters, has_reject(options.backend, architecture))
    return architecture, alphabet, find(options.init) if options.init else None


def _count_processes(backend: str) -> int:
    if backend == "numpy" and world_size() > 1:
        raise click.UsageError("--backend numpy trains in one process (leave out torchrun)")
    return world_size()


def _settings(
    options: Options, schedule: Schedule, data: Data, budget: float | None, processes: int
) -> Settings:
    if options.init and data.is_partial:
        schedule = fine_tuning.fine_tuning_schedule(schedule)
    epochs = options.epochs or schedule.epochs
    return Settings(
        epochs=epochs,
        batch_size=options.batch_size or schedule.batch_size,
        learning_rate=options.learning_rate or schedule.learning_rate,
        seed=options.seed,
        # in the first half of the cycle the high rate hides whether the model still improves
        patience=max(5, epochs // 2) if budget is None else None,
        augment=options.augment,
        label_smoothing=options.label_smoothing,
        balance=options.balance,
        time_budget=budget,
        processes=processes,
    )


@dataclass(frozen=True)
class Data:
    """Samples, and for fine-tuning a last step.

    It improves the model file of the best epoch, and returns a line that says what was gained.
    """

    training: Samples
    validation: Samples
    finish: Callable[[Path], str] | None = None
    is_partial: bool = False  # pages alone, or letters that lack some characters


def _load_data(options: Options, alphabet: Alphabet, learner: Learner) -> Data:
    sources, seed, per_class = options.sources, options.seed, options.per_class
    loaded: Sequence[Loaded] | None = None
    # a model that gets another alphabet is not held to what it knew
    is_same_task = options.init and not options.alphabet and per_class is None
    if is_same_task and fine_tune_on_letters.is_possible(sources):
        loaded = load_all(sources, alphabet, seed=seed)
        letters = fine_tune_on_letters.find_few_letters(loaded, alphabet)
        if letters is not None:
            return _prepare_letters(letters, alphabet, learner, seed)
    handwriting = fine_tune_on_pages.load_handwriting(
        sources, learner, init=options.init, seed=seed
    )
    if handwriting is None:
        return Data(*gather(sources, alphabet, per_class=per_class, seed=seed, loaded=loaded))
    click.echo("\n".join(handwriting.summary), err=True)
    samples = fine_tune_on_pages.gather_samples(
        handwriting, sources, alphabet, per_class=per_class, seed=seed
    )
    return Data(
        *samples,
        lambda path: fine_tune_on_pages.finish(handwriting, learner, path),
        fine_tune_on_pages.has_only_pages(sources),
    )


def _prepare_letters(letters: Samples, alphabet: Alphabet, learner: Learner, seed: int) -> Data:
    few = fine_tune_on_letters.begin(letters, learner)
    training, held_out = fine_tune_on_letters.gather_samples(few, alphabet, seed=seed)
    return Data(
        training,
        held_out,
        lambda path: fine_tune_on_letters.finish(few, held_out, learner, path),
        is_partial=True,
    )


def _print_plan(
    options: Options, settings: Settings, data: Data, output: Path, seconds: float
) -> None:
    """Print how much there is to do after loading the data has taken some seconds."""
    length = options.time_budget or f"at most {settings.epochs} epochs"
    click.echo(
        f"{len(data.training):,} crops to train on, {len(data.validation):,} to validate; {length}",
        err=True,
    )
    warn_of_short_budget(settings.time_budget, seconds)
    if options.resume and not checkpoint_path(output).exists():
        click.echo("there is no checkpoint yet: the run starts from the beginning", err=True)


def warn_of_short_budget(budget: float | None, seconds: float) -> None:
    """Print a warning if loading the data took most of a time budget, both in seconds."""
    if budget is not None and seconds > budget / 2:
        click.echo(
            f"loading the data took {seconds:.0f} s of a time budget of {budget:.0f} s: little is "
            "left to train (set a longer time, or use less data with --per-class)",
            err=True,
        )


def _finish(data: Data, output: Path, command_line: str) -> None:
    """Take the last step of fine-tuning, then write the model card and the learning curves."""
    gain = data.finish(output) if data.finish else ""
    if gain:
        click.echo(gain, err=True)
    write_model_card(output, data.training, data.validation, command=command_line, gain=gain)
    draw_learning_curves(output)


class Progress:
    """Shows the steps and epochs of a run on stderr, and logs its epochs for TensorBoard."""

    def __init__(self, output: Path | None) -> None:
        self._events = TensorboardLog(tensorboard_folder(output)) if output else None
        self._step: Step | None = None
        self._last_line = time.monotonic()

    def show_step(self, step: Step) -> None:
        """Update the line of a terminal; elsewhere print a line a minute."""
        self._step = step
        if sys.stderr.isatty():
            show_progress(progress_bar(step))
        elif time.monotonic() - self._last_line >= LOG_INTERVAL:
            self._print(
                f"epoch {step.epoch}/{step.epochs}, {step.done:.0%} done: loss {step.loss:.3f}, "
                f"accuracy {step.accuracy:.2%}{time_left(step.seconds_left)}"
            )

    def show_epoch(self, epoch: Epoch) -> None:
        """Print the results of an epoch."""
        of_all = f"/{self._step.epochs}" if self._step else ""  # resumed behind its last step
        self._print(
            f"epoch {epoch.epoch}{of_all}: loss {epoch.loss:.3f}, accuracy {epoch.accuracy:.2%}; "
            f"validation loss {epoch.valid_loss:.3f}, accuracy {epoch.valid_accuracy:.2%}; "
            f"{epoch.images_per_second:,.0f} img/s"
            f"{time_left(self._step.seconds_left if self._step else 0)}"
        )
        if self._events:
            self._events.add(epoch)

    def _print(self, line: str) -> None:
        erase_progress()
        click.echo(line, err=True)
        self._last_line = time.monotonic()


def progress_bar(step: Step) -> str:
    """Format the progress within an epoch as a line with a bar."""
    bar = "█" * int(step.done * 20)
    minutes, seconds = divmod(int(step.seconds_left), 60)
    return (
        f"epoch {step.epoch}/{step.epochs} {bar:░<20} {minutes}:{seconds:02} left "
        f"loss {step.loss:.3f} accuracy {step.accuracy:.1%} {step.images_per_second:,.0f} img/s"
    )
