"""Find crops that occur twice: copies, near copies, and copies with different characters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.data.samples import Samples
from ocr.segment.crops import SIZE

# Of a crop's 1,024 pixels: 85 % of EMNIST's letters are as near to themselves saved as JPEG of
# quality 75, 99 % to themselves with a fifth less contrast; of letters by different pens, only
# straight strokes (1, l, I) are as near. A copy at another scale is usually farther away.
NEAR = 8
MAX_NEAR = 20  # beyond, each set has so few pixels that too many crops agree in one
INKED = 128  # gray level from which a pixel counts as ink
KEY_BITS = 64
BIT_COUNTS = np.array([bin(i).count("1") for i in range(1 << 16)], np.uint8)  # of each uint16


@dataclass(frozen=True)
class Duplicates:
    """Copies found in samples.

    `conflicts` are pairs of samples with the same crop, or nearly, and different characters, of
    which neither is the other's second right one; both are kept.
    """

    kept: NDArray[np.intp]  # [M], samples without their copies: the first of each is kept
    exact: int  # samples left out that have the same crop and character as one that is kept
    near: int  # samples left out that have nearly the same crop
    conflicts: NDArray[np.intp]  # [K, 2]


@dataclass(frozen=True)
class _Index:
    """Samples by key: those after sample i with the same key are order[start[i] : end[i]]."""

    order: NDArray[np.intp]
    start: NDArray[np.intp]
    end: NDArray[np.intp]


def find_duplicates(samples: Samples, *, near: int = NEAR) -> Duplicates:
    """Find copies, and near copies: crops of which at most `near` pixels differ.

    Pixels are compared as ink or paper; `near` of 0 compares the gray levels and finds only exact
    copies. Two crops that differ in at most `near` pixels are equal in at least one of
    ``near + 1`` disjoint sets of pixels. So only crops that are equal in a set are compared, and
    no pair is missed; copies of a sample are compared with that sample alone. A crop that is near
    one left out, but near none that is kept, is kept.
    """
    distinct = _first_of_each(samples)
    crops = samples.crops[distinct].reshape(-1, SIZE * SIZE)  # (N, 1024)
    words, keys = _pack_pixels(crops, near) if near else _number_crops(crops)
    kept, pairs = _compare(words, keys, samples.characters[distinct], near)
    conflicts = distinct[pairs[kept[pairs].all(axis=1)]]
    return Duplicates(
        kept=distinct[kept],
        exact=len(samples) - len(distinct),
        near=int((~kept).sum()),
        conflicts=conflicts[~_may_be_same(samples, conflicts)],
    )


def _first_of_each(samples: Samples) -> NDArray[np.intp]:
    """Return the first sample of each crop and character, in order."""
    pixels = samples.crops.reshape(-1, SIZE * SIZE)
    characters = np.unique(samples.characters, return_inverse=True)[1].astype(np.uint32)
    rows = np.concatenate([pixels, characters.reshape(-1, 1).view(np.uint8)], axis=1)
    return np.sort(np.unique(_as_values(rows), return_index=True)[1])


def _as_values(rows: NDArray[np.uint8]) -> NDArray[np.void]:
    """Return rows [N, n] as N values that can be sorted."""
    values: NDArray[np.void] = np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel()
    return values


def _number_crops(crops: NDArray[np.uint8]) -> tuple[NDArray[np.uint16], list[NDArray[np.intp]]]:
    """Return no pixels to compare, and one key that is the same for the same gray levels."""
    return np.zeros((len(crops), 0), np.uint16), [
        np.unique(_as_values(crops), return_inverse=True)[1].ravel()
    ]


def _pack_pixels(
    crops: NDArray[np.uint8], near: int
) -> tuple[NDArray[np.uint16], list[NDArray[np.uint64]]]:
    """Return the pixels as bits [N, 64], and for each set of pixels a key [N] made of them."""
    ink = crops >= INKED  # (N, 1024)
    # pixels that are ink in half of the crops distinguish most, those at the rim hardly
    ink = ink[:, np.argsort(np.abs(ink.sum(axis=0) - len(ink) / 2), kind="stable")]
    words = np.ascontiguousarray(np.packbits(ink, axis=1)).view(np.uint16)  # (N, 64)
    keys = []
    for i in range(near + 1):
        key = np.zeros((len(ink), KEY_BITS // 8), np.uint8)
        octets = np.packbits(ink[:, i :: near + 1][:, :KEY_BITS], axis=1)
        key[:, : octets.shape[1]] = octets
        keys.append(key.view(np.uint64).ravel())
    return words, keys


def _compare(
    words: NDArray[np.uint16],
    keys: list[NDArray[np.intp]] | list[NDArray[np.uint64]],
    characters: NDArray[np.str_],
    near: int,
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return a mask of samples to keep, and near pairs [P, 2] of different characters."""
    kept = np.ones(len(words), bool)
    indexes = [_index(key) for key in keys]
    firsts, seconds = [], [np.zeros(0, np.intp)]
    for i in np.flatnonzero(np.any([ix.start < ix.end for ix in indexes], axis=0)).tolist():
        if kept[i]:
            later = np.concatenate([ix.order[ix.start[i] : ix.end[i]] for ix in indexes])
            later = np.unique(later[kept[later]])
            later = later[BIT_COUNTS[words[later] ^ words[i]].sum(axis=1) <= near]
            same = characters[later] == characters[i]
            kept[later[same]] = False
            seconds.append(later[~same])
            firsts += [i] * len(seconds[-1])
    return kept, np.stack([np.array(firsts, np.intp), np.concatenate(seconds)], axis=1)


def _index(key: NDArray[np.intp] | NDArray[np.uint64]) -> _Index:
    order = np.argsort(key, kind="stable")
    start = np.empty_like(order)
    start[order] = np.arange(1, len(key) + 1)
    return _Index(order, start, np.searchsorted(key[order], key, "right"))


def _may_be_same(samples: Samples, pairs: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return a mask [P] of pairs such as a C that may be a c, and a c."""
    characters, either = samples.characters[pairs], samples.either[pairs]  # (P, 2)
    may_be_same: NDArray[np.bool_] = (characters == either[:, ::-1]).any(axis=1)
    return may_be_same
