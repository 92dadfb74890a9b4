"""`ocr batch`: read many files with several processes, and resume an earlier run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr import export
from ocr.cli.completion import files
from ocr.cli.exits import INTERRUPTED
from ocr.cli.options import language_of, model_options, page_options, reject_option
from ocr.cli.output import print_texts
from ocr.errors import IncompleteError
from ocr.threads import cores, use_threads

if TYPE_CHECKING:
    from ocr.input.page_numbers import PageNumbers
    from ocr.rows import Readers

NEVER = float("inf")  # s


def _shard(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int]:
    if value is None:
        return 1, 1
    number, _, count = value.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise click.BadParameter("give I/N, such as 3/8, the third of eight")
    return int(number), int(count)


@click.command("batch")
@click.argument("sources", nargs=-1, metavar="IN...", shell_complete=files)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="OUT",
    help="Folder for the outputs, with the same tree as the inputs, and for the manifest.",
)
@page_options
@model_options
@reject_option
@click.option(
    "-f",
    "--format",
    "forms",
    type=click.Choice(list(export.FORMATS)),
    multiple=True,
    default=["text"],
    show_default=True,
    help="Format to write for each file; several may be given.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Number of processes, each with one thread.  [default: one a core]",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Read on the workers of a Dask cluster with this scheduler, such as tcp://host:8786.",
)
@click.option(
    "--shard",
    callback=_shard,
    metavar="I/N",
    help="Read only the I-th of N parts of the files, as one job of a job array.",
)
@click.option(
    "--page-timeout",
    type=click.FloatRange(0, min_open=True),
    default=NEVER,
    metavar="SECONDS",
    help="Give up a page that takes longer.  [default: never]",
)
@click.option("--retry-failed", is_flag=True, help="Read files again that failed before.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.option("--status", "as_status", is_flag=True, help="Only show what was done in OUT so far.")
@click.option("--json", "as_json", is_flag=True, help="With --status: as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    output: Path,
    select: PageNumbers | None,
    max_pixels: int,
    model: str,
    alphabet: str | None,
    language: str,
    binarize: str,
    rotate: bool,
    reader: Readers,
    reject: float,
    forms: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    shard: tuple[int, int],
    page_timeout: float,
    retry_failed: bool,
    quiet: bool,
    as_status: bool,
    as_json: bool,
) -> None:
    """Read many files; IN are images, folders of images, or patterns.

    The command may be stopped at any moment: run it again, and it reads only what is missing. A
    page that cannot be read is reported and left out, and the exit code is then 9.
    """
    if as_status:
        _print_status(output, as_json)
        return
    if not sources:
        raise click.UsageError("name files or folders to read")
    if scheduler is not None and (jobs is not None or page_timeout != NEVER):
        raise click.UsageError("--jobs and --page-timeout are for this machine, not a --scheduler")
    from ocr.batch.progress import count_of
    from ocr.batch.run import processes, run
    from ocr.batch.settings import Settings

    use_threads(1)
    forms = tuple(form for form in export.FORMATS if form in forms)
    settings = Settings(
        forms,
        model,
        reader,
        alphabet,
        language_of(language),
        binarize,
        rotate,
        reject,
        select,
        max_pixels,
    )
    if scheduler is not None:
        from ocr.batch.cluster import cluster

        engine = cluster(settings, scheduler)
    else:
        engine = processes(settings, count=jobs or cores(), page_timeout=page_timeout)
    try:
        summary = run(
            sources,
            output,
            settings,
            engine,
            shard=shard,
            retry_failed=retry_failed,
            is_quiet=quiet,
        )
    except KeyboardInterrupt:
        click.echo("\nocr: stopped; run the same command to continue", err=True)
        ctx.exit(INTERRUPTED)
    if summary.failed:
        raise IncompleteError(
            f"{summary.failed:,} of {count_of(summary.files, 'file')} could not be read "
            f"(ocr batch --status -o {output} lists them, --retry-failed tries again)"
        )
    if not quiet:
        click.echo(f"{count_of(summary.files, 'file')}, {summary.read:,} read now", err=True)


def _print_status(output: Path, as_json: bool) -> None:
    from ocr.batch.progress import count_of
    from ocr.batch.status import status

    found = status(output)
    if as_json:
        failures = [
            {"file": name, "page": f.page, "attempts": f.attempts, "reason": f.reason}
            for name, of_file in found.failures.items()
            for f in of_file
        ]
        summary = {"files": found.files, "pages": found.pages, "failures": failures}
        print_texts([json.dumps(summary) + "\n"])
        return
    counts = ", ".join(f"{count:,} {state}" for state, count in found.files.items())
    lines = [f.describe(name) for name, of_file in found.failures.items() for f in of_file]
    print_texts(f"{line}\n" for line in (f"{counts}; {count_of(found.pages, 'page')}", *lines))
