"""Compare speed and accuracy of ocr with the other engines that are installed, in one run.

    python benchmarks/compare.py PAGES... [--engines ocr,tesseract-psm3] [--json FILE]

A page is an image with its text in NAME.gt.txt; folders are searched at any depth, and the pages
of a folder form a group. Every engine reads every page in a process of its own, one engine after
the other on each page, so that other load affects all of them alike.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np

from ocr import classifiers, pipeline
from ocr.decode.language import english
from ocr.evaluation.pairs import Pair, find_pairs
from ocr.evaluation.report import Report, score_page
from ocr.evaluation.table import columns
from ocr.input import loading
from ocr.segment import load_binarizer

#: Engine to its command; those whose program is missing are left out.
ENGINES = {
    "ocr": [sys.executable, "-m", "ocr", "read", "{image}"],
    "tesseract-psm3": ["tesseract", "{image}", "stdout", "--psm", "3"],
    "tesseract-psm6": ["tesseract", "{image}", "stdout", "--psm", "6"],
    "gocr": ["gocr", "{image}"],
    "ocrad": ["ocrad", "{image}"],
}
# Threads that spin while they wait make an engine look slow on a busy machine.
ENVIRONMENT = {"OMP_THREAD_LIMIT": "1", "OMP_WAIT_POLICY": "PASSIVE"}
TIMEOUT = 120  # s; a page that takes longer counts as read empty


@dataclass(frozen=True)
class Run:
    """One engine on one page: wall and CPU time in s, peak memory in MB, error rates."""

    engine: str
    page: str
    group: str
    wall: float
    cpu: float
    rss: float
    strict: float
    letters: float


@click.command(help=__doc__.split("\n\n")[0])
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--engines", help="Names, with commas.  [default: all that are installed]")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write every run there.")
def main(paths: tuple[Path, ...], engines: str | None, target: Path | None) -> None:
    """Run the engines and print the tables."""
    chosen = installed(engines.split(",") if engines else ENGINES)
    pages = find_pairs(paths)
    runs = []
    for number, pair in enumerate(pages, start=1):
        click.echo(f"\r{number}/{len(pages)}", nl=False, err=True)
        runs += [run(engine, pair) for engine in chosen]
    click.echo("", err=True)
    click.echo(accuracy_table(runs, chosen))
    click.echo(speed_table(runs, chosen))
    click.echo(warm_table(pages))
    if target is not None:
        target.write_text(json.dumps([asdict(r) for r in runs], indent=1))


def installed(names: Iterable[str]) -> list[str]:
    """Return the engines of these names whose program is installed."""
    unknown = sorted(set(names) - set(ENGINES))
    if unknown:
        raise click.UsageError(f"no engine {unknown[0]} (there are: {', '.join(ENGINES)})")
    return [name for name in names if shutil.which(ENGINES[name][0])]


def run(engine: str, pair: Pair) -> Run:
    """Read a page in a new process, and score it."""
    command = [part.format(image=pair.image) for part in ENGINES[engine]]
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.DEVNULL, env=os.environ | ENVIRONMENT
        )
        usage = wait(process, start + TIMEOUT)
        wall = time.perf_counter() - start
        out.seek(0)
        text = out.read().decode("utf-8", errors="replace")
    report = Report((score_page(pair.text(), text),))
    return Run(
        engine,
        str(pair.image),
        pair.image.parent.name,
        wall,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        report.mean("cer_strict") or 0.0,
        report.mean("cer_letters") or 0.0,
    )


def wait(process: subprocess.Popen[bytes], deadline: float):
    """Wait for a process and return the resources it used; kill it at the deadline."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        if time.perf_counter() > deadline:
            process.kill()
        time.sleep(0.002)


def accuracy_table(runs: list[Run], engines: list[str]) -> str:
    """Format letters-only and strict CER in per cent, the mean over each group's pages."""
    groups: dict[str, dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for one in runs:
        groups[one.engine][one.group].append(one)
    names = list(dict.fromkeys(r.group for r in runs))
    rows = [("CER letters/strict, %", *names)]
    for engine in engines:
        cells = [
            f"{100 * statistics.mean(r.letters for r in groups[engine][name]):.1f}/"
            f"{100 * statistics.mean(r.strict for r in groups[engine][name]):.1f}"
            for name in names
        ]
        rows.append((engine, *cells))
    return columns(rows)


def speed_table(runs: list[Run], engines: list[str]) -> str:
    """Format the medians over the pages of wall and CPU time and peak memory of a process."""
    rows = [("cold, a process a page", "wall s", "CPU s", "peak MB", "largest MB")]
    for engine in engines:
        own = [r for r in runs if r.engine == engine]
        rows.append(
            (
                engine,
                f"{statistics.median(r.wall for r in own):.2f}",
                f"{statistics.median(r.cpu for r in own):.2f}",
                f"{statistics.median(r.rss for r in own):.0f}",
                f"{max(r.rss for r in own):.0f}",
            )
        )
    return columns(rows)


def warm_table(pages: list[Pair]) -> str:
    """Format the medians of ocr with the model loaded and the file decoded; crops a second."""
    classifier = classifiers.load("default")
    language = english()
    times = list(_reading_times(pages, classifier, language, load_binarizer()))
    crops = np.random.default_rng(0).random((1024, 32, 32)).astype(np.float32)
    rates = []
    for _ in range(5):
        start = time.perf_counter()
        classifier.log_probs(crops)
        rates.append(len(crops) / (time.perf_counter() - start))
    wall, cpu = (statistics.median(t) for t in zip(*times, strict=True))
    rows = [("ocr, warm", "wall s", "CPU s", "crops/s")]
    return columns(
        [*rows, ("page", f"{wall:.3f}", f"{cpu:.3f}", f"{statistics.median(rates):,.0f}")]
    )


def _reading_times(pages, classifier, language, binarizer) -> Iterator[tuple[float, float]]:
    for pair in pages:
        for page in loading.load(pair.image):
            wall, cpu = time.perf_counter(), time.process_time()
            pipeline.read(page, classifier, language=language, binarizer=binarizer)
            yield time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
