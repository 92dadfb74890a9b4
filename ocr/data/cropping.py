"""Turn images of single characters into labelled crops: find the ink, cut it out, scale it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.data.samples import Samples
from ocr.segment.crops import SIZE, fit
from ocr.segment.ndimage import label, maximum_filter

FAINT = 0.3  # of the darkest point; paler ink, a blurred rim or noise, does not widen the box
CHUNK = 8192  # images whose float copies are held at once
NOISY = 12  # gray levels; the border of a clean scan varies less, that of a photograph more


def crop_samples(
    ink: NDArray[np.uint8],
    characters: NDArray[np.str_],
    *,
    alphabet: str | None,
    either: NDArray[np.str_] | None = None,
    are_crops: bool = False,
) -> Samples:
    """Crop the images whose character is in the alphabet (None takes all); leave out blank ones.

    `ink` [N, h, w] is upright, 255 on paper 0. `either` [N] has a second right character of each,
    or ""; it is dropped where the alphabet lacks it. Crops that ocr wrote (`are_crops`) are not
    cropped again, which would change them.
    """
    wanted = np.flatnonzero(is_in_alphabet(characters, alphabet))
    return make_samples(
        ink[wanted] if are_crops and ink.shape[1:] == (SIZE, SIZE) else crop_images(ink, wanted),
        characters[wanted],
        alphabet=alphabet,
        either=None if either is None else either[wanted],
    )


def make_samples(
    crops: NDArray[np.uint8] | list[NDArray[np.uint8]],
    characters: NDArray[np.str_] | list[str],
    *,
    alphabet: str | None,
    either: NDArray[np.str_] | None = None,
) -> Samples:
    """Label crops [N, 32, 32]; leave out blank ones."""
    crops = np.asarray(crops, np.uint8).reshape(-1, SIZE, SIZE)
    characters = np.asarray(characters, "<U1")
    if either is None:
        either = np.full(len(crops), "", dtype="<U1")
    either = np.where(is_in_alphabet(either, alphabet), either, "")
    return Samples(crops, characters, either).take(np.flatnonzero(crops.any(axis=(1, 2))))


def is_in_alphabet(characters: NDArray[np.str_], alphabet: str | None) -> NDArray[np.bool_]:
    """Return a mask of the characters in the alphabet; if it is None, of all single characters."""
    if alphabet is None:
        single: NDArray[np.bool_] = np.char.str_len(characters) == 1
        return single
    return np.isin(characters, list(alphabet))


def other_case(characters: NDArray[np.str_], capitals: str) -> NDArray[np.str_]:
    """Return the other case of each character that is one of some capitals in either case, or "".

    >>> other_case(np.array(["c", "C", "d", "ß"]), "COS").tolist()  # the capital of ß is SS
    ['C', 'c', '', '']
    """
    swapped = [c.swapcase() if c and c.upper() in capitals else "" for c in characters.tolist()]
    return np.array(swapped, "<U1")


def crop_images(ink: NDArray[np.uint8], which: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return crops, uint8 [M, 32, 32], of those images [N, h, w] that `which` [M] selects."""
    crops = np.zeros((len(which), SIZE, SIZE), np.uint8)
    for start in range(0, len(which), CHUNK):
        chunk = ink[which[start : start + CHUNK]]
        floats = chunk.astype(np.float32) / 255
        for i, (image, box) in enumerate(zip(floats, find_boxes(chunk), strict=True), start):
            top, bottom, left, right = box
            if bottom > top:
                crops[i] = to_bytes(fit(image[top:bottom, left:right]))
    return crops


def crop_image(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the crop, uint8 [32, 32], of one image [h, w]; all zero if the image is blank."""
    crop: NDArray[np.uint8] = crop_images(ink[None], np.zeros(1, np.intp))[0]
    return crop


def find_boxes(ink: NDArray[np.uint8]) -> list[list[int]]:
    """Return half-open (top, bottom, left, right) of each image's ink; all zero if it is blank."""
    peak = ink.max(axis=(1, 2), keepdims=True)
    dark = (ink > peak * np.float32(FAINT)) & (peak > 0)  # (N, h, w)
    top, bottom = _find_ends(dark.any(axis=2))
    left, right = _find_ends(dark.any(axis=1))
    boxes: list[list[int]] = np.stack([top, bottom, left, right], axis=1).tolist()
    return boxes


def _find_ends(occupied: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first and one past the last True of each row [N, length]; equal if none."""
    first = occupied.argmax(axis=1)
    last = occupied.shape[1] - occupied[:, ::-1].argmax(axis=1)
    return first, np.where(occupied.any(axis=1), last, first)


def to_bytes(crop: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scale ink from 0..1 to 0..255."""
    return (crop * 255 + 0.5).astype(np.uint8)


def extract_ink(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the ink, 255 on paper 0, of gray images [N, h, w] of either polarity.

    If most borders are clean, as in scans, the images share one polarity; otherwise they are
    cut from photographs, and each has its own polarity, contrast and background.
    """
    if np.median(_borders(images).std(axis=1)) < NOISY:
        return extract_scan_ink(images)
    return np.stack([extract_photo_ink(image) for image in images])


def extract_scan_ink(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the ink of images [N, h, w] on the paper that their borders show."""
    paper = np.uint8(np.median(_borders(images)))
    if paper > 127:
        return paper - np.minimum(images, paper)
    return np.maximum(images, paper) - paper


def extract_photo_ink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the ink of a character [h, w] cut from a photograph.

    Otsu's threshold (1979) separates bright from dark; whichever covers most of the border is
    paper. Levels between the two means stay gray, so that edges are soft. Pieces of neighboring
    characters at the left and right border are removed.
    """
    if image.min() == image.max():
        return np.zeros_like(image)
    bright = image > otsu(image)
    paper_is_bright = bool(_borders(bright[None]).mean() > 0.5)
    dark_mean, bright_mean = image[~bright].mean(), image[bright].mean()
    paper, ink = (bright_mean, dark_mean) if paper_is_bright else (dark_mean, bright_mean)
    soft = np.clip((image - paper) / (ink - paper), 0, 1) * 255
    kept = maximum_filter(remove_neighbors(bright != paper_is_bright), 3)
    return np.where(kept, soft, 0).astype(np.uint8)


def otsu(image: NDArray[np.uint8]) -> int:
    """Return the highest gray level of the darker class by Otsu's threshold."""
    counts = np.bincount(image.ravel(), minlength=256).astype(float)
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * np.arange(256)).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = sums / below - (sums[-1] - sums) / above
    return int(np.nanargmax(np.where((below > 0) & (above > 0), below * above * apart**2, 0)))


def remove_neighbors(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Remove connected components at the left and right border, except the largest of all."""
    components, count = label(ink)
    if count < 2:
        return ink
    areas = np.bincount(components.ravel())[1:]
    at_border = np.union1d(components[:, 0], components[:, -1])
    foreign = np.setdiff1d(at_border, [0, 1 + areas.argmax()])
    return ink & ~np.isin(components, foreign)


def _borders(images: NDArray[np.uint8] | NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the outermost pixels of images [N, h, w] as [N, 2h + 2w]."""
    sides = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    return np.concatenate(sides, axis=1)
