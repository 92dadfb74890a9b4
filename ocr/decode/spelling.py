"""The best path through a lattice that spells a given text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.decode.lattice_reader import ScoredLattice
from ocr.decode.search import Path, Step, skip_cost
from ocr.segment.lattice import Lattice

MISSING = -7.0  # nats, for a character that has no ink, or that the alphabet lacks
SKIPPED, ABSENT = -1, -2  # an atom, and a character, in the table of steps

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def spell(scored: ScoredLattice, texts: list[str]) -> tuple[Floats, list[Path | None]]:
    """Find the best path that spells each text: its score without language, and the path.

    A character without ink of its own shares the candidate of a neighbor. There is no path if no
    character has ink, or if the alphabet lacks one.
    """
    outputs, spaces = _to_arrays(texts, scored.characters)
    totals, steps = _forward(scored, outputs, spaces)
    scores, paths = [], list[Path | None]()
    for i, text in enumerate(texts):
        length = len("".join(text.split()))
        scores.append(float(totals[i, length]))
        is_known = ABSENT not in outputs[i, :length]
        candidates = _trace(scored.lattice, steps[:, i], length) if is_known else []
        found = zip(candidates, outputs[i].tolist(), spaces[i].tolist(), strict=False)
        paths.append(Path(scores[-1], [Step(*step) for step in found]) if candidates else None)
    return np.array(scores), paths


def _to_arrays(texts: list[str], characters: str) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the output of each character of each text, and whether a space precedes it."""
    longest = max((len("".join(text.split())) for text in texts), default=0)
    outputs = np.full((len(texts), longest), ABSENT, np.intp)
    spaces = np.zeros(outputs.shape, np.bool_)
    for i, text in enumerate(texts):
        k = 0
        for n, word in enumerate(text.split()):
            spaces[i, k] = n > 0
            for character in word:
                outputs[i, k] = characters.find(character) if character in characters else ABSENT
                k += 1
    return outputs, spaces


def _forward(
    scored: ScoredLattice, outputs: Ints, spaces: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.int32]]:
    """Return the best score of the first k characters of each text, float64 [texts, K + 1].

    Also return how each place of the lattice was reached, int32 [atoms + 1, texts, K + 1].
    """
    lattice, (count, length) = scored.lattice, outputs.shape
    places = len(lattice.atoms)
    best = np.full((places + 1, count, length + 1), -np.inf)
    steps = np.full(best.shape, SKIPPED, np.int32)
    # score of each candidate as each character, (N, texts, K)
    emitted = np.where(outputs == ABSENT, -np.inf, scored.scores[:, outputs])
    left_out = MISSING * np.arange(length + 1)
    best[0] = left_out
    steps[0] = ABSENT
    arriving: list[list[int]] = [[] for _ in range(places + 1)]
    alone = [0] * places
    for i, candidate in enumerate(lattice.candidates):
        arriving[candidate.last].append(i)
        if candidate.last == candidate.first + 1:
            alone[candidate.first] = i
    for place in range(1, places + 1):
        atom = lattice.atoms[place - 1]
        skip = skip_cost(atom, lattice.height) + float(scored.rejected[alone[place - 1]])
        now = best[place] = best[place - 1] + skip
        for i in arriving[place]:
            first = lattice.candidates[i].first
            gained = best[first, :, :-1] + emitted[i]
            if first:
                odds = float(scored.space_odds[first - 1])
                gaps = np.where(spaces, -np.logaddexp(0, -odds), -np.logaddexp(0, odds))
                gaps[:, :1] = 0.0  # white before the first character says nothing
                gained += gaps
            better = gained > now[:, 1:]
            now[:, 1:][better] = gained[better]
            steps[place][:, 1:][better] = i
        filled = np.maximum.accumulate(now - left_out, axis=1) + left_out
        steps[place][filled > now + 1e-9] = ABSENT
        best[place] = filled
    return best[-1], steps


def _trace(lattice: Lattice, steps: NDArray[np.int32], length: int) -> list[int]:
    """Follow the steps [atoms + 1, K + 1] of a text back to the candidate of each character."""
    candidates = []
    place, k = len(lattice.atoms), length
    while place or k:
        step = int(steps[place, k])
        if step == SKIPPED:
            place -= 1
            continue
        k -= 1
        candidates.append(step)
        if step != ABSENT:
            place = lattice.candidates[step].first
    return _share(candidates[::-1])


def _share(candidates: list[int]) -> list[int]:
    """Give each absent character the candidate before it, or the first one; empty if all are."""
    present = [c for c in candidates if c != ABSENT]
    shared: list[int] = []
    for candidate in candidates if present else []:
        before = shared[-1] if shared else present[0]
        shared.append(before if candidate == ABSENT else candidate)
    return shared
