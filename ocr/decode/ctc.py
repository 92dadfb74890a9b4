"""CTC (Graves et al. 2006): the texts that a row network's columns spell, and where.

Output 0 is the blank, output i + 1 stands for the i-th character.
"""

from __future__ import annotations

import math
import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.decode.expectation import Context, Expectation

BEAM = 12  # prefixes kept after each column
MIN_LOG_PROB = -7.0  # nats; less likely characters of a column are not tried
SURE_BLANK = -0.001  # nats; such a column adds no character
IMPOSSIBLE = -1e9  # nats
TINY = 1e-300  # added to probabilities, so that a text that cannot be has a logarithm

Floats = NDArray[np.float64]


class _Prefix(NamedTuple):
    """Log-probability of a text that ends in a blank, or in its last character, so far."""

    blank: float
    character: float
    expected: float  # score of the text, weighted
    context: Context

    @property
    def total(self) -> float:
        return add(self.blank, self.character)


def beam_search(
    log_probs: NDArray[np.float32],
    characters: str,
    expectation: Expectation,
    weight: float,
    *,
    count: int = 1,
) -> list[tuple[str, float]]:
    """Find the likeliest texts of a row by prefix beam search (Hannun et al. 2014), best first.

    `log_probs`, [T, C], has C = 1 + characters; `weight` is that of the expectation. A text has
    no space at its ends and no two in a row. Scores are in nats.
    """
    prefixes: dict[tuple[int, ...], _Prefix] = {(): _Prefix(0.0, IMPOSSIBLE, 0.0, Context())}
    space = characters.find(" ")
    for column in log_probs.astype(np.float64):
        blank = float(column[0])
        if blank > SURE_BLANK:
            prefixes = {
                text: p._replace(blank=p.total + blank, character=IMPOSSIBLE)
                for text, p in prefixes.items()
            }
            continue
        likely = np.flatnonzero(column[1:] > MIN_LOG_PROB)
        scored = list(zip(likely.tolist(), column[1 + likely].tolist(), strict=True))
        grown: dict[tuple[int, ...], _Prefix] = {}
        for text, p in prefixes.items():
            last = text[-1] if text else -1
            again = p.character + float(column[last + 1]) if text else IMPOSSIBLE
            before = grown.get(text, p._replace(blank=IMPOSSIBLE, character=IMPOSSIBLE))
            grown[text] = before._replace(
                blank=add(before.blank, p.total + blank), character=add(before.character, again)
            )
            expected = expectation.after(p.context)
            for index, log_prob in scored:
                source = p.blank if index == last else p.total
                if source <= IMPOSSIBLE or (index == space and last in (-1, space)):
                    continue
                longer = (*text, index)
                known = grown.get(longer) or _Prefix(
                    IMPOSSIBLE,
                    IMPOSSIBLE,
                    p.expected + weight * float(expected[index]),
                    expectation.extend(p.context, index),
                )
                grown[longer] = known._replace(character=add(known.character, source + log_prob))
        best = sorted(grown, key=lambda text: -grown[text].total - grown[text].expected)[:BEAM]
        prefixes = {text: grown[text] for text in best}
    found: dict[str, float] = {}
    for text, p in prefixes.items():
        read = "".join(characters[i] for i in text).strip()
        found[read] = max(found.get(read, IMPOSSIBLE), p.total + p.expected)
    return sorted(found.items(), key=lambda item: -item[1])[:count]


def greedy(log_probs: NDArray[np.float32], characters: str) -> tuple[str, float]:
    """Return the text of the likeliest output of each column, and the log-probability of that."""
    outputs = log_probs.argmax(1)
    shown = outputs[np.r_[True, outputs[1:] != outputs[:-1]]].tolist()
    text = "".join(characters[output - 1] for output in shown if output)
    return text.strip(), float(log_probs.max(1).sum())


def add(one: float, other: float) -> float:
    """Return the logarithm of the sum of two numbers given by their logarithms.

    Examples
    --------
    >>> round(add(math.log(2), math.log(3)), 6) == round(math.log(5), 6)
    True
    """
    if one < other:
        one, other = other, one
    return one + math.log1p(math.exp(max(other - one, -700.0)))


def outputs_of(text: str, characters: str) -> list[int]:
    """Return the outputs that spell a text; é is read as e, and other unknown signs are left out.

    Examples
    --------
    >>> outputs_of("é€", "abcde")
    [5]
    """
    outputs = []
    for character in text:
        for sign in (character, unicodedata.normalize("NFD", character)[0]):
            if sign in characters:
                outputs.append(characters.index(sign) + 1)
                break
    return outputs


def text_log_probs(log_probs: NDArray[np.float32], texts: list[list[int]]) -> Floats:
    """Return the log-probability of each text, given by its outputs, over all alignments."""
    longest = max(map(len, texts), default=0)
    states = np.zeros((len(texts), 2 * longest + 1), np.intp)  # blank, character, blank ...
    for i, outputs in enumerate(texts):
        states[i, 1 : 2 * len(outputs) : 2] = outputs
    may_pass = np.zeros(states.shape, np.bool_)  # over a blank between two different characters
    may_pass[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    emitted = np.exp(log_probs.astype(np.float64))[:, states]  # (T, texts, states)
    reached = np.zeros(states.shape)
    reached[:, :2] = 1
    total = np.zeros(len(texts))
    for t, column in enumerate(emitted):
        if t:
            moved = reached.copy()
            moved[:, 1:] += reached[:, :-1]
            moved[:, 2:] += reached[:, :-2] * may_pass[:, 2:]
            reached = moved
        reached = reached * column
        scale = reached.sum(1, keepdims=True) + TINY
        reached /= scale
        total += np.log(scale[:, 0])
    ends = np.array([2 * len(outputs) for outputs in texts], np.intp)
    rows = np.arange(len(texts))
    last = reached[rows, ends] + np.where(ends > 0, reached[rows, np.maximum(ends - 1, 0)], 0)
    scores: Floats = total + np.log(last + TINY)
    return scores


def find_peaks(log_probs: NDArray[np.float32], outputs: list[int]) -> list[int]:
    """Find the column that shows each character of a text best, on the likeliest alignment.

    Without enough columns for the text, the last ones show several characters.
    """
    states = np.zeros(2 * len(outputs) + 1, np.intp)
    states[1::2] = outputs
    emitted = log_probs[:, states].astype(np.float64)  # (T, S)
    may_pass = np.zeros(len(states), np.bool_)
    may_pass[3::2] = states[3::2] != states[1:-2:2]
    reached = np.full(len(states), IMPOSSIBLE)
    reached[:2] = emitted[0, :2]
    steps = np.zeros(emitted.shape, np.intp)
    for t in range(1, len(emitted)):
        ways = np.full((3, len(states)), IMPOSSIBLE)
        ways[0] = reached
        ways[1, 1:] = reached[:-1]
        ways[2, 2:] = np.where(may_pass[2:], reached[:-2], IMPOSSIBLE)
        steps[t] = ways.argmax(0)
        reached = ways.max(0) + emitted[t]
    state = int(len(states) - 1 if len(states) == 1 or reached[-1] > reached[-2] else -2)
    state %= len(states)
    path = np.zeros(len(emitted), np.intp)
    for t in range(len(emitted) - 1, -1, -1):
        path[t] = state
        state -= int(steps[t, state])
    peaks = []
    for k in range(len(outputs)):
        own = np.flatnonzero(path == 2 * k + 1)
        if len(own):
            peaks.append(int(own[emitted[own, 2 * k + 1].argmax()]))
        else:
            peaks.append(peaks[-1] if peaks else 0)
    return peaks
