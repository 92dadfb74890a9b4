"""Measure training on one person's pages: read each before and after training on the others.

    python benchmarks/one_hand.py PAGES [--hand PREFIX] [--others PAGES]

PAGES is a folder of images with their text in NAME.gt.txt. With --others it also shows the
error rates on pages of other people.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ocr import pipeline
from ocr.classifiers import Classifier, load
from ocr.decode.language import english
from ocr.evaluation.pairs import Pair, find_pairs
from ocr.evaluation.report import PageScore, Report, score_page
from ocr.input import loading
from ocr.segment import load_binarizer


def main() -> None:
    """Print a line for each page, and their means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path)
    parser.add_argument("--hand", default="", help="Only images whose name begins with this.")
    parser.add_argument("--others", type=Path, nargs="*", default=[], help="Pages of other people.")
    parser.add_argument("--init", default="latin", help="The model to start from.")
    options = parser.parse_args()
    hand = [p for p in find_pairs([options.pages]) if p.image.name.startswith(options.hand)]
    others = [p for p in find_pairs(options.others) if p not in hand]
    start = load(options.init)
    before, after, elsewhere = list[PageScore](), list[PageScore](), list[PageScore]()
    print(f"{'page left out':32}  {'letters-only CER %':>18}  {'strict CER %':>18}  {'s':>4}")
    for left_out in hand:
        start_time = time.monotonic()
        model = train([p for p in hand if p != left_out], options.init)
        seconds = time.monotonic() - start_time
        before.append(score(left_out, start))
        after.append(score(left_out, model))
        print_rates(left_out.image.name, before[-1:], after[-1:], f"{seconds:4.0f}")
        elsewhere += [score(other, model) for other in others]
    print_rates("mean over pages", before, after)
    if others:
        print_rates("other hands", [score(other, start) for other in others], elsewhere)


def train(pages: Sequence[Pair], init: str) -> Classifier:
    """Return the model that `ocr train` makes from some pages with its default options."""
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "hand.onnx"
        command = [sys.executable, "-m", "ocr", "train", "--init", init, "-o", str(output)]
        for page in pages:
            command += ["--data", str(page.image)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(run.stderr)
        return load(output)


def score(pair: Pair, classifier: Classifier) -> PageScore:
    """Read a page as `ocr read` does, and score it."""
    loaded = loading.load(pair.image)
    binarizer = load_binarizer()
    pages = [
        pipeline.read(page, classifier, language=english(), binarizer=binarizer) for page in loaded
    ]
    return score_page(pair.text(), "".join(page.text for page in pages))


def print_rates(
    name: str, before: Sequence[PageScore], after: Sequence[PageScore], seconds: str = ""
) -> None:
    """Print mean rates before and after, in per cent."""
    columns = [
        f"{100 * (Report(tuple(before)).mean(rate) or 0):8.1f}"
        f" -> {100 * (Report(tuple(after)).mean(rate) or 0):6.1f}"
        for rate in ("cer_letters", "cer_strict")
    ]
    print(f"{name:32}  {'  '.join(columns)}  {seconds}", flush=True)


if __name__ == "__main__":
    main()
