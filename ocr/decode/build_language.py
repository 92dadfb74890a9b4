"""Build a language model from text: ``python -m ocr.decode.build_language TEXT... -o FILE``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ocr.decode.language import build
from ocr.errors import OcrError


@click.command()
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(texts: tuple[Path, ...], output: Path) -> None:
    """Build a language model from text files (folders are read to the bottom)."""
    try:
        build(_lines(texts)).save(output)
    except OcrError as error:
        raise click.ClickException(str(error)) from error


def _lines(texts: tuple[Path, ...]) -> Iterator[str]:
    for text in texts:
        files = sorted(text.rglob("*")) if text.is_dir() else [text]
        for file in files:
            if file.is_file():
                yield from file.read_text(encoding="utf-8", errors="ignore").splitlines()


if __name__ == "__main__":
    main()
