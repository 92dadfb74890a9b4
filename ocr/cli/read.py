"""`ocr read`: images to text or JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli import report
from ocr.cli.output import print_texts, write_picture
from ocr.errors import OcrError
from ocr.files import write_whole

if TYPE_CHECKING:
    from ocr.image import PageImage
    from ocr.page import Page


@click.command("read")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option(
    "-m",
    "--model",
    default="default",
    metavar="NAME|FILE",
    show_default=True,
    help="Model to read with: one that `ocr models` lists, or a file.",
)
@click.option(
    "-a",
    "--alphabet",
    metavar="NAME|CHARACTERS",
    help="The only characters there are: digits, upper, lower, letters, upper-digits, alnum, "
    "ascii, or the characters themselves.",
)
@click.option(
    "-l",
    "--language",
    type=click.Choice(["english", "none"]),
    default="english",
    show_default=True,
    help="What letters are likely to follow one another; none for codes and lists of letters.",
)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write there, not to standard output.",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PNG",
    help="Draw what was read over the image; of several pages, NAME-1.png, NAME-2.png ...",
)
@click.option(
    "--backend",
    type=click.Choice(["onnx", "torch"]),
    default="onnx",
    show_default=True,
    help="What computes the model.",
)
@click.pass_context
def command(
    ctx: click.Context,
    images: tuple[str, ...],
    model: str,
    alphabet: str | None,
    language: str,
    form: str,
    output: Path | None,
    overlay: Path | None,
    backend: str,
) -> None:
    """Read the text on images; - is an image on standard input.

    An image that cannot be read is reported and the others are read; the exit code is then that
    of the first error.
    """
    errors: list[OcrError] = []
    results = _read_all(images, _reader(model, alphabet, backend, language), errors)
    if overlay is not None:
        results = _overlaid(results, overlay)
    chunks = _text(results) if form == "text" else _json(results)
    if output is None:
        print_texts(chunks)
    else:
        write_whole(output, "".join(chunks).encode())
    if errors:
        ctx.exit(errors[0].exit_code)


def _reader(
    model: str, alphabet: str | None, backend: str, language: str
) -> Callable[[PageImage], Page]:
    from ocr import classifiers, pipeline
    from ocr.alphabet import characters_of

    classifier = classifiers.load(model, backend=backend)
    if alphabet is not None:
        classifier = classifiers.restrict(classifier, characters_of(alphabet))
    ngrams = pipeline.english() if language == "english" else None
    return lambda page_image: pipeline.read(page_image, classifier, language=ngrams)


def _read_all(
    images: Iterable[str], read: Callable[[PageImage], Page], errors: list[OcrError]
) -> Iterator[tuple[PageImage, Page]]:
    """Read page after page; what goes wrong is reported, and added to `errors`."""
    from ocr import image

    for source in images:
        try:
            for page_image in image.load(sys.stdin.buffer if source == "-" else source):
                yield page_image, read(page_image)
        except OcrError as error:
            report(error)
            errors.append(error)


def _overlaid(
    results: Iterable[tuple[PageImage, Page]], target: Path
) -> Iterator[tuple[PageImage, Page]]:
    """Draw every page, then pass them on."""
    from ocr.export import overlay

    everything = list(results)
    for number, (page_image, page) in enumerate(everything, start=1):
        numbered = target.with_stem(f"{target.stem}-{number}")
        picture = overlay.draw(page_image.picture(), page)
        write_picture(target if len(everything) == 1 else numbered, picture)
    return iter(everything)


def _text(results: Iterable[tuple[PageImage, Page]]) -> Iterator[str]:
    return (page.text for _, page in results)


def _json(results: Iterable[tuple[PageImage, Page]]) -> Iterator[str]:
    from ocr.export import json

    yield json.dumps([(page_image.name, page) for page_image, page in results])
