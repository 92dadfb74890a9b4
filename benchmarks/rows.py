"""Count the lines of ground truth that were found as one row, and the rows that match no line.

    python benchmarks/rows.py FOLDERS...

A page is an image with its text in NAME.gt.txt, a line for each row of writing; the pages of a
folder form a group. Only counts are printed, so it can be used on pages that nobody shall see.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import click
from rapidfuzz.distance import Levenshtein

import ocr
from ocr.evaluation.normalize import letters_of
from ocr.evaluation.pairs import Pair, find_pairs
from ocr.evaluation.table import columns

MIN_SIMILARITY = 0.5  # of a row and its line: as many letters right as wrong, or more


@click.command(help=__doc__.split("\n\n")[0])
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(paths: tuple[Path, ...]) -> None:
    """Read the pages and print a line of counts for each folder."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in find_pairs(paths):
        groups[pair.image.parent.name] += count_rows(pair)
    table = [("folder", "lines", "found as one row", "rows that match no line")]
    for name, counts in groups.items():
        found, lines = counts["found"], counts["lines"]
        share = f"{found} ({found / max(lines, 1):.1%})"
        table.append((name, str(lines), share, str(counts["rows"] - found)))
    click.echo(columns(table))


def count_rows(pair: Pair) -> Counter[str]:
    """Count the lines of a page, the rows read, and the pairs of a line and its own row."""
    truth = pair.text()
    letters = letters_of(truth)
    lines = list(filter(None, map(letters, truth.splitlines())))
    page = ocr.read(pair.image)
    rows = list(filter(None, (letters(line.text) for line in page.lines)))
    return Counter(lines=len(lines), rows=len(rows), found=match_rows(lines, rows))


def match_rows(lines: list[str], rows: list[str]) -> int:
    """Pair lines with rows, the most similar first and each at most once; return the number.

    Examples
    --------
    >>> match_rows(["HOME", "AGAIN"], ["HOMEAGAIN"]), match_rows(["HOME", "AGAIN"], ["AGIN", "X"])
    (1, 1)
    """
    similar = [
        (Levenshtein.normalized_similarity(line, row), i, k)
        for i, line in enumerate(lines)
        for k, row in enumerate(rows)
    ]
    used_lines: set[int] = set()
    used_rows: set[int] = set()
    for similarity, i, k in sorted(similar, reverse=True):
        if similarity >= MIN_SIMILARITY and i not in used_lines and k not in used_rows:
            used_lines.add(i)
            used_rows.add(k)
    return len(used_lines)


if __name__ == "__main__":
    main()
