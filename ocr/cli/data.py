"""`ocr data`: look at training data, change its format, part it, fetch it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ocr.cli import completion
from ocr.cli.models import abbreviated, table
from ocr.cli.options import alphabet_of
from ocr.cli.output import print_texts, write_picture
from ocr.data.duplicates import MOST_NEAR, NEAR, Duplicates, find_duplicates
from ocr.data.remote import SETS, cache_folder, fetch
from ocr.data.samples import Samples
from ocr.data.sheet import COLUMNS, MOST_COLUMNS, contact_sheet
from ocr.data.splitting import save_parts, split_by_shares, split_per_class
from ocr.data.summary import count_characters, load, offers, summarize
from ocr.data.writers import save, writer_of
from ocr.errors import DataError
from ocr.files import refuse_existing

CLEAR = "\r\x1b[K"  # to the start of the line, and forget it
BAR = 40  # characters of the longest bar
SHARES = (80, 10, 10)  # of train, valid and test
MOST_CONFLICTS = 20  # that are told one by one

SOURCE = click.argument("source", shell_complete=completion.sources)
ALPHABET = click.option(
    "-a",
    "--alphabet",
    metavar="NAME|CHARACTERS",
    shell_complete=completion.alphabets,
    callback=alphabet_of,
    help="Only these: digits, upper, lower, letters, upper-digits, alnum, ascii, latin, or the "
    "characters themselves.  [default: all there are]",
)
SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
OUTPUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="OUT"
)


@click.group("data")
def command() -> None:
    """Look at training data, convert it, part it, fetch it.

    A SOURCE is what `ocr train --data` takes: a folder of images per class, .npz, .mat, IDX,
    pen strokes, a folder of parts, emnist or mnist; @train, @valid or @test behind it is a part.
    """


@command.command("list")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", shell_complete=completion.sources)
@ALPHABET
def list_command(sources: tuple[str, ...], alphabet: str | None) -> None:
    """List crops, classes and parts of each SOURCE; with none, the sets that can be fetched."""
    if not sources:
        rows = [
            (o.name, "fetched" if o.fetched else f"{o.size / 1e6:.0f} MB", o.crops, o.licence)
            for o in offers()
        ]
        _print_table([("NAME", "SIZE", "CROPS", "LICENCE"), *rows])
        click.echo(f"ocr data fetch NAME fetches into {cache_folder()}", err=True)
        return
    rows = [
        (
            s.source,
            s.part or "-",
            f"{s.crops:,}",
            f"{len(s.characters)}: {abbreviated(s.characters)}",
        )
        for source in sources
        for s in summarize(source, alphabet=alphabet)
    ]
    _print_table([("SOURCE", "PART", "CROPS", "CLASSES"), *rows])


@command.command("count")
@SOURCE
@ALPHABET
@click.option("--json", "as_json", is_flag=True, help="An object of characters and counts.")
def count_command(source: str, alphabet: str | None, as_json: bool) -> None:
    """Count the crops of each class."""
    counts = count_characters(load(source, alphabet=alphabet))
    if as_json:
        print_texts([json.dumps(counts, ensure_ascii=False) + "\n"])
        return
    most = max(counts.values())
    rows = [
        (c, f"{n:>{len(f'{most:,}')},}", "█" * max(1, n * BAR // most)) for c, n in counts.items()
    ]
    _print_table(rows)
    fewest, commonest = min(counts, key=lambda c: counts[c]), max(counts, key=lambda c: counts[c])
    spread = f"from {counts[fewest]:,} of {fewest} to {most:,} of {commonest}"
    if counts[fewest] == most:
        spread = f"{most:,} of each"
    click.echo(f"{sum(counts.values()):,} crops of {len(counts)} classes, {spread}", err=True)


@command.command("convert")
@SOURCE
@ALPHABET
@OUTPUT
def convert_command(source: str, alphabet: str | None, output: Path) -> None:
    """Write a SOURCE's crops in the format that the ending of OUT tells.

    .npz; .mat, in NIST36's layout; ...images-idx3-ubyte, also .gz, with its labels beside it; or,
    without an ending, a folder of PNGs per class. Nothing is ever overwritten.
    """
    _refuse_ending(output)
    refuse_existing(output)
    samples = load(source, alphabet=alphabet)
    save(samples, output)
    click.echo(f"{len(samples):,} crops in {output}", err=True)


@command.command("sheet")
@SOURCE
@ALPHABET
@SEED
@click.option(
    "--columns",
    type=click.IntRange(1, MOST_COLUMNS),
    default=COLUMNS,
    show_default=True,
    help="Crops a class.",
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
    """Draw some crops of each class, chosen at random, on a contact sheet."""
    if output.suffix.lower() != ".png":
        raise click.BadParameter("it must end in .png", param_hint="-o")
    refuse_existing(output)
    samples = load(source, alphabet=alphabet)
    write_picture(output, contact_sheet(samples, columns=columns, seed=seed))
    click.echo(f"{len(count_characters(samples))} classes in {output}", err=True)


def _three_numbers(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[int, ...] | None:
    if value is None:
        return None
    # no more digits than a count of crops has: sums of them stay in 64 bits
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
    help="Part all crops in these shares, class by class.  [default: 80,10,10]",
)
@click.option(
    "--per-class",
    callback=_three_numbers,
    metavar="TRAIN,VALID,TEST",
    help="Draw so many of each class instead.",
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
    """Part a SOURCE at random into OUT/train.npz, OUT/valid.npz and OUT/test.npz.

    The folder is itself a source: OUT@train. The same seed gives the same parts.
    """
    if shares and per_class:
        raise click.UsageError("--shares and --per-class exclude each other")
    refuse_existing(output)
    samples = load(source, alphabet=alphabet)
    if per_class:
        parts = split_per_class(samples, per_class, seed=seed)
    else:
        parts = split_by_shares(samples, shares or SHARES, seed=seed)
    save_parts(parts, output)
    told = ", ".join(f"{len(samples):,} {part}" for part, samples in parts.items())
    click.echo(f"{told} in {output}", err=True)


@command.command("dedupe")
@SOURCE
@ALPHABET
@click.option(
    "--near",
    type=click.IntRange(0, MOST_NEAR),
    default=NEAR,
    show_default=True,
    help="Of 1,024 pixels, so many may be ink in one crop and paper in the other; 0: none, grey "
    "levels included.",
)
@OUTPUT
def dedupe_command(source: str, alphabet: str | None, near: int, output: Path) -> None:
    """Leave out copies and near copies of the same class; tell those of different classes.

    Of each set of copies the first stays. OUT is as for `ocr data convert`.
    """
    _refuse_ending(output)
    refuse_existing(output)
    samples = load(source, alphabet=alphabet)
    found = find_duplicates(samples, near=near)
    save(samples.take(found.kept), output)
    _tell_conflicts(samples, found)
    click.echo(
        f"{found.exact:,} exact and {found.near:,} near copies left out, "
        f"{len(found.conflicts):,} pairs of different classes kept, "
        f"{len(found.kept):,} crops in {output}",
        err=True,
    )


@command.command("fetch")
@click.argument("name", type=click.Choice(list(SETS)))
@click.option("--url", help="Another folder that has the same files, e.g. a mirror.")
def fetch_command(name: str, url: str | None) -> None:
    """Fetch a public set into the cache; `ocr train --data NAME` then finds it.

    The cache is $OCR_CACHE, or ocr in the system's folder for caches. What was cut short goes on
    with the next call; what is not the file that ocr knows, by its SHA-256, is refused.
    """
    shows = sys.stderr.isatty()
    folder = fetch(name, url=url, on_progress=_show_progress if shows else lambda *_: None)
    click.echo(f"{CLEAR if shows else ''}{name} is in {folder}", err=True)
    click.echo(f"train on it: ocr train --data {name}", err=True)


def _refuse_ending(output: Path) -> None:
    try:
        writer_of(output)
    except DataError as error:
        raise click.BadParameter(str(error), param_hint="-o") from error


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    print_texts(f"{line}\n" for line in table(rows))


def _tell_conflicts(samples: Samples, found: Duplicates) -> None:
    for first, second in found.conflicts[:MOST_CONFLICTS].tolist():
        a, b = samples.characters[first], samples.characters[second]
        print_texts([f"crop {first + 1} is {a}, crop {second + 1} is {b}\n"])
    if len(found.conflicts) > MOST_CONFLICTS:
        print_texts([f"and {len(found.conflicts) - MOST_CONFLICTS:,} more such pairs\n"])


def _show_progress(name: str, done: int, total: int) -> None:
    columns = os.get_terminal_size(sys.stderr.fileno()).columns
    bar = "█" * (done * 20 // total)
    line = f"{name} {bar:░<20} {done / 1e6:.1f} of {total / 1e6:.1f} MB"
    click.echo(CLEAR + line[: columns - 1], nl=False, err=True)
