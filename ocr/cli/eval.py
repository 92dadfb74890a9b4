"""`ocr eval`: measure how well a model reads pages, or single letters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.completion import files
from ocr.cli.exits import collect_errors
from ocr.cli.options import language_of, reading_options
from ocr.cli.output import print_texts
from ocr.cli.progress import erase_progress, show_progress
from ocr.errors import DataError, OcrError
from ocr.files import read_errors, refuse_unwritable, write_whole
from ocr.page import Page
from ocr.threads import use_threads

if TYPE_CHECKING:
    from ocr.classifiers import Classifier
    from ocr.evaluation.classifier import ClassifierScore
    from ocr.evaluation.pairs import Pair
    from ocr.evaluation.report import PageScore, Report
    from ocr.reader import Reader
    from ocr.rows import Readers

VERSION = 1  # of the JSON: increased when a field changes its meaning or is removed


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
    help="List only the N pages, or letters, with the most errors.",
)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    model: str,
    alphabet: str | None,
    language: str,
    binarize: str,
    rotate: bool,
    reader: Readers,
    threads: int | None,
    as_json: bool,
    confusions: Path | None,
    worst: int | None,
) -> None:
    """Measure how well a model reads.

    A PATH is an image with its text in NAME.gt.txt next to it (or corrected: NAME.page.xml,
    NAME.alto.xml, NAME.xml, NAME.hocr, NAME.json), or a folder of such images at any depth; or
    labelled letters: whatever `ocr train --data` takes.

    Pages are scored by CER and WER, the character and word error rates: the insertions,
    deletions and substitutions that turn the text read into the true one, per 100 characters or
    words of the true text; 0 is perfect. "strict" counts every character, "nocase" ignores case,
    "letters" counts only letters and digits, ignoring case. Letters are scored by the percentage
    that is recognized; letters outside the model's alphabet are left out.

    A page that cannot be read is reported and counts as empty; the exit code is then that of the
    first error.
    """
    if confusions is not None:
        from ocr.evaluation.matrix import require_matplotlib

        require_matplotlib()
        refuse_unwritable(confusions)
    use_threads(threads)
    errors: list[OcrError] = []
    pages, sources = _sort_paths(paths, errors)
    score: Report | ClassifierScore | None = None
    if pages:
        from ocr.reader import Reader

        ours = Reader(
            model=model,
            alphabet=alphabet,
            language=language_of(language),
            threads=threads,
            binarize=binarize,
            rotate=rotate,
            reader=reader,
        )
        score = _score_pages(ours, pages, errors)
    elif sources:
        from ocr import classifiers

        classifier = classifiers.load(model, alphabet=alphabet, threads=threads)
        score = _score_letters(classifier, sources, errors)
    if score is not None:
        from ocr.evaluation.table import score_table

        print_texts([_format_json(model, score) if as_json else score_table(score, worst=worst)])
        if confusions is not None:
            write_whole(confusions, _draw_confusions(score))
    if errors:
        ctx.exit(errors[0].exit_code)


def _sort_paths(paths: tuple[str, ...], errors: list[OcrError]) -> tuple[list[Pair], list[str]]:
    """Return the pages or the sources of letters; both would have no score in common."""
    from ocr.evaluation.pairs import find_pairs, list_unpaired

    pages: list[Pair] = []
    sources: list[str] = []
    for path in paths:
        with collect_errors(errors), read_errors(path, DataError):
            if _has_letters(path):
                sources.append(path)
            else:
                pages += find_pairs([Path(path)])
                for reason in list_unpaired([Path(path)]):
                    click.echo(f"left out: {reason}", err=True)
    if pages and sources:
        raise click.UsageError(
            f"{sources[0]} has letters, {pages[0].image} is a page: give either pages or letters"
        )
    return list(dict.fromkeys(pages)), sources


def _has_letters(source: str) -> bool:
    """Return whether a path has labelled letters: it is no image, and no folder with a page."""
    from ocr.data.readers import split_folder, unipen
    from ocr.evaluation.pairs import find_pairs, is_image

    path = Path(source)
    if not path.is_dir():
        return not is_image(path)
    if find_pairs([path]):
        return False
    if split_folder.recognizes(path):
        return True
    if not unipen.recognizes(path) and not any(child.is_dir() for child in path.iterdir()):
        raise DataError(f"no image in {path} has its text next to it (write it to NAME.gt.txt)")
    return True


def _score_pages(reader: Reader, pages: list[Pair], errors: list[OcrError]) -> Report:
    from ocr.evaluation.report import Report

    def read(image: Path) -> list[Page]:
        return list(reader.pages(image))

    scores: list[PageScore] = []
    for number, pair in enumerate(pages, start=1):
        show_progress(f"{number}/{len(pages)} {pair.image}")
        with collect_errors(errors):
            scores.append(_score_page(read, pair, errors))
    erase_progress()
    return Report(tuple(scores))


def _score_page(
    read: Callable[[Path], list[Page]], pair: Pair, errors: list[OcrError]
) -> PageScore:
    """Read and score a page; DataError if its ground truth cannot be read."""
    from ocr.evaluation.report import score_page

    truth, pages, errors_before = pair.text(), list[Page](), len(errors)
    with collect_errors(errors):
        pages = read(pair.image)
    error = "".join(map(str, errors[errors_before:]))
    text = "".join(page.text for page in pages)
    glyphs = [glyph for page in pages for line in page.lines for glyph in line.glyphs]
    letters = [(glyph.character, glyph.confidence) for glyph in glyphs]
    return score_page(truth, text, letters, name=str(pair.image), error=error)


def _score_letters(
    classifier: Classifier, sources: list[str], errors: list[OcrError]
) -> ClassifierScore | None:
    from ocr.data import datasets
    from ocr.data.samples import Samples
    from ocr.evaluation.classifier import score_classifier

    parts = []
    for source in sources:
        show_progress(f"loading {source}")
        with collect_errors(errors):
            parts.append(datasets.load(source, alphabet=classifier.alphabet.characters))
    if not parts:
        return None
    samples = Samples.concatenate(parts)
    show_progress(f"reading {len(samples):,} letters")
    score = score_classifier(classifier, samples.crops, samples.characters)
    erase_progress()
    return score


def _format_json(model: str, score: Report | ClassifierScore) -> str:
    return json.dumps({"version": VERSION, "model": model, **score.to_json()}) + "\n"


def _draw_confusions(score: Report | ClassifierScore) -> bytes:
    from ocr.evaluation.matrix import count_matrix, draw_png
    from ocr.evaluation.report import Report

    if isinstance(score, Report):
        return draw_png(*count_matrix(score.total.strict.pairs))
    return draw_png(score.labels, score.matrix)
