"""Pages whose text is known as training data: which crop of them shows which character.

Rows are matched to lines of text (`row_matching`), and crops to characters
(`forced_alignment`). What does not fit is reported, not guessed.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier
from ocr.data.cropping import other_case
from ocr.data.samples import Samples
from ocr.decode.geometry import SCALED
from ocr.decode.language import Ngrams
from ocr.decode.lattice_reader import read_lattice
from ocr.decode.spaces import page_space_odds
from ocr.errors import DataError, ImageError, OcrError
from ocr.evaluation import normalize
from ocr.evaluation.alignment import Alignment, align, total
from ocr.evaluation.pairs import Pair, find_pairs, is_image
from ocr.input import loading
from ocr.input.page_image import PageImage
from ocr.pipeline import classify
from ocr.segment import Binarizer, crop, load_binarizer, segment
from ocr.segment.lattice import Lattice
from ocr.training.batches import to_ink
from ocr.training.forced_alignment import Labels, align_line
from ocr.training.row_matching import match_rows

MIN_FOUND = 0.5  # of a line's characters; with fewer, the row is another line's, or half of it
HELD_OUT = 5  # one line in five is held out
MAX_LISTED = 8  # characters in a message


@dataclass(frozen=True)
class RowOfPage:
    """A row of a page, ready to be read by any classifier."""

    lattice: Lattice
    crops: NDArray[np.uint8]  # [N, 32, 32], of its candidates
    space_odds: NDArray[np.float64]  # [atoms - 1]

    def ink(self) -> NDArray[np.float32]:
        """Return the crops as classifiers read them, ink 1.0."""
        return to_ink(self.crops)

    def text(self, classifier: Classifier, language: Ngrams | None) -> str:
        """Return what a classifier reads in it."""
        log_probs = classify(classifier, self.ink())
        found = read_lattice(
            self.lattice, log_probs, self.space_odds, classifier.alphabet, language
        )
        return found[0].line.text if found else ""


@dataclass(frozen=True)
class WrittenLine:
    """A row whose text is known, and the candidates that show its letters."""

    place: tuple[Path, int]  # file of the text, line number from 1: two images of a text share it
    row: RowOfPage
    text: str
    labels: Labels

    def letters(self) -> str:
        """Return those characters of the text that were found in the row."""
        characters = "".join(self.text.split())
        return "".join(characters[k] for _, k in self.labels.letters)

    def not_found(self) -> str:
        """Return those characters of the text whose place in the row is not certain."""
        found = {k for _, k in self.labels.letters}
        return "".join(c for k, c in enumerate("".join(self.text.split())) if k not in found)

    def samples(self, alphabet: Alphabet) -> Samples:
        """Return crops of its letters and, if the alphabet has "not a letter", of wrong cuts."""
        labeled = zip(self.labels.letters, self.letters(), strict=True)
        found = [(i, character) for (i, _), character in labeled if character in alphabet]
        if alphabet.reject:
            found += [(i, "") for i in self.labels.wrong]
        shown = np.array([c for _, c in found], "<U1")
        crops = self.row.crops[[i for i, _ in found]]
        return Samples(crops, shown, other_case(shown, SCALED))


@dataclass(frozen=True)
class Written:
    """Pages whose text is known."""

    lines: tuple[WrittenLine, ...]
    characters: int  # of the whole text, lines that are left out included
    left_out: tuple[str, ...]  # lines that could not be used, with the reason
    unread: tuple[OcrError, ...] = ()  # errors of pages, whose lines are not counted

    def summary(self, alphabet: Alphabet) -> list[str]:
        """Return lines for the user: which letters are left out, and how many are used."""
        found = Counter(c for line in self.lines for c in line.letters())
        lacking = [(c, n) for c, n in found.most_common() if c not in alphabet]
        letters = found.total() - sum(n for _, n in lacking)
        lines = len(self.lines) + len(self.left_out)
        used = (
            f"pages: {letters} of {self.characters} letters used, "
            f"{len(self.left_out)} of {lines} lines left out"
        )
        unclear = [
            f"{c} ({line.place[0].name} line {line.place[1]})"
            for line in self.lines
            for c in line.not_found()
        ]
        reasons = []
        if lacking:
            listed = _list_some([f"{n} {c}" for c, n in lacking])
            reasons.append(f"left out: {listed}, not in the alphabet (add them by --alphabet)")
        if unclear:
            listed = _list_some(unclear)
            reasons.append(f"left out: {listed}, which no ink in the row shows for certain")
        return [*reasons, used]


def _list_some(items: list[str]) -> str:
    """Join the first `MAX_LISTED` items."""
    return ", ".join([*items[:MAX_LISTED], *(["..."] if len(items) > MAX_LISTED else [])])


def is_pages(source: str) -> bool:
    """Return whether a source is an image, or a folder with images whose text is known."""
    path = Path(source)
    try:
        if path.is_file() and is_image(path):
            return True  # if its text is missing, reading it says where the text belongs
        return path.exists() and bool(find_pairs([path]))
    except DataError:
        return False


def read_pages(sources: Sequence[str], classifier: Classifier) -> Written:
    """Find the letters of pages whose text is known: images, or folders of them.

    The classifier need not know all letters. A page that cannot be read does not stop the
    others; if none can, the error of the first is raised, and DataError if no line could be used.
    """
    binarizer = load_binarizer()
    parts, unread = list[Written](), list[OcrError]()
    for pair in find_pairs(map(Path, sources)):
        try:
            parts.append(read_page(pair, classifier, binarizer))
        except (ImageError, DataError) as error:
            unread.append(error)
    if unread and not parts:
        raise unread[0]
    written = Written(
        tuple(line for part in parts for line in part.lines),
        sum(part.characters for part in parts),
        tuple(reason for part in parts for reason in part.left_out),
        tuple(unread),
    )
    if not written.lines:
        raise DataError(
            f"no line of {', '.join(sources)} was found in its image "
            "(write a line of text for each row, top to bottom)"
        )
    return written


def read_page(pair: Pair, classifier: Classifier, binarizer: Binarizer) -> Written:
    """Match the rows of a page to its lines of text, and align each."""
    text = unicodedata.normalize("NFC", pair.text())
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise DataError(f"{pair.truth} is empty (write the text of {pair.image.name} to it)")
    rows = [row for page in loading.load(pair.image) for row in crop_rows(page, binarizer)]
    texts = [row.text(classifier, None) for row in rows]
    matched = match_rows(texts, [line for _, line in lines], classifier.alphabet)
    used, left_out = [], []
    for k, (number, line) in enumerate(lines):
        where = f"{pair.truth.name} line {number}: {line.strip()!r}"
        if k not in matched:
            left_out.append(f"{where} found no row")
            continue
        row = rows[matched[k]]
        labels = align_line(row.lattice, classify(classifier, row.ink()), line, classifier.alphabet)
        wanted = len("".join(line.split()))
        if len(labels.letters) < MIN_FOUND * wanted:
            left_out.append(f"{where}: too few letters found ({len(labels.letters)} of {wanted})")
        else:
            used.append(WrittenLine((pair.truth.resolve(), number), row, line, labels))
    characters = sum(len("".join(line.split())) for _, line in lines)
    return Written(tuple(used), characters, tuple(left_out))


def crop_rows(page: PageImage, binarizer: Binarizer) -> list[RowOfPage]:
    """Return the rows of a page, segmented as for reading, in reading order."""
    found = segment(page, binarizer)
    crops = np.rint(crop(found) * 255).astype(np.uint8)
    crops_of_rows = np.split(crops, found.row_ends[:-1])
    parts = zip(found.lattices, crops_of_rows, page_space_odds(found), strict=True)
    return [RowOfPage(*part) for part in parts]


def hold_out_lines(
    lines: Sequence[WrittenLine], seed: int
) -> tuple[list[WrittenLine], list[WrittenLine]]:
    """Return lines to train on, and one in five, but at least one, to measure with.

    A line of which there are several images is held out with all of them. DataError if there
    is only one line.
    """
    places = list(dict.fromkeys(line.place for line in lines))
    if len(places) < 2:
        raise DataError("one line is too few to train on and to measure with (add pages)")
    order = np.random.default_rng(seed).permutation(len(places))
    held = {places[i] for i in order[: max(1, len(places) // HELD_OUT)]}
    return (
        [line for line in lines if line.place not in held],
        [line for line in lines if line.place in held],
    )


def samples_of(lines: Sequence[WrittenLine], alphabet: Alphabet) -> Samples:
    """Return the letters and wrong cuts of at least one line."""
    return Samples.concatenate([line.samples(alphabet) for line in lines])


def measure(
    lines: Sequence[WrittenLine], classifier: Classifier, language: Ngrams | None
) -> Alignment:
    """Align lines with what a classifier reads in them; spaces and case count."""
    return total(
        align(normalize.strict(line.text), normalize.strict(line.row.text(classifier, language)))
        for line in lines
    )
