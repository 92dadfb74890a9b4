"""`ocr train`: parse, gather the data, train, say how to read with the result."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from ocr.alphabet import Alphabet, characters_of
from ocr.errors import MissingExtraError, OutputError
from ocr.training.checkpoint import checkpoint_path
from ocr.training.loop import Epoch, Settings, Step, best, train
from ocr.training.recipe import BACKENDS, gather, has_reject, make_learner, name_of, schedule_of

CLEAR = "\r\x1b[K"  # to the start of the line, and forget it


@click.command("train")
@click.option("--backend", type=click.Choice(list(BACKENDS)), default="torch", show_default=True)
@click.option("--arch", help="cnn, report-cnn, report-mlp (torch); mlp, mlp-wide (numpy).")
@click.option(
    "--data",
    "sources",
    multiple=True,
    default=("fonts",),
    show_default=True,
    help="'fonts' (rendered), a folder of images per class, .npz, .mat, IDX or UNIPEN .jsonl; "
    "@train, @valid or @test behind it picks a part; repeatable.",
)
@click.option("--alphabet", help="Name or characters; the model's own with --init, else ascii.")
@click.option("--per-class", type=click.IntRange(1), help="Draw so many of each class.")
@click.option("--epochs", type=click.IntRange(1))
@click.option("--batch-size", type=click.IntRange(1))
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Its peak.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--augment/--no-augment", default=True, show_default=True, help="Distort crops.")
@click.option("--resume", is_flag=True, help="Go on with a stopped run of the same options.")
@click.option("--init", metavar="MODEL", help="Fine-tune a model, also onto another alphabet.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="model",
    show_default=True,
    help="Model file; .onnx (torch) or .npz (numpy) is added.",
)
def command(
    backend: str,
    arch: str | None,
    sources: tuple[str, ...],
    alphabet: str | None,
    per_class: int | None,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int,
    augment: bool,
    resume: bool,
    init: str | None,
    output: Path,
) -> None:
    """Train a classifier on labelled letters.

    Writes the model, a log (MODEL.log.jsonl) and, with the extra "plot", its curves
    (MODEL.curves.png). Ctrl-C saves; --resume goes on.
    """
    # threads that spin while they wait cost several times the work on a busy machine
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    start = _described(init) if init else {}
    architecture = arch or start.get("architecture") or next(iter(BACKENDS[backend].schedules))
    schedule = schedule_of(backend, architecture)
    characters = _characters(start.get("alphabet", "ascii") if alphabet is None else alphabet)
    outputs = Alphabet(characters, has_reject(backend, architecture))
    output = _checked(output, BACKENDS[backend].suffix)
    epochs = epochs or schedule.epochs
    settings = Settings(
        epochs=epochs,
        batch_size=batch_size or schedule.batch_size,
        learning_rate=learning_rate or schedule.learning_rate,
        seed=seed,
        # in the first half of the cycle the rate is too high to tell whether it still learns
        patience=max(5, epochs // 2),
        augment=augment,
    )
    learner = make_learner(backend, architecture, outputs, seed=seed, init=_path(init))
    training, validation = gather(sources, outputs, per_class=per_class, seed=seed)
    click.echo(f"{len(training):,} crops to train on, {len(validation):,} to validate", err=True)
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
            on_step=_show_step if sys.stderr.isatty() else lambda step: None,
            on_epoch=_show_epoch,
        )
    except KeyboardInterrupt:
        saved = checkpoint_path(output).exists()
        told = "stopped and saved: --resume goes on" if saved else "stopped: nothing is saved yet"
        click.echo(_fresh_line() + told, err=True)
        raise
    _draw(output)
    click.echo(f"validation accuracy {best(history).valid_accuracy:.2%}", err=True)
    click.echo(f"read with it: ocr read --model {output} IMAGE", err=True)


def _described(init: str) -> dict[str, Any]:
    from ocr.classifiers import describe

    return describe(init)


def _characters(alphabet: str) -> str:
    characters = characters_of(alphabet)
    if not characters:
        raise click.BadParameter(
            "it has no characters (spaces do not count)", param_hint="--alphabet"
        )
    return characters


def _path(init: str | None) -> Path | None:
    from ocr.classifiers import find

    return find(init) if init else None


def _checked(output: Path, suffix: str) -> Path:
    """Add the suffix, and fail before an hour of training rather than after it."""
    if output.suffix != suffix:
        output = output.with_name(output.name + suffix)
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
