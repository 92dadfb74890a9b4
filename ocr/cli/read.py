"""`ocr read`: images to text and other formats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr import export
from ocr.cli.completion import files as image_names
from ocr.cli.inputs import page_options
from ocr.cli.options import language_of, reading_options, reject_option
from ocr.cli.reading import Job, read
from ocr.cli.targets import targets
from ocr.errors import OutputError
from ocr.input import sources
from ocr.process import cores, use_threads

if TYPE_CHECKING:
    from ocr.input.page_numbers import PageNumbers

PICTURES = {"", ".png", ".svg"}  # endings of --overlay


def drawing_of(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """File that the value of --overlay names.

    Raises
    ------
    click.BadParameter
        If its ending tells another kind of picture.
    """
    if value is not None and value.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{value} is neither PNG nor SVG: name it .png or .svg")
    return value


@click.command("read")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...", shell_complete=image_names)
@page_options
@click.option(
    "--allow-urls",
    is_flag=True,
    help="Fetch images that are given by an https:// or http:// address.",
)
@reading_options
@reject_option
@click.option(
    "-f",
    "--format",
    "forms",
    type=click.Choice(list(export.FORMATS)),
    multiple=True,
    help="What to write; several go to NAME.ENDING of -o NAME.  [default: by the ending of -o, "
    "else text]",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Write there, not to standard output, which is -; several files may be given.",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=drawing_of,
    metavar="FILE",
    help="Draw what was read over the image, in PNG or (FILE.svg) SVG; of several pages, "
    "NAME-1.png, NAME-2.png ...",
)
@click.option(
    "--crops",
    type=click.Path(path_type=Path),
    metavar="FOLDER|FILE.npz",
    help="Write every letter as the classifier saw it, to correct and to train on.",
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
    select: PageNumbers | None,
    max_pixels: int,
    allow_urls: bool,
    model: str,
    alphabet: str | None,
    language: str,
    threads: int | None,
    reject: float,
    forms: tuple[str, ...],
    outputs: tuple[Path, ...],
    overlay: Path | None,
    crops: Path | None,
    backend: str,
) -> None:
    """Read the text on images.

    IMAGE is an image, a PDF, a folder of them, a pattern in quotes ('scans/*.tif'), or - for
    standard input.

    An image that cannot be read is reported and the others are read; the exit code is then that
    of the first error.
    """
    wanted = targets(forms, outputs)
    files = sources.expand(images)
    _refuse_overwriting(files, [target for _, target in wanted] + [overlay, crops])
    use_threads(threads)
    job = Job(
        files,
        select,
        max_pixels,
        allow_urls,
        model,
        backend,
        alphabet,
        language_of(language),
        threads,
        reject,
        wanted,
        overlay,
        crops,
    )
    if ctx.obj is not None:  # another process reads the pages
        ctx.obj.tell(job)
        if threads == 1:
            ctx.obj.end()
        job = job._replace(threads=(threads or cores()) - 1)  # one core is busy there
        ctx.obj.serve(job.classifier, job.language_model)
    ctx.exit(read(job))


def _refuse_overwriting(files: Iterable[str], targets: Iterable[Path | None]) -> None:
    """OutputError where an image would be lost, or one output to another."""
    images = {Path(file).resolve() for file in files}
    seen: set[Path] = set()
    for target in filter(None, targets):
        path = target.resolve()
        if path in images:
            raise OutputError(f"cannot write {target}: it is the image itself (name another file)")
        if path in seen:
            raise OutputError(f"cannot write {target} twice (name another file)")
        seen.add(path)
