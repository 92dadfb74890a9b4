"""Scores as columns of plain text."""

from __future__ import annotations

from collections.abc import Sequence

from ocr.evaluation.alignment import Confusion
from ocr.evaluation.classifier import ClassifierScore
from ocr.evaluation.reliability import Bin, calibration_error
from ocr.evaluation.report import RATES, PageScore, Report

MAX_CONFUSIONS = 15  # rows of a table; the JSON has all confusions

HEADINGS = ("page", "CER strict", "CER letters", "CER nocase", "WER strict", "characters", "edits")


def score_table(score: Report | ClassifierScore, *, worst: int | None = None) -> str:
    """Format a score of pages or of letters."""
    if isinstance(score, Report):
        return page_table(score, worst=worst)
    return classifier_table(score, worst=worst)


def page_table(report: Report, *, worst: int | None = None) -> str:
    """Format pages with their rates in per cent, the mean, the total, reliability, confusions.

    With `worst`, show only that number of pages, the worst first.
    """
    pages = report.pages if worst is None else report.worst(worst)
    mean = ("mean over pages", *(_percent(report.mean(rate)) for rate in RATES), "", "")
    rows = [HEADINGS, *map(_page_row, pages), mean, _page_row(report.total)]
    return columns(rows) + _reliability(report.reliability) + _confusions(report.confusions)


def classifier_table(score: ClassifierScore, *, worst: int | None = None) -> str:
    """Format accuracies in per cent, overall and for each class, and the confusions.

    With `worst`, show only that number of classes, the worst first.
    """
    summary = [
        ("samples", "accuracy", "ignoring case"),
        (str(score.count), _percent(score.accuracy), _percent(score.accuracy_nocase)),
    ]
    accuracies, counts = score.class_accuracy, score.class_counts
    shown = list(accuracies)
    if worst is not None:
        shown = sorted(shown, key=accuracies.__getitem__)[:worst]
    classes = [
        ("letter", "accuracy", "samples"),
        *((_visible(c), _percent(accuracies[c]), str(counts[c])) for c in shown),
    ]
    return columns(summary) + "\n" + columns(classes) + _confusions(score.confusions)


def columns(rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    r"""Align cells in columns: the first `left` columns to the left, the others to the right.

    Examples
    --------
    >>> print(columns([("page", "CER"), ("a.png", "1.25")]), end="")
    page    CER
    a.png  1.25
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "".join(line.rstrip() + "\n" for line in lines)


def _page_row(page: PageScore) -> tuple[str, ...]:
    rates = [_percent(alignment(page).error_rate) for alignment in RATES.values()]
    name = f"{page.name} (failed)" if page.error else page.name
    return name, *rates, str(page.strict.length), str(page.strict.edits)


def _reliability(bins: Sequence[Bin]) -> str:
    if not bins:
        return ""
    rows = [
        (f"{b.low:.1f}-{b.high:.1f}", _percent(b.confidence), _percent(b.accuracy), str(b.count))
        for b in bins
    ]
    error = ("calibration error", "", _percent(calibration_error(bins)), "")
    return "\n" + columns([("confidence", "mean", "accuracy", "letters"), *rows, error])


def _confusions(confusions: Sequence[Confusion]) -> str:
    if not confusions:
        return ""
    rows = [(_visible(c.truth), _visible(c.read), str(c.times)) for c in confusions]
    return "\n" + columns([("truth", "read", "times"), *rows[:MAX_CONFUSIONS]])


def _visible(label: str) -> str:
    return {"": "''", " ": "' '"}.get(label, label)


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.2f}"
