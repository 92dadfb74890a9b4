"""Samples drawn into batches, in an order and with distortions that the seed alone decides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import Alphabet
from ocr.data.samples import Samples
from ocr.errors import DataError
from ocr.training.augment import augment
from ocr.training.ranks import ALONE, Ranks
from ocr.training.schedule import Settings

NOT_BALANCED = -1  # label of samples that come once each, however often the others do


@dataclass(frozen=True)
class Batch:
    """Crops for one step: the part of a batch that this process trains on."""

    crops: NDArray[np.float32]  # [n, 32, 32], ink 1.0
    targets: NDArray[np.int64]  # [n, 2]
    size: int  # over all processes


class Batches:
    """The training samples, drawn anew in each epoch."""

    def __init__(
        self, samples: Samples, alphabet: Alphabet, settings: Settings, ranks: Ranks = ALONE
    ) -> None:
        self.crops, self.targets = prepare(samples, alphabet)
        self.labels = balanced_labels(self.targets, alphabet) if settings.balance else None
        self.settings = settings
        self.ranks = ranks

    def __len__(self) -> int:
        return math.ceil(len(self.crops) / self.settings.batch_size)

    def epoch(self, number: int, *, first: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 0, beginning with batch `first`."""
        settings, rank = self.settings, self.ranks.rank
        rng = np.random.default_rng([settings.seed, number])
        count = len(self.crops)
        order = rng.permutation(count) if self.labels is None else draw_balanced(self.labels, rng)
        for step in range(first, len(self)):
            indices = order[step * settings.batch_size : (step + 1) * settings.batch_size]
            part = self.ranks.part(indices)
            crops = to_ink(self.crops[part])
            if settings.augment:
                seed = [settings.seed, number, step, *([rank] if rank else [])]
                crops = augment(crops, np.random.default_rng(seed))
            yield Batch(crops, self.targets[part], len(indices))


def to_ink(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return crops as classifiers read them, float32, ink 1.0."""
    return crops.astype(np.float32) / np.float32(255)


def prepare(samples: Samples, alphabet: Alphabet) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return crops [N, 32, 32] and the two right outputs of each, [N, 2] (`Learner.fit_batch`)."""
    outputs = {c: i for i, c in enumerate(alphabet.characters)}
    if alphabet.reject_index is not None:
        outputs[""] = alphabet.reject_index
    unknown = set(np.unique(samples.characters)) - set(outputs)
    if unknown:
        raise DataError(
            f"data has {''.join(sorted(unknown))!r}, which the alphabet lacks (add them)"
        )
    first = np.array([outputs[c] for c in samples.characters], dtype=np.int64)
    pairs = zip(samples.either, first, strict=True)
    second = np.array([outputs[e] if e and e in outputs else f for e, f in pairs], dtype=np.int64)
    return samples.crops, np.stack([first, second], axis=1)


def balanced_labels(targets: NDArray[np.int64], alphabet: Alphabet) -> NDArray[np.int64]:
    """Return the class [N] of each sample for `draw_balanced`.

    "Not a letter" keeps its share: no character is as frequent or as varied.
    """
    return np.where(targets[:, 0] == alphabet.reject_index, NOT_BALANCED, targets[:, 0])


def draw_balanced(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw N indices in random order so that every class comes equally often.

    All samples of a class come once before any comes again. Where N is not a multiple of the
    number of classes, randomly chosen classes come once more.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 0, 1, 1, NOT_BALANCED])
    >>> sorted(labels[draw_balanced(labels, np.random.default_rng(0))].tolist())
    [-1, 0, 0, 0, 1, 1, 1]
    """
    drawn = [np.flatnonzero(labels == NOT_BALANCED)]
    classes = [c for c in np.unique(labels) if c != NOT_BALANCED]
    count = len(labels) - len(drawn[0])
    shares = np.full(len(classes), count // max(len(classes), 1))
    shares[rng.permutation(len(classes))[: count - int(shares.sum())]] += 1
    for label, share in zip(classes, shares.tolist(), strict=True):
        members = np.flatnonzero(labels == label)
        rounds = [rng.permutation(members) for _ in range(-(-share // len(members)))]
        drawn.append(np.concatenate([members[:0], *rounds])[:share])
    return rng.permutation(np.concatenate(drawn))
