"""`ocr eval`: how well a model reads pages, or single letters."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocr.cli import report
from ocr.cli.completion import files
from ocr.cli.options import language_of, reading_options
from ocr.cli.output import print_texts
from ocr.errors import DataError, OcrError
from ocr.files import read_errors, write_whole
from ocr.page import Page
from ocr.process import use_threads

if TYPE_CHECKING:
    from ocr.classifiers import Classifier
    from ocr.evaluation.classifier import ClassifierScore
    from ocr.evaluation.pairs import Pair
    from ocr.evaluation.report import PageScore, Report

VERSION = 1  # of the JSON: rises when a field changes its meaning or goes


@click.command("eval")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=files)
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Write JSON, with all confusions.")
@click.option(
    "--confusions",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PNG",
    help='Draw the confusion matrix (needs the extra "plot").',
)
@click.option(
    "--worst",
    type=click.IntRange(1),
    metavar="N",
    help="List only the N pages, or letters, read worst.",
)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    model: str,
    alphabet: str | None,
    language: str,
    threads: int | None,
    as_json: bool,
    confusions: Path | None,
    worst: int | None,
) -> None:
    """Measure how well a model reads.

    A PATH is an image with its text in NAME.gt.txt beside it (or corrected: NAME.page.xml,
    NAME.alto.xml, NAME.xml, NAME.hocr, NAME.json), or a folder of such images at any depth; or
    labelled letters: whatever `ocr train --data` takes. Pages are scored by character and word
    error rates, letters by the share that is read right; of letters, those that the
    model cannot answer are left out.

    A page that cannot be read is reported and counts as empty; the exit code is then that of the
    first error.
    """
    from ocr import classifiers

    use_threads(threads)
    errors: list[OcrError] = []
    pages, sources = _sorted_out(paths, errors)
    classifier = classifiers.load(model, alphabet=alphabet, threads=threads)
    score: Report | ClassifierScore | None = None
    if pages:
        score = _score_pages(_reader(classifier, language), pages, errors)
    elif sources:
        score = _score_letters(classifier, sources, errors)
    if score is not None:
        print_texts([_json(model, score) if as_json else _table(score, worst)])
        if confusions is not None:
            write_whole(confusions, _png(score))
    if errors:
        ctx.exit(errors[0].exit_code)


def _sorted_out(paths: tuple[str, ...], errors: list[OcrError]) -> tuple[list[Pair], list[str]]:
    """Pages, and sources of letters; not both, as they have no score in common."""
    from ocr.evaluation.pairs import left_out, pairs

    pages: list[Pair] = []
    sources: list[str] = []
    for path in paths:
        with _reported(errors), read_errors(path, DataError):
            if _holds_letters(path):
                sources.append(path)
            else:
                pages += pairs([Path(path)])
                for reason in left_out([Path(path)]):
                    click.echo(f"left out: {reason}", err=True)
    if pages and sources:
        raise click.UsageError(f"{sources[0]} has letters, {pages[0].image} a page: give one kind")
    return list(dict.fromkeys(pages)), sources


def _holds_letters(source: str) -> bool:
    """Whether a path is of labelled letters: no image, and no folder that has a page."""
    from ocr.data import parts
    from ocr.data.unipen import files_of
    from ocr.evaluation.pairs import is_image, pairs

    path = Path(source)
    if not path.is_dir():
        return not is_image(path)
    if pairs([path]):
        return False
    if parts.files_of(path):
        return True
    if not files_of(path) and not any(child.is_dir() for child in path.iterdir()):
        raise DataError(f"no image in {path} has its text beside it (write it to NAME.gt.txt)")
    return True


@contextmanager
def _reported(errors: list[OcrError]) -> Iterator[None]:
    """Report what goes wrong, add it to `errors`, and go on."""
    try:
        yield
    except OcrError as error:
        _show_progress("")
        report(error)
        errors.append(error)


def _reader(classifier: Classifier, language: str) -> Callable[[Path], list[Page]]:
    from ocr import pipeline
    from ocr.decode.language import language_model
    from ocr.input import loading

    ngrams = language_model(language_of(language))
    return lambda path: [
        pipeline.read(page, classifier, language=ngrams) for page in loading.pages(path)
    ]


def _score_pages(
    read: Callable[[Path], list[Page]], pages: list[Pair], errors: list[OcrError]
) -> Report:
    from ocr.evaluation.report import Report

    scores: list[PageScore] = []
    for number, pair in enumerate(pages, start=1):
        _show_progress(f"{number}/{len(pages)} {pair.image}")
        with _reported(errors):
            scores.append(_score_page(read, pair, errors))
    _show_progress("")
    return Report(tuple(scores))


def _score_page(
    read: Callable[[Path], list[Page]], pair: Pair, errors: list[OcrError]
) -> PageScore:
    """Score of a page; DataError if its ground truth cannot be read: nothing is known then."""
    from ocr.evaluation.report import score_page

    truth, pages, earlier = pair.text(), list[Page](), len(errors)
    with _reported(errors):
        pages = read(pair.image)
    error = "".join(map(str, errors[earlier:]))
    text = "".join(page.text for page in pages)
    letters = [
        (glyph.character, glyph.confidence)
        for page in pages
        for line in page.lines
        for word in line.words
        for glyph in word.glyphs
    ]
    return score_page(truth, text, letters, name=str(pair.image), error=error)


def _score_letters(
    classifier: Classifier, sources: list[str], errors: list[OcrError]
) -> ClassifierScore | None:
    from ocr.data.samples import Samples
    from ocr.evaluation.classifier import score_classifier
    from ocr.training.recipe import load_source

    parts = []
    for source in sources:
        _show_progress(f"loading {source}")
        with _reported(errors):
            parts.append(load_source(source, classifier.alphabet, seed=0))
    if not parts:
        return None
    samples = Samples.concatenate(parts)
    _show_progress(f"reading {len(samples):,} letters")
    score = score_classifier(classifier, samples)
    _show_progress("")
    return score


def _show_progress(message: str) -> None:
    """Replace the progress line of a terminal; elsewhere there is none."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{message}", nl=False, err=True)


def _table(score: Report | ClassifierScore, worst: int | None) -> str:
    from ocr.evaluation.report import Report
    from ocr.evaluation.table import classifier_table, page_table

    if isinstance(score, Report):
        return page_table(score, worst=worst)
    return classifier_table(score, worst=worst)


def _json(model: str, score: Report | ClassifierScore) -> str:
    values: dict[str, Any] = {"version": VERSION, "model": model, **score.to_json()}
    return json.dumps(values) + "\n"


def _png(score: Report | ClassifierScore) -> bytes:
    from ocr.evaluation.matrix import draw_png, matrix_of
    from ocr.evaluation.report import Report

    if isinstance(score, Report):
        return draw_png(*matrix_of(score.total.strict.pairs))
    return draw_png(score.labels, score.matrix)
