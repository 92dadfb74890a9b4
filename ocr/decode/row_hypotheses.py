"""The readers of rows by a network: alone, and together with the lattice.

Together, each reader proposes texts, and all texts are scored by both: by the network's columns
(CTC), by the best path through the lattice that spells them, and by the language model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.decode.confidence import log_odds
from ocr.decode.ctc import beam_search, find_peaks, greedy, outputs_of, text_log_probs
from ocr.decode.expectation import Expectation
from ocr.decode.hypotheses import Hypothesis
from ocr.decode.language import Ngrams, knows_script
from ocr.decode.lattice_reader import ScoredLattice, score_lattice
from ocr.decode.row_lines import row_line
from ocr.decode.search import Path, best_paths
from ocr.decode.spaces import page_space_odds
from ocr.decode.spelling import spell
from ocr.page import Box, Glyph, Line, Word
from ocr.rows import RowImage, RowReader, row_image
from ocr.segment.lattice import Lattice
from ocr.segment.page import SegmentedPage

#: Weights of the lattice's score and of the language model's against the network's
#: log-probability, where all three choose. Fitted in November 2026 to 432 rows drawn in 457 fonts
#: and in strokes of a pen, and to 61 strips of real letters; with 0.4 or
#: 0.8 the error is at most a tenth higher.
LATTICE_WEIGHT = 0.6
LANGUAGE_WEIGHT = 0.6
#: Weight of the language model where the network reads alone.
ROW_LANGUAGE_WEIGHT = 0.3
PROPOSALS = 5  # texts of each reader
#: Nats a character of the likeliest text; with less the picture shows no text that the network
#: can read, as where a blot among the letters gives them the wrong size.
UNREADABLE = -1.0

Floats = NDArray[np.float64]
LogProbs = NDArray[np.float32]


def read_rows(
    page: SegmentedPage, reader: RowReader, language: Ngrams | None
) -> Iterator[list[Hypothesis]]:
    """Read every row of a page by the network alone; yield no hypotheses for an empty row."""
    expectation = _expectation(reader.characters, language)
    for row, lattice in zip(page.rows, page.lattices, strict=True):
        picture = row_image(page, row)
        found: list[Hypothesis] = []
        if picture is not None:
            log_probs = reader.log_probs(picture)
            texts = beam_search(log_probs, reader.characters, expectation, ROW_LANGUAGE_WEIGHT)
            for text, score in texts:
                line = row_line(text, log_probs, reader.characters, picture)
                if line is not None:
                    found.append(Hypothesis(line, score, nearest_candidates(lattice, line)))
        yield found


def read_both(
    page: SegmentedPage,
    log_probs: LogProbs,
    alphabet: Alphabet,
    reader: RowReader,
    language: Ngrams | None,
) -> Iterator[list[Hypothesis]]:
    """Read every row of a page by its lattice and by the network; see `read_lattices`."""
    if not page.rows:
        return
    # the space last, so that outputs are those of the alphabet
    expectation = _expectation(alphabet.characters + " ", language)
    proposing = _expectation(reader.characters, language)
    of_rows = np.split(log_probs, page.row_ends[:-1])
    known = language if knows_script(alphabet.characters) else None
    for row, lattice, shapes, odds in zip(
        page.rows, page.lattices, of_rows, page_space_odds(page), strict=True
    ):
        scored = score_lattice(lattice, shapes, odds, alphabet)
        paths = best_paths(
            lattice, scored.scores, scored.rejected, odds, scored.characters, known, count=PROPOSALS
        )
        paths = [path for path in paths if path.steps]
        picture = row_image(page, row)
        joint = None
        if picture is not None:
            columns = reader.log_probs(picture)
            joint = _agreement(paths, scored, columns, reader.characters)
        if picture is not None and joint is None:
            proposed = beam_search(
                columns, reader.characters, proposing, ROW_LANGUAGE_WEIGHT, count=PROPOSALS
            )
            texts = [text_of(path, scored.characters) for path in paths]
            texts = list(dict.fromkeys(texts + [text for text, _ in proposed if text]))
            joint = _choose(texts, scored, picture, columns, reader.characters, expectation)
        yield [joint] if joint is not None else [scored.hypothesis(path) for path in paths]


def _expectation(characters: str, language: Ngrams | None) -> Expectation:
    return Expectation(characters, language if knows_script(characters) else None)


def _agreement(
    paths: list[Path], scored: ScoredLattice, columns: LogProbs, characters: str
) -> Hypothesis | None:
    """Return the best path if the network reads the same text; then nothing else is compared."""
    text, seen = greedy(columns, characters)
    if not paths or text_of(paths[0], scored.characters) != text:
        return None
    found = scored.hypothesis(paths[0])
    # the weights of the lattice and of the language model are the same
    score = seen + LATTICE_WEIGHT * found.score
    return replace(found, line=_agree(found.line, text, columns, characters), score=score)


def _choose(
    texts: list[str],
    scored: ScoredLattice,
    picture: RowImage,
    columns: LogProbs,
    characters: str,
    expectation: Expectation,
) -> Hypothesis | None:
    """Choose the text with the best score of all; None if the network cannot read the row."""
    if not texts:
        return None
    shapes, paths = spell(scored, texts)
    seen = text_log_probs(columns, [outputs_of(text, characters) for text in texts])
    likeliest = int(seen.argmax())
    if seen[likeliest] < UNREADABLE * len(texts[likeliest]):
        return None
    expected = np.array([expectation.score(text) for text in texts])
    totals = seen + LATTICE_WEIGHT * shapes + LANGUAGE_WEIGHT * expected
    best = int(totals.argmax())
    path = paths[best]
    if path is not None:
        line = split_shared(scored.hypothesis(path).line)
        line = _agree(line, texts[best], columns, characters)
        candidates = tuple(step.candidate for step in path.steps)
        return Hypothesis(line, float(totals[best]), candidates)
    found = row_line(texts[best], columns, characters, picture)
    if found is None:
        return None
    return Hypothesis(found, float(totals[best]), nearest_candidates(scored.lattice, found))


def text_of(path: Path, characters: str) -> str:
    """Return the text that a path spells."""
    return "".join(" " * step.space + characters[step.output] for step in path.steps)


def split_shared(line: Line) -> Line:
    """Divide a box that several glyphs in a row share, as letters that join do, between them."""
    glyphs: list[Glyph] = []
    for box, shared in groupby(line.glyphs, key=lambda g: g.box):
        own = list(shared)
        edges = [box.left + k * box.width // len(own) for k in range(len(own) + 1)]
        for glyph, left, right in zip(own, edges, edges[1:], strict=False):
            part = Box(left, box.top, max(right, left + 1), box.bottom)
            glyphs.append(replace(glyph, box=part))
    rest = iter(glyphs)
    words = tuple(Word(tuple(next(rest) for _ in word.glyphs)) for word in line.words)
    return Line(words, line.baseline)


def _agree(line: Line, text: str, columns: LogProbs, characters: str) -> Line:
    """Make each glyph's confidence that of both readers: the mean of their log-odds."""
    outputs, shown = outputs_of(text, characters), []
    if len(outputs) == len(text):
        peaks = find_peaks(columns, outputs)
        pairs = zip(text, outputs, peaks, strict=True)
        shown = [math.exp(columns[peak, output]) for c, output, peak in pairs if c != " "]
    if len(shown) != len(line.glyphs):
        return line
    seen = iter(shown)

    def combine(glyph: Glyph) -> Glyph:
        odds = (log_odds(glyph.confidence) + log_odds(next(seen))) / 2
        return replace(glyph, confidence=1 / (1 + math.exp(-odds)))

    return line.map_glyphs(combine)


def nearest_candidates(lattice: Lattice, line: Line) -> tuple[int, ...]:
    """Return the candidate whose box is most like that of each glyph, across the page."""
    boxes = np.array([c.box for c in lattice.candidates])
    nearest = []
    for glyph in line.glyphs:
        away = np.abs(boxes[:, 0] - glyph.box.left) + np.abs(boxes[:, 2] - glyph.box.right)
        nearest.append(int(away.argmin()))
    return tuple(nearest)
