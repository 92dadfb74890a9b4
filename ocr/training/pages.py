"""Pages with their text beside them as training data: lines found, aligned, and held out.

Rows are matched to lines by what the model to start from reads in them, and letters to
characters by `ocr.training.forced`. What does not fit is reported, not guessed.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier
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
from ocr.segment import crop, segment
from ocr.segment.lattice import Lattice
from ocr.training.forced import Labels, align_line

LEAST_ALIKE = 0.4  # of a row's text and a line's: two lines of English share about a quarter
AS_LONG = 0.7  # the shorter to the longer: hardly read letters are cut and joined
FEWEST_FOUND = 0.5  # of a line's characters; with fewer, the row is another line's, or half of it
HELD_OUT = 5  # one line in so many is held out
MOST_LISTED = 8  # characters that are left out, by name


@dataclass(frozen=True)
class RowOfPage:
    """A row of a page, ready to be read by any classifier.

    Attributes
    ----------
    lattice : Lattice
    crops : ndarray, uint8 [N, 32, 32]
        Of its candidates.
    space_odds : ndarray, float64 [atoms - 1]
    """

    lattice: Lattice
    crops: NDArray[np.uint8]
    space_odds: NDArray[np.float64]

    def ink(self) -> NDArray[np.float32]:
        """Crops as classifiers read them, ink 1.0."""
        return self.crops.astype(np.float32) / np.float32(255)

    def text(self, classifier: Classifier, language: Ngrams | None) -> str:
        """What a classifier reads in it."""
        log_probs = classifier.log_probs(self.ink())
        found = read_lattice(
            self.lattice, log_probs, self.space_odds, classifier.alphabet, language
        )
        return found[0].line.text if found else ""


@dataclass(frozen=True)
class WrittenLine:
    """A row whose text is known, and what its candidates show.

    Attributes
    ----------
    place : (Path, int)
        File of the text, and number of the line in it, from 1: the same for two images of a text.
    row : RowOfPage
    text : str
    labels : Labels
    """

    place: tuple[Path, int]
    row: RowOfPage
    text: str
    labels: Labels

    def letters(self) -> str:
        """Those characters of the text that were found in the row."""
        characters = "".join(self.text.split())
        return "".join(characters[k] for _, k in self.labels.letters)

    def not_found(self) -> str:
        """Characters of the text whose place in the row is not certain."""
        found = {k for _, k in self.labels.letters}
        return "".join(c for k, c in enumerate("".join(self.text.split())) if k not in found)

    def samples(self, alphabet: Alphabet) -> Samples:
        """Crops of its letters and, where the alphabet rejects, of wrong cuts."""
        labelled = zip(self.labels.letters, self.letters(), strict=True)
        found = [(i, character) for (i, _), character in labelled if character in alphabet]
        if alphabet.reject:
            found += [(i, "") for i in self.labels.wrong]
        shown = [c for _, c in found]
        either = [c.swapcase() if c.upper() in SCALED and c else "" for c in shown]
        return Samples(
            self.row.crops[[i for i, _ in found]],
            np.array(shown, "<U1"),
            np.array(either, "<U1"),
        )


@dataclass(frozen=True)
class Written:
    """Pages of known text.

    Attributes
    ----------
    lines : tuple of WrittenLine
    characters : int
        Of all lines of the text, those that were left out too.
    left_out : tuple of str
        Which lines could not be used, and why.
    unread : tuple of OcrError
        Of pages that could not be read; their lines are in none of the counts.
    """

    lines: tuple[WrittenLine, ...]
    characters: int
    left_out: tuple[str, ...]
    unread: tuple[OcrError, ...] = ()

    def summary(self, alphabet: Alphabet) -> list[str]:
        """Tell how much of the pages is of use, and what of it the alphabet lacks."""
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
    """Join the first `MOST_LISTED` items."""
    return ", ".join([*items[:MOST_LISTED], *(["..."] if len(items) > MOST_LISTED else [])])


def is_pages(source: str) -> bool:
    """Whether a source is an image, or a folder that has images with text beside them."""
    path = Path(source)
    try:
        if path.is_file() and is_image(path):
            return True  # without text it is told where that belongs
        return path.exists() and bool(find_pairs([path]))
    except DataError:
        return False


def read_pages(sources: Sequence[str], classifier: Classifier) -> Written:
    """Find the letters of pages whose text is beside them.

    Parameters
    ----------
    sources : sequence of str
        Images with NAME.gt.txt beside them, or folders of such.
    classifier : Classifier
        Finds the letters; it need not know all of them.

    Returns
    -------
    Written
        A page that cannot be read does not stop the others.

    Raises
    ------
    DataError
        If no line could be used.
    ImageError
        If no image can be read.
    """
    parts, unread = list[Written](), list[OcrError]()
    for pair in find_pairs(map(Path, sources)):
        try:
            parts.append(read_page(pair, classifier))
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


def read_page(pair: Pair, classifier: Classifier) -> Written:
    """Match a page's rows to its lines, and align each."""
    text = unicodedata.normalize("NFC", pair.text())
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise DataError(f"{pair.truth} is empty (write the text of {pair.image.name} to it)")
    rows = [row for page in loading.load(pair.image) for row in rows_of(page)]
    texts = [row.text(classifier, None) for row in rows]
    matched = match(texts, [line for _, line in lines], classifier.alphabet)
    used, left_out = [], []
    for k, (number, line) in enumerate(lines):
        where = f"{pair.truth.name} line {number}: {line.strip()!r}"
        if k not in matched:
            left_out.append(f"{where} found no row")
            continue
        row = rows[matched[k]]
        labels = align_line(row.lattice, classifier.log_probs(row.ink()), line, classifier.alphabet)
        wanted = len("".join(line.split()))
        if len(labels.letters) < FEWEST_FOUND * wanted:
            left_out.append(f"{where}: too few letters found ({len(labels.letters)} of {wanted})")
        else:
            used.append(WrittenLine((pair.truth.resolve(), number), row, line, labels))
    characters = sum(len("".join(line.split())) for _, line in lines)
    return Written(tuple(used), characters, tuple(left_out))


def rows_of(page: PageImage) -> list[RowOfPage]:
    """Rows of a page, segmented as reading does, in reading order."""
    found = segment(page)
    crops = np.rint(crop(found) * 255).astype(np.uint8)
    parts = zip(
        found.lattices,
        np.split(crops, found.row_ends[:-1]),
        page_space_odds(found),
        strict=True,
    )
    return [RowOfPage(*part) for part in parts]


def match(rows: Sequence[str], lines: Sequence[str], alphabet: Alphabet) -> dict[int, int]:
    """Row of each line that has one; both go down the page.

    Examples
    --------
    >>> match(["HELLQ", "|", "W0RLD"], ["Hello", "my", "World"], Alphabet("HELOWRDMYQ0"))
    {0: 0, 2: 2}
    """
    gains = np.array([[gain(row, line, alphabet) for line in lines] for row in rows])
    gains = gains.reshape(len(rows), len(lines))
    best = np.zeros((len(rows) + 1, len(lines) + 1))
    for r in range(len(rows)):
        for k in range(len(lines)):
            paired = best[r, k] + gains[r, k] if gains[r, k] > 0 else -np.inf
            best[r + 1, k + 1] = max(paired, best[r, k + 1], best[r + 1, k])
    r, k = len(rows), len(lines)
    found = {}
    while r and k:
        if best[r, k] == best[r - 1, k]:
            r -= 1
        elif best[r, k] == best[r, k - 1]:
            k -= 1
        else:
            r, k = r - 1, k - 1
            found[k] = r
    return dict(sorted((found | between(found, rows, lines)).items()))


def between(found: dict[int, int], rows: Sequence[str], lines: Sequence[str]) -> dict[int, int]:
    """Rows of lines that were hardly read, where their place and length leave no other.

    As many rows as lines lie there between two pairs that are sure, or behind or before one,
    and each is about as long as its line.

    Examples
    --------
    >>> between({0: 0, 2: 3}, ["one", "", "tvv0", "three"], ["one", "two", "three"])
    {1: 2}
    >>> between({0: 0}, ["one", "tvv0", "x"], ["one", "two", "three"])
    {}
    """
    sure = sorted(found.items())
    ends = [(-1, -1), *sure, (len(lines), len(rows))] if sure else []
    more = dict[int, int]()
    for (k, r), (next_k, next_r) in zip(ends, ends[1:], strict=False):
        free = [i for i in range(r + 1, next_r) if rows[i]]
        placed = list(zip(range(k + 1, next_k), free, strict=False))
        if len(free) == next_k - k - 1 and all(as_long(rows[i], lines[n]) for n, i in placed):
            more |= dict(placed)
    return more


def as_long(row: str, line: str) -> bool:
    """Whether a row's text has about as many letters as a line."""
    got, want = (len("".join(text.split())) for text in (row, line))
    return min(got, want) >= AS_LONG * max(got, want)


def gain(row: str, line: str, alphabet: Alphabet) -> float:
    """How much a row's text speaks for a line, in characters; not positive where it does not."""
    got, want = ("".join(text.casefold().split()) for text in (row, line))
    if not got or not want:
        return 0.0
    known = sum(c in alphabet or c.swapcase() in alphabet for c in "".join(line.split()))
    if 2 * known < len(want):  # a foreign script: what is read in it says no more than how much
        alike = min(len(got), len(want)) / max(len(got), len(want))
    else:
        alike = Levenshtein.normalized_similarity(got, want)
    return (alike - LEAST_ALIKE) * len(want)


def held_out(
    lines: Sequence[WrittenLine], seed: int
) -> tuple[list[WrittenLine], list[WrittenLine]]:
    """Lines to train on, and one in five, at least one, to measure with.

    A line that several images show is held out with all of them.

    Raises
    ------
    DataError
        If there is but one.
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
    """Letters and wrong cuts of lines (at least one)."""
    return Samples.concatenate([line.samples(alphabet) for line in lines])


def measure(
    lines: Sequence[WrittenLine], classifier: Classifier, language: Ngrams | None
) -> Alignment:
    """Characters of lines against what a classifier reads in them; spaces and case count."""
    return total(
        align(normalize.strict(line.text), normalize.strict(line.row.text(classifier, language)))
        for line in lines
    )
