"""`ocr train`: parse, gather the data, train, say how to read with the result."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ocr.alphabet import Alphabet, characters_of
from ocr.errors import MissingExtraError, OutputError
from ocr.training.loop import Epoch, Settings, Step, best, train
from ocr.training.recipe import BACKENDS, gather, has_reject, make_learner


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
@click.option("-o", "--output", type=click.Path(path_type=Path), default="model", show_default=True)
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
    defaults = BACKENDS[backend]
    start = _described(init) if init else {}
    architecture = arch or start.get("architecture") or defaults.architecture
    characters = characters_of(alphabet or start.get("alphabet") or "ascii")
    outputs = Alphabet(characters, has_reject(backend, architecture))
    output = _checked(output.with_suffix(output.suffix or defaults.suffix))
    settings = Settings(
        epochs=epochs or defaults.epochs,
        batch_size=batch_size or defaults.batch_size,
        learning_rate=learning_rate or defaults.learning_rate,
        seed=seed,
        augment=augment,
    )
    learner = make_learner(backend, architecture, outputs, seed=seed, init=_path(init))
    training, validation = gather(sources, outputs, per_class=per_class, seed=seed)
    click.echo(f"{len(training):,} crops to train on, {len(validation):,} to validate", err=True)
    history = train(
        learner,
        training,
        validation,
        settings=settings,
        output=output,
        card={"data": list(sources), "crops": len(training), "settings": asdict(settings)},
        resume=resume,
        on_step=_show_step if sys.stderr.isatty() else lambda step: None,
        on_epoch=_show_epoch,
    )
    _draw(output)
    click.echo(f"validation accuracy {best(history).valid_accuracy:.2%}", err=True)
    click.echo(f"read with it: ocr read --model {output} IMAGE", err=True)


def _described(init: str) -> dict[str, Any]:
    from ocr.classifiers import describe

    return describe(init)


def _path(init: str | None) -> Path | None:
    from ocr.classifiers import find

    return find(init) if init else None


def _checked(output: Path) -> Path:
    """Fail before an hour of training rather than after it."""
    try:
        output.with_name(output.name + ".log.jsonl").touch()
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror} (choose another -o)") from error
    return output


def _show_step(step: Step) -> None:
    bar = "█" * int(step.done * 20)
    minutes, seconds = divmod(int(step.seconds_left), 60)
    click.echo(
        f"\repoch {step.epoch}/{step.epochs} {bar:░<20} loss {step.loss:.3f} "
        f"accuracy {step.accuracy:.1%} {step.images_per_second:,.0f} img/s "
        f"{minutes}:{seconds:02} left ",
        nl=False,
        err=True,
    )


def _show_epoch(epoch: Epoch) -> None:
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    click.echo(
        f"{start}epoch {epoch.epoch}: loss {epoch.loss:.3f}, accuracy {epoch.accuracy:.2%}; "
        f"validation loss {epoch.valid_loss:.3f}, accuracy {epoch.valid_accuracy:.2%}; "
        f"{epoch.images_per_second:,.0f} img/s",
        err=True,
    )


def _draw(output: Path) -> None:
    from ocr.training.curves import draw_curves

    try:
        draw_curves(
            output.with_name(output.name + ".log.jsonl"),
            output.with_name(output.name + ".curves.png"),
        )
    except MissingExtraError as error:
        click.echo(f"no picture of the curves: {error}", err=True)
