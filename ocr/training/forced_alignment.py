"""Forced alignment: which candidate of a row's lattice is which character of a known text.

The posterior probability that a candidate is a character comes from all paths through the
lattice that spell the line, by the forward-backward algorithm (Rabiner 1989, "A tutorial on
hidden Markov models", section III). A candidate is labeled only where it is close to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.decode.geometry import forget_case
from ocr.decode.search import skip_cost
from ocr.segment.lattice import Lattice

MISSING = -7.0  # nats, log-probability that a character of the line has no ink
UNKNOWN = -2.5  # nats, of a character that the model lacks: about that of a doubtful letter
MIN_LETTER_POSTERIOR = 0.9  # a candidate with more shows the character
MAX_WRONG_CUT_POSTERIOR = 0.02  # a candidate with less for all characters may be a wrong cut
MIN_LETTER_SHARE = 0.72  # of a letter's area; a candidate with less is a wrong cut
MAX_FOREIGN_SHARE = 0.25  # of a candidate's area from other letters; with more it is a wrong cut
MAX_SPECK = 0.3  # row heights; smaller candidates are no wrong cuts: an i's dot is like a full stop

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """Candidates of a row that certainly show a letter, or certainly not."""

    letters: list[tuple[int, int]]  # candidate, and index of the character in the line's letters
    wrong: list[int]  # candidates that are a part of a letter, or parts of several


def align_line(
    lattice: Lattice, log_probs: NDArray[np.float32], text: str, alphabet: Alphabet
) -> Labels:
    """Label those candidates of a row that certainly show, or do not show, a letter of the text.

    `log_probs` [N, outputs] are those of the lattice's candidates. Spaces of the text are
    ignored; characters that the alphabet lacks are found by their place between others.
    """
    characters = "".join(text.split())
    emitted = emissions(lattice, log_probs, characters, alphabet)
    skips = skip_scores(lattice, log_probs, alphabet)
    posterior = posteriors(lattice, emitted, skips)  # (N, L)
    areas = atom_areas(lattice)
    letters = [
        (best, k)
        for k, best in enumerate(posterior.argmax(0).tolist())
        if posterior[have_same_ink(lattice, areas, best), k].sum() > MIN_LETTER_POSTERIOR
    ]
    return Labels(letters, find_wrong_cuts(lattice, [i for i, _ in letters], posterior.sum(1)))


def emissions(
    lattice: Lattice, log_probs: NDArray[np.float32], characters: str, alphabet: Alphabet
) -> Floats:
    """Return the log-probability of each candidate as each character, float64 [N, L].

    Either case of a letter is accepted: the text may be typed in the other one.
    """
    shapes = forget_case(log_probs[:, : len(alphabet.characters)], alphabet.characters)
    table = np.full((len(shapes), len(characters)), UNKNOWN)
    reject = alphabet.reject_index
    for k, character in enumerate(characters):
        cases = {character, *(c for c in (character.upper(), character.lower()) if len(c) == 1)}
        known = [alphabet.index(c) for c in sorted(cases) if c in alphabet]
        if known:
            table[:, k] = shapes[:, known].max(1)
        elif reject is not None:
            table[:, k] += np.log1p(-np.minimum(np.exp(log_probs[:, reject]), 0.999))
    atoms = np.array([c.last - c.first for c in lattice.candidates], np.float64)
    # as in reading, a glyph counts once for each of its atoms
    return table * atoms[:, None]


def skip_scores(lattice: Lattice, log_probs: NDArray[np.float32], alphabet: Alphabet) -> Floats:
    """Return the log-probability that each atom belongs to no character, float64 [atoms]."""
    scores = np.array([skip_cost(atom, lattice.height) for atom in lattice.atoms])
    if alphabet.reject_index is not None:
        for candidate, row in zip(lattice.candidates, log_probs, strict=True):
            if candidate.last == candidate.first + 1:
                scores[candidate.first] += row[alphabet.reject_index]
    return scores


def posteriors(lattice: Lattice, emitted: Floats, skips: Floats) -> Floats:
    """Return the posterior probability of each candidate as each character, float64 [N, L]."""
    count = emitted.shape[1]
    forward = np.full((len(skips) + 1, count + 1), -np.inf)
    forward[0, 0] = 0.0
    arriving: list[list[int]] = [[] for _ in range(len(skips) + 1)]
    leaving: list[list[int]] = [[] for _ in range(len(skips) + 1)]
    for i, candidate in enumerate(lattice.candidates):
        arriving[candidate.last].append(i)
        leaving[candidate.first].append(i)
    for place in range(len(skips) + 1):
        row = forward[place]
        if place:
            row[:] = forward[place - 1] + skips[place - 1]
        for i in arriving[place]:
            first = lattice.candidates[i].first
            row[1:] = np.logaddexp(row[1:], forward[first, :-1] + emitted[i])
        for k in range(count):
            row[k + 1] = np.logaddexp(row[k + 1], row[k] + MISSING)
    backward = np.full_like(forward, -np.inf)
    backward[-1, -1] = 0.0
    for place in range(len(skips), -1, -1):
        row = backward[place]
        if place < len(skips):
            row[:] = backward[place + 1] + skips[place]
        for i in leaving[place]:
            last = lattice.candidates[i].last
            row[:-1] = np.logaddexp(row[:-1], backward[last, 1:] + emitted[i])
        for k in range(count - 1, -1, -1):
            row[k] = np.logaddexp(row[k], row[k + 1] + MISSING)
    firsts = [c.first for c in lattice.candidates]
    lasts = [c.last for c in lattice.candidates]
    weights: Floats = np.exp(forward[firsts, :-1] + emitted + backward[lasts, 1:] - forward[-1, -1])
    return weights


def atom_areas(lattice: Lattice) -> Floats:
    """Return the area of each atom's box, float64 [atoms]."""
    boxes = np.array([atom.box for atom in lattice.atoms], np.float64)
    areas: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def have_same_ink(lattice: Lattice, areas: Floats, index: int) -> NDArray[np.bool_]:
    """Return which candidates differ from one by at most a serif or a speck, bool [N]."""
    atoms = np.arange(len(areas))
    spans = np.array([(atoms >= c.first) & (atoms < c.last) for c in lattice.candidates])  # (N, A)
    both = (spans & spans[index]) @ areas
    either = (spans | spans[index]) @ areas
    same: NDArray[np.bool_] = both >= MIN_LETTER_SHARE * either
    return same


def find_wrong_cuts(lattice: Lattice, letters: list[int], weights: Floats) -> list[int]:
    """Return candidates that no likely path uses and that are certainly not a letter.

    `letters` are candidates that certainly show letters, `weights`, float64 [N], the posterior
    probability that each candidate is any character.
    """
    areas = atom_areas(lattice)
    owners = np.full(len(areas), -1)
    for i in letters:
        owners[lattice.candidates[i].first : lattice.candidates[i].last] = i
    wrong = []
    for i, candidate in enumerate(lattice.candidates):
        covered = slice(candidate.first, candidate.last)
        left, top, right, bottom = candidate.box
        if weights[i] > MAX_WRONG_CUT_POSTERIOR or (owners[covered] < 0).any():
            continue
        if max(right - left, bottom - top) <= MAX_SPECK * lattice.height:
            continue
        own = {int(o): areas[covered][owners[covered] == o].sum() for o in owners[covered]}
        best = max(own, key=lambda o: own[o])
        share = own[best] / areas[owners == best].sum()
        if share < MIN_LETTER_SHARE or 1 - own[best] / areas[covered].sum() > MAX_FOREIGN_SHARE:
            wrong.append(i)
    return wrong
