"""Images of single signs to labelled crops: what all readers of training data share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.data.samples import Samples
from ocr.segment.crops import SIZE, fit

FAINT = 0.3  # of the darkest point; paler ink, a blurred rim or noise, does not widen the box
CHUNK = 8192  # images whose float copies are held at once


def labelled(
    ink: NDArray[np.uint8],
    characters: NDArray[np.str_],
    *,
    alphabet: str | None,
    either: NDArray[np.str_] | None = None,
    are_crops: bool = False,
) -> Samples:
    """Crop the images whose character is in the alphabet; leave out blank ones.

    Parameters
    ----------
    ink : ndarray, uint8 [N, h, w]
        Upright signs, ink 255 on paper 0.
    characters : ndarray, str [N]
    alphabet : str or None
        None takes every character.
    either : ndarray, str [N], optional
        Second right character of each, or ""; forgotten where the alphabet lacks it.
    are_crops : bool
        The images are crops that ocr wrote; cropped again, they would change.
    """
    wanted = np.flatnonzero(among(characters, alphabet))
    return of_crops(
        ink[wanted] if are_crops and ink.shape[1:] == (SIZE, SIZE) else crops_of(ink, wanted),
        characters[wanted],
        alphabet=alphabet,
        either=None if either is None else either[wanted],
    )


def of_crops(
    crops: NDArray[np.uint8],
    characters: NDArray[np.str_],
    *,
    alphabet: str | None,
    either: NDArray[np.str_] | None = None,
) -> Samples:
    """Label crops [N, 32, 32]; leave out blank ones."""
    if either is None:
        either = np.full(len(crops), "", dtype="<U1")
    either = np.where(among(either, alphabet), either, "")
    return Samples(crops, characters, either).take(np.flatnonzero(crops.any(axis=(1, 2))))


def among(characters: NDArray[np.str_], alphabet: str | None) -> NDArray[np.bool_]:
    """Which characters are in the alphabet; where it is None, all that are one character."""
    if alphabet is None:
        single: NDArray[np.bool_] = np.char.str_len(characters) == 1
        return single
    return np.isin(characters, list(alphabet))


def other_case(characters: NDArray[np.str_], letters: str) -> NDArray[np.str_]:
    """Other case of each character that is among some capitals or their small letters, or "".

    Examples
    --------
    >>> other_case(np.array(["c", "C", "d"]), "COS").tolist()
    ['C', 'c', '']
    """
    alike = np.isin(np.char.upper(characters), list(letters))
    return np.where(alike, np.char.swapcase(characters), "")


def crops_of(ink: NDArray[np.uint8], which: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Crops, uint8 [M, 32, 32], of the images [N, h, w] that `which` [M] picks."""
    crops = np.zeros((len(which), SIZE, SIZE), np.uint8)
    for start in range(0, len(which), CHUNK):
        chunk = ink[which[start : start + CHUNK]]
        floats = chunk.astype(np.float32) / 255
        for i, (image, box) in enumerate(zip(floats, boxes_of(chunk), strict=True), start):
            top, bottom, left, right = box
            if bottom > top:
                crops[i] = to_bytes(fit(image[top:bottom, left:right]))
    return crops


def crop_of(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Crop, uint8 [32, 32], of one image [h, w]; all zero where it is."""
    crop: NDArray[np.uint8] = crops_of(ink[None], np.zeros(1, np.intp))[0]
    return crop


def boxes_of(ink: NDArray[np.uint8]) -> list[list[int]]:
    """Half-open (top, bottom, left, right) of each image's ink; all zero for a blank image."""
    peak = ink.max(axis=(1, 2), keepdims=True)
    dark = (ink > peak * np.float32(FAINT)) & (peak > 0)  # (N, h, w)
    top, bottom = _extent(dark.any(axis=2))
    left, right = _extent(dark.any(axis=1))
    boxes: list[list[int]] = np.stack([top, bottom, left, right], axis=1).tolist()
    return boxes


def to_bytes(crop: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink 0 to 1 as 0 to 255."""
    return (crop * 255 + 0.5).astype(np.uint8)


def _extent(occupied: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and one past the last True of each row [N, length]; equal where there is none."""
    first = occupied.argmax(axis=1)
    last = occupied.shape[1] - occupied[:, ::-1].argmax(axis=1)
    return first, np.where(occupied.any(axis=1), last, first)
