"""`ocr data`: look at training data, convert it, split it, fetch it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import click

from ocr.cli import completion
from ocr.cli.exits import collect_errors
from ocr.cli.models import abbreviate
from ocr.cli.options import alphabet_of
from ocr.cli.output import print_texts, write_picture
from ocr.cli.progress import erase_progress, show_progress
from ocr.data.datasets import Summary, load, summarize
from ocr.data.duplicates import MAX_NEAR, NEAR, Duplicates, find_duplicates
from ocr.data.readers.public_sets import SETS, cache_folder, fetch, is_fetched
from ocr.data.samples import Samples
from ocr.data.sheet import COLUMNS, MAX_COLUMNS, contact_sheet
from ocr.data.splitting import save_parts, split_by_shares, split_per_class
from ocr.data.writers import find_writer, save
from ocr.errors import DataError, OcrError
from ocr.evaluation.table import columns as align_columns
from ocr.files import refuse_existing

BAR_WIDTH = 40  # characters of the longest bar
SHARES = (80, 10, 10)  # per cent for train, valid and test
MAX_CONFLICTS = 20  # pairs that are printed one by one

SOURCE = click.argument("source", shell_complete=completion.sources)
ALPHABET = click.option(
    "-a",
    "--alphabet",
    metavar="NAME|CHARACTERS",
    shell_complete=completion.alphabets,
    callback=alphabet_of,
    help="Use only these classes: digits, upper, lower, letters, upper-digits, alnum, ascii, "
    "latin, or the characters themselves.  [default: all]",
)
SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
OUTPUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="OUT"
)


@click.group("data")
def command() -> None:
    """Look at training data, convert it, split it, fetch it.

    A SOURCE is what `ocr train --data` takes: a folder of images per class, .npz, .mat, IDX,
    pen strokes, a folder of parts, emnist or mnist. Append @train, @valid or @test for one part.
    """


@command.command("list")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", shell_complete=completion.sources)
@ALPHABET
@click.pass_context
def list_command(ctx: click.Context, sources: tuple[str, ...], alphabet: str | None) -> None:
    """List crops, classes and parts of each SOURCE; with none, the sets that can be fetched.

    A SOURCE that cannot be read is reported and does not stop the others; the exit code is then
    that of the first error.
    """
    if not sources:
        _list_offers()
        return
    summaries: list[Summary] = []
    errors: list[OcrError] = []
    for source in sources:
        with collect_errors(errors):
            summaries += summarize(source, alphabet=alphabet)
    if summaries:
        _print_table([("SOURCE", "PART", "CROPS", "CLASSES"), *map(_summary_row, summaries)])
    if errors:
        ctx.exit(errors[0].exit_code)


def _list_offers() -> None:
    rows = [
        (name, "fetched" if is_fetched(name) else f"{s.size / 1e6:.0f} MB", s.crops, s.license)
        for name, s in SETS.items()
    ]
    _print_table([("NAME", "SIZE", "CROPS", "LICENCE"), *rows])
    click.echo(f"ocr data fetch NAME fetches into {cache_folder()}", err=True)


def _summary_row(summary: Summary) -> tuple[str, ...]:
    classes = f"{len(summary.characters)}: {abbreviate(summary.characters)}"
    return summary.source, summary.part or "-", f"{summary.crops:,}", classes


@command.command("count")
@SOURCE
@ALPHABET
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object.")
def count_command(source: str, alphabet: str | None, as_json: bool) -> None:
    """Count the crops of each class."""
    counts = load(source, alphabet=alphabet, keep_either=True).count_characters()
    if as_json:
        print_texts([json.dumps(counts, ensure_ascii=False) + "\n"])
        return
    rarest, commonest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    fewest, most = counts[rarest], counts[commonest]
    width = len(f"{most:,}")
    _print_table(
        [(c, f"{n:>{width},}", "█" * max(1, n * BAR_WIDTH // most)) for c, n in counts.items()]
    )
    spread = f"from {fewest:,} of {rarest} to {most:,} of {commonest}"
    if fewest == most:
        spread = f"{most:,} of each"
    click.echo(f"{sum(counts.values()):,} crops of {len(counts)} classes, {spread}", err=True)


@command.command("convert")
@SOURCE
@ALPHABET
@OUTPUT
def convert_command(source: str, alphabet: str | None, output: Path) -> None:
    """Write the crops of a SOURCE in the format given by the ending of OUT.

    .npz; .mat, in NIST36's layout; ...images-idx3-ubyte, also .gz, with its labels in a second
    file; or, without an ending, a folder of PNGs per class. Nothing is ever overwritten.
    """
    _check_output(output)
    samples = load(source, alphabet=alphabet, keep_either=True)
    save(samples, output)
    click.echo(f"{len(samples):,} crops in {output}", err=True)


@command.command("sheet")
@SOURCE
@ALPHABET
@SEED
@click.option(
    "--columns",
    type=click.IntRange(1, MAX_COLUMNS),
    default=COLUMNS,
    show_default=True,
    help="Crops per class.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="sheet.png",
    show_default=True,
    help="PNG file.",
)
def sheet_command(source: str, alphabet: str | None, seed: int, columns: int, output: Path) -> None:
    """Draw a contact sheet with some crops of each class, chosen at random."""
    if output.suffix.lower() != ".png":
        raise click.BadParameter("it must end in .png", param_hint="-o")
    refuse_existing(output)
    samples = load(source, alphabet=alphabet, keep_either=True)
    write_picture(output, contact_sheet(samples, columns=columns, seed=seed))
    click.echo(f"{len(samples.count_characters())} classes in {output}", err=True)


def _three_numbers(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[int, ...] | None:
    if value is None:
        return None
    # at most nine digits, so that sums stay within 64 bits
    numbers = [int(n) for n in value.split(",") if re.fullmatch(r"\s*\d{1,9}\s*", n)]
    if len(numbers) != value.count(",") + 1 or len(numbers) != 3 or not numbers[0]:
        raise click.BadParameter("give three whole numbers, such as 80,10,10 (the first above 0)")
    return tuple(numbers)


@command.command("split")
@SOURCE
@ALPHABET
@SEED
@click.option(
    "--shares",
    callback=_three_numbers,
    metavar="TRAIN,VALID,TEST",
    help="Split all crops in these proportions, class by class.  [default: 80,10,10]",
)
@click.option(
    "--per-class",
    callback=_three_numbers,
    metavar="TRAIN,VALID,TEST",
    help="Draw this many crops of each class instead.",
)
@OUTPUT
def split_command(
    source: str,
    alphabet: str | None,
    seed: int,
    shares: tuple[int, ...] | None,
    per_class: tuple[int, ...] | None,
    output: Path,
) -> None:
    """Split a SOURCE at random into OUT/train.npz, OUT/valid.npz and OUT/test.npz.

    The folder is itself a source: OUT@train. The same seed gives the same parts.
    """
    if shares and per_class:
        raise click.UsageError("--shares and --per-class cannot be used together")
    refuse_existing(output)
    samples = load(source, alphabet=alphabet, keep_either=True)
    if per_class:
        parts = split_per_class(samples, per_class, seed=seed)
    else:
        parts = split_by_shares(samples, shares or SHARES, seed=seed)
    save_parts(parts, output)
    sizes = ", ".join(f"{len(samples):,} {part}" for part, samples in parts.items())
    click.echo(f"{sizes} in {output}", err=True)


@command.command("dedupe")
@SOURCE
@ALPHABET
@click.option(
    "--near",
    type=click.IntRange(0, MAX_NEAR),
    default=NEAR,
    show_default=True,
    help="Two crops are near copies if at most this many of their 1,024 pixels are ink in one and "
    "paper in the other; 0 keeps all but exact copies.",
)
@OUTPUT
def dedupe_command(source: str, alphabet: str | None, near: int, output: Path) -> None:
    """Leave out copies and near copies of the same class; list those of different classes.

    The first of each set of copies is kept. OUT is as for `ocr data convert`.
    """
    _check_output(output)
    samples = load(source, alphabet=alphabet, keep_either=True)
    found = find_duplicates(samples, near=near)
    save(samples.take(found.kept), output)
    _print_conflicts(samples, found)
    click.echo(
        f"{found.exact:,} exact and {found.near:,} near copies left out, "
        f"{len(found.conflicts):,} pairs of different classes kept, "
        f"{len(found.kept):,} crops in {output}",
        err=True,
    )


@command.command("fetch")
@click.argument("name", type=click.Choice(list(SETS)))
@click.option("--url", help="Address of a folder with the same files, such as a mirror.")
def fetch_command(name: str, url: str | None) -> None:
    """Fetch a public set into the cache; `ocr train --data NAME` then finds it.

    The cache is $OCR_CACHE, or ocr in the system's folder for caches. An interrupted download
    continues with the next call; a file whose SHA-256 is not the known one is refused.
    """
    folder = fetch(name, url=url, on_progress=_show_download)
    erase_progress()
    click.echo(f"{name} is in {folder}", err=True)
    click.echo(f"train on it: ocr train --data {name}", err=True)


def _check_output(output: Path) -> None:
    try:
        find_writer(output)
    except DataError as error:
        raise click.BadParameter(str(error), param_hint="-o") from error
    refuse_existing(output)


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    print_texts([align_columns(rows, left=len(rows[0]))])


def _print_conflicts(samples: Samples, found: Duplicates) -> None:
    for first, second in found.conflicts[:MAX_CONFLICTS].tolist():
        a, b = samples.characters[first], samples.characters[second]
        print_texts([f"crop {first + 1} is {a}, crop {second + 1} is {b}\n"])
    if len(found.conflicts) > MAX_CONFLICTS:
        print_texts([f"and {len(found.conflicts) - MAX_CONFLICTS:,} more such pairs\n"])


def _show_download(name: str, done: int, total: int) -> None:
    bar = "█" * (done * 20 // total)
    show_progress(f"{name} {bar:░<20} {done / 1e6:.1f} of {total / 1e6:.1f} MB")
