"""Crops that come twice: copies, near copies, and copies that are labelled in two ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.data.samples import Samples
from ocr.segment.crops import SIZE

# of a crop's 1,024 pixels: 85 % of EMNIST's letters are as near to themselves saved as JPEG of
# quality 75, 99 % to themselves with a fifth less contrast; of letters by different pens, straight
# strokes (1, l, I) alone come as near. A copy at another scale is usually farther away.
NEAR = 8
MAX_NEAR = 20  # beyond, the shares of pixels are so small that too many crops agree in one
INKED = 128  # grey level from which a pixel counts as ink
PAIRS = 1 << 18  # compared at once
FEW = 128  # crops of which all pairs are compared: with fewer, looking for keys takes longer
MERGED = 1 << 23  # pairs that may wait to be merged with those found before
KEY_BITS = 64
_ONES = np.array([bin(i).count("1") for i in range(1 << 16)], np.uint8)  # set bits of each uint16


@dataclass(frozen=True)
class Duplicates:
    """What was found in samples.

    Attributes
    ----------
    kept : ndarray, int [M]
        Samples without their copies: of each, the first stays.
    exact, near : int
        Samples left out: the same crop and character as one that stays, or nearly.
    conflicts : ndarray, int [K, 2]
        Pairs of samples with the same crop, or nearly, and different characters, of which
        neither is the other's second right one; both stay.
    """

    kept: NDArray[np.intp]
    exact: int
    near: int
    conflicts: NDArray[np.intp]


def find_duplicates(samples: Samples, *, near: int = NEAR) -> Duplicates:
    """Find copies and near copies.

    Every pair is found: two crops that differ in at most `near` pixels are equal in at
    least one of ``near + 1`` disjoint sets of pixels, so that only crops that share
    the pixels of a set are compared; and with copies, only those that stay.

    Parameters
    ----------
    samples : Samples
    near : int
        Two crops are near where at most so many of their 1,024 pixels are ink in one
        and paper in the other; 0 compares the grey levels, and finds exact copies only.

    Returns
    -------
    Duplicates
        A crop that is near one left out, but none that stays, stays.
    """
    distinct = first_of_each(samples)
    exact = len(samples) - len(distinct)
    crops, characters = samples.crops[distinct], samples.characters[distinct]
    stays = first_of_near(crops, characters, near) if near else np.ones(len(distinct), bool)
    kept = distinct[stays]
    pairs = near_pairs(crops[stays], near) if near else equal_pairs(crops)
    return Duplicates(
        kept=kept,
        exact=exact,
        near=len(distinct) - len(kept),
        conflicts=kept[pairs[~_may_be_same(samples.take(kept), pairs)]],
    )


def _may_be_same(samples: Samples, pairs: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mask [P] of pairs that a second right character makes the same: C that may be c, and c."""
    characters, either = samples.characters[pairs], samples.either[pairs]  # (P, 2)
    allowed: NDArray[np.bool_] = (characters == either[:, ::-1]).any(axis=1)
    return allowed


def first_of_each(samples: Samples) -> NDArray[np.intp]:
    """First sample of each crop and character, in the order they came."""
    numbers = np.unique(samples.characters, return_inverse=True)[1].astype(np.uint32)
    pixels = samples.crops.reshape(-1, SIZE * SIZE)  # (N, 1024)
    rows = np.concatenate([pixels, numbers.reshape(-1, 1).view(np.uint8)], axis=1)
    return np.sort(np.unique(_as_keys(rows), return_index=True)[1])


def first_of_near(
    crops: NDArray[np.uint8], characters: NDArray[np.str_], near: int
) -> NDArray[np.bool_]:
    """Mask [N] of crops that are near none that stays, of those before it with its character."""
    stays = np.zeros(len(crops), bool)
    order = np.argsort(characters, kind="stable")
    ends = np.flatnonzero(characters[order][1:] != characters[order][:-1]) + 1
    for which in np.split(order, ends):
        words, keys = _words_and_keys(crops[which], near)
        stays[which[_staying(words, keys, np.arange(len(which)), near)]] = True
    return stays


def _staying(
    words: NDArray[np.uint16], keys: list[NDArray[np.uint64]], which: NDArray[np.intp], near: int
) -> NDArray[np.intp]:
    """Those of rows `which` that are near none before them that stays.

    What stays of the first half is compared with the second half, whose rest is halved in turn:
    of many copies all but a few are compared with the first alone.
    """
    if len(which) <= FEW:
        pairs = np.stack(np.triu_indices(len(which), 1), axis=1)
        pairs = pairs[_differing(words, which[pairs], near) <= near]
        return which[without_copies(len(which), pairs)]
    first, second = np.split(which, [len(which) // 2])
    first = _staying(words, keys, first, near)
    for key in keys:
        second = second[~_near_one(words, key, second, first, near)]
    return np.concatenate([first, _staying(words, keys, second, near)])


def _near_one(
    words: NDArray[np.uint16],
    keys: NDArray[np.uint64],
    which: NDArray[np.intp],
    others: NDArray[np.intp],
    near: int,
) -> NDArray[np.bool_]:
    """Mask [M] of rows `which` [M] that are near one of the others of the same key."""
    others = others[np.argsort(keys[others], kind="stable")]
    places, ends = (np.searchsorted(keys[others], keys[which], side) for side in ("left", "right"))
    found = np.zeros(len(which), bool)
    open_ = np.flatnonzero(places < ends)
    while len(open_):
        pairs = np.stack([which[open_], others[places[open_]]], axis=1)
        found[open_] = _differing(words, pairs, near) <= near
        places[open_] += 1
        open_ = open_[~found[open_] & (places[open_] < ends[open_])]
    return found


def equal_pairs(crops: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Pairs [P, 2] of the same grey levels, the earlier first."""
    keys = _as_keys(crops.reshape(-1, SIZE * SIZE))
    numbers = np.unique(keys, return_inverse=True)[1].ravel()
    return _united(_sharing(numbers), len(crops))


def near_pairs(crops: NDArray[np.uint8], near: int) -> NDArray[np.intp]:
    """Pairs [P, 2] of crops [N, 32, 32] that differ in at most `near` pixels, the earlier first."""
    words, sets = _words_and_keys(crops, near)
    batches = (pairs for keys in sets for pairs in _sharing(keys))
    return _united((p[_differing(words, p, near) <= near] for p in batches), len(crops))


def _words_and_keys(
    crops: NDArray[np.uint8], near: int
) -> tuple[NDArray[np.uint16], list[NDArray[np.uint64]]]:
    """Pixels [N, 64] of crops as bits; of each set of pixels a number [N], equal where they are."""
    ink = crops.reshape(-1, SIZE * SIZE) >= INKED  # (N, 1024)
    # those that are ink in half of the crops tell the most, those at the rim next to nothing
    ink = ink[:, np.argsort(np.abs(ink.sum(axis=0) - len(ink) / 2), kind="stable")]
    words = np.ascontiguousarray(np.packbits(ink, axis=1)).view(np.uint16)  # (N, 64)
    return words, [_packed(ink[:, i :: near + 1][:, :KEY_BITS]) for i in range(near + 1)]


def without_copies(count: int, pairs: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mask [N] of those that are in no pair with an earlier one that stays."""
    stays = np.ones(count, bool)
    by_second = pairs[np.argsort(pairs[:, 1], kind="stable")]
    seconds, starts = np.unique(by_second[:, 1], return_index=True)
    for second, firsts in zip(seconds, np.split(by_second[:, 0], starts[1:]), strict=False):
        stays[second] = not stays[firsts].any()
    return stays


def _as_keys(rows: NDArray[np.uint8]) -> NDArray[np.void]:
    """Rows [N, n] as N values that can be sorted."""
    rows = np.ascontiguousarray(rows)
    keys: NDArray[np.void] = rows.view(f"V{rows.shape[1]}").ravel()
    return keys


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Bits [N, up to 64] as one number each."""
    packed = np.zeros((len(bits), KEY_BITS // 8), np.uint8)
    octets = np.packbits(bits, axis=1)
    packed[:, : octets.shape[1]] = octets
    return packed.view(np.uint64).ravel()


def _sharing(keys: NDArray[np.generic]) -> Iterator[NDArray[np.intp]]:
    """Pairs of indices with the same key, in batches [P, 2]."""
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    starts = np.arange(len(keys))
    apart = 1
    while True:
        starts = starts[starts + apart < len(keys)]
        starts = starts[sorted_keys[starts] == sorted_keys[starts + apart]]
        if not len(starts):
            return
        for i in range(0, len(starts), PAIRS):
            batch = starts[i : i + PAIRS]
            yield np.stack([order[batch], order[batch + apart]], axis=1)
        apart += 1


def _differing(words: NDArray[np.uint16], pairs: NDArray[np.intp], near: int) -> NDArray[np.int64]:
    """How many bits differ between the rows of each pair; above `near`, not all are counted."""
    counts = np.zeros(len(pairs), np.int64)
    open_ = np.arange(len(pairs))
    for quarter in np.split(words, 4, axis=1):
        first, second = pairs[open_].T
        counts[open_] += _ONES[quarter[first] ^ quarter[second]].sum(axis=1, dtype=np.int64)
        open_ = open_[counts[open_] <= near]
    return counts


def _united(batches: Iterable[NDArray[np.intp]], count: int) -> NDArray[np.intp]:
    """Each pair [P, 2] of batches once, the earlier sample first."""
    united, waiting, waits = np.zeros(0, np.int64), [np.zeros(0, np.int64)], 0
    for pairs in batches:
        waiting.append(pairs.min(axis=1) * count + pairs.max(axis=1))
        waits += len(pairs)
        if waits > MERGED:
            united, waiting, waits = np.unique(np.concatenate([united, *waiting])), [], 0
    united = np.unique(np.concatenate([united, *waiting]))
    return np.stack(np.divmod(united, max(count, 1)), axis=1)
