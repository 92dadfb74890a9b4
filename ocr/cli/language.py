"""`ocr language`: learn a language model from a user's own texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ocr.errors import DataError
from ocr.files import read_errors


@click.command("language")
@click.argument(
    "texts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TEXT..."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="language.npz",
    show_default=True,
    help="Language model file.",
)
@click.option(
    "--ngrams",
    type=click.IntRange(1),
    default=500_000,
    show_default=True,
    help="Maximum number of n-grams, the most informative; 500,000 make a file of about 1.3 MB.",
)
def command(texts: tuple[Path, ...], output: Path, ngrams: int) -> None:
    """Learn from text files which letters are likely to follow one another.

    A TEXT is a UTF-8 file, or a folder of such files at any depth.
    """
    from ocr.training.ngrams import build

    model = build(_read_lines(texts), most=ngrams)
    model.save(output)
    size = output.stat().st_size / 1e6
    click.echo(f"{len(model):,} n-grams, {size:.1f} MB", err=True)
    click.echo(f"read with it: ocr read --language {output} IMAGE", err=True)


def _read_lines(texts: tuple[Path, ...]) -> Iterator[str]:
    for text in texts:
        with read_errors(text, DataError):
            files = sorted(text.rglob("*")) if text.is_dir() else [text]
            for file in files:
                if not file.is_dir():
                    yield from _read_text(file).splitlines()


def _read_text(file: Path) -> str:
    content = file.read_bytes()
    if b"\0" in content:  # an image, an archive, or UTF-16
        raise DataError(f"cannot read {file}: not text in UTF-8 (give text files only)")
    return content.decode("utf-8", errors="ignore")
